//! What an experiment hands out: to pages, programs, metrics and those who watch over it.

use std::{
    sync::{PoisonError, atomic::Ordering},
    time::SystemTime,
};

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{
    config::shadow::FieldPath,
    stats::{
        Compared, ComparisonFigures, Spread,
        snapshot::{BOUNDS_US, LatencySnapshot},
    },
};

use super::{
    Decision, Deltas, DifferenceKind, Evidence, Experiment, FieldRow, Incomparable, Outside, Readiness, Results, Sums,
    Watched, readiness,
};

/// So many fields that differ are named where a reason is given.
const NAMED_MAX: usize = 10;

impl Watched for Experiment {
    fn recent(&self, now: Instant) -> Sums {
        self.found().tally.recent(now)
    }

    fn total(&self) -> Sums {
        self.found().tally.total().clone()
    }

    fn restart(&self, now: Instant) {
        self.found().tally.restart(now);
    }
}

impl Results for Experiment {
    fn told(&self, now: Instant) -> Value {
        Experiment::told(self, now)
    }

    fn readiness(&self, outside: &Outside<'_>) -> Readiness {
        let field_patterns = self.patterns();
        let mut found = self.found();
        let different: Vec<FieldRow> = found.fields.rows().into_iter().filter(is_different).collect();
        let named: Vec<String> =
            different.iter().take(NAMED_MAX).map(|row| found.redactor.redact_path(&row.path)).collect();
        readiness(&Evidence {
            situation: outside.situation,
            sums: found.tally.total(),
            different_fields: &named,
            different: different.len() as u64,
            field_patterns,
            dropped: outside.dropped,
            sent: outside.sent,
            overhead: outside.overhead,
            limits: outside.limits,
        })
    }

    fn fields(&self) -> Value {
        let found = self.found();
        let rows = found.fields.rows().into_iter().map(|mut row| {
            row.path = found.redactor.redact_path(&row.path).into();
            row
        });
        json!({ "summary": found.fields.summary(), "fields": rows.collect::<Vec<_>>() })
    }

    fn clusters(&self) -> Value {
        json!({ "clusters": self.found().clusters.list(SystemTime::now()) })
    }

    fn diffs(&self) -> Value {
        let lines = self.found().clusters.export(SystemTime::now());
        let samples = lines.filter_map(|line| serde_json::from_str::<Value>(&line).ok());
        json!({ "diffs": samples.collect::<Vec<_>>() })
    }

    fn diffs_by_line(&self) -> String {
        let lines = self.found().clusters.export(SystemTime::now());
        lines.map(|line| line + "\n").collect()
    }

    fn forget(&self, now: Instant) {
        Experiment::forget(self, now);
    }

    fn set_sample(&self, sample: crate::config::shadow::Share) {
        Experiment::set_sample(self, sample);
    }

    fn ignore(&self, path: &str, kind: Option<DifferenceKind>) -> Option<Value> {
        let mut found = self.found();
        let is_known = found.fields.ignore(path, kind);
        found.appraise(Instant::now());
        drop(found);
        is_known.then(|| json!({ "path": path, "keep": line_of(path) }))
    }
}

impl Compared for Experiment {
    fn comparison(&self) -> ComparisonFigures {
        let load = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Acquire);
        let mut found = self.found();
        let sums = found.tally.total();
        let judged = sums.pairs();
        let incomparable = Incomparable::ALL.map(|reason| (reason.label(), sums.incomparable_for(reason)));
        let verdicts = vec![
            ("match", sums.matches),
            ("ignored", sums.ignored),
            ("noise", sums.noise),
            ("mismatch", sums.mismatches),
        ];
        let matrix = sums.cells().into_iter().map(|cell| (cell.live, cell.shadow, cell.pairs)).collect();
        // In this order, so that no pair is missing that was begun: a pair is begun before it is anything else.
        let (void, forgotten, begun) = (load(&self.void), load(&self.forgotten), load(&self.begun));
        let (begun, of_variants) = (begun.saturating_sub(forgotten), load(&self.of_variants).min(void));
        #[expect(clippy::cast_precision_loss, reason = "for people")]
        let compare_seconds = load(&self.spent) as f64 / 1e9;
        ComparisonFigures {
            sample: self.sample().ratio(),
            begun,
            void,
            of_variants,
            waiting: begun.saturating_sub(void + judged),
            verdicts,
            incomparable: incomparable.into(),
            matrix,
            fields: decided(&found.fields.rows()),
            slower_than_live: spread(&found.against_live),
            slower_than_baseline: spread(&found.against_baseline),
            clusters: found.clusters.len() as u64,
            store_bytes: found.clusters.bytes() as u64,
            compare_seconds,
        }
    }
}

impl Experiment {
    /// Everything about the comparison, for the page of one shadow.
    #[must_use]
    pub fn told(&self, now: Instant) -> Value {
        let figures = self.comparison();
        let mut found = self.found();
        let recent = found.tally.recent(now).figures();
        let total = found.tally.total().figures();
        json!({
            "sample": figures.sample,
            "pairs": { "begun": figures.begun, "void": figures.void, "variant": figures.of_variants,
                "waiting": figures.waiting },
            "curves": { "live": curve(&total.latency.live), "shadow": curve(&total.latency.shadow) },
            "total": total,
            "recent": recent,
            "slower_than_live": found.against_live.snapshot(),
            "slower_than_baseline": found.against_baseline.snapshot(),
            "noise": found.fields.summary(),
            "store": { "clusters": figures.clusters, "bytes": figures.store_bytes },
            "compare_seconds": figures.compare_seconds,
        })
    }

    fn patterns(&self) -> u64 {
        self.names.lock().unwrap_or_else(PoisonError::into_inner).seen() as u64
    }
}

/// Which share of the answers, 0 to 1, took no more than how many milliseconds; nothing without an answer.
fn curve(of: &LatencySnapshot) -> Vec<(f64, f64)> {
    if of.count == 0 {
        return Vec::new();
    }
    let bounds = BOUNDS_US.iter().map(|us| f64::from(*us) / 1e3).zip(of.cumulative);
    #[expect(clippy::cast_precision_loss, reason = "for a chart")]
    let points = bounds.map(|(ms, answers)| (ms, answers as f64 / of.count as f64));
    points.filter(|(ms, _)| *ms < of.max).chain([(of.max, 1.0)]).collect()
}

fn is_different(row: &FieldRow) -> bool {
    row.decision == Decision::Different && !row.ignored
}

fn decided(rows: &[FieldRow]) -> Vec<(&'static str, u64)> {
    let count = |is_one: &dyn Fn(&FieldRow) -> bool| rows.iter().filter(|row| is_one(row)).count() as u64;
    vec![
        ("different", count(&is_different)),
        ("undecided", count(&|row| row.decision == Decision::Undecided && !row.ignored)),
        ("noise", count(&|row| row.decision == Decision::Noise || row.ignored)),
    ]
}

fn spread(deltas: &Deltas) -> Option<Spread> {
    let snapshot = deltas.snapshot();
    let percentiles = snapshot.percentiles_us?;
    #[expect(clippy::cast_precision_loss, reason = "for people")]
    let seconds = |us: i64| us as f64 / 1e6;
    Some(Spread {
        count: snapshot.count,
        p50: seconds(percentiles.p50),
        p95: seconds(percentiles.p95),
        p99: seconds(percentiles.p99),
    })
}

/// What to write into the file to keep a field out of the comparison.
fn line_of(path: &str) -> Value {
    match path.split_once(':') {
        Some(("header", name)) => json!({ "compare": { "ignore_headers": [name] } }),
        _ if FieldPath::parse(path).is_ok() => json!({ "compare": { "ignore": [path] } }),
        _ => Value::Null,
    }
}

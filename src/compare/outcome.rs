//! What an experiment hands out: to pages, programs, metrics and those who watch over it.

use std::{
    sync::{
        PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::SystemTime,
};

use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{
    config::shadow::{FieldPath, Share},
    stats::{
        Compared, ComparisonFigures, Spread,
        snapshot::{BOUNDS_US, LatencySnapshot},
    },
};

use super::{
    Decision, Deltas, DifferenceKind, Evidence, Experiment, FieldRow, Incomparable, Outside, Readiness, Results, Sums,
    Watched, WhichField, readiness,
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
        let mut found = self.found();
        let recent = found.tally.recent(now).figures();
        let sums = found.tally.total();
        let Begun { begun, void, of_variants, waiting, left_out, forgotten } = self.begun_pairs(sums);
        let total = sums.figures();
        json!({
            "sample": self.sample().ratio(),
            "pairs": {
                "begun": begun,
                "void": void,
                "variant": of_variants,
                "waiting": waiting,
                "left_out": left_out,
                "forgotten": forgotten,
            },
            "curves": { "live": curve(&total.latency.live), "shadow": curve(&total.latency.shadow) },
            "total": total,
            "recent": recent,
            "slower_than_live": found.against_live.snapshot(),
            "slower_than_baseline": found.against_baseline.snapshot(),
            "noise": found.fields.summary(),
            "store": { "clusters": found.clusters.len(), "bytes": found.clusters.bytes() },
            "compare_seconds": self.compare_seconds(),
        })
    }

    fn readiness(&self, outside: &Outside<'_>) -> Readiness {
        let field_patterns = self.patterns();
        let mut found = self.found();
        let rows = if found.fields.judges() { found.fields.rows() } else { Vec::new() };
        let different: Vec<FieldRow> = rows.into_iter().filter(is_different).collect();
        let named: Vec<String> =
            different.iter().take(NAMED_MAX).map(|row| found.clusters.redactor().redact_path(&row.path)).collect();
        let asked_for = found.variety.seen();
        readiness(&Evidence {
            sums: found.tally.total(),
            different_fields: &named,
            different: different.len() as u64,
            field_patterns,
            asked_for,
            outside: *outside,
        })
    }

    fn fields(&self) -> Value {
        let found = self.found();
        let redactor = found.clusters.redactor();
        let rows = found.fields.rows().into_iter().map(|row| {
            let (id, shown) = (redactor.field_id(&row.path), redactor.redact_path(&row.path));
            ShownField { id, row: FieldRow { path: shown.into(), ..row } }
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

    fn set_sample(&self, sample: Share) {
        Experiment::set_sample(self, sample);
    }

    fn ignore(&self, field: WhichField<'_>, kind: Option<DifferenceKind>) -> Option<Value> {
        let mut found = self.found();
        let place = found.place_of(field)?;
        let is_known = found.fields.ignore(&place, kind);
        found.appraise();
        let redactor = found.clusters.redactor();
        let (id, shown) = (redactor.field_id(&place), redactor.redact_path(&place));
        // The line would say what is not shown.
        let keep = if *shown == *place { line_of(&place) } else { Value::Null };
        is_known.then(|| json!({ "id": id, "path": shown, "ignored": true, "keep": keep }))
    }

    fn heed(&self, field: WhichField<'_>, kind: Option<DifferenceKind>) -> Option<Value> {
        let mut found = self.found();
        let place = found.place_of(field)?;
        let is_known = found.fields.heed(&place, kind);
        let redactor = found.clusters.redactor();
        let (id, shown) = (redactor.field_id(&place), redactor.redact_path(&place));
        is_known.then(|| json!({ "id": id, "path": shown, "ignored": false }))
    }
}

/// A field as it may be shown.
#[derive(Serialize)]
struct ShownField {
    /// By which it can be named.
    id: String,
    #[serde(flatten)]
    row: FieldRow,
}

impl Compared for Experiment {
    fn comparison(&self) -> ComparisonFigures {
        let mut found = self.found();
        let sums = found.tally.total();
        let Begun { begun, void, of_variants, waiting, left_out, forgotten } = self.begun_pairs(sums);
        let incomparable = Incomparable::ALL.map(|reason| (reason.label(), sums.incomparable_for(reason)));
        let verdicts = vec![
            ("match", sums.matches),
            ("ignored", sums.ignored),
            ("noise", sums.noise),
            ("mismatch", sums.mismatches),
        ];
        let matrix = sums.cells().into_iter().map(|cell| (cell.live, cell.shadow, cell.pairs)).collect();
        ComparisonFigures {
            sample: self.sample().ratio(),
            left_out,
            forgotten,
            begun,
            void,
            of_variants,
            waiting,
            verdicts,
            incomparable: incomparable.into(),
            matrix,
            kinds: DifferenceKind::ALL.map(DifferenceKind::label).into_iter().zip(found.kinds).collect(),
            fields: found.fields.decided().into(),
            slower_than_live: spread(&found.against_live),
            slower_than_baseline: spread(&found.against_baseline),
            clusters: found.clusters.len() as u64,
            store_bytes: found.clusters.bytes() as u64,
            compare_seconds: self.compare_seconds(),
        }
    }
}

/// Pairs that were begun since the comparison began, and what became of those that were not judged.
struct Begun {
    begun: u64,
    void: u64,
    of_variants: u64,
    waiting: u64,
    left_out: u64,
    forgotten: u64,
}

impl Experiment {
    fn begun_pairs(&self, judged: &Sums) -> Begun {
        let load = |counter: &AtomicU64| counter.load(Ordering::Acquire);
        // In this order, so that no pair is missing that was begun: a pair is begun before it is anything else.
        let (void, forgotten, begun) = (load(&self.void), load(&self.forgotten), load(&self.begun));
        let begun = begun.saturating_sub(forgotten);
        let waiting = begun.saturating_sub(void + judged.pairs());
        let (of_variants, left_out) = (load(&self.of_variants).min(void), load(&self.left_out));
        Begun { begun, void, of_variants, waiting, left_out, forgotten }
    }

    fn compare_seconds(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "for people")]
        let nanoseconds = self.spent.load(Ordering::Acquire) as f64;
        nanoseconds / 1e9
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

//! What the pairs of one shadow have come to, under the lock of its experiment.

use std::{
    borrow::Cow,
    collections::HashSet,
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use tokio::time::Instant;

use crate::config::shadow::{Baseline, Store};

use super::{
    Clusters, Comparison, Deltas, Difference, DifferenceKind, Fields, Redactor, StoreBudget, Tally, Verdict,
    WhichField,
    appraisal::Appraisal,
    findings::DIFFERENCES_MAX,
    pair::Asked,
    ready::Ready,
    store::{Added, Found as Differing, NewCluster},
    variety::Variety,
};

/// New ways to differ are told to the log no more often than this.
const LOG_PERIOD: Duration = Duration::from_secs(1);

/// After how many pairs it is looked for what has turned out to be noise, where that is decided at any time.
const APPRAISAL_PERIOD: u32 = 64;

/// What was found so far.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) tally: Tally,
    appraisal: Appraisal,
    looks: u32,
    since_look: u32,
    pub(super) fields: Fields,
    pub(super) clusters: Clusters,
    /// Places in which answers differed, in the order of [`DifferenceKind::ALL`].
    pub(super) kinds: [u64; DifferenceKind::ALL.len()],
    pub(super) variety: Variety,
    /// How much slower the shadow was than the live answer.
    pub(super) against_live: Deltas,
    /// How much slower it was than the second live answer.
    pub(super) against_baseline: Deltas,
    logged: Option<Instant>,
}

impl Found {
    pub(super) fn new(
        baseline: &Baseline,
        store: &Store,
        window: Duration,
        budget: Arc<StoreBudget>,
        redactor: Redactor,
        now: Instant,
    ) -> Self {
        Self {
            tally: Tally::new(window, now),
            appraisal: Appraisal::default(),
            looks: 0,
            since_look: 0,
            fields: Fields::new(baseline),
            clusters: Clusters::new(store, budget, redactor),
            kinds: Default::default(),
            variety: Variety::default(),
            against_live: Deltas::default(),
            against_baseline: Deltas::default(),
            logged: None,
        }
    }

    /// Takes in where a pair differs; gives its verdict, by what is known of noise with it.
    pub(super) fn learn(&mut self, shadow: &Comparison, baseline: Option<&Comparison>, at: SystemTime) -> Verdict {
        self.fields.record(shadow.fields(), baseline.map(Comparison::fields), at);
        for (kind, count) in DifferenceKind::ALL.iter().zip(&mut self.kinds) {
            *count += shadow.fields().filter(|(_, of)| of == kind).count() as u64;
        }
        self.since_look += 1;
        if self.fields.looks_made() != self.looks || self.since_look >= APPRAISAL_PERIOD {
            self.appraise();
        }
        let verdict = self.fields.verdict(shadow);
        if verdict == Verdict::Mismatch {
            self.appraisal.remember(shadow);
        }
        verdict
    }

    /// Counts anew what has turned out to be noise.
    pub(super) fn appraise(&mut self) {
        (self.looks, self.since_look) = (self.fields.looks_made(), 0);
        let pairs = self.appraisal.turned_out(&self.fields);
        if pairs > 0 {
            self.tally.reappraise(pairs);
        }
    }

    /// The place of the field that is meant; of one that is given by its place it is not known whether it was seen.
    pub(super) fn place_of(&self, field: WhichField<'_>) -> Option<Box<str>> {
        match field {
            WhichField::Path(path) => Some(path.into()),
            WhichField::Id(id) => {
                let redactor = self.clusters.redactor();
                self.fields.paths().find(|path| redactor.field_id(path) == id).map(Box::from)
            }
        }
    }

    /// Takes in how long the answers took.
    pub(super) fn time(&mut self, ready: &Ready) {
        self.against_live.record(ready.shadow.took, ready.live.took);
        if let Some(baseline) = &ready.baseline {
            self.against_baseline.record(ready.shadow.took, baseline.took);
        }
    }

    /// Keeps what differs; tells if it differs in a new way.
    pub(super) fn keep(
        &mut self,
        request: &Asked,
        ready: &Ready,
        comparison: &Comparison,
        verdict: Verdict,
        now: SystemTime,
    ) -> Option<NewCluster> {
        if matches!(verdict, Verdict::Incomparable(_)) {
            return None;
        }
        let counting = self.counting(comparison, verdict);
        let differing = Differing {
            at: request.at,
            pair: request.number,
            method: request.method.as_str(),
            path: &request.path,
            live_status: Some(ready.live.status.as_u16()),
            shadow_status: Some(ready.shadow.status.as_u16()),
            differences: &counting,
            is_noise: verdict == Verdict::Noise,
        };
        match self.clusters.add(&differing, now) {
            Added::New(begun) => Some(begun),
            Added::Known | Added::Other | Added::Nothing => None,
        }
    }

    /// The differences by which a pair is filed: in one that differs, noise beside them says nothing. They name the first
    /// fields that differ, so many, whether or not there is noise before or between them.
    fn counting<'a>(&self, comparison: &'a Comparison, verdict: Verdict) -> Cow<'a, [Difference]> {
        let says_nothing = |path: &str, kind| verdict == Verdict::Mismatch && self.fields.is_noise(path, kind);
        let all = &comparison.differences;
        if comparison.further.is_empty() && !all.iter().any(|one| says_nothing(&one.path, one.kind)) {
            return Cow::Borrowed(all);
        }
        let mut counting: Vec<Difference> =
            all.iter().filter(|one| !says_nothing(&one.path, one.kind)).cloned().collect();
        let named = counting.iter().map(|one| (&*one.path, one.kind)).collect::<HashSet<_>>().len();
        // Of those that were too many to be kept it is known where they are.
        let further = comparison.further.iter().filter(|(path, kind)| !says_nothing(path, *kind));
        counting.extend(further.take(DIFFERENCES_MAX.saturating_sub(named)).map(|(path, kind)| Difference {
            path: path.clone(),
            at: path.clone(),
            kind: *kind,
            live: None,
            shadow: None,
        }));
        Cow::Owned(counting)
    }

    /// Whether a line may be logged again.
    pub(super) fn may_log(&mut self, now: Instant) -> bool {
        let may = self.logged.is_none_or(|logged| now.saturating_duration_since(logged) >= LOG_PERIOD);
        if may {
            self.logged = Some(now);
        }
        may
    }
}

impl fmt::Display for NewCluster {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, field) in self.fields.iter().enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            write!(formatter, "{comma}{} {}", field.path, field.kind.label())?;
        }
        Ok(())
    }
}

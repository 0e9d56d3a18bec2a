//! One shadow under comparison: which of its answers are compared, and what has come of it so far.
//!
//! Promises: threads that serve clients only draw, reserve and hand in, which are atomics; everything else happens on the
//! comparing thread and those of the admin listener. Every pair that was begun is void, or counted with its verdict.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use http::Method;
use tokio::time::Instant;

use crate::{
    config::shadow::{Against, BaselineMode, BodyRule, Compare, Policy, Share, Stage},
    model::{Kind, MemoryBudget, Seen, Wanted},
};

use super::{
    Comparator, Desk, Ending, FieldNames, Incomparable, LegOutcome, Merging, PairRecord, Redactor, Verdict,
    found::Found, pair::Settled, ready::Ready,
};

/// The window of figures where no stop rule says otherwise.
const WINDOW: Duration = Duration::from_secs(600);

/// What an experiment is set up with.
#[derive(Clone, Debug)]
pub struct Setup {
    /// By which people address the shadow.
    pub key: String,
    /// The policy of the shadow, which compares.
    pub policy: Arc<Policy>,
    /// Whether the live call that is compared with is of a method that changes nothing.
    pub live_is_safe: bool,
    /// The budget of all shadows.
    pub memory: Arc<MemoryBudget>,
    /// Where pairs are compared.
    pub desk: Desk,
}

/// The comparison of one shadow's answers.
#[derive(Debug)]
pub struct Experiment {
    pub(super) setup: Setup,
    pub(super) compare: Compare,
    comparator: Comparator,
    /// How the endpoint makes a whole of its parts now.
    merging: Mutex<Merging>,
    /// The share that is compared, which can be changed while it runs.
    sample: AtomicU64,
    /// Whether second live answers are still wanted.
    learns: AtomicBool,
    pub(super) begun: AtomicU64,
    pub(super) void: AtomicU64,
    /// Pairs for which there was no room where they are compared, and which are in no sum yet.
    turned_away: AtomicU64,
    /// Of the void ones, those that a variant of a split answered.
    pub(super) of_variants: AtomicU64,
    /// Nanoseconds spent on comparing.
    pub(super) spent: AtomicU64,
    /// Copies that were not drawn to be compared.
    pub(super) left_out: AtomicU64,
    /// Pairs that count no more, since the comparison began anew.
    pub(super) forgotten: AtomicU64,
    /// How many pairs had been begun then.
    begun_before: AtomicU64,
    pub(super) names: Mutex<FieldNames>,
    found: Mutex<Found>,
}

impl Experiment {
    /// A new one, of an endpoint that makes its whole in this way; `None` if the policy compares nothing.
    #[must_use]
    pub fn new(setup: Setup, merging: Merging, now: Instant) -> Option<Self> {
        let compare = setup.policy.compare.as_deref()?.clone();
        let found = nothing_found(&setup, &compare, now);
        Some(Self {
            comparator: Comparator::new(&compare),
            merging: Mutex::new(merging),
            sample: AtomicU64::new(compare.sample.threshold()),
            learns: AtomicBool::new(setup.learns(&compare)),
            begun: AtomicU64::new(0),
            void: AtomicU64::new(0),
            turned_away: AtomicU64::new(0),
            of_variants: AtomicU64::new(0),
            spent: AtomicU64::new(0),
            left_out: AtomicU64::new(0),
            forgotten: AtomicU64::new(0),
            begun_before: AtomicU64::new(0),
            names: Mutex::default(),
            found: Mutex::new(found),
            compare,
            setup,
        })
    }

    /// Draws whether the answers to a request are compared, and what becomes of the pair.
    pub(super) fn draw(&self, method: &Method) -> Option<Drawn> {
        if !self.sample().takes(fastrand::u64(..)) {
            self.left_out.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        Some(Drawn {
            place: self.begun.fetch_add(1, Ordering::AcqRel),
            has_baseline: self.learns.load(Ordering::Acquire)
                && method.is_safe()
                && self.compare.baseline.sample.takes(fastrand::u64(..)),
        })
    }

    /// The share of the copies whose answers are compared.
    #[must_use]
    pub fn sample(&self) -> Share {
        Share::of_threshold(self.sample.load(Ordering::Acquire))
    }

    /// Compares another share from now on.
    pub fn set_sample(&self, sample: Share) {
        self.sample.store(sample.threshold(), Ordering::Release);
    }

    /// The endpoint makes its whole in this way from now on.
    pub fn set_merging(&self, merging: Merging) {
        *self.merging.lock().unwrap_or_else(PoisonError::into_inner) = merging;
    }

    /// Whether the answer of the live call in this place matters.
    pub(super) fn watches(&self, place: usize) -> bool {
        match self.compare.against {
            Against::Backend(of) => of == place,
            Against::Merged(_) => true,
        }
    }

    pub(super) fn wants(&self) -> Wanted {
        let is_whole = matches!(self.compare.against, Against::Merged(_));
        Wanted {
            raw: self.compare.stage == Stage::Raw && !is_whole,
            hashed: self.compare.body == BodyRule::Hash && !is_whole,
            bytes_max: self.compare.body_bytes_max,
        }
    }

    pub(super) fn memory(&self) -> &Arc<MemoryBudget> {
        &self.setup.memory
    }

    /// Takes a pair whose legs are all gone. Runs on threads that serve clients, so what is found is left alone here: the
    /// comparing thread may hold it.
    pub(super) fn settle(self: &Arc<Self>, pair: Box<Settled>) {
        if pair.sights.shadow.is_none() {
            self.void.fetch_add(1, Ordering::AcqRel);
            self.setup.desk.discard(pair);
        } else if let Err(pair) = self.setup.desk.take(Arc::clone(self), pair) {
            self.turned_away.fetch_add(1, Ordering::AcqRel);
            self.setup.desk.discard(pair);
        }
    }

    /// Counts a pair whose live answer is a variant's.
    pub(super) fn skip(&self, pair: Box<Settled>) {
        self.setup.desk.discard(pair);
        self.of_variants.fetch_add(1, Ordering::AcqRel);
        self.void.fetch_add(1, Ordering::AcqRel);
    }

    /// Counts a pair that is not compared.
    pub(super) fn shed(&self, pair: &Settled, why: Incomparable, now: Instant) {
        let mut found = self.found();
        if !self.is_forgotten(pair, &found) {
            found.tally.record(&self.record(pair, Verdict::Incomparable(why)), now);
        }
    }

    /// A pair as it is counted.
    fn record(&self, pair: &Settled, verdict: Verdict) -> PairRecord {
        let missing = LegOutcome { ending: Ending::Failed(Kind::Cancelled), took: Duration::ZERO };
        let sights = &pair.sights;
        PairRecord {
            verdict,
            live: sights.live_at(self.compare.against.place()).map_or(missing, LegOutcome::from),
            shadow: sights.shadow.as_ref().map_or(missing, LegOutcome::from),
            baseline: sights.baseline.as_ref().map(LegOutcome::from),
            baseline_differs: None,
        }
    }

    /// Whether a pair is of the time before the comparison began anew; if so, it counts no more.
    fn is_forgotten(&self, pair: &Settled, _found: &MutexGuard<'_, Found>) -> bool {
        let is_forgotten = pair.place < self.begun_before.load(Ordering::Acquire);
        if is_forgotten {
            self.forgotten.fetch_add(1, Ordering::AcqRel);
        }
        is_forgotten
    }

    /// Compares a pair and counts what comes of it.
    pub(super) fn judge(&self, pair: &Settled, now: Instant) {
        let merging = self.merging.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match Ready::of(&pair.sights, self.compare.against, &merging) {
            Err(why) => self.shed(pair, why, now),
            Ok(ready) => self.judge_answers(pair, &ready, now),
        }
        let spent = u64::try_from(now.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.spent.fetch_add(spent, Ordering::AcqRel);
    }

    fn judge_answers(&self, pair: &Settled, ready: &Ready, now: Instant) {
        let (comparison, baseline) = {
            // Nobody else holds these for longer than a moment.
            let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
            let comparison = self.comparator.compare(&ready.live, &ready.shadow, &mut names);
            let against_second = |second: &Seen| self.comparator.compare(&ready.live, second, &mut names);
            (comparison, ready.baseline.as_deref().map(against_second))
        };
        if let Verdict::Incomparable(why) = comparison.verdict {
            return self.shed(pair, why, now);
        }
        let baseline = baseline.filter(|baseline| !matches!(baseline.verdict, Verdict::Incomparable(_)));
        let at = SystemTime::now();
        let mut found = self.found();
        if self.is_forgotten(pair, &found) {
            return;
        }
        let verdict = found.learn(&comparison, baseline.as_ref(), at);
        found.time(ready);
        found.variety.note(&pair.request);
        let begun = found.keep(&pair.request, ready, &comparison, verdict, at);
        let wants_baseline = found.fields.wants_baseline(at);
        let tells = begun.is_some() && found.may_log(now);
        let differs = baseline.as_ref().map(|second| found.fields.verdict(second) == Verdict::Mismatch);
        // Last, so that a pair that makes any of this panic is counted once.
        found.tally.record(&PairRecord { baseline_differs: differs, ..self.record(pair, verdict) }, now);
        drop(found);
        if !wants_baseline {
            self.learns.store(false, Ordering::Release);
        }
        tracing::debug!(shadow = self.setup.key, pair = pair.request.number, verdict = verdict.label(), "compared");
        if let Some(begun) = begun.filter(|_| tells) {
            tracing::warn!(shadow = self.setup.key, cluster = %begun.id, fields = %begun, "answers differ in a new way");
        }
    }

    /// Begins anew, as for another version of the shadow. Pairs under way are of the one before: they wait until they are
    /// settled, and are forgotten then.
    pub(super) fn forget(&self, now: Instant) {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found = self.found();
        self.begun_before.store(self.begun.load(Ordering::Acquire), Ordering::Release);
        self.of_variants.store(0, Ordering::Release);
        let (void, judged) = (self.void.swap(0, Ordering::AcqRel), found.tally.total().pairs());
        self.forgotten.fetch_add(void + judged, Ordering::AcqRel);
        *found = nothing_found(&self.setup, &self.compare, now);
        *names = FieldNames::default();
        self.learns.store(self.setup.learns(&self.compare), Ordering::Release);
    }

    /// What is found, with the pairs that were turned away meanwhile. Not for threads that serve clients.
    pub(super) fn found(&self) -> MutexGuard<'_, Found> {
        // A pair that made it panic was not counted in part: counting does not panic.
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let turned_away = self.turned_away.swap(0, Ordering::AcqRel);
        if turned_away > 0 {
            found.tally.turn_away(turned_away, Instant::now());
        }
        found
    }

    /// Drops what has been kept long enough.
    pub(super) fn sweep(&self, now: SystemTime) {
        self.found().clusters.sweep(now);
    }
}

/// A pair that is begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Drawn {
    /// How many were begun before it.
    pub(super) place: u64,
    /// Whether there is to be a second live answer.
    pub(super) has_baseline: bool,
}

impl Setup {
    /// Whether second live answers are wanted at the beginning.
    fn learns(&self, compare: &Compare) -> bool {
        compare.baseline.mode != BaselineMode::Off && self.live_is_safe
    }
}

fn nothing_found(setup: &Setup, compare: &Compare, now: Instant) -> Found {
    let Policy { stop_on, store, rewrite, .. } = &*setup.policy;
    let window = stop_on.as_ref().map_or(WINDOW, |rules| rules.window);
    let redactor = Redactor::new(store, setup.desk.marks())
        .also_named(rewrite.credential_headers.iter().map(http::HeaderName::as_str))
        .also_named(rewrite.credential_query.iter().map(String::as_str));
    Found::new(&compare.baseline, store, window, setup.desk.budget(), redactor, now)
}

//! One shadow under comparison: which of its answers are compared, and what has come of it so far.
//!
//! Promises: threads that serve clients only draw, reserve and hand in, which are atomics; everything else happens on the
//! comparing thread and those of the admin listener. Every pair that was begun is void, or counted with its verdict.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use http::Method;
use tokio::time::Instant;

use crate::{
    config::shadow::{Against, BaselineMode, BodyRule, Compare, Policy, Share, Stage},
    model::{MemoryBudget, Wanted},
};

use super::{Desk, Incomparable, Merging, pair::Settled, ready::Ready};

/// What an experiment is set up with.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The policy of the shadow, which compares.
    pub policy: Arc<Policy>,
    /// Whether the live call that is compared with is of a method that changes nothing.
    pub live_is_safe: bool,
    /// How the endpoint makes a whole of its parts.
    pub merging: Merging,
    /// The budget of all shadows.
    pub memory: Arc<MemoryBudget>,
    /// Where pairs are compared.
    pub desk: Desk,
}

/// The comparison of one shadow's answers.
#[derive(Debug)]
pub struct Experiment {
    compare: Compare,
    setup: Setup,
    /// The share that is compared, which can be changed while it runs.
    sample: AtomicU64,
    /// Whether second live answers are still wanted.
    learns: AtomicBool,
    begun: AtomicU64,
    void: AtomicU64,
}

impl Experiment {
    /// A new one; `None` if the policy compares nothing.
    #[must_use]
    pub fn new(setup: Setup) -> Option<Self> {
        let compare = setup.policy.compare.as_deref()?.clone();
        let learns = compare.baseline.mode != BaselineMode::Off && setup.live_is_safe;
        Some(Self {
            sample: AtomicU64::new(compare.sample.threshold()),
            learns: AtomicBool::new(learns),
            begun: AtomicU64::new(0),
            void: AtomicU64::new(0),
            compare,
            setup,
        })
    }

    /// Draws whether the answers to a request are compared; if so, whether there is to be a second live answer.
    pub(super) fn draw(&self, method: &Method) -> Option<bool> {
        let is_drawn = self.sample().takes(fastrand::u64(..));
        is_drawn.then(|| {
            self.begun.fetch_add(1, Ordering::AcqRel);
            self.learns.load(Ordering::Acquire)
                && method.is_safe()
                && self.compare.baseline.sample.takes(fastrand::u64(..))
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

    /// Whether the answer of the live call in this place matters.
    pub(super) fn watches(&self, place: usize) -> bool {
        match self.compare.against {
            Against::Backend(of) => of == place,
            Against::Merged(_) => true,
        }
    }

    pub(super) fn wants(&self) -> Wanted {
        let is_hashed = self.compare.body == BodyRule::Hash;
        Wanted {
            raw: self.compare.stage == Stage::Raw,
            hashed: is_hashed && !matches!(self.compare.against, Against::Merged(_)),
            bytes_max: self.compare.body_bytes_max,
        }
    }

    pub(super) fn memory(&self) -> &Arc<MemoryBudget> {
        &self.setup.memory
    }

    /// Takes a pair whose legs are all gone.
    pub(super) fn settle(self: &Arc<Self>, pair: Box<Settled>) {
        if pair.sights.shadow.is_none() {
            self.void.fetch_add(1, Ordering::AcqRel);
        } else if let Err(pair) = self.setup.desk.take(Arc::clone(self), pair) {
            self.shed(&pair, Incomparable::Budget, Instant::now());
        }
    }

    /// Counts a pair that is not compared.
    pub(super) fn shed(&self, _pair: &Settled, _why: Incomparable, _now: Instant) {}

    /// Compares a pair and counts what comes of it.
    pub(super) fn judge(&self, pair: &Settled, _now: Instant) {
        let _ready = Ready::of(&pair.sights, self.compare.against, &self.setup.merging);
    }
}

//! The thread that compares, apart from those that serve clients and those that call shadows.
//!
//! Promises: nobody waits for it; pairs that find it busy, or that would take more than its share of the machine, are
//! counted as not compared and forgotten; a pair that makes it panic costs that pair.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel},
    },
    thread,
    time::{Duration, SystemTime},
};

use tokio::time::Instant;

use super::{Experiment, Incomparable, StoreBudget, pair::Settled, store::MarkKey};

/// Pairs that may wait to be compared.
pub const QUEUE_MAX: usize = 256;

/// Pairs that are not compared may wait beside them, only to be given back where nobody waits for that.
const DISCARDED_MAX: usize = 256;

/// The share of the machine's time that comparing may take.
pub const SHARE_OF_MACHINE: f64 = 0.05;

/// How much of its time may be used at once, when there was little to do before.
const BURST: Duration = Duration::from_millis(250);

/// How often what is kept is looked at for what is too old.
const SWEEP_PERIOD: Duration = Duration::from_secs(10);

/// Where pairs are handed in, and what all experiments of a gateway share. Clones are the same desk; its thread ends with
/// the last of them, those of experiments included.
#[derive(Clone)]
pub struct Desk {
    jobs: SyncSender<Job>,
    /// How many pairs wait to be compared, and may.
    waiting: Arc<AtomicUsize>,
    room: usize,
    /// Those that stand, and those that nobody else holds any more until the next sweep.
    experiments: Arc<Mutex<Vec<Arc<Experiment>>>>,
    budget: Arc<StoreBudget>,
    marks: MarkKey,
}

impl fmt::Debug for Desk {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Desk")
    }
}

/// What the thread does.
#[derive(Debug)]
enum Job {
    /// Compares a pair of an experiment.
    Compare(Arc<Experiment>, Box<Settled>),
    /// Gives back what a pair holds: megabytes perhaps, and the memory they were reserved in.
    Discard(Box<Settled>),
}

impl Desk {
    /// A desk with a thread that may use its share of `cores` cores.
    #[must_use]
    pub fn start(cores: usize) -> Self {
        let (sender, jobs) = sync_channel(QUEUE_MAX + DISCARDED_MAX);
        let waiting = Arc::<AtomicUsize>::default();
        let begun = Arc::clone(&waiting);
        #[expect(clippy::cast_precision_loss, reason = "there are not that many cores")]
        let budget = TimeBudget::new((cores as f64 * SHARE_OF_MACHINE).min(1.0), Instant::now());
        let experiments = Arc::new(Mutex::default());
        let swept = Arc::clone(&experiments);
        let spawned = thread::Builder::new().name("compare".into()).spawn(move || work(&jobs, &begun, budget, &swept));
        if let Err(error) = spawned {
            tracing::error!(%error, "no thread can be had to compare answers: no pair will be");
        }
        Self { waiting, ..Self::of(sender, QUEUE_MAX, experiments) }
    }

    fn of(jobs: SyncSender<Job>, room: usize, experiments: Arc<Mutex<Vec<Arc<Experiment>>>>) -> Self {
        let (waiting, budget) = (Arc::default(), Arc::default());
        Self { jobs, waiting, room, experiments, budget, marks: MarkKey::random() }
    }

    /// The budget of what all experiments keep.
    pub(super) fn budget(&self) -> Arc<StoreBudget> {
        Arc::clone(&self.budget)
    }

    /// By which equal secrets are known to be equal.
    pub(super) fn marks(&self) -> MarkKey {
        self.marks.clone()
    }

    /// Looks after what this experiment keeps. It ends on the desk's thread, soon after the last who held it elsewhere is
    /// gone: that may be a thread that serves clients, which should not spend its time on giving back megabytes.
    pub fn look_after(&self, experiment: &Arc<Experiment>) {
        lock(&self.experiments).push(Arc::clone(experiment));
    }

    /// Hands a pair in; gives it back if there is no room.
    pub(super) fn take(&self, experiment: Arc<Experiment>, pair: Box<Settled>) -> Result<(), Box<Settled>> {
        if self.waiting.fetch_add(1, Ordering::AcqRel) >= self.room {
            self.waiting.fetch_sub(1, Ordering::AcqRel);
            return Err(pair);
        }
        self.jobs.try_send(Job::Compare(experiment, pair)).map_err(|refused| {
            self.waiting.fetch_sub(1, Ordering::AcqRel);
            match refused {
                TrySendError::Full(job) | TrySendError::Disconnected(job) => job.into_pair(),
            }
        })
    }

    /// Has a pair given back that is not compared. Where there is no room even for that, it is given back here.
    pub(super) fn discard(&self, pair: Box<Settled>) {
        if pair.bytes() > 0 {
            drop(self.jobs.try_send(Job::Discard(pair)));
        }
    }
}

impl Job {
    fn into_pair(self) -> Box<Settled> {
        match self {
            Self::Compare(_, pair) | Self::Discard(pair) => pair,
        }
    }
}

fn lock(experiments: &Mutex<Vec<Arc<Experiment>>>) -> MutexGuard<'_, Vec<Arc<Experiment>>> {
    // A list is whole whatever happened to who held it.
    experiments.lock().unwrap_or_else(PoisonError::into_inner)
}

fn work(
    jobs: &Receiver<Job>,
    waiting: &AtomicUsize,
    mut budget: TimeBudget,
    experiments: &Mutex<Vec<Arc<Experiment>>>,
) {
    let mut swept = Instant::now();
    loop {
        let job = jobs.recv_timeout(SWEEP_PERIOD);
        let begun = Instant::now();
        if begun.saturating_duration_since(swept) >= SWEEP_PERIOD {
            swept = begun;
            sweep(experiments, SystemTime::now());
        }
        match job {
            Ok(job) => attend(job, waiting, &mut budget, begun),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// Drops what was kept long enough, and what nobody holds any more.
fn sweep(experiments: &Mutex<Vec<Arc<Experiment>>>, now: SystemTime) {
    let mut all = lock(experiments);
    let gone: Vec<_> = all.extract_if(.., |one| Arc::strong_count(one) == 1).collect();
    let standing = all.clone();
    drop(all);
    drop(gone);
    standing.iter().for_each(|experiment| experiment.sweep(now));
}

/// Compares a pair if there is time for it, and gives it back.
fn attend(job: Job, waiting: &AtomicUsize, budget: &mut TimeBudget, begun: Instant) {
    if let Job::Compare(experiment, pair) = job {
        waiting.fetch_sub(1, Ordering::AcqRel);
        compare(&experiment, &pair, budget, begun);
    }
}

fn compare(experiment: &Experiment, pair: &Settled, budget: &mut TimeBudget, begun: Instant) {
    if !budget.has_time(begun) {
        return experiment.shed(pair, Incomparable::Budget, begun);
    }
    let compared = catch_unwind(AssertUnwindSafe(|| experiment.judge(pair, begun)));
    if compared.is_err() {
        experiment.shed(pair, Incomparable::Panic, begun);
    }
    budget.spend(begun.elapsed());
}

/// A share of the time as it goes by.
#[derive(Debug)]
struct TimeBudget {
    share: f64,
    looked: Instant,
    /// Seconds; less than nothing after a pair that took long.
    left: f64,
}

impl TimeBudget {
    fn new(share: f64, now: Instant) -> Self {
        Self { share, looked: now, left: BURST.as_secs_f64() }
    }

    fn has_time(&mut self, now: Instant) -> bool {
        let earned = now.saturating_duration_since(self.looked).as_secs_f64() * self.share;
        self.looked = now;
        self.left = (self.left + earned).min(BURST.as_secs_f64());
        self.left > 0.0
    }

    fn spend(&mut self, time: Duration) {
        self.left -= time.as_secs_f64();
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Compares when it is told to, on the thread of the test.
    pub(crate) struct IdleDesk {
        pub(crate) desk: Desk,
        jobs: Receiver<Job>,
    }

    impl IdleDesk {
        /// With room for so many pairs.
        pub(crate) fn new(room: usize) -> Self {
            let (sender, jobs) = sync_channel(room + DISCARDED_MAX);
            Self { desk: Desk::of(sender, room, Arc::default()), jobs }
        }

        /// What is done now and then.
        pub(crate) fn sweep(&self) {
            sweep(&self.desk.experiments, SystemTime::now());
        }

        /// Attends to the pair that waits longest, and gives back those that are not compared; tells whether one waited.
        pub(crate) fn attend(&self, has_time: bool) -> bool {
            let mut jobs = self.jobs.try_iter().filter(|job| matches!(job, Job::Compare(..)));
            let Some(job) = jobs.next() else { return false };
            let now = Instant::now();
            let mut budget = TimeBudget::new(0.0, now);
            budget.spend(if has_time { Duration::ZERO } else { 2 * BURST });
            attend(job, &self.desk.waiting, &mut budget, now);
            true
        }
    }

    #[test]
    fn no_more_than_the_share_is_spent() {
        let start = Instant::now();
        let mut budget = TimeBudget::new(0.1, start);
        let (mut spent, step) = (Duration::ZERO, Duration::from_millis(1));
        for ms in 0..60_000 {
            if budget.has_time(start + Duration::from_millis(ms)) {
                budget.spend(step);
                spent += step;
            }
        }
        let share = Duration::from_secs(6);
        assert!(spent >= share && spent <= share + BURST + step, "{spent:?}");
    }

    #[test]
    fn a_pair_that_took_long_is_paid_for_later() {
        let start = Instant::now();
        let mut budget = TimeBudget::new(0.1, start);
        budget.spend(Duration::from_secs(1));
        assert!(!budget.has_time(start + Duration::from_secs(7)));
        assert!(budget.has_time(start + Duration::from_secs(8)));
    }
}

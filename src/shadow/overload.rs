//! Notices that a thread which serves clients is behind, so that copies stop before clients suffer.
//!
//! Each worker watches itself: a task wakes at a steady beat and sees how late it is. The verdict lives in the thread,
//! so the live path reads a cell. It needs two late beats in a row, and a second of being on time again to end.

use std::{
    cell::Cell,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    task::JoinHandle,
    time::{Instant, sleep_until},
};

/// How often a worker looks.
const BEAT: Duration = Duration::from_millis(20);
/// Beats on time, by half the limit, after which all is well again.
const CALM_BEATS: u32 = 50;

thread_local! {
    static BEHIND: Cell<bool> = const { Cell::new(false) };
    static LAG: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

/// Whether this thread is behind.
#[must_use]
pub fn is_behind() -> bool {
    BEHIND.get()
}

/// Makes this thread one that is behind, or not.
#[cfg(test)]
pub(crate) fn set_behind(is_behind: bool) {
    BEHIND.set(is_behind);
}

/// How late this thread's last beat was.
#[must_use]
pub fn lag() -> Duration {
    LAG.get()
}

/// How late the latest beats of all watched threads were, the worst of them since it was last asked. Its clones are the
/// same place.
#[derive(Clone, Debug)]
pub struct WorstLag(Arc<Worst>);

#[derive(Debug)]
struct Worst {
    begun: Instant,
    /// In microseconds.
    untold: AtomicU64,
    /// The worst of each of the two latest windows, in microseconds, above which stands the number of the window.
    windows: [AtomicU64; 2],
}

/// How long a window is that [`WorstLag::of_late`] knows.
const WINDOW: Duration = Duration::from_secs(15);

impl Default for WorstLag {
    fn default() -> Self {
        Self(Arc::new(Worst { begun: Instant::now(), untold: AtomicU64::new(0), windows: Default::default() }))
    }
}

impl WorstLag {
    fn note(&self, lag: Duration) {
        self.0.untold.fetch_max(u64::try_from(lag.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
        let window = self.window();
        let noted = window << 32 | u64::from(u32::try_from(lag.as_micros()).unwrap_or(u32::MAX));
        // A later window has a higher number, so that its first note takes the place of those of the window before the last.
        let [even, odd] = &self.0.windows;
        let place = if window.is_multiple_of(2) { even } else { odd };
        place.fetch_max(noted, Ordering::Relaxed);
    }

    fn window(&self) -> u64 {
        self.0.begun.elapsed().as_secs() / WINDOW.as_secs()
    }

    /// The worst of the last 15 to 30 seconds, whoever else asks.
    #[must_use]
    pub fn of_late(&self) -> Duration {
        let window = self.window();
        let noted = self.0.windows.each_ref().map(|place| place.load(Ordering::Relaxed));
        let of_late = noted.into_iter().filter(|noted| (noted >> 32) + 1 >= window);
        Duration::from_micros(of_late.map(|noted| noted & u64::from(u32::MAX)).max().unwrap_or_default())
    }

    /// The worst since the last time this was asked.
    #[must_use]
    pub fn take(&self) -> Duration {
        Duration::from_micros(self.0.untold.swap(0, Ordering::Relaxed))
    }
}

/// The watch over this thread, from one limit to the next; it ends when this is dropped.
#[derive(Debug, Default)]
pub struct Lookout {
    limit: Option<Duration>,
    task: Option<JoinHandle<()>>,
    worst: WorstLag,
}

impl Lookout {
    /// One that watches nothing yet, and will note there how late beats are.
    #[must_use]
    pub fn noting(worst: WorstLag) -> Self {
        Self { limit: None, task: None, worst }
    }

    /// Watches with this limit, or not at all. The same limit again changes nothing, not even what was seen so far.
    pub fn keep(&mut self, limit: Option<Duration>) {
        if self.limit != limit {
            self.end();
            self.limit = limit;
            self.task = limit.map(|limit| actix::spawn(watch(limit, self.worst.clone())));
        }
    }

    /// A thread that nobody watches is not behind.
    fn end(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
            BEHIND.set(false);
            LAG.set(Duration::ZERO);
        }
    }
}

impl Drop for Lookout {
    fn drop(&mut self) {
        self.end();
    }
}

async fn watch(limit: Duration, worst: WorstLag) {
    let mut watch = Watch::new(limit);
    loop {
        let due = Instant::now() + BEAT;
        sleep_until(due).await;
        let lag = due.elapsed();
        LAG.set(lag);
        worst.note(lag);
        BEHIND.set(watch.beat(lag));
    }
}

/// The verdict, apart from clocks and threads.
#[derive(Debug)]
struct Watch {
    limit: Duration,
    late: u32,
    calm: u32,
    behind: bool,
}

impl Watch {
    const fn new(limit: Duration) -> Self {
        Self { limit, late: 0, calm: 0, behind: false }
    }

    /// Takes in how late a beat was; gives whether the thread is behind.
    fn beat(&mut self, lag: Duration) -> bool {
        self.late = if lag > self.limit { self.late.saturating_add(1) } else { 0 };
        self.calm = if lag <= self.limit / 2 { self.calm.saturating_add(1) } else { 0 };
        self.behind = if self.behind { self.calm < CALM_BEATS } else { self.late >= 2 };
        self.behind
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use tokio::task::AbortHandle;

    use super::*;

    const fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn one_late_beat_is_nothing_and_two_are_enough() {
        let mut watch = Watch::new(millis(50));
        assert!(!watch.beat(millis(400)) && !watch.beat(millis(1)) && !watch.beat(millis(51)));
        assert!(watch.beat(millis(51)));
    }

    #[test]
    fn a_thread_has_one_watch_whatever_the_number_of_limits() {
        actix::System::new().block_on(async {
            tokio::time::pause();
            let (mut lookout, mut tasks) = (Lookout::default(), Vec::new());
            for round in 1..=10 {
                for limit in [millis(round), millis(round), millis(99)] {
                    lookout.keep(Some(limit));
                    tasks.extend(lookout.task.as_ref().map(JoinHandle::abort_handle));
                    tokio::time::sleep(BEAT).await;
                    let running: HashSet<_> =
                        tasks.iter().filter(|task| !task.is_finished()).map(AbortHandle::id).collect();
                    assert_eq!(running.len(), 1);
                }
            }
            BEHIND.set(true);
            lookout.keep(Some(millis(99)));
            assert!(is_behind(), "the same limit forgets nothing");
            lookout.keep(None);
            tokio::time::sleep(BEAT).await;
            assert!(!is_behind() && tasks.iter().all(AbortHandle::is_finished));
        });
    }

    #[tokio::test(start_paused = true)]
    async fn the_worst_of_late_is_told_to_everybody_and_passes() {
        let worst = WorstLag::default();
        for lag in [3, 90, 5] {
            worst.note(millis(lag));
        }
        assert_eq!([worst.of_late(), worst.of_late(), worst.take(), worst.take()], [90, 90, 90, 0].map(millis));
        tokio::time::advance(WINDOW).await;
        worst.note(millis(7));
        assert_eq!(worst.of_late(), millis(90), "in the window before");
        tokio::time::advance(WINDOW).await;
        assert_eq!(worst.of_late(), millis(7));
        worst.note(millis(1));
        assert_eq!(worst.of_late(), millis(7));
        tokio::time::advance(WINDOW * 9).await;
        assert_eq!(worst.of_late(), Duration::ZERO);
        worst.note(millis(u64::MAX));
        assert_eq!(worst.of_late(), Duration::from_micros(u64::from(u32::MAX)), "an hour and more is that");
    }

    #[test]
    fn it_ends_only_after_a_second_on_time() {
        let mut watch = Watch::new(millis(50));
        watch.beat(millis(60));
        watch.beat(millis(60));
        assert!((1..CALM_BEATS).all(|_| watch.beat(millis(25))));
        assert!(watch.beat(millis(26)), "late by more than half the limit is not calm");
        assert!((1..CALM_BEATS).all(|_| watch.beat(millis(0))));
        assert!(!watch.beat(millis(0)));
    }
}

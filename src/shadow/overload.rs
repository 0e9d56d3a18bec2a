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
#[derive(Clone, Debug, Default)]
pub struct WorstLag(Arc<AtomicU64>);

impl WorstLag {
    fn note(&self, lag: Duration) {
        self.0.fetch_max(u64::try_from(lag.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// The worst since the last time this was asked.
    #[must_use]
    pub fn take(&self) -> Duration {
        Duration::from_micros(self.0.swap(0, Ordering::Relaxed))
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

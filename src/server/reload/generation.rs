//! What is served from a reload to the next, and how the workers hear of it.
//!
//! Never waits for a worker without a limit: one that is stuck keeps its former tree until it comes back.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{Notify, watch},
    time::{Instant, timeout_at},
};

use crate::server::tree::Shared;

/// How long the workers may take to grow their trees before the report no longer waits for them.
const ADOPTION_TIME: Duration = Duration::from_secs(10);

/// What all workers serve, or are about to.
pub struct Generation {
    /// Its number, from 1.
    pub number: u64,
    /// What the trees are made of.
    pub shared: Shared,
    adopted: AtomicUsize,
    progress: Notify,
}

impl Generation {
    fn new(number: u64, shared: Shared) -> Self {
        Self { number, shared, adopted: AtomicUsize::new(0), progress: Notify::new() }
    }

    /// Says that one more worker serves it.
    pub fn adopt(&self) {
        self.adopted.fetch_add(1, Ordering::AcqRel);
        self.progress.notify_one();
    }
}

/// The place where generations are made known; its clones are the same place.
#[derive(Clone)]
pub struct Announcer(Arc<watch::Sender<Arc<Generation>>>);

/// A worker that hears of every new generation, or of the newest of several.
pub struct Follower(watch::Receiver<Arc<Generation>>);

impl Announcer {
    /// A place where the first generation is known.
    #[must_use]
    pub fn new(shared: Shared) -> Self {
        Self(Arc::new(watch::Sender::new(Arc::new(Generation::new(1, shared)))))
    }

    /// The newest generation.
    #[must_use]
    pub fn current(&self) -> Arc<Generation> {
        Arc::clone(&self.0.borrow())
    }

    /// One more worker, with what it serves first.
    #[must_use]
    pub fn follow(&self) -> (Arc<Generation>, Follower) {
        let mut receiver = self.0.subscribe();
        let current = Arc::clone(&receiver.borrow_and_update());
        (current, Follower(receiver))
    }

    /// Makes the next generation known and waits until all workers serve it. Gives its number, and how many workers
    /// don't serve it yet although they had time enough.
    pub async fn announce(&self, shared: Shared) -> (u64, usize) {
        let next = Arc::new(Generation::new(self.current().number + 1, shared));
        self.0.send_replace(Arc::clone(&next));
        let deadline = Instant::now() + ADOPTION_TIME;
        loop {
            // A worker that has ended follows no more, and isn't waited for.
            let missing = self.0.receiver_count().saturating_sub(next.adopted.load(Ordering::Acquire));
            if missing == 0 || timeout_at(deadline, next.progress.notified()).await.is_err() {
                return (next.number, missing);
            }
        }
    }
}

impl Follower {
    /// Waits for a generation newer than the last one seen; `None` when there will be none.
    pub async fn next(&mut self) -> Option<Arc<Generation>> {
        self.0.changed().await.ok()?;
        Some(Arc::clone(&self.0.borrow_and_update()))
    }
}

//! What copies of one shadow take up: places, bytes and turns.
//!
//! The gates before and after a reload that changes the shadow have one room, so that their copies together stay within
//! the bounds, whichever gate let them in.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The room of one shadow.
#[derive(Debug)]
pub(super) struct Room {
    concurrent: Amount,
    bytes: Amount,
    /// A place for each call under way; whoever has a ticket and finds none waits in the queue.
    turns: Arc<Semaphore>,
    limit: Mutex<Limit>,
}

/// How many turns there are.
#[derive(Debug)]
struct Limit {
    turns: usize,
    /// Turns that are taken and too many since the limit was lowered; they end with their calls.
    excess: usize,
}

/// The turn of one call; it ends when this is dropped.
#[derive(Debug)]
pub struct Turn {
    room: Arc<Room>,
    permit: Option<OwnedSemaphorePermit>,
}

/// An amount that never grows beyond a limit.
#[derive(Debug, Default)]
pub(super) struct Amount(AtomicUsize);

impl Amount {
    /// Adds to it, if the sum stays within the limit.
    pub(super) fn reserve(&self, amount: usize, limit: usize) -> bool {
        amount == 0
            || self
                .0
                .fetch_update(Ordering::AcqRel, Ordering::Acquire, |held| {
                    held.checked_add(amount).filter(|sum| *sum <= limit)
                })
                .is_ok()
    }

    /// Takes away what was added.
    pub(super) fn release(&self, amount: usize) {
        if amount > 0 {
            self.0.fetch_sub(amount, Ordering::AcqRel);
        }
    }

    /// How much it is now.
    pub(super) fn held(&self) -> usize {
        self.0.load(Ordering::Acquire)
    }
}

impl Room {
    /// An empty room with so many turns.
    pub(super) fn new(turns: usize) -> Self {
        let turns = turns.min(Semaphore::MAX_PERMITS);
        Self {
            concurrent: Amount::default(),
            bytes: Amount::default(),
            turns: Arc::new(Semaphore::new(turns)),
            limit: Mutex::new(Limit { turns, excess: 0 }),
        }
    }

    /// Copies that were let in and have not ended.
    pub(super) const fn concurrent(&self) -> &Amount {
        &self.concurrent
    }

    /// Bytes that are held for them.
    pub(super) const fn bytes(&self) -> &Amount {
        &self.bytes
    }

    /// Changes the number of turns. Those that are taken last until they end.
    pub(super) fn resize(&self, turns: usize) {
        let turns = turns.min(Semaphore::MAX_PERMITS);
        let mut limit = self.lock();
        let (more, fewer) = (turns.saturating_sub(limit.turns), limit.turns.saturating_sub(turns));
        let kept = more.min(limit.excess);
        limit.excess -= kept;
        self.turns.add_permits(more - kept);
        limit.excess += fewer - self.turns.forget_permits(fewer);
        limit.turns = turns;
    }

    /// Waits for the turn of one call.
    pub(super) async fn turn(self: &Arc<Self>) -> Turn {
        // The semaphore is never closed; if it were, the copy would go out without waiting.
        Turn { permit: Arc::clone(&self.turns).acquire_owned().await.ok(), room: Arc::clone(self) }
    }

    fn lock(&self) -> MutexGuard<'_, Limit> {
        // Additions don't panic, so a poisoned lock guards sound numbers all the same.
        self.limit.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let Some(permit) = self.permit.take() else { return };
        // Under the lock, so that a limit that is being lowered sees it either taken or free.
        let mut limit = self.room.lock();
        if limit.excess > 0 {
            limit.excess -= 1;
            permit.forget();
        } else {
            drop(permit);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use proptest::prelude::*;

    use super::*;

    #[tokio::test]
    async fn a_lower_limit_holds_as_soon_as_calls_end_and_a_higher_one_at_once() {
        let room = Arc::new(Room::new(3));
        let mut turns = vec![room.turn().await, room.turn().await, room.turn().await];
        room.resize(1);
        turns.truncate(1);
        assert!(room.turn().now_or_never().is_none(), "one call is under way");
        room.resize(2);
        turns.push(room.turn().now_or_never().expect("two may be"));
        assert!(room.turn().now_or_never().is_none());
        turns.clear();
        let free: Vec<_> = std::iter::from_fn(|| room.turn().now_or_never()).collect();
        assert_eq!(free.len(), 2);
    }

    proptest! {
        #[test]
        fn no_more_turns_are_given_than_the_limit_allows(
            steps in proptest::collection::vec((0..3u8, 0..6usize), 0..100),
        ) {
            let (room, mut limit) = (Arc::new(Room::new(2)), 2);
            let mut turns: Vec<Turn> = Vec::new();
            for (step, number) in steps {
                match step {
                    0 => {
                        room.resize(number);
                        limit = number;
                    }
                    1 if number < turns.len() => drop(turns.swap_remove(number)),
                    _ => {
                        let turn = room.turn().now_or_never();
                        prop_assert_eq!(turn.is_some(), turns.len() < limit);
                        turns.extend(turn);
                    }
                }
            }
        }
    }
}

//! How long live replies took with a shadow and without it, for the same kind of requests.
//!
//! Runs on the live path once per reply and shadow with a hold-out: a lock that is held for one addition. Reading
//! puts an empty list in their place under that lock, and counts them together outside of it.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{
    latency::Latencies,
    overhead::Overhead,
    samples::{Samples, rounding},
};

/// Which of both groups a request was in. Chance has chosen it, so whatever tells the groups apart is the shadow's doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arm {
    /// The shadow was offered a copy, whether or not there was room for it.
    Shadowed = 0,
    /// The copy was left out, to compare with.
    Holdout = 1,
}

impl Arm {
    /// Its label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Shadowed => "shadowed",
            Self::Holdout => "holdout",
        }
    }
}

/// The durations of both groups.
#[derive(Debug, Default)]
pub struct Arms {
    shadowed: Group,
    holdout: Group,
}

#[derive(Debug, Default)]
struct Group {
    /// Not read yet.
    fresh: Mutex<Samples>,
    read: Mutex<Read>,
}

#[derive(Debug, Default)]
struct Read {
    /// All that was read before.
    latencies: Latencies,
    /// Takes the place of what is read next, so that the live path need not find memory again.
    spare: Samples,
}

impl Arms {
    /// Counts how long a live reply took.
    pub fn record(&self, arm: Arm, elapsed: Duration) {
        let group = match arm {
            Arm::Shadowed => &self.shadowed,
            Arm::Holdout => &self.holdout,
        };
        lock(&group.fresh).record(elapsed);
    }

    /// All that was counted so far, with the shadow and without it.
    #[must_use]
    pub fn latencies(&self) -> [Latencies; 2] {
        [self.shadowed.latencies(), self.holdout.latencies()]
    }

    /// What was counted so far, and how both groups differ.
    #[must_use]
    pub fn overhead(&self) -> Overhead {
        Overhead::between(&self.shadowed.latencies(), &self.holdout.latencies())
    }
}

impl Group {
    fn latencies(&self) -> Latencies {
        let mut read = lock(&self.read);
        std::mem::swap(&mut *lock(&self.fresh), &mut read.spare);
        let fresh = read.spare.take(&rounding());
        read.latencies.merge(&fresh);
        read.latencies.clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Additions don't panic, so a poisoned lock guards sound numbers all the same.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_takes_nothing_away() {
        let arms = Arms::default();
        for ms in 0..100 {
            arms.record(Arm::Shadowed, Duration::from_millis(ms));
            if ms % 10 == 0 {
                arms.record(Arm::Holdout, Duration::from_millis(ms));
                let _read_in_between = arms.overhead();
            }
        }
        let overhead = arms.overhead();
        assert_eq!((overhead.shadowed.count, overhead.holdout.count), (100, 10));
        assert_eq!(overhead, arms.overhead());
    }
}

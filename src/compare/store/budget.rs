//! How many samples and bytes all experiments of a service may keep together.
//!
//! Promises: both are reserved before anything is kept, and come back when the [`Room`] is dropped, wherever that is.

use std::sync::{
    Arc,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};

/// Samples of all experiments of a service.
pub const SAMPLES_MAX: usize = 1_000;

/// Bytes of all experiments of a service.
pub const STORE_BYTES_MAX: usize = 16 << 20;

/// The budget that the experiments of a service share.
#[derive(Debug)]
pub struct StoreBudget {
    samples_max: usize,
    bytes_max: usize,
    samples: AtomicUsize,
    bytes: AtomicUsize,
    refused: AtomicU64,
}

/// A part of the budget. Dropping it gives it back.
#[derive(Debug)]
pub struct Room {
    budget: Arc<StoreBudget>,
    samples: usize,
    bytes: usize,
}

impl Default for StoreBudget {
    fn default() -> Self {
        Self::new(SAMPLES_MAX, STORE_BYTES_MAX)
    }
}

impl StoreBudget {
    /// A budget of so many samples and bytes.
    #[must_use]
    pub const fn new(samples_max: usize, bytes_max: usize) -> Self {
        Self {
            samples_max,
            bytes_max,
            samples: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
            refused: AtomicU64::new(0),
        }
    }

    /// Takes so much of the budget if it is left; otherwise that is counted.
    #[must_use]
    pub fn reserve(self: &Arc<Self>, samples: usize, bytes: usize) -> Option<Room> {
        let room = self.try_reserve(samples, bytes);
        if room.is_none() {
            self.refused.fetch_add(1, Ordering::Relaxed);
        }
        room
    }

    /// The same for somebody who knows what to do without.
    pub(super) fn try_reserve(self: &Arc<Self>, samples: usize, bytes: usize) -> Option<Room> {
        if !take(&self.samples, samples, self.samples_max) {
            return None;
        }
        if !take(&self.bytes, bytes, self.bytes_max) {
            self.samples.fetch_sub(samples, Ordering::AcqRel);
            return None;
        }
        Some(Room { budget: Arc::clone(self), samples, bytes })
    }

    /// Samples that are kept now.
    #[must_use]
    pub fn samples(&self) -> usize {
        self.samples.load(Ordering::Acquire)
    }

    /// Bytes that are kept now.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Acquire)
    }

    /// How often there was no room.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }
}

impl Room {
    /// How many bytes it has.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.budget.samples.fetch_sub(self.samples, Ordering::AcqRel);
        self.budget.bytes.fetch_sub(self.bytes, Ordering::AcqRel);
    }
}

fn take(from: &AtomicUsize, amount: usize, limit: usize) -> bool {
    from.fetch_update(Ordering::AcqRel, Ordering::Acquire, |held| held.checked_add(amount).filter(|sum| *sum <= limit))
        .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_takes_nothing_and_is_counted() {
        let budget = Arc::new(StoreBudget::new(2, 100));
        let first = budget.reserve(1, 60).unwrap();
        assert!(budget.reserve(1, 41).is_none() && budget.reserve(2, 1).is_none());
        assert!(budget.reserve(1, usize::MAX).is_none());
        assert_eq!((budget.samples(), budget.bytes(), budget.refused()), (1, 60, 3));
        drop(first);
        assert_eq!((budget.samples(), budget.bytes()), (0, 0));
    }
}

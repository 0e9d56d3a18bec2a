//! How many bytes all shadows together may hold.

use std::sync::atomic::{AtomicUsize, Ordering};

/// A budget in bytes that is reserved before anything is kept.
#[derive(Debug)]
pub struct MemoryBudget {
    bytes_max: AtomicUsize,
    bytes: AtomicUsize,
}

impl MemoryBudget {
    /// A budget of `bytes_max` bytes.
    #[must_use]
    pub fn new(bytes_max: usize) -> Self {
        Self { bytes_max: AtomicUsize::new(bytes_max), bytes: AtomicUsize::new(0) }
    }

    /// Changes the budget, after a reload. What is reserved stays so; beyond a smaller budget nothing more is.
    pub fn resize(&self, bytes_max: usize) {
        self.bytes_max.store(bytes_max, Ordering::Release);
    }

    /// Takes `bytes` of the budget if they are left.
    #[must_use]
    pub fn reserve(&self, bytes: usize) -> bool {
        if bytes == 0 {
            return true;
        }
        let limit = self.limit();
        self.bytes
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |held| {
                held.checked_add(bytes).filter(|sum| *sum <= limit)
            })
            .is_ok()
    }

    /// Gives `bytes` back.
    pub fn release(&self, bytes: usize) {
        if bytes > 0 {
            self.bytes.fetch_sub(bytes, Ordering::AcqRel);
        }
    }

    /// Bytes reserved now.
    #[must_use]
    pub fn held(&self) -> usize {
        self.bytes.load(Ordering::Acquire)
    }

    /// The whole budget in bytes.
    #[must_use]
    pub fn limit(&self) -> usize {
        self.bytes_max.load(Ordering::Acquire)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_that_shrinks_keeps_what_is_reserved_and_gives_no_more() {
        let budget = MemoryBudget::new(10);
        assert!(budget.reserve(8));
        budget.resize(4);
        assert!(!budget.reserve(1));
        budget.release(6);
        assert!(budget.reserve(2) && !budget.reserve(1));
        budget.resize(5);
        assert!(budget.reserve(1));
        assert_eq!((budget.held(), budget.limit()), (5, 5));
    }
}

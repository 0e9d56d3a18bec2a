//! The descriptors of this process, which clients, live calls and copies all take their sockets from.
//!
//! Promises: the copies of all shadows together never have more than a quarter of them under way, so that a shadow that
//! hangs can't take those that clients need. They belong to the process and not to a plan, hence the one number for all.

use std::sync::atomic::{AtomicUsize, Ordering};

/// What copies take theirs from.
static COPIES: Descriptors = Descriptors::new();

/// So many parts, of which all copies together have one, and connections of shadows that wait for the next copy another.
const PARTS: usize = 4;

/// How many there are, and how many of them copies have.
#[derive(Debug)]
pub struct Descriptors {
    max: AtomicUsize,
    copies: AtomicUsize,
}

/// The right of a copy to a descriptor. Dropping it gives it back.
#[derive(Debug)]
pub struct Descriptor(&'static Descriptors);

impl Descriptors {
    const fn new() -> Self {
        Self { max: AtomicUsize::new(usize::MAX), copies: AtomicUsize::new(0) }
    }

    /// Those of this process; without limit until [`Self::limit`] is called.
    #[must_use]
    pub fn of_process() -> &'static Self {
        &COPIES
    }

    /// Says how many this process may open.
    pub fn limit(&self, max: usize) {
        self.max.store(max, Ordering::Relaxed);
    }

    /// How many connections of shadows may be idle: as the file says, where 0 is no limit, and at most a share as well.
    #[must_use]
    pub fn idle_copies(&self, configured: usize) -> usize {
        if configured == 0 { self.share() } else { configured.min(self.share()) }
    }

    /// How many copies may be under way.
    #[must_use]
    pub fn share(&self) -> usize {
        (self.max.load(Ordering::Relaxed) / PARTS).max(1)
    }

    /// One for a copy, if the share of all copies is not used up.
    #[must_use]
    pub fn for_copy(&'static self) -> Option<Descriptor> {
        let share = self.share();
        // Counted first, and given back by dropping if it was too many: one operation for those who get one.
        let before = self.copies.fetch_add(1, Ordering::Relaxed);
        let taken = Descriptor(self);
        (before < share).then_some(taken)
    }
}

impl Drop for Descriptor {
    fn drop(&mut self) {
        self.0.copies.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_get_a_quarter_and_one_that_ends_makes_room() {
        static SOME: Descriptors = Descriptors::new();
        assert!(SOME.for_copy().is_some(), "without limit");
        SOME.limit(9);
        let (first, second) = (SOME.for_copy(), SOME.for_copy());
        assert!(first.is_some() && second.is_some());
        assert!(SOME.for_copy().is_none() && SOME.for_copy().is_none());
        drop(first);
        assert!(SOME.for_copy().is_some(), "a refusal holds nothing");
        assert_eq!([0, 1, 9].map(|most| SOME.idle_copies(most)), [2, 1, 2]);
        SOME.limit(0);
        assert_eq!(SOME.share(), 1, "a shadow is never shut out for good");
    }
}

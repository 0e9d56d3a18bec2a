//! How many idle connections there may be in the whole process.
//!
//! Pools belong to threads; what they share is a number.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// Room for so many idle connections, shared by its clones.
#[derive(Clone, Debug, Default)]
pub struct Room(Option<Arc<Seats>>);

#[derive(Debug)]
struct Seats {
    max: usize,
    taken: AtomicUsize,
    refused: AtomicUsize,
}

/// The right to one idle connection. Dropping it gives it back.
#[derive(Debug)]
pub(super) struct Seat(Arc<Seats>);

impl Room {
    /// Room for `max` connections; 0 is no limit, as in KrakenD.
    #[must_use]
    pub fn new(max: usize) -> Self {
        Self((max > 0).then(|| Arc::new(Seats { max, taken: AtomicUsize::new(0), refused: AtomicUsize::new(0) })))
    }

    /// A room of `max` seats: this one if it is as large, else another, which knows nothing of those who sit here.
    #[must_use]
    pub fn sized(&self, max: usize) -> Self {
        let same = self.0.as_ref().map_or(0, |seats| seats.max) == max;
        if same { self.clone() } else { Self::new(max) }
    }

    /// A seat, which is none when there is no limit; `None` when all are taken.
    pub(super) fn seat(&self) -> Option<Option<Seat>> {
        let Some(seats) = &self.0 else { return Some(None) };
        let one_more = |taken| (taken < seats.max).then_some(taken + 1);
        if seats.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).is_err() {
            seats.refused.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        Some(Some(Seat(Arc::clone(seats))))
    }

    /// How often somebody found it full.
    pub(super) fn refused(&self) -> usize {
        self.0.as_ref().map_or(0, |seats| seats.refused.load(Ordering::Relaxed))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.taken.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_has_so_many_seats_and_gets_them_back() {
        let room = Room::new(2);
        let (first, _second) = (room.seat().unwrap(), room.clone().seat().unwrap());
        assert!(room.seat().is_none());
        drop(first);
        assert!(room.seat().is_some());
    }

    #[test]
    fn a_room_of_the_same_size_is_the_same_room() {
        let room = Room::new(1);
        let _taken = room.seat().unwrap();
        assert!(room.sized(1).seat().is_none());
        assert!(room.sized(2).seat().is_some() && room.sized(0).seat().is_some());
    }

    #[test]
    fn a_room_without_a_limit_counts_nothing() {
        assert!(matches!(Room::new(0).seat(), Some(None)));
    }
}

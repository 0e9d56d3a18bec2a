//! A moment by both clocks.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// A moment by both clocks: the one on the wall, which schedules are written for, and the one that nobody sets.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// For schedules.
    pub wall: SystemTime,
    /// For how long a change lasts.
    pub steady: Instant,
}

impl Moment {
    /// This moment.
    #[must_use]
    pub fn now() -> Self {
        Self { wall: SystemTime::now(), steady: Instant::now() }
    }

    /// A later one.
    #[must_use]
    pub fn after(self, time: Duration) -> Self {
        let (wall, steady) = (self.wall.checked_add(time), self.steady.checked_add(time));
        Self { wall: wall.unwrap_or(self.wall), steady: steady.unwrap_or(self.steady) }
    }
}

//! A wish, and when it ends.

use serde::Serialize;
use tokio::time::Instant;

use crate::config::shadow::Share;

/// A wish, and when it ends.
#[derive(Clone, Debug)]
pub struct Held<T> {
    /// What was asked for.
    pub value: T,
    /// `None` stays until a restart.
    pub until: Option<Instant>,
}

impl<T> Held<T> {
    /// Whether its time is over.
    #[must_use]
    pub fn has_ended(&self, now: Instant) -> bool {
        self.until.is_some_and(|until| now >= until)
    }

    /// Drops a wish whose time is over; says whether it did.
    pub fn expire(held: &mut Option<Self>, now: Instant) -> bool {
        held.take_if(|held| held.has_ended(now)).is_some()
    }
}

/// One wish, as the admin listener hands it out.
#[derive(Clone, Debug, Serialize)]
pub struct HeldStatus<T> {
    /// What was asked for.
    pub value: T,
    /// Seconds until it ends; null if it stays until a restart.
    pub seconds_left: Option<f64>,
}

impl<T> HeldStatus<T> {
    /// What is told of a wish, with its value as it is to be shown.
    #[must_use]
    pub fn new<U>(held: &Held<U>, value: T, now: Instant) -> Self {
        let seconds_left = held.until.map(|until| until.saturating_duration_since(now).as_secs_f64());
        Self { value, seconds_left }
    }
}

/// A share for people, to three digits after the point.
#[must_use]
pub fn percent(share: Share) -> String {
    let percent = (share.ratio() * 1e5).round() / 1e3;
    format!("{percent}%")
}

//! Who makes a change, when, for how long and why: what all entries of one change have in common.

use std::time::{Duration, SystemTime};

use super::{Entry, Moment, Who};

/// The author of a change.
#[derive(Clone, Debug)]
pub struct Author {
    /// Who.
    pub who: Who,
    /// When.
    pub at: SystemTime,
    /// For how long; `None` without an end.
    pub lasts: Option<Duration>,
    /// Why, if somebody said so.
    pub reason: Option<String>,
}

impl Author {
    /// Somebody who says neither why nor for how long.
    #[must_use]
    pub const fn of(who: Who, now: Moment) -> Self {
        Self { who, at: now.wall, lasts: None, reason: None }
    }

    /// What is written down of one setting that was changed.
    #[must_use]
    pub fn entry(&self, target: Option<String>, what: &'static str, before: String, after: String) -> Entry {
        Entry {
            at: self.at,
            who: self.who,
            by: self.who.label(),
            target,
            what,
            before,
            after,
            lasts_seconds: self.lasts.map(|lasts| lasts.as_secs()),
            reason: self.reason.clone(),
        }
    }
}

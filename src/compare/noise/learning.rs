//! Noise that is learned for a while and then taken as known.

use std::time::{Duration, SystemTime};

/// What was learned counts half as much after this time, and a quarter after twice the time: a service changes. With
/// less and less of it, a field is neither called different nor noise at a later look, and its differences count.
const HALF_LIFE: Duration = Duration::from_secs(7 * 24 * 3600);

/// How far the learning is.
#[derive(Debug)]
pub(super) struct Learning {
    lasts: Duration,
    pairs: u64,
    since: Option<SystemTime>,
    ended: Option<SystemTime>,
}

impl Learning {
    pub(super) const fn new(lasts: Duration, pairs: u64) -> Self {
        Self { lasts, pairs, since: None, ended: None }
    }

    /// Whether it is over by now, for the first time. It begins with the first pair that has a second live answer.
    pub(super) fn ends(&mut self, baseline_pairs: u64, now: SystemTime) -> bool {
        if baseline_pairs > 0 {
            self.since.get_or_insert(now);
        }
        let ends = self.ended.is_none() && (baseline_pairs >= self.pairs || self.is_late(now));
        if ends {
            self.ended = Some(now);
        }
        ends
    }

    /// Whether second live answers are wanted.
    pub(super) fn is_under_way(&self, now: SystemTime) -> bool {
        self.ended.is_none() && !self.is_late(now)
    }

    pub(super) const fn is_over(&self) -> bool {
        self.ended.is_some()
    }

    /// How much of what was learned counts now, 0 to 1; `None` before the end.
    pub(super) fn weight(&self, now: SystemTime) -> Option<f64> {
        let age = now.duration_since(self.ended?).unwrap_or_default();
        Some(0.5_f64.powf(age.as_secs_f64() / HALF_LIFE.as_secs_f64()))
    }

    fn is_late(&self, now: SystemTime) -> bool {
        let since = |since| now.duration_since(since).unwrap_or_default();
        self.since.is_some_and(|begin| since(begin) >= self.lasts)
    }
}

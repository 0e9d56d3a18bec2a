//! What the clock of a policy or a split says: the step of a ramp, and whether its time is over.
//!
//! Promises: a pure function of the policy, the time it was loaded and the time now, so that every node agrees.

use std::time::SystemTime;

use crate::config::shadow::{Ramp, Schedule, Share};

/// Where a schedule stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// Nothing is copied: its time is over, or has not begun.
    Expired,
    /// Copies are made, at the ramp's rate if there is a ramp.
    Running(Option<Share>),
}

/// Where `schedule` stands `now`, if it was loaded at `loaded`.
#[must_use]
pub fn position(schedule: &Schedule, loaded: SystemTime, now: SystemTime) -> Position {
    let lifetime_ends = schedule.ttl.and_then(|ttl| loaded.checked_add(ttl));
    if [schedule.until, lifetime_ends].into_iter().flatten().any(|end| now >= end) {
        return Position::Expired;
    }
    match &schedule.ramp {
        None => Position::Running(None),
        Some(ramp) => step(ramp, now).map_or(Position::Expired, |rate| Position::Running(Some(rate))),
    }
}

/// The rate of the step that a ramp has come to; `None` before it starts.
#[must_use]
pub fn step(ramp: &Ramp, now: SystemTime) -> Option<Share> {
    ramp.steps.get(step_at(ramp, now)?).map(|step| step.rate)
}

/// The place of the step that a ramp has come to; `None` before it starts. The last step stays.
#[must_use]
pub fn step_at(ramp: &Ramp, now: SystemTime) -> Option<usize> {
    let mut left = now.duration_since(ramp.start).ok()?;
    for (place, step) in ramp.steps.iter().enumerate() {
        match step.lasts.and_then(|lasts| left.checked_sub(lasts)) {
            Some(after) => left = after,
            None => return Some(place),
        }
    }
    ramp.steps.len().checked_sub(1)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::config::shadow::RampStep;

    const HOUR: Duration = Duration::from_secs(3600);

    fn share(ratio: f64) -> Share {
        Share::of_ratio(ratio).unwrap()
    }

    #[test]
    fn a_ramp_climbs_by_the_clock_and_stays_on_top() {
        let start = SystemTime::UNIX_EPOCH + HOUR * 1000;
        let steps = [(0.01, Some(HOUR)), (0.1, Some(HOUR * 6)), (1.0, None)];
        let steps = steps.map(|(rate, lasts)| RampStep { rate: share(rate), lasts }).to_vec();
        let schedule = Schedule { ramp: Some(Ramp { start, steps }), ..Schedule::default() };
        let at = |now| position(&schedule, start, now);
        assert_eq!(at(start - Duration::from_nanos(1)), Position::Expired);
        for (hours, rate) in [(0, 0.01), (1, 0.1), (6, 0.1), (7, 1.0), (7000, 1.0)] {
            assert_eq!(at(start + HOUR * hours), Position::Running(Some(share(rate))), "after {hours} hours");
        }
    }

    #[test]
    fn the_earlier_of_both_ends_counts() {
        let loaded = SystemTime::UNIX_EPOCH + HOUR;
        let schedule = Schedule { until: Some(loaded + HOUR * 2), ttl: Some(HOUR), ..Schedule::default() };
        assert_eq!(position(&schedule, loaded, loaded), Position::Running(None));
        assert_eq!(position(&schedule, loaded, loaded + HOUR), Position::Expired);
        let schedule = Schedule { ttl: Some(HOUR * 3), ..schedule };
        assert_eq!(position(&schedule, loaded, loaded + HOUR), Position::Running(None));
        assert_eq!(position(&schedule, loaded, loaded + HOUR * 2), Position::Expired);
        assert_eq!(position(&Schedule::default(), loaded, loaded + HOUR * 9999), Position::Running(None));
    }
}

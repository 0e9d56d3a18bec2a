//! How many copies, or bytes, a second may be sent.
//!
//! Runs on the live path: one compare-and-swap, no lock, no wait. A bucket that holds one second's worth, kept as the
//! time at which it would be full again.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::time::Instant;

const SECOND: f64 = 1e9;

/// A rate limit that can be changed while it is used.
#[derive(Debug)]
pub struct Pace {
    since: Instant,
    /// Units per second as the bits of a float; not a positive number means no limit.
    per_second: AtomicU64,
    /// Nanoseconds after `since` at which everything taken so far is paid for.
    paid_at: AtomicU64,
}

impl Pace {
    /// A limit of `per_second` units; `None` has no limit. The bucket is full at first.
    #[must_use]
    pub fn new(per_second: Option<f64>) -> Self {
        Self {
            since: Instant::now(),
            per_second: AtomicU64::new(per_second.unwrap_or_default().to_bits()),
            paid_at: AtomicU64::new(0),
        }
    }

    /// Changes the limit. What was taken stays taken, but at most one bucket of the new limit is still to be paid for:
    /// what a lower limit ran up would otherwise keep a higher one from sending for long.
    pub fn set(&self, per_second: Option<f64>, now: Instant) {
        self.per_second.store(per_second.unwrap_or_default().to_bits(), Ordering::Relaxed);
        let latest = self.nanoseconds(now).saturating_add(self.per_second().map_or(0, burst));
        self.paid_at.fetch_min(latest, Ordering::AcqRel);
    }

    fn nanoseconds(&self, now: Instant) -> u64 {
        u64::try_from(now.saturating_duration_since(self.since).as_nanos()).unwrap_or(u64::MAX / 2)
    }

    /// Units per second; `None` without a limit.
    #[must_use]
    pub fn per_second(&self) -> Option<f64> {
        let rate = f64::from_bits(self.per_second.load(Ordering::Relaxed));
        (rate > 0.0).then_some(rate)
    }

    /// Takes `units` if the bucket is not empty. More than it holds may be taken at once; it then stays empty for as
    /// long as that costs, so that the rate holds over time whatever the size of the pieces. Nothing can always be taken.
    #[must_use]
    pub fn take(&self, units: u64, now: Instant) -> bool {
        let Some(rate) = self.per_second().filter(|_rate| units > 0) else { return true };
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "casts of floats saturate"
        )]
        let cost = (units as f64 * SECOND / rate) as u64;
        let (now, burst) = (self.nanoseconds(now), burst(rate));
        let pay = |paid_at: u64| {
            let from = paid_at.max(now);
            // One unit of a slow rate costs more than a second: an unused bucket has room for it all the same.
            let room = from == now || from.saturating_add(cost) <= now.saturating_add(burst);
            room.then(|| from.saturating_add(cost))
        };
        self.paid_at.fetch_update(Ordering::AcqRel, Ordering::Acquire, pay).is_ok()
    }
}

/// How many nanoseconds a full bucket lasts.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "casts of floats saturate")]
fn burst(rate: f64) -> u64 {
    SECOND.max(SECOND / rate) as u64
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn taken(pace: &Pace, at: Instant, tries: usize) -> usize {
        (0..tries).filter(|_| pace.take(1, at)).count()
    }

    #[test]
    fn a_second_of_copies_at_once_and_then_one_by_one() {
        let pace = Pace::new(Some(10.0));
        let start = pace.since;
        assert_eq!(taken(&pace, start, 100), 10);
        assert_eq!(taken(&pace, start + Duration::from_millis(99), 9), 0);
        assert_eq!(taken(&pace, start + Duration::from_millis(100), 9), 1);
        assert_eq!(taken(&pace, start + Duration::from_secs(60), 100), 10);
    }

    #[test]
    fn less_than_one_a_second_is_a_rate_too() {
        let pace = Pace::new(Some(0.5));
        assert_eq!(taken(&pace, pace.since, 9), 1);
        assert_eq!(taken(&pace, pace.since + Duration::from_millis(1_999), 9), 0);
        assert_eq!(taken(&pace, pace.since + Duration::from_secs(2), 9), 1);
    }

    #[test]
    fn a_piece_larger_than_the_bucket_is_paid_for_afterwards() {
        let pace = Pace::new(Some(1000.0));
        assert!(pace.take(5000, pace.since));
        assert!(!pace.take(1, pace.since + Duration::from_millis(3_999)));
        assert!(pace.take(1, pace.since + Duration::from_millis(4_001)), "a second of it was in the bucket");
    }

    #[test]
    fn a_limit_can_be_lifted_and_set() {
        let pace = Pace::new(None);
        assert_eq!(taken(&pace, pace.since, 1000), 1000);
        pace.set(Some(1.0), pace.since);
        assert_eq!((taken(&pace, pace.since, 9), pace.per_second()), (1, Some(1.0)));
        pace.set(None, pace.since);
        assert_eq!(taken(&pace, pace.since, 9), 9);
    }

    #[test]
    fn a_limit_that_was_low_for_a_moment_does_not_block_a_higher_one() {
        let pace = Pace::new(Some(100.0));
        let start = pace.since;
        pace.set(Some(0.001), start);
        assert!(pace.take(1, start), "it costs a thousand seconds");
        pace.set(Some(100.0), start);
        assert_eq!(taken(&pace, start, 9), 0, "one bucket is to be paid for");
        assert_eq!(taken(&pace, start + Duration::from_millis(20), 9), 2);
        assert_eq!(taken(&pace, start + Duration::from_secs(2), 999), 100);
    }

    #[test]
    fn nothing_can_be_taken_from_an_empty_bucket() {
        let pace = Pace::new(Some(10.0));
        assert!(pace.take(500, pace.since));
        assert!(pace.take(0, pace.since) && !pace.take(1, pace.since));
    }

    proptest! {
        #[test]
        fn no_more_than_the_rate_and_one_bucket_passes(
            rate in 0.1..500.0f64,
            steps in proptest::collection::vec(0..200u64, 1..300),
        ) {
            let pace = Pace::new(Some(rate));
            let (mut now, mut passed) = (pace.since, 0u32);
            for step in steps {
                now += Duration::from_millis(step);
                passed += u32::from(pace.take(1, now));
            }
            let seconds = now.duration_since(pace.since).as_secs_f64();
            prop_assert!(f64::from(passed) <= rate * (seconds + 1.0) + 1.0 + 1e-6);
        }
    }
}

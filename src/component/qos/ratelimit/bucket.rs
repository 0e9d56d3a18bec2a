//! The bucket of tokens behind every rate limit, exactly as KrakenD keeps it.
//!
//! Promises: time is an argument, in nanoseconds since whatever the caller counts from; no arithmetic overflows.
//! It is not the textbook's bucket: tokens come back only when none is left, so that after an idle time
//! `2 * capacity + 1` requests pass at once. Files are tuned against this, so it stays.

use std::time::Duration;

const NANOSECONDS_PER_SECOND: f64 = 1e9;
/// Slower rates count as this one, in tokens per second.
const RATE_MIN: f64 = 1e-9;

/// How fast tokens come back, and how many there can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// The most tokens there can be, at least 1.
    pub capacity: u64,
    /// Nanoseconds for one token, at least 1.
    pub interval_nanoseconds: u64,
}

impl Rate {
    /// So many tokens per second.
    #[must_use]
    pub fn new(per_second: f64, capacity: u64) -> Self {
        let interval = NANOSECONDS_PER_SECOND / per_second.max(RATE_MIN);
        // At most 1e18 because of the slowest rate; a cast cuts the fraction off, as the original does.
        Self { capacity: capacity.max(1), interval_nanoseconds: (interval as u64).max(1) }
    }

    /// The capacity of a file that gives none: the tokens of a second, at least 1.
    #[must_use]
    pub fn default_capacity(per_second: f64) -> u64 {
        (per_second as u64).max(1)
    }

    /// The time for one token.
    #[must_use]
    pub fn interval(&self) -> Duration {
        Duration::from_nanos(self.interval_nanoseconds)
    }
}

/// The tokens left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    tokens: u64,
    refilled_nanoseconds: u64,
}

impl Bucket {
    /// A full bucket.
    #[must_use]
    pub fn full(rate: Rate, now_nanoseconds: u64) -> Self {
        Self { tokens: rate.capacity, refilled_nanoseconds: now_nanoseconds }
    }

    /// Takes a token if there is one.
    #[must_use]
    pub fn take(&mut self, rate: Rate, now_nanoseconds: u64) -> bool {
        if self.tokens > 0 {
            self.tokens -= 1;
            return true;
        }
        let fresh = now_nanoseconds.saturating_sub(self.refilled_nanoseconds) / rate.interval_nanoseconds;
        if fresh == 0 {
            return false;
        }
        // Never beyond `now`, since so many whole intervals fit between.
        self.refilled_nanoseconds = self.refilled_nanoseconds.saturating_add(fresh * rate.interval_nanoseconds);
        // This request is free when the bucket overflows.
        self.tokens = if fresh > rate.capacity { rate.capacity } else { fresh - 1 };
        true
    }

    /// Takes a token that nobody would get: one of those by which the bucket will overflow when it is next found empty.
    /// What [`Self::take`] says from now on is what it would say without this, to the last token; and both together take
    /// no more than came and one capacity.
    #[must_use]
    pub fn take_spare(&mut self, rate: Rate, now_nanoseconds: u64) -> bool {
        let fresh = now_nanoseconds.saturating_sub(self.refilled_nanoseconds) / rate.interval_nanoseconds;
        // Without this one there are still more than fit, now and at any later time, so it overflows as before.
        let is_spare = fresh.saturating_sub(1) > rate.capacity;
        if is_spare {
            self.refilled_nanoseconds = self.refilled_nanoseconds.saturating_add(rate.interval_nanoseconds);
        }
        is_spare
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn passed(bucket: &mut Bucket, rate: Rate, now: u64) -> u64 {
        let mut passed = 0;
        while passed < 10_000 && bucket.take(rate, now) {
            passed += 1;
        }
        passed
    }

    #[test]
    fn after_an_idle_time_twice_the_capacity_and_one_more_pass() {
        let rate = Rate::new(5.0, 3);
        let mut bucket = Bucket::full(rate, 0);
        assert_eq!(passed(&mut bucket, rate, 100 * SECOND), 7);
        assert_eq!(passed(&mut bucket, rate, 100 * SECOND), 0);
        assert_eq!(passed(&mut bucket, rate, 100 * SECOND + SECOND / 5), 1);
    }

    #[test]
    fn a_second_of_a_tenth_of_a_token_is_no_token() {
        let rate = Rate::new(0.1, 1);
        let mut bucket = Bucket::full(rate, 0);
        assert_eq!(passed(&mut bucket, rate, 0), 1);
        assert_eq!(passed(&mut bucket, rate, 10 * SECOND - 1), 0);
        assert_eq!(passed(&mut bucket, rate, 10 * SECOND), 1);
    }

    #[test]
    fn rates_beyond_reason_are_no_trouble() {
        for per_second in [f64::INFINITY, f64::NAN, -1.0, 0.0, 1e300, 1e-300] {
            let rate = Rate::new(per_second, Rate::default_capacity(per_second));
            let mut bucket = Bucket::full(rate, u64::MAX);
            let _any = bucket.take(rate, 0);
        }
    }

    #[test]
    fn only_what_would_overflow_is_spare() {
        let rate = Rate::new(1.0, 3);
        let mut bucket = Bucket::full(rate, 0);
        assert!(
            !bucket.take_spare(rate, 4 * SECOND),
            "one too many for the bucket is for the call that finds it empty"
        );
        assert!(bucket.take_spare(rate, 5 * SECOND) && !bucket.take_spare(rate, 5 * SECOND));
        assert_eq!(passed(&mut bucket, rate, 5 * SECOND), 7);
        assert!(!bucket.take_spare(rate, 6 * SECOND));
    }

    proptest! {
        #[test]
        fn nobody_feels_that_spare_tokens_are_taken_and_the_rate_holds_for_all(
            capacity in 1u64..20,
            interval in 1u64..1000,
            steps in proptest::collection::vec((0u64..30_000, 0u8..3), 1..200),
        ) {
            let rate = Rate { capacity, interval_nanoseconds: interval };
            let (mut alone, mut shared) = (Bucket::full(rate, 0), Bucket::full(rate, 0));
            let (mut now, mut passed) = (0, 0);
            for (step, spare) in steps {
                now += step / 10;
                for _ in 0..spare {
                    passed += u64::from(shared.take_spare(rate, now));
                }
                let takes = shared.take(rate, now);
                prop_assert_eq!(takes, alone.take(rate, now));
                passed += u64::from(takes);
                prop_assert!(passed <= now / interval + capacity);
            }
        }

        #[test]
        fn over_any_time_no_more_pass_than_came_and_two_capacities(
            capacity in 1u64..20,
            interval in 1u64..1000,
            steps in proptest::collection::vec(0u64..3000, 1..200),
        ) {
            let rate = Rate { capacity, interval_nanoseconds: interval };
            let (mut bucket, mut now, mut passed) = (Bucket::full(rate, 0), 0, 0);
            for step in steps {
                now += step;
                passed += u64::from(bucket.take(rate, now));
                prop_assert!(passed <= now / interval + 2 * capacity + 1);
            }
        }
    }
}

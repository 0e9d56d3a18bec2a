//! What a count of rare events in many trials says about their true rate.
//!
//! Pure: Clopper and Pearson's exact bounds, each of which holds 95 times of 100, whatever the true rate is. With no event
//! in `n` trials the upper one is about `3 / n`. Beyond [`EXACT_MAX`] events Wilson's, which are as good there.

/// How often a bound does not hold.
const MISSED: f64 = 0.05;

/// Standard deviations above which 5 % of a normal distribution lie.
const ONE_SIDED_95: f64 = 1.644_853_626_951_472_7;

/// With more events than this Wilson's bound is taken.
pub const EXACT_MAX: u64 = 500;

/// How often an interval is halved: until both ends are the same number.
const HALVINGS: usize = 80;

/// At most this is the true rate of what happened `events` times in `trials`; 1 without trials.
#[must_use]
pub fn upper(events: u64, trials: u64) -> f64 {
    if events >= trials {
        return 1.0;
    }
    if events > EXACT_MAX && trials - events > EXACT_MAX {
        return wilson(events, trials, ONE_SIDED_95);
    }
    if events > EXACT_MAX {
        // What did not happen is the rarer event.
        return 1.0 - lower_exact(trials - events, trials);
    }
    // The rate at which so few events are as rare as 5 %.
    halved(|rate| at_most(events, trials, rate) > MISSED)
}

/// At least this is the true rate of what happened `events` times in `trials`; 0 without events.
#[must_use]
pub fn lower(events: u64, trials: u64) -> f64 {
    if events == 0 || trials == 0 {
        return 0.0;
    }
    let events = events.min(trials);
    if events > EXACT_MAX && trials - events > EXACT_MAX {
        return wilson(events, trials, -ONE_SIDED_95);
    }
    if events > EXACT_MAX {
        return 1.0 - upper(trials - events, trials);
    }
    lower_exact(events, trials)
}

/// The rate at which so many events are as rare as 5 %.
fn lower_exact(events: u64, trials: u64) -> f64 {
    halved(|rate| 1.0 - at_most(events.saturating_sub(1), trials, rate) < MISSED)
}

/// The number from 0 to 1 up to which `holds`.
fn halved(holds: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (0.0_f64, 1.0_f64);
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        if holds(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}

/// The chance of at most `events` in `trials` at a true `rate` between 0 and 1; `events` is less than `trials`.
///
/// The terms of the sum are taken relative to the largest, by logarithms, since all may be too small for a float.
fn at_most(events: u64, trials: u64, rate: f64) -> f64 {
    let count = float(trials);
    let mut term = count * (-rate).ln_1p();
    let step = rate.ln() - (-rate).ln_1p();
    let (mut largest, mut sum) = (term, 1.0);
    for event in 0..events {
        term += ((count - float(event)) / (float(event) + 1.0)).ln() + step;
        if term > largest {
            sum = sum * (largest - term).exp() + 1.0;
            largest = term;
        } else {
            sum += (term - largest).exp();
        }
    }
    (largest.exp() * sum).min(1.0)
}

fn wilson(events: u64, trials: u64, deviations: f64) -> f64 {
    let (events, count) = (float(events), float(trials));
    let (seen, square) = (events / count, deviations * deviations);
    let spread = (seen * (1.0 - seen) / count + square / (4.0 * count * count)).sqrt();
    ((seen + square / (2.0 * count) + deviations * spread) / (1.0 + square / count)).clamp(0.0, 1.0)
}

fn float(count: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "counts beyond 2^53 are not reached")]
    let count = count as f64;
    count
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_in_n_is_at_most_three_by_n() {
        for trials in [100, 3000, 1_000_000, u64::from(u32::MAX)] {
            let bound = upper(0, trials) * float(trials);
            assert!((2.94..3.0).contains(&bound), "{bound} of {trials}");
        }
        assert_eq!((upper(0, 0).to_bits(), upper(5, 5).to_bits()), (1.0_f64.to_bits(), 1.0_f64.to_bits()));
        assert_eq!((lower(0, 9).to_bits(), lower(0, 0).to_bits()), (0, 0));
    }

    /// Against values of the beta distribution, whose quantiles these bounds are.
    #[test]
    fn bounds_are_those_of_the_tables() {
        for (events, trials, low, high) in [
            (1, 10, 0.005_116, 0.394_163),
            (5, 10, 0.222_441, 0.777_559),
            (10, 10, 0.741_134, 1.0),
            (3, 1000, 0.000_818, 0.007_734),
        ] {
            let found = [lower(events, trials), upper(events, trials)];
            assert!((found[0] - low).abs() < 1e-5 && (found[1] - high).abs() < 1e-5, "{events}/{trials}: {found:?}");
        }
    }

    #[test]
    fn where_the_exact_bound_ends_the_other_goes_on() {
        for trials in [2000, 100_000] {
            let (exact, approximate) = (upper(EXACT_MAX, trials), upper(EXACT_MAX + 1, trials));
            assert!(exact < approximate && approximate < exact * 1.01, "{exact} {approximate}");
        }
    }

    proptest! {
        #[test]
        fn the_seen_rate_lies_between_the_bounds(trials in 1_u64..20_000, part in 0.0..=1.0_f64) {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of the trials")]
            let events = (float(trials) * part) as u64;
            let seen = float(events) / float(trials);
            prop_assert!(lower(events, trials) <= seen + 1e-9 && seen <= upper(events, trials) + 1e-9);
        }

        #[test]
        fn more_events_are_never_fewer_for_sure(trials in 2_u64..3_000, events in 0_u64..600) {
            let events = events.min(trials - 1);
            prop_assert!(upper(events, trials) <= upper(events + 1, trials) + 1e-9);
            prop_assert!(upper(events, trials) + 1e-9 >= upper(events, trials * 2));
        }

        #[test]
        fn arbitrary_counts_never_panic(events: u32, trials: u32) {
            let (low, high) = (lower(events.into(), trials.into()), upper(events.into(), trials.into()));
            prop_assert!((0.0..=1.0).contains(&low) && (0.0..=1.0).contains(&high));
        }
    }
}

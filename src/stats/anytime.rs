//! Bounds on a true rate that hold at all moments together, however often somebody looks and whenever they act on it.
//!
//! A bound that holds 95 times of 100 at one moment fails sooner or later for whoever asks again and again, as a pipeline
//! does that waits for a yes. These are made of bets. Somebody who doubts that the rate is `p` bets on less, after every
//! trial, at odds that would be fair if it were `p`: with the ratio `r` below 1 the stake becomes `r` times as much when
//! the event happens and `(1 - rp) / (1 - p)` times when it does not. If the rate is `p` or more the capital does not grow
//! on average, so the chance that it *ever* reaches `1 / missed` times what there was is at most `missed` (Ville). The
//! bound is the smallest `p` at which it has got there. Nobody knows the best `r` beforehand, so the capital is spread over
//! several: a half on 0, with which nothing in `n` trials means at most `ln(40) / n`, a little less with the others' help.
//!
//! Pure, and the work is the same for all counts. What it takes for granted is that trials are independent of each other.

/// How often a bound of a verdict does not hold, ever.
pub const OF_VERDICTS: f64 = 0.05;

/// How often one that stops something does not. Its windows follow one another for as long as the gateway runs.
pub const OF_STOPS: f64 = 0.001;

/// The part of the capital that is bet on the event never happening.
const ON_NEVER: f64 = 0.5;

/// How many times as often the event happens as doubted, for those who bet on less; equal parts of the other half.
const RATIOS: [f64; 11] = [0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 0.9375, 0.968_75, 0.984_375, 0.992_187_5];

/// The same for those who bet on more, in equal parts.
const MULTIPLES: [f64; 17] = [
    1.007_812_5,
    1.015_625,
    1.031_25,
    1.062_5,
    1.125,
    1.25,
    1.5,
    2.0,
    3.0,
    5.0,
    9.0,
    17.0,
    33.0,
    65.0,
    129.0,
    257.0,
    513.0,
];

/// How often an interval of rates is halved: to a part of 10^12.
const HALVINGS: usize = 40;

/// At most this is the true rate of what happened `events` times in `trials`; 1 without trials.
#[must_use]
pub fn upper(events: u64, trials: u64, missed: f64) -> f64 {
    upper_difference([events, 0], trials, missed)
}

/// At least this is the true rate of what happened `events` times in `trials`; 0 without events.
#[must_use]
pub fn lower(events: u64, trials: u64, missed: f64) -> f64 {
    let events = events.min(trials);
    if events == 0 {
        return 0.0;
    }
    let is_refuted = |rate: f64| on_more(events, trials, rate) >= 1.0 / missed;
    let (mut refuted, mut open) = (0.0, float(events) / float(trials));
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(refuted, open);
        if is_refuted(middle) { refuted = middle } else { open = middle }
    }
    refuted
}

/// At most this much more often happens the first of two things, of which `only` the first, or the second, happened so
/// many times in `trials`; in the others both did or neither. From -1 to 1; 1 without trials.
#[must_use]
pub fn upper_difference(only: [u64; 2], trials: u64, missed: f64) -> f64 {
    let [first, second] = only.map(|count| float(count.min(trials)));
    let count = float(trials);
    if trials == 0 || first >= count {
        return 1.0;
    }
    let is_refuted = |difference: f64| on_less(only, trials, difference) >= 1.0 / missed;
    // What was seen refutes no smaller difference: no bet against it has won.
    let (mut open, mut refuted) = ((first - second) / count, 1.0);
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(open, refuted);
        if is_refuted(middle) { refuted = middle } else { open = middle }
    }
    refuted
}

/// At least this much more often happens the first of two things; see [`upper_difference`].
#[must_use]
pub fn lower_difference([first, second]: [u64; 2], trials: u64, missed: f64) -> f64 {
    -upper_difference([second, first], trials, missed)
}

/// Whether what happened `events` times in `trials` surely happens less often than at this `rate`, between 0 and 1: what
/// [`upper`] says, without looking for the bound.
#[must_use]
pub fn is_below(events: u64, trials: u64, rate: f64, missed: f64) -> bool {
    float(events) < float(trials) * rate && on_less([events, 0], trials, rate) >= 1.0 / missed
}

/// Whether what happened `events` times in `trials` surely happens more often than at this `rate`, between 0 and 1: what
/// [`lower`] says, without looking for the bound.
#[must_use]
pub fn is_above(events: u64, trials: u64, rate: f64, missed: f64) -> bool {
    let events = events.min(trials);
    float(events) > float(trials) * rate && on_more(events, trials, rate) >= 1.0 / missed
}

/// What becomes of one who bets that the first of two things happens less often, beside the second, than by `difference`.
fn on_less(only: [u64; 2], trials: u64, difference: f64) -> f64 {
    let [first, second] = only.map(|count| float(count.min(trials)));
    let rests = (float(trials) - first - second).max(0.0);
    let term = |ratio: f64| {
        let all = (-difference).ln_1p();
        times(first, ratio.ln())
            + times(second, (2.0 - ratio * (1.0 + difference)).ln() - all)
            + times(rests, (-ratio * difference).ln_1p() - all)
    };
    let weight = (1.0 - ON_NEVER) / RATIOS.len() as f64;
    let others = RATIOS.iter().map(|ratio| (weight, term(*ratio)));
    capital(others.chain([(ON_NEVER, term(0.0))]))
}

/// What becomes of one who bets that it happens more often than at this rate; of no more events than trials.
fn on_more(events: u64, trials: u64, rate: f64) -> f64 {
    let rests = float(trials.saturating_sub(events));
    let term = |multiple: f64| match rate * multiple {
        // Who bets more than there is would owe something.
        stake if stake > 1.0 => f64::NEG_INFINITY,
        stake => times(float(events), multiple.ln()) + times(rests, (-stake).ln_1p() - (-rate).ln_1p()),
    };
    let weight = 1.0 / MULTIPLES.len() as f64;
    capital(MULTIPLES.iter().map(|multiple| (weight, term(*multiple))))
}

/// What bets have come to: parts of the capital, and the logarithm of what became of each.
fn capital(parts: impl Iterator<Item = (f64, f64)>) -> f64 {
    parts.map(|(part, growth)| part * growth.exp()).sum()
}

/// A logarithm so often; what never happened adds nothing, however unlikely it was.
fn times(count: f64, logarithm: f64) -> f64 {
    if count > 0.0 { count * logarithm } else { 0.0 }
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

    /// In how many of so many runs a bound that is looked at after every trial is ever on the wrong side of the rate.
    fn wrong(
        runs: usize,
        trials: u64,
        mut happens: impl FnMut() -> bool,
        is_wrong: impl Fn(u64, u64) -> bool,
    ) -> usize {
        let mut run = || {
            let mut events = 0;
            (1..=trials).any(|trial| {
                events += u64::from(happens());
                is_wrong(events, trial)
            })
        };
        (0..runs).filter(|_| run()).count()
    }

    #[test]
    fn who_looks_after_every_trial_is_misled_in_less_than_5_of_100_runs() {
        let mut random = fastrand::Rng::with_seed(11);
        let (runs, trials, rate) = (500, 400, 0.05);
        let mut happens = || random.f64() < rate;
        let too_low = wrong(runs, trials, &mut happens, |events, trial| upper(events, trial, OF_VERDICTS) < rate);
        let too_high = wrong(runs, trials, &mut happens, |events, trial| lower(events, trial, OF_VERDICTS) > rate);
        assert!(too_low * 20 <= runs && too_high * 20 <= runs, "{too_low} and {too_high} of {runs}");
        // A bound that is good for one look, looked at all the time, misleads far more often: so this test can fail.
        let of_one_look = wrong(runs, trials, &mut happens, |events, trial| {
            let expected = float(trial) * rate;
            float(events) + 0.5 < expected - 1.645 * (expected * (1.0 - rate)).sqrt()
        });
        assert!(of_one_look * 10 > runs, "{of_one_look} of {runs}");
    }

    #[test]
    fn who_looks_at_a_difference_after_every_trial_is_misled_in_less_than_5_of_100_runs() {
        let mut random = fastrand::Rng::with_seed(12);
        let runs = 400;
        // Both sides are at fault in a tenth of the trials, the first in 2 % more.
        let misled = (0..runs).filter(|_| {
            let mut only = [0, 0];
            (1..=400).any(|trial| {
                let drawn = random.f64();
                only[0] += u64::from(drawn < 0.12);
                only[1] += u64::from((0.12..0.22).contains(&drawn));
                upper_difference(only, trial, OF_VERDICTS) < 0.02
            })
        });
        let misled = misled.count();
        assert!(misled * 20 <= runs, "{misled} of {runs}");
    }

    #[test]
    fn nothing_in_n_is_at_most_three_and_a_half_by_n() {
        for trials in [400, 4000, 1_000_000, u64::from(u32::MAX)] {
            let bound = upper(0, trials, OF_VERDICTS) * float(trials);
            assert!((3.4..3.6).contains(&bound), "{bound} of {trials}");
        }
        assert_eq!((upper(0, 0, 0.05), upper(5, 5, 0.05), lower(0, 9, 0.05), lower(0, 0, 0.05)), (1.0, 1.0, 0.0, 0.0));
    }

    #[test]
    fn with_more_trials_both_bounds_come_close_to_the_rate() {
        for (events, trials) in [(10, 1_000), (1_000, 100_000), (1_000_000, 100_000_000)] {
            let [low, high] = [lower(events, trials, OF_VERDICTS), upper(events, trials, OF_VERDICTS)];
            let spread = 4.0 / float(events).sqrt() + 0.01;
            assert!(low > 0.01 * (1.0 - spread) && high < 0.01 * (1.0 + 1.5 * spread), "{low} {high} of {trials}");
        }
    }

    #[test]
    fn who_fails_as_often_as_the_other_is_not_known_to_fail_more_often_and_who_does_is() {
        assert!(upper_difference([0, 0], 1000, OF_VERDICTS) < 0.005);
        assert!(upper_difference([50, 50], 10_000, OF_VERDICTS) < 0.01);
        assert!(lower_difference([50, 50], 10_000, OF_VERDICTS) < 0.0);
        assert!(lower_difference([30, 0], 1000, OF_STOPS) > 0.005);
        assert!(upper_difference([0, 100], 1000, OF_VERDICTS) < 0.0, "the other fails more often");
    }

    proptest! {
        #[test]
        fn what_was_seen_lies_between_the_bounds(trials in 1_u64..1_000_000, one in 0_u64..1000, other in 0_u64..1000) {
            let (one, other) = (one.min(trials), other.min(trials - one.min(trials)));
            let seen = float(one) / float(trials);
            prop_assert!(lower(one, trials, OF_VERDICTS) <= seen && seen <= upper(one, trials, OF_VERDICTS));
            let seen = (float(one) - float(other)) / float(trials);
            let [low, high] = [lower_difference([one, other], trials, 0.05), upper_difference([one, other], trials, 0.05)];
            prop_assert!(low <= seen && seen <= high, "{} {} {}", low, seen, high);
        }

        #[test]
        fn whoever_must_be_surer_says_less(trials in 1_u64..100_000, events in 0_u64..100) {
            let events = events.min(trials);
            prop_assert!(upper(events, trials, OF_STOPS) >= upper(events, trials, OF_VERDICTS));
            prop_assert!(lower(events, trials, OF_STOPS) <= lower(events, trials, OF_VERDICTS));
        }

        #[test]
        fn more_events_are_never_fewer_for_sure(trials in 2_u64..10_000, events in 0_u64..500) {
            let events = events.min(trials - 1);
            prop_assert!(upper(events, trials, 0.05) <= upper(events + 1, trials, 0.05) + 1e-9);
            prop_assert!(upper(events, trials, 0.05) + 1e-9 >= upper(events, trials * 2, 0.05));
        }

        #[test]
        fn what_is_surely_below_or_above_is_what_the_bounds_say(trials in 1_u64..20_000, events in 0_u64..300, rate in 0.001_f64..0.2) {
            let events = events.min(trials);
            let [low, high] = [lower(events, trials, OF_VERDICTS), upper(events, trials, OF_VERDICTS)];
            // A bound is exact to a part of 10^12.
            prop_assume!((low - rate).abs() > 1e-9 && (high - rate).abs() > 1e-9);
            prop_assert_eq!(is_below(events, trials, rate, OF_VERDICTS), high < rate);
            prop_assert_eq!(is_above(events, trials, rate, OF_VERDICTS), low > rate);
        }

        #[test]
        fn arbitrary_counts_never_panic(one: u32, other: u32, trials: u32) {
            let [one, other, trials] = [one, other, trials].map(u64::from);
            for bound in [
                upper(one, trials, 0.05), lower(one, trials, 0.05),
                upper_difference([one, other], trials, 0.05), lower_difference([one, other], trials, 0.05),
            ] {
                prop_assert!((-1.0..=1.0).contains(&bound), "{}", bound);
            }
            let [below, above] = [is_below(one, trials, 0.01, 0.05), is_above(one, trials, 0.01, 0.05)];
            prop_assert!(!(below && above));
        }
    }
}

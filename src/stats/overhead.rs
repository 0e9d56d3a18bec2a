//! What a shadow costs the clients: the difference between two groups of live replies, with what chance may have added.
//!
//! Pure functions of the durations. Longer than a group's 99th percentile is at most one of a hundred, and no shorter at
//! least one: a duration is surely beyond it if surely fewer of all are longer than that, and surely short of it if surely
//! more are no shorter. What is sure of such shares however often somebody looks is what [`super::anytime`] says, so the
//! intervals hold at all moments together. That of a difference is made of the ends of both groups, each of which may fail
//! half as often; it needs neither equal numbers nor any shape of the distributions.

use serde::Serialize;

use super::{
    anytime::{OF_VERDICTS, is_above, is_below},
    latency::Latencies,
    snapshot::LatencySnapshot,
};

/// By which part a duration may be shorter than it is counted as; see [`super::latency`].
const ROUNDING: f64 = 1.0 / 128.0;

/// Live replies with the shadow and without it, for requests that chance has put in either group. In milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Overhead {
    /// Those whose request was offered to the shadow.
    pub shadowed: LatencySnapshot,
    /// Those whose request was held out.
    pub holdout: LatencySnapshot,
    /// By how much the medians differ; `None` until both groups have a reply.
    pub p50: Option<Difference>,
    /// By how much the 99th percentiles differ; `None` until both groups have a reply.
    pub p99: Option<Difference>,
    /// Between these the 99th percentile of those held out lies, as sure as the difference; `None` while there are too few.
    pub holdout_p99: Option<[f64; 2]>,
}

/// By how much a quantile is larger with the shadow. In milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// The difference that was seen.
    pub difference: f64,
    /// Between these the true one lies, 95 times of 100 for however often somebody looks; `None` while there are too few
    /// replies to say.
    pub interval: Option<[f64; 2]>,
}

impl Overhead {
    pub(crate) fn between(shadowed: &Latencies, holdout: &Latencies) -> Self {
        Self {
            shadowed: LatencySnapshot::new(shadowed),
            holdout: LatencySnapshot::new(holdout),
            p50: difference(shadowed, holdout, 0.5),
            p99: difference(shadowed, holdout, 0.99),
            holdout_p99: quantile_interval(holdout, 0.99, OF_VERDICTS / 2.0),
        }
    }
}

/// By how much the quantile of `one` is larger than that of `other`, with its interval.
#[must_use]
pub fn difference(one: &Latencies, other: &Latencies, quantile: f64) -> Option<Difference> {
    difference_within(one, other, quantile, OF_VERDICTS)
}

/// The same with an interval that does not hold, ever, so often.
#[must_use]
pub fn difference_within(one: &Latencies, other: &Latencies, quantile: f64, missed: f64) -> Option<Difference> {
    if one.count() == 0 || other.count() == 0 {
        return None;
    }
    let value = |of: &Latencies| milliseconds(of.quantile_us(quantile));
    let lies = |of: &Latencies| quantile_interval(of, quantile, missed / 2.0);
    let interval = lies(one).zip(lies(other)).map(|(first, second)| [first[0] - second[1], first[1] - second[0]]);
    Some(Difference { difference: value(one) - value(other), interval })
}

/// Where the true quantile lies, in milliseconds, but for so often, ever; `None` if that may be beyond all that was seen.
#[must_use]
pub fn quantile_interval(of: &Latencies, quantile: f64, missed: f64) -> Option<[f64; 2]> {
    let of_each = missed / 2.0;
    Some([quantile_at_least(of, quantile, of_each)?, quantile_at_most(of, quantile, of_each)?])
}

/// The true quantile is at least this, in milliseconds, but for so often, ever; `None` if it may be shorter than all that
/// was seen.
#[must_use]
pub fn quantile_at_least(of: &Latencies, quantile: f64, missed: f64) -> Option<f64> {
    let count = of.count();
    let low = first_of(count, |no_shorter| is_above(no_shorter, count, 1.0 - quantile, missed))?;
    Some(from_the_longest(of, low.checked_sub(1)?)? * (1.0 - ROUNDING))
}

/// The true quantile is at most this, in milliseconds, but for so often, ever; `None` if it may be longer than all that
/// was seen.
#[must_use]
pub fn quantile_at_most(of: &Latencies, quantile: f64, missed: f64) -> Option<f64> {
    let count = of.count();
    // One more would be too many.
    let longer = first_of(count, |longer| !is_below(longer, count, 1.0 - quantile, missed))?.checked_sub(1)?;
    from_the_longest(of, longer)
}

/// The duration than which so many are longer, in milliseconds.
fn from_the_longest(of: &Latencies, longer: u64) -> Option<f64> {
    of.at_rank_us(of.count().checked_sub(longer)?).map(milliseconds)
}

/// The first number, up to `most`, of which it holds, if it holds of all after the first; `None` if of none.
fn first_of(most: u64, holds: impl Fn(u64) -> bool) -> Option<u64> {
    let (mut from, mut to) = (0, most);
    while from < to {
        let middle = u64::midpoint(from, to);
        if holds(middle) { to = middle } else { from = middle + 1 }
    }
    holds(from).then_some(from)
}

fn milliseconds(us: u32) -> f64 {
    f64::from(us) / 1e3
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::stats::samples::{Samples, rounding};

    /// Durations with a long tail, as replies have them, each `extra` longer.
    fn replies(random: &mut fastrand::Rng, count: usize, extra: Duration) -> Latencies {
        let mut samples = Samples::default();
        for _ in 0..count {
            let tail = -(1.0 - random.f64()).ln();
            samples.record(Duration::from_secs_f64(0.004 + 0.003 * tail) + extra);
        }
        samples.take(&rounding())
    }

    fn contains(interval: Option<[f64; 2]>, value: f64) -> bool {
        interval.is_some_and(|[low, high]| low <= value && value <= high)
    }

    /// In how many of so many runs the interval, looked at again and again, is ever beside the truth.
    fn misled(runs: usize, lies: impl Fn(&[Latencies; 2]) -> Option<[f64; 2]>, truth: f64) -> usize {
        let mut random = fastrand::Rng::with_seed(17);
        let mut run = || {
            let mut both = [Latencies::default(), Latencies::default()];
            (0..40).any(|_| {
                for (group, count) in both.iter_mut().zip([200, 100]) {
                    group.merge(&replies(&mut random, count, Duration::ZERO));
                }
                lies(&both).is_some_and(|interval| !contains(Some(interval), truth))
            })
        };
        (0..runs).filter(|_| run()).count()
    }

    #[test]
    fn who_looks_again_and_again_is_misled_in_less_than_5_of_100_runs() {
        for quantile in [0.5, 0.99] {
            let (runs, truth) = (120, 4.0 - 3.0 * (1.0_f64 - quantile).ln());
            let of_one = misled(runs, |[one, _]| quantile_interval(one, quantile, OF_VERDICTS), truth);
            let of_both =
                misled(runs, |[one, other]| difference(one, other, quantile).and_then(|found| found.interval), 0.0);
            assert!(of_one * 20 <= runs && of_both * 20 <= runs, "{of_one} and {of_both} of {runs} at {quantile}");
            // An interval that is good for one look misleads far more often: so this test can fail.
            let for_one_look = |group: &Latencies| {
                let count = group.count() as f64;
                let (middle, spread) = (count * quantile, 1.96 * (count * quantile * (1.0 - quantile)).sqrt());
                let ranks = [(middle - spread).floor(), (middle + spread).ceil() + 1.0];
                let [low, high] = ranks.map(|rank| group.at_rank_us(rank as u64).map(milliseconds));
                low.zip(high).map(|(low, high)| [low * (1.0 - ROUNDING), high])
            };
            let of_one_look = misled(runs, |[one, _]| for_one_look(one), truth);
            assert!(of_one_look * 10 > runs, "{of_one_look} of {runs} at {quantile}");
        }
    }

    #[test]
    fn groups_alike_are_told_apart_in_less_than_5_of_100_runs() {
        let mut random = fastrand::Rng::with_seed(7);
        for quantile in [0.5, 0.99] {
            let runs = 400;
            let alike = (0..runs).filter(|_| {
                let shadowed = replies(&mut random, 4000, Duration::ZERO);
                let holdout = replies(&mut random, 1000, Duration::ZERO);
                contains(difference(&shadowed, &holdout, quantile).unwrap().interval, 0.0)
            });
            let alike = alike.count();
            assert!(alike * 100 >= runs * 95, "{alike} of {runs} at {quantile}");
        }
    }

    #[test]
    fn a_millisecond_more_is_found() {
        let mut random = fastrand::Rng::with_seed(11);
        let shadowed = replies(&mut random, 400_000, Duration::from_millis(1));
        let holdout = replies(&mut random, 100_000, Duration::ZERO);
        for quantile in [0.5, 0.99] {
            let found = difference(&shadowed, &holdout, quantile).unwrap();
            assert!(contains(found.interval, 1.0), "{found:?} at {quantile}");
            assert!(found.interval.unwrap()[0] > 0.0, "{found:?} at {quantile}");
        }
    }

    #[test]
    fn few_replies_have_a_difference_and_no_interval() {
        let mut random = fastrand::Rng::with_seed(3);
        let (many, few) = (replies(&mut random, 4000, Duration::ZERO), replies(&mut random, 200, Duration::ZERO));
        assert_eq!(difference(&many, &few, 0.99).unwrap().interval, None);
        assert!(difference(&many, &few, 0.5).unwrap().interval.is_some());
        assert_eq!(difference(&many, &Latencies::default(), 0.5), None);
    }
}

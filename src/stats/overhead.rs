//! What a shadow costs the clients: the difference between two groups of live replies, with what chance may have added.
//!
//! Pure functions of the durations. A quantile of `n` durations lies between two of them whose ranks the binomial
//! distribution gives; the interval of a difference follows from those of both groups (Zou and Donner's method of variance
//! estimates recovery), which needs neither equal numbers nor any shape of the distributions.

use serde::Serialize;

use super::{latency::Latencies, snapshot::LatencySnapshot};

/// Standard deviations on either side that leave out 5 % of a normal distribution.
pub const TWO_SIDED_95: f64 = 1.959_963_984_540_054;

/// The same for 0.1 %. Whoever looks again and again, and acts on what chance may have made, must be surer than whoever
/// looks once.
pub const TWO_SIDED_999: f64 = 3.290_526_731_491_895;

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
}

/// By how much a quantile is larger with the shadow. In milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// The difference that was seen.
    pub difference: f64,
    /// Between these the true one lies, 95 times of 100; `None` while there are too few replies to say.
    pub interval: Option<[f64; 2]>,
}

impl Overhead {
    pub(crate) fn between(shadowed: &Latencies, holdout: &Latencies) -> Self {
        Self {
            shadowed: LatencySnapshot::new(shadowed),
            holdout: LatencySnapshot::new(holdout),
            p50: difference(shadowed, holdout, 0.5),
            p99: difference(shadowed, holdout, 0.99),
        }
    }
}

/// By how much the quantile of `one` is larger than that of `other`, with its interval.
#[must_use]
pub fn difference(one: &Latencies, other: &Latencies, quantile: f64) -> Option<Difference> {
    difference_within(one, other, quantile, TWO_SIDED_95)
}

/// The same with an interval that is so many standard deviations wide on either side.
#[must_use]
pub fn difference_within(one: &Latencies, other: &Latencies, quantile: f64, deviations: f64) -> Option<Difference> {
    if one.count() == 0 || other.count() == 0 {
        return None;
    }
    let value = |of: &Latencies| milliseconds(of.quantile_us(quantile));
    let (first, second) = (value(one), value(other));
    let difference = first - second;
    let lies = |of: &Latencies| quantile_interval(of, quantile, deviations);
    let interval = lies(one).zip(lies(other)).map(|(first_lies, second_lies)| {
        let below = (first - first_lies[0]).hypot(second_lies[1] - second);
        let above = (first_lies[1] - first).hypot(second - second_lies[0]);
        [difference - below, difference + above]
    });
    Some(Difference { difference, interval })
}

/// Where the true quantile lies, in milliseconds; `None` if that may be beyond all that was seen.
#[must_use]
pub fn quantile_interval(of: &Latencies, quantile: f64, deviations: f64) -> Option<[f64; 2]> {
    #[expect(clippy::cast_precision_loss, reason = "counts beyond 2^53 are not reached")]
    let count = of.count() as f64;
    let (middle, spread) = (count * quantile, deviations * (count * quantile * (1.0 - quantile)).sqrt());
    let (lowest, highest) = ((middle - spread).floor(), (middle + spread).ceil() + 1.0);
    if lowest < 1.0 || highest > count {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "both lie between 1 and the count")]
    let ranks = [lowest as u64, highest as u64];
    let [low, high] = [of.at_rank_us(ranks[0])?, of.at_rank_us(ranks[1])?].map(milliseconds);
    Some([low * (1.0 - ROUNDING), high])
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
        let shadowed = replies(&mut random, 40_000, Duration::from_millis(1));
        let holdout = replies(&mut random, 10_000, Duration::ZERO);
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

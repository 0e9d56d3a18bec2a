//! The stop rules of one shadow, measured.
//!
//! Pure. What was measured counts only as far as it is sure, since it is looked at again and again: chance alone would carry
//! any plain share over its limit some day. A ramp is held back by the plain share, which costs nothing but time.

use std::fmt;

use serde::Serialize;

use crate::{
    compare::Sums,
    config::shadow::StopOn,
    stats::{
        anytime::{OF_STOPS, lower, lower_difference, upper},
        latency::Latencies,
        overhead::{difference_within, quantile_interval},
    },
};

/// A rule that may stop a shadow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Too many pairs differ.
    MismatchRate,
    /// The shadow fails too often.
    ErrorDelta,
    /// The shadow is too slow.
    P99Ratio,
    /// It makes live replies slower.
    OverheadP99,
}

impl Rule {
    /// Its key in the file.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::MismatchRate => "mismatch_rate",
            Self::ErrorDelta => "error_delta",
            Self::P99Ratio => "p99_ratio",
            Self::OverheadP99 => "overhead_p99",
        }
    }
}

/// A rule and what was measured.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Measure {
    /// The rule.
    pub rule: Rule,
    /// What the file allows.
    pub limit: f64,
    /// What was measured; null while there is nothing to measure.
    pub measured: Option<f64>,
    /// What it surely is at least, where that decides; null while there are too few replies to say.
    pub at_least: Option<f64>,
    /// What it stands on: pairs, or for `overhead_p99` live replies without the shadow.
    pub pairs: u64,
    /// Whether the rule holds; null while there are too few of those.
    pub holds: Option<bool>,
}

impl Measure {
    /// Whether it is surely broken.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.holds == Some(false)
    }

    /// Whether it holds a ramp back: surely broken or, if it is about durations, by the plain figure of enough replies.
    #[must_use]
    pub fn holds_back(&self, rules: &StopOn) -> bool {
        let seems_broken = || match self.rule {
            // Of the step's own pairs, see [`Progress::permits`].
            Rule::MismatchRate | Rule::ErrorDelta => false,
            Rule::P99Ratio | Rule::OverheadP99 => {
                self.pairs >= rules.min_pairs.max(1) && self.measured.is_some_and(|measured| measured > self.limit)
            }
        };
        self.is_broken() || seems_broken()
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rule, limit, measured, at_least, pairs, .. } = self;
        write!(out, "{} is {:.4}", rule.label(), measured.unwrap_or_default())?;
        if let Some(at_least) = at_least {
            write!(out, " (surely {at_least:.4})")?;
        }
        let stands_on = if *rule == Rule::OverheadP99 { "held-out replies" } else { "pairs" };
        write!(out, " of {pairs} {stands_on}, {limit} is allowed")
    }
}

/// Measures the rules that a file gives, in their order.
#[must_use]
pub fn measure(rules: &StopOn, recent: Option<&Sums>, replies: Option<&[Latencies; 2]>) -> Vec<Measure> {
    let nothing = Sums::default();
    let sums = recent.unwrap_or(&nothing);
    let share = |rule, limit, measured: f64, at_least: f64, pairs| Measure {
        rule,
        limit,
        measured: (pairs > 0).then_some(measured),
        at_least: (pairs > 0).then_some(at_least),
        pairs,
        holds: (pairs >= rules.min_pairs.max(1)).then_some(at_least <= limit),
    };
    let mismatches = rules.mismatch_rate.map(|limit| {
        let measure = share(Rule::MismatchRate, limit, sums.mismatch_rate(), surely_different(sums), sums.compared());
        // Nothing may differ, and something does: that is as sure as can be.
        let is_sure = limit <= 0.0 && sums.baseline_pairs == 0 && sums.mismatches > 0;
        Measure { holds: measure.holds.map(|holds| holds && !is_sure), ..measure }
    });
    let errors = rules.error_delta.map(|limit| {
        let at_least = lower_difference(sums.lone_errors(), sums.ended(), OF_STOPS).max(0.0);
        share(Rule::ErrorDelta, limit, sums.error_delta(), at_least, sums.ended())
    });
    let latency = rules.p99_ratio.map(|limit| latency(rules, limit, sums));
    let overhead = rules.overhead_p99.map(|limit| overhead(rules, limit, replies));
    [mismatches, errors, latency, overhead].into_iter().flatten().collect()
}

/// The share of pairs that surely differ, 999 times of 1000. Where second live answers show how much the live side differs
/// from itself, only what surely exceeds that counts: fields whose noise is not known yet differ on both sides.
///
/// There are two ways to be sure of that, which share the chance to be wrong: all pairs tell of the shadow and those with a
/// second live answer of the live side, which is best where few have one; or the latter tell of both, pair by pair, in
/// which what differs on both sides says nothing, so that fewer do where most have one or there is much noise.
fn surely_different(sums: &Sums) -> f64 {
    let (compared, beside) = (sums.compared(), sums.baseline_pairs);
    if beside == 0 {
        return lower(sums.mismatches, compared, OF_STOPS);
    }
    let least = lower(sums.mismatches, compared, OF_STOPS / 4.0);
    let own = upper(sums.baseline_mismatches, beside, OF_STOPS / 4.0);
    let only = [sums.only_shadow_differs, sums.only_baseline_differs];
    (least - own).max(lower_difference(only, beside, OF_STOPS / 2.0)).max(0.0)
}

/// The ratio counts as far as it is sure, 999 times of 1000, which takes some 900 answers.
fn latency(rules: &StopOn, limit: f64, sums: &Sums) -> Measure {
    let seen = sums.p99_ratio(OF_STOPS);
    let pairs = seen.map_or(0, |seen| seen.answers);
    let at_least = seen.and_then(|seen| seen.interval).map(|[low, _]| low);
    let holds = at_least.filter(|_| pairs >= rules.min_pairs.max(1)).map(|low| low <= limit);
    Measure { rule: Rule::P99Ratio, limit, measured: seen.map(|seen| seen.ratio), at_least, pairs, holds }
}

/// The difference counts as far as it is sure, 999 times of 1000, which takes some 900 replies of either group; as a
/// share of the 99th percentile without the shadow.
fn overhead(rules: &StopOn, limit: f64, replies: Option<&[Latencies; 2]>) -> Measure {
    let unknown = Measure { rule: Rule::OverheadP99, limit, measured: None, at_least: None, pairs: 0, holds: None };
    let Some([shadowed, holdout]) = replies else { return unknown };
    let pairs = shadowed.count().min(holdout.count());
    let Some(found) = difference_within(shadowed, holdout, 0.99, OF_STOPS) else { return unknown };
    let without = f64::from(holdout.quantile_us(0.99).max(1)) / 1e3;
    // The share is one of a percentile that is not known better than its interval.
    let most_without = quantile_interval(holdout, 0.99, OF_STOPS / 2.0).map(|[_, high]| high.max(without));
    let at_least = found.interval.zip(most_without).map(|([low, _], most)| low / most);
    let holds = at_least.filter(|_| pairs >= rules.min_pairs.max(1)).map(|low| low <= limit);
    Measure { measured: Some(found.difference / without), at_least, pairs, holds, ..unknown }
}

/// Where the ramp of a shadow stands that rules hold back.
pub type Climb = crate::control::Climb<Progress>;

/// How far the pairs of a shadow had come at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Pairs whose endings are known: the others, which nobody had the time to look at, would hide errors.
    pub pairs: u64,
    /// Of those, the compared ones.
    pub compared: u64,
    /// Of those, the ones that differ.
    pub mismatches: u64,
    /// Of the compared ones, those that counted as differing and have turned out to be noise.
    pub reappraised: u64,
    /// Pairs whose shadow call is an error.
    pub shadow_errors: u64,
    /// Pairs whose live call is one.
    pub live_errors: u64,
}

impl Progress {
    /// How far these have come.
    #[must_use]
    pub fn of(total: &Sums) -> Self {
        Self {
            pairs: total.ended(),
            compared: total.compared(),
            mismatches: total.mismatches,
            reappraised: total.reappraised,
            shadow_errors: total.shadow_errors,
            live_errors: total.live_errors,
        }
    }

    /// What came after an earlier moment. Pairs that have turned out to be noise meanwhile are taken for those of before,
    /// as far as there were any: else real mismatches of the same number could hide behind them.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Self {
        let reappraised = self.reappraised.saturating_sub(earlier.reappraised);
        let before = earlier.mismatches.saturating_sub(reappraised);
        Self {
            pairs: self.pairs.saturating_sub(earlier.pairs),
            compared: self.compared.saturating_sub(earlier.compared),
            mismatches: self.mismatches.saturating_sub(before),
            reappraised,
            shadow_errors: self.shadow_errors.saturating_sub(earlier.shadow_errors),
            live_errors: self.live_errors.saturating_sub(earlier.live_errors),
        }
    }

    /// Whether these pairs are enough to go on, and few enough of them differ or fail.
    #[must_use]
    pub fn permits(self, rules: &StopOn) -> bool {
        #[expect(clippy::cast_precision_loss, reason = "counts beyond 2^53 are not reached")]
        let [pairs, compared, mismatches, shadow_errors, live_errors] =
            [self.pairs, self.compared, self.mismatches, self.shadow_errors, self.live_errors]
                .map(|count| count as f64);
        self.compared >= rules.min_pairs.max(1)
            && rules.mismatch_rate.is_none_or(|limit| mismatches <= limit * compared)
            && rules.error_delta.is_none_or(|limit| shadow_errors - live_errors <= limit * pairs)
    }
}

//! Whether a variant does so much worse than its base that it is stopped.
//!
//! Promises: a pure function of the rules and of what was counted of both. What was counted stops a variant only as far as
//! it is sure, since it is looked at again and again: chance alone would carry any plain figure over its limit some day.

use std::fmt;

use serde::Serialize;

use crate::{
    config::SplitStop,
    stats::{
        anytime::{OF_STOPS, lower, upper},
        overhead::{quantile_at_least, quantile_at_most},
    },
};

use super::Figures;

/// A rule that is broken, and by how much.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(tag = "rule", rename_all = "snake_case")]
pub enum Breach {
    /// Too many calls of the variant fail.
    ErrorDelta {
        /// The share that fails at the base, 0 to 1.
        base: f64,
        /// The share that fails at the variant, 0 to 1.
        variant: f64,
        /// By how much it surely is higher, 999 times of 1000 for however often somebody looks.
        at_least: f64,
        /// By how much it may be higher.
        limit: f64,
    },
    /// The variant is too slow.
    P99Ratio {
        /// The 99th percentile of the base, in milliseconds.
        base_ms: f64,
        /// The 99th percentile of the variant, in milliseconds.
        variant_ms: f64,
        /// How many times as long it surely is, 999 times of 1000 for however often somebody looks.
        at_least: f64,
        /// How many times as long it may be.
        limit: f64,
    },
}

impl Breach {
    /// The key of the rule in the file.
    #[must_use]
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::ErrorDelta { .. } => "error_delta",
            Self::P99Ratio { .. } => "p99_ratio",
        }
    }
}

/// How often a bound of one of the two does not hold: both together hold as often as those of shadows.
const OF_EACH: f64 = OF_STOPS / 2.0;

/// The first rule that is surely broken. None is where one of both has too few calls to tell: so nothing is judged while
/// the variant takes everything.
#[must_use]
pub fn judge(rules: &SplitStop, base: &Figures, variant: &Figures) -> Option<Breach> {
    if base.requests.min(variant.requests) < rules.min_requests {
        return None;
    }
    let errors = rules.error_delta.and_then(|limit| {
        let least = lower(variant.failed, variant.requests, OF_EACH);
        let at_least = least - upper(base.failed, base.requests, OF_EACH);
        let (base, variant) = (base.failed_share(), variant.failed_share());
        (at_least > limit).then_some(Breach::ErrorDelta { base, variant, at_least, limit })
    });
    errors.or_else(|| {
        let limit = rules.p99_ratio?;
        let least = quantile_at_least(&variant.latency, 0.99, OF_EACH)?;
        let at_least = least / quantile_at_most(&base.latency, 0.99, OF_EACH)?.max(f64::MIN_POSITIVE);
        let (base_ms, variant_ms) = (base.p99_ms(), variant.p99_ms());
        (at_least > limit).then_some(Breach::P99Ratio { base_ms, variant_ms, at_least, limit })
    })
}

impl fmt::Display for Breach {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ErrorDelta { base, variant, at_least, limit } => {
                let percent = |share: f64| share * 100.0;
                let (base, variant) = (percent(*base), percent(*variant));
                let (at_least, limit) = (percent(*at_least), percent(*limit));
                write!(
                    out,
                    "{variant:.2}% of its calls fail, {base:.2}% of the base's, surely {at_least:.2}% more; {limit}% more \
                     are allowed"
                )
            }
            Self::P99Ratio { base_ms, variant_ms, at_least, limit } => {
                write!(
                    out,
                    "its p99 is {variant_ms:.1} ms, the base's {base_ms:.1} ms, surely {at_least:.2} times that; {limit} \
                     times that is allowed"
                )
            }
        }
    }
}

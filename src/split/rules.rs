//! Whether a variant does so much worse than its base that it is stopped.
//!
//! Promises: a pure function of the rules and of what was counted of both.

use std::fmt;

use serde::Serialize;

use crate::config::SplitStop;

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
        /// By how much it may be higher.
        limit: f64,
    },
    /// The variant is too slow.
    P99Ratio {
        /// The 99th percentile of the base, in milliseconds.
        base_ms: f64,
        /// The 99th percentile of the variant, in milliseconds.
        variant_ms: f64,
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

/// The first rule that is broken. None is where one of both has too few calls to tell: so nothing is judged while the
/// variant takes everything.
#[must_use]
pub fn judge(rules: &SplitStop, base: &Figures, variant: &Figures) -> Option<Breach> {
    if base.requests.min(variant.requests) < rules.min_requests {
        return None;
    }
    let (of_base, of_variant) = (base.failed_share(), variant.failed_share());
    if let Some(limit) = rules.error_delta.filter(|limit| of_variant - of_base > *limit) {
        return Some(Breach::ErrorDelta { base: of_base, variant: of_variant, limit });
    }
    let p99 = |figures: &Figures| f64::from(figures.latency.quantile_us(0.99)) / 1e3;
    let (base_ms, variant_ms) = (p99(base), p99(variant));
    let limit = rules.p99_ratio.filter(|limit| variant_ms > base_ms * limit)?;
    Some(Breach::P99Ratio { base_ms, variant_ms, limit })
}

impl fmt::Display for Breach {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ErrorDelta { base, variant, limit } => {
                let percent = |share: f64| share * 100.0;
                let (base, variant, limit) = (percent(*base), percent(*variant), percent(*limit));
                write!(out, "{variant:.2}% of its calls fail, {base:.2}% of the base's; {limit}% more are allowed")
            }
            Self::P99Ratio { base_ms, variant_ms, limit } => {
                write!(out, "its p99 is {variant_ms:.1} ms, the base's {base_ms:.1} ms; {limit} times that is allowed")
            }
        }
    }
}

//! How good a shadow must be to be called ready.

use serde::Serialize;

use crate::config::shadow::StopOn;

/// Limits of the judgement. Those that `stop_on` gives are its own: what would stop the shadow is not ready.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ReadinessLimits {
    /// Compared pairs before anything is said, 500 unless given.
    pub min_pairs: u64,
    /// The true share of pairs that differ is at most this, 95 times of 100 for however often it is judged; 0.001 unless `mismatch_rate` is given and above 0.
    pub mismatch_bound: f64,
    /// The shadow truly fails in at most this share of pairs more than the live side, in the same sense; 0.005 unless
    /// `error_delta` is given and above 0.
    pub error_delta: f64,
    /// Its 99th percentile is at most so many times the live one; 1.5 unless given.
    pub p99_ratio: f64,
    /// It makes the 99th percentile of live replies at most this share longer; 0.05 unless `overhead_p99` is given.
    pub overhead_p99: f64,
    /// At most this share of the copies was not sent: 0.01.
    pub dropped: f64,
    /// At most this share of the pairs could not be compared although both sides answered: 0.05.
    pub incomparable: f64,
    /// At least this share of the live answers had a status of which some pair was compared: 0.99.
    pub coverage: f64,
}

impl Default for ReadinessLimits {
    fn default() -> Self {
        Self {
            min_pairs: 500,
            mismatch_bound: 0.001,
            error_delta: 0.005,
            p99_ratio: 1.5,
            overhead_p99: 0.05,
            dropped: 0.01,
            incomparable: 0.05,
            coverage: 0.99,
        }
    }
}

impl ReadinessLimits {
    /// The limits of a shadow with these stop rules.
    #[must_use]
    pub fn new(stop_on: Option<&StopOn>) -> Self {
        let usual = Self::default();
        let Some(stop_on) = stop_on else { return usual };
        Self {
            min_pairs: stop_on.min_pairs.max(1),
            // Nobody can show that nothing ever differs.
            mismatch_bound: stop_on.mismatch_rate.filter(|rate| *rate > 0.0).unwrap_or(usual.mismatch_bound),
            error_delta: stop_on.error_delta.filter(|delta| *delta > 0.0).unwrap_or(usual.error_delta),
            p99_ratio: stop_on.p99_ratio.unwrap_or(usual.p99_ratio),
            overhead_p99: stop_on.overhead_p99.unwrap_or(usual.overhead_p99),
            ..usual
        }
    }
}

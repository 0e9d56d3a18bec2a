//! When a shadow is stopped by itself, and what is kept of the differences that were found.

use std::time::Duration;

/// `stop_on`: rules that are looked at every quarter of a second; the first that is broken acts.
#[derive(Clone, Debug, PartialEq)]
pub struct StopOn {
    /// More than this share of the compared pairs differs, 0 to 1 (`mismatch_rate`).
    pub mismatch_rate: Option<f64>,
    /// The shadow fails, or answers 5xx, in more pairs than the live side, by more than this share of all (`error_delta`).
    pub error_delta: Option<f64>,
    /// The shadow's 99th percentile is more than so many times that of the live side (`p99_ratio`).
    pub p99_ratio: Option<f64>,
    /// With the shadow, the 99th percentile of live replies is surely longer than without it by more than this share of
    /// it (`overhead_p99`); needs a hold-out.
    pub overhead_p99: Option<f64>,
    /// Pairs in the window before any rule counts (`min_pairs`), 500 unless given.
    pub min_pairs: u64,
    /// How far back the rules look (`window`), 10 minutes unless given.
    pub window: Duration,
    /// What is done (`action`): `pause` unless given.
    pub action: StopAction,
    /// Where each decision is posted to as JSON (`webhook`).
    pub webhook: Option<String>,
}

/// See [`StopOn::action`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopAction {
    /// `pause`: this shadow makes no copies until somebody resumes it.
    Pause,
    /// `kill`: all shadows of this gateway are switched off until somebody revives them.
    Kill,
}

/// `store`: what is kept of the differences that were found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Store {
    /// `values`: `redacted` unless given.
    pub values: StoredValues,
    /// For how long (`ttl`), one hour unless given.
    pub ttl: Duration,
    /// More names whose values are redacted, beside those that usually hold secrets (`redact`), in lower case.
    pub redact: Vec<String>,
}

impl Default for Store {
    fn default() -> Self {
        Self { values: StoredValues::Redacted, ttl: Duration::from_secs(3600), redact: Vec::new() }
    }
}

/// How values are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoredValues {
    /// `redacted`: values of fields and headers whose name tells a secret are replaced by type, length class and a keyed
    /// hash, so that equal ones can be told to be equal.
    Redacted,
    /// `shape`: all are.
    Shape,
    /// `raw`: none are; needs `raw_values: true` in the service's `@shadow`.
    Raw,
}

//! What a shadow is set to do at the moment, as pages and metrics show it.

use serde::Serialize;

use super::{comparison::ComparisonFigures, overhead::Overhead};

/// The settings in force for one shadow, and the state of what switches it off.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Standing {
    /// The share of its requests that is sampled, 0 to 1.
    pub rate: f64,
    /// Copies per second; `None` without a limit.
    pub max_rps: Option<f64>,
    /// Whether everything is decided and nothing is sent.
    pub dry_run: bool,
    /// Whether all shadows are switched off.
    pub killed: bool,
    /// Why this one copies nothing, the switch over all aside: one of [`PAUSES`].
    pub paused: Option<&'static str>,
    /// The state of its breaker; `None` if it has none.
    pub breaker: Option<&'static str>,
    /// How often that changed.
    pub breaker_transitions: u64,
    /// What it costs the clients; only with a hold-out.
    pub overhead: Option<Overhead>,
    /// What comparing its answers has come to; only where they are compared.
    pub comparison: Option<ComparisonFigures>,
}

/// Why one shadow may copy nothing: somebody paused it, a stop rule did, or its time is over or has not begun.
pub const PAUSES: [&str; 3] = ["admin", "rule", "expired"];

/// The states of a breaker by their number in the metrics.
pub const BREAKER_STATES: [&str; 3] = ["closed", "open", "half_open"];

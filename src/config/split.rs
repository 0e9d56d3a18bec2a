//! A live backend of which others take a part: `@split` of a backend's `proxy`.

use std::time::Duration;

use super::{
    Backend,
    shadow::{OnMissingKey, Ramp, SampleKey, Share},
};

/// The name of the backend that the split stands at, and that takes what no variant takes.
pub const BASE: &str = "base";

/// `@split`: shares of a backend's calls that other backends take.
#[derive(Clone, Debug)]
pub struct Split {
    /// What decides (`key`): requests with the same value go to the same place. `random` unless given, which makes plain
    /// weights of the rates.
    pub key: SampleKey,
    /// Another salt gives other requests (`salt`); the service's name unless given, as for samples.
    pub salt: String,
    /// What happens to a request without the key (`on_missing_key`): with `skip`, the default, the base takes it.
    pub on_missing_key: OnMissingKey,
    /// The backends that take a part (`to`), 1 to [`VARIANTS_MAX`]; their rates are 1 together at most.
    pub variants: Vec<Variant>,
    /// The rate of the only variant grows by the clock (`ramp`).
    pub ramp: Option<Ramp>,
    /// When a variant is stopped by itself (`stop_on`).
    pub stop_on: Option<SplitStop>,
}

/// The most backends that may take a part of one.
pub const VARIANTS_MAX: usize = 16;

/// One element of `to`: a whole backend; what it does not say it takes from the base.
#[derive(Clone, Debug)]
pub struct Variant {
    /// What it is called (`name`): `canary` unless given, then `canary-2` and so on.
    pub name: String,
    /// The share it takes (`rate`), unless there is a ramp.
    pub rate: Share,
    /// The backend.
    pub backend: Backend,
}

/// `stop_on`: each variant is held against the base four times a second.
#[derive(Clone, Debug, PartialEq)]
pub struct SplitStop {
    /// The share of failed calls may be higher by this much (`error_delta`), 0 to 1.
    pub error_delta: Option<f64>,
    /// The 99th percentile of the durations may be so many times as long (`p99_ratio`).
    pub p99_ratio: Option<f64>,
    /// Calls in the window, of the variant and of the base, before any rule counts (`min_requests`), 500 unless given.
    pub min_requests: u64,
    /// How far back the rules look (`window`), 10 minutes unless given.
    pub window: Duration,
    /// What is done (`action`): `stop` unless given.
    pub action: SplitAction,
    /// Where each decision is posted to as JSON (`webhook`).
    pub webhook: Option<String>,
}

/// See [`SplitStop::action`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SplitAction {
    /// `stop`: the variant gets nothing until somebody gives it a rate or resets it.
    Stop,
    /// `log`: it is only told.
    Log,
}

//! The whole policy of one shadow, after the defaults of endpoint and service were filled in.

use std::time::{Duration, SystemTime};

use super::{Compare, Conditions, LoopGuard, Rewrite, Sample, Share, StopOn, Store, Writes};

/// What a file says about one shadow in policy mode.
#[derive(Clone, Debug)]
pub struct Policy {
    /// `sample`.
    pub sample: Sample,
    /// `match`.
    pub conditions: Conditions,
    /// `match.unsafe_methods`.
    pub writes: Writes,
    /// `loop`.
    pub loop_guard: LoopGuard,
    /// `limits`.
    pub limits: Limits,
    /// `dispatch`.
    pub dispatch: Dispatch,
    /// `when_primary_status`; it implies [`Dispatch::AfterLive`].
    pub when_status: Option<StatusSet>,
    /// `body`.
    pub body: BodyMode,
    /// `headers`, `body_patch` and `match.idempotency_key`.
    pub rewrite: Rewrite,
    /// `network`.
    pub network: Network,
    /// `breaker`; `None` when it is `"off"`.
    pub breaker: Option<Breaker>,
    /// `ramp`, `until`, `ttl` and `dry_run`.
    pub schedule: Schedule,
    /// `holdout`: the share of the selected requests that is not sent, to compare with; 5 % unless given.
    pub holdout: Share,
    /// `compare`; `None` compares nothing.
    pub compare: Option<Box<Compare>>,
    /// `stop_on`; `None` stops nothing.
    pub stop_on: Option<StopOn>,
    /// `store`.
    pub store: Store,
}

/// `limits`: how much a shadow may be sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Calls under way at once (`max_concurrent`), 64 unless given, 1 to 100000.
    pub concurrent_max: usize,
    /// Copies that wait for one of them to end (`queue`), 256 unless given, 0 to 100000.
    pub queue_max: usize,
    /// Copies per second (`max_rps`), without a limit unless given; fractions are allowed.
    pub per_second: Option<f64>,
    /// Bytes of request bodies per second (`max_bytes_per_s`), without a limit unless given.
    pub bytes_per_second: Option<usize>,
    /// Copies made of one request (`multiplier`), 1 unless given, 1 to 100; more than one only of safe methods.
    pub multiplier: u32,
    /// A larger request body is not copied (`body.max_request`), 1 MiB unless given; with [`BodyMode::Stream`] there is
    /// no such bound unless given.
    pub request_bytes_max: usize,
    /// An answer is read up to here, then its connection is closed (`body.max_response`), 1 MiB unless given.
    pub response_bytes_max: usize,
}

/// `dispatch`: when a copy is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dispatch {
    /// Right after the live calls were started.
    Concurrent,
    /// `after_primary`: when the live answer is known.
    AfterLive,
    /// `{"delayed": ["50ms", "500ms"]}`: a time in this range, drawn per copy, after the live calls were started.
    Delayed(Duration, Duration),
}

/// A set of statuses: `["2xx", "404"]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusSet {
    /// First digits.
    pub classes: Vec<u16>,
    /// Whole codes.
    pub codes: Vec<u16>,
}

impl StatusSet {
    /// Whether `status` is one of them.
    #[must_use]
    pub fn contains(&self, status: u16) -> bool {
        self.classes.contains(&(status / 100)) || self.codes.contains(&status)
    }
}

/// `body.mode`: what of a request's body is copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyMode {
    /// `buffer`: all of it, held until the upload is complete.
    Buffer,
    /// `stream`: all of it, sent while it arrives; a copy that lags more than so many bytes (`stream_window`) is given
    /// up.
    Stream(usize),
    /// `none`: nothing; the copy is sent without a body.
    None,
}

/// `network`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    /// Time for a connection to be made (`connect_timeout`), 1 s unless given.
    pub connect_timeout: Duration,
    /// How long an unused connection is kept (`idle_timeout`), 30 s unless given.
    pub idle_timeout: Duration,
}

/// `breaker`: when a shadow that fails is left alone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Breaker {
    /// It opens after this many failures in a row (`consecutive`), 10 unless given.
    pub consecutive: u32,
    /// Or when this share of at least [`Breaker::minimum`] calls in [`Breaker::window`] failed (`ratio`), 0.5 unless
    /// given.
    pub ratio: f64,
    /// See [`Breaker::ratio`] (`minimum`), 20 unless given.
    pub minimum: u32,
    /// See [`Breaker::ratio`] (`window`), 10 s unless given.
    pub window: Duration,
    /// How long it stays open the first time (`open`), 5 s unless given; doubled each time, ± 20 %.
    pub open: Duration,
    /// The longest it stays open (`max_open`), 60 s unless given.
    pub open_max: Duration,
}

/// What changes by itself as time goes by.
#[derive(Clone, Debug, Default)]
pub struct Schedule {
    /// `ramp`.
    pub ramp: Option<Ramp>,
    /// `until`: nothing is copied from then on, counted as `expired`.
    pub until: Option<SystemTime>,
    /// `ttl`: nothing is copied once this long has passed since the file was loaded.
    pub ttl: Option<Duration>,
    /// `dry_run`: everything is decided and counted, nothing is sent.
    pub dry_run: bool,
}

/// A rate that grows in steps. It depends on the clock alone, so that every node agrees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ramp {
    /// Nothing is copied before.
    pub start: SystemTime,
    /// The steps in order, at least one.
    pub steps: Vec<RampStep>,
}

/// One step of a ramp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RampStep {
    /// The share copied.
    pub rate: Share,
    /// How long; `None` only for the last step, which stays.
    pub lasts: Option<Duration>,
}

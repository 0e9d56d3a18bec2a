//! `telemetry/metrics` and its like: what the service tells of itself.

use std::{net::SocketAddr, time::Duration};

/// `extra_config.telemetry/metrics`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metrics {
    /// `collection_time`: how often distributions begin anew, 60 s unless given.
    pub collection_time: Duration,
    /// `listen_address`, port 8090 of every address unless given; `None` with `endpoint_disabled`.
    pub listen: Option<SocketAddr>,
    /// Unless `router_disabled`: replies of endpoints are counted.
    pub router: bool,
    /// Unless `proxy_disabled`: calls of endpoints are counted.
    pub proxy: bool,
    /// Unless `backend_disabled`: calls of backends are counted.
    pub backend: bool,
}

//! The whole plan: the service's own settings, its routes and its endpoints.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use http::HeaderName;

use crate::{
    component::tables::Edge,
    config::{
        AccessForm, AdminToken, ClientTls, Logging, Service, Tls,
        shadow::{CREDENTIAL_HEADERS, CREDENTIAL_QUERY, Rewrite},
    },
    stats::{MetricsSettings, Names, Recorder},
};

use super::{ClientAddress, EndpointPlan, Identity, Routes, Targets, TelemetryPlan, compile::Kept};

/// Everything a worker thread needs to serve; immutable.
#[derive(Debug)]
pub struct Plan {
    /// Settings that are not an endpoint's.
    pub service: ServicePlan,
    /// Path → endpoint.
    pub routes: Routes,
    /// The endpoints, by their number.
    pub endpoints: Vec<Arc<EndpointPlan>>,
    /// What the numbers are called on pages and in metrics.
    pub names: Arc<Names>,
    /// Who the backends are, across reloads.
    pub targets: Targets,
    /// What its components share, and hand on to the next plan.
    pub kept: Arc<Kept>,
}

impl ServicePlan {
    /// What any policy takes for a credential; where there is none, what usually is one.
    pub(super) fn secret_parameters(config: &Service) -> Vec<String> {
        let own = rewrites(config).flat_map(|rewrite| &rewrite.credential_query);
        joined(CREDENTIAL_QUERY.map(str::to_owned).to_vec(), own)
    }

    /// The same of headers.
    pub(super) fn secret_headers(config: &Service) -> Vec<HeaderName> {
        let own = rewrites(config).flat_map(|rewrite| &rewrite.credential_headers);
        joined(CREDENTIAL_HEADERS.to_vec(), own)
    }

    /// What `telemetry/metrics` collects, if it does.
    #[must_use]
    pub fn metrics_settings(&self) -> Option<Arc<MetricsSettings>> {
        self.metrics.as_ref().map(|metrics| Arc::clone(&metrics.settings))
    }
}

/// How the policies of all shadows change copies.
fn rewrites(config: &Service) -> impl Iterator<Item = &Rewrite> {
    let backends = config.endpoints.iter().flat_map(|endpoint| &endpoint.backends);
    let shadows = backends.filter_map(|backend| backend.shadow.as_ref());
    shadows.filter_map(|shadow| shadow.policy.as_deref()).map(|policy| &policy.rewrite)
}

/// These names and those others, each once.
fn joined<'a, T: Clone + PartialEq + 'a>(mut names: Vec<T>, others: impl Iterator<Item = &'a T>) -> Vec<T> {
    for name in others {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

impl Plan {
    /// Counting cells for one thread.
    #[must_use]
    pub fn recorder(&self) -> Recorder {
        let metrics = self.service.metrics.as_ref();
        let layers = metrics.map(|metrics| metrics.settings.layers).unwrap_or_default();
        Recorder::new(Arc::clone(&self.names)).detailing(layers)
    }
}

/// Settings of the service.
#[derive(Debug)]
pub struct ServicePlan {
    /// Free text of the file.
    pub name: String,
    /// Where to listen.
    pub listen: SocketAddr,
    /// What the gateway calls itself.
    pub identity: Identity,
    /// Components around everything.
    pub edge: Edge,
    /// How the client's address is found.
    pub client_address: ClientAddress,
    /// Whether error texts reach clients.
    pub shows_errors: bool,
    /// Whether to skip the check for doubly encoded path parameters.
    pub skips_path_check: bool,
    /// Body of a 404, if the file gives one.
    pub not_found_body: Option<Bytes>,
    /// Body of a 405, if the file gives one.
    pub method_not_allowed_body: Option<Bytes>,
    /// Whether HTTP/2 is spoken without TLS.
    pub speaks_h2c: bool,
    /// Whether each request is logged.
    pub logs_access: bool,
    /// How it is.
    pub access_form: AccessForm,
    /// Parameters of queries whose values are not logged.
    pub secret_parameters: Vec<String>,
    /// Headers whose values are not logged.
    pub secret_headers: Vec<HeaderName>,
    /// Paths without an access log line.
    pub unlogged_paths: Vec<String>,
    /// Whole-request time of a client, if limited.
    pub read_time: Option<Duration>,
    /// Time for a request's head, if limited.
    pub head_time: Option<Duration>,
    /// From the head of a request to the last byte of its answer, if limited.
    pub write_time: Option<Duration>,
    /// Bytes of a request's head, if the file limits them.
    pub head_bytes: Option<u64>,
    /// How long an idle client connection is kept.
    pub idle_time: Option<Duration>,
    /// How long a shutdown waits for requests; `None` waits a little longer than the longest endpoint may take.
    pub shutdown_time: Option<Duration>,
    /// Pools towards upstreams.
    pub pool: crate::backend::transport::PoolLimits,
    /// Idle connections to upstreams of the whole process, shadows apart; 0 is no limit.
    pub idle_connections: usize,
    /// How often hosts are looked up that are found by name.
    pub discovery_period: Duration,
    /// HTTPS towards clients, if it is spoken.
    pub tls: Option<Tls>,
    /// TLS towards upstreams, where the file says something about it.
    pub client_tls: Option<ClientTls>,
    /// What `telemetry/metrics` collects, where it is read.
    pub metrics: Option<MetricsPlan>,
    /// What `telemetry/opentelemetry` records, where anybody gets it.
    pub telemetry: Option<TelemetryPlan>,
    /// How is logged, where the file says something about it.
    pub logging: Option<Logging>,
    /// Dashboard and metrics.
    pub admin: Option<SocketAddr>,
    /// Whether the file or the command line names that address; the default one gives way when it is taken.
    pub admin_is_explicit: bool,
    /// What those must show who want to change something through it; `None` lets in whoever is on this machine.
    pub admin_token: Option<AdminToken>,
    /// Bytes of request bodies all shadows together may hold.
    pub shadow_memory_bytes: usize,
    /// Threads for shadow traffic.
    pub shadow_threads: usize,
    /// How long shutdown waits for mirrors in flight.
    pub shadow_drain_time: Duration,
    /// Copies stop on a worker that is this late; `None` never stops them for that.
    pub overload_lag: Option<Duration>,
    /// Whether that holds for shadows in plain mode too.
    pub overload_sheds_plain: bool,
    /// While this file exists nothing is copied.
    pub kill_file: Option<std::path::PathBuf>,
}

/// The figures of `telemetry/metrics`.
#[derive(Clone, Debug)]
pub struct MetricsPlan {
    /// Where they are read.
    pub listen: SocketAddr,
    /// What they are.
    pub settings: Arc<MetricsSettings>,
}

impl ServicePlan {
    /// The address to bind for an optional literal and a port.
    #[must_use]
    pub fn listen_address(ip: Option<IpAddr>, port: u16) -> SocketAddr {
        SocketAddr::new(ip.unwrap_or(IpAddr::V6(std::net::Ipv6Addr::UNSPECIFIED)), port)
    }
}

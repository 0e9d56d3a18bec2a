//! The root object of a file: the service as it was configured, defaults filled in.

use std::{collections::BTreeMap, net::IpAddr, path::PathBuf, time::Duration};

use super::{AccessForm, Endpoint, Extra, Logging, Metrics, OpenTelemetry};

/// The whole gateway as configured. Durations of zero that mean "none" in KrakenD are `None` here.
#[derive(Clone, Debug)]
pub struct Service {
    /// Its `extra_config`, for the components.
    pub extra: Extra,
    /// Free text (`name`).
    pub name: String,
    /// Where to listen; `None` means every address (`listen_ip`).
    pub listen_ip: Option<IpAddr>,
    /// Listen port (`port`), 8080 unless given.
    pub port: u16,
    /// The published routes, in file order, those with an unsupported method left out (and warned of).
    pub endpoints: Vec<Endpoint>,
    /// `extra_config.router`.
    pub router: Router,
    /// `debug_endpoint`.
    pub debug_endpoint: bool,
    /// `echo_endpoint`.
    pub echo_endpoint: bool,
    /// `read_timeout`: the whole request.
    pub read_timeout: Option<Duration>,
    /// `write_timeout`.
    pub write_timeout: Option<Duration>,
    /// `idle_timeout`: keep-alive of client connections.
    pub idle_timeout: Option<Duration>,
    /// `read_header_timeout`.
    pub read_header_timeout: Option<Duration>,
    /// `max_header_bytes`.
    pub max_header_bytes: Option<u64>,
    /// `max_shutdown_wait_time`; `None` waits as long as the endpoints' timeouts need.
    pub max_shutdown_wait: Option<Duration>,
    /// `use_h2c`, here or in `router`.
    pub use_h2c: bool,
    /// `dns_cache_ttl`, 30 s unless given.
    pub dns_cache_ttl: Duration,
    /// `tls`, unless `disabled`.
    pub tls: Option<Tls>,
    /// `client_tls`.
    pub client_tls: Option<ClientTls>,
    /// The client's transport keys.
    pub transport: Transport,
    /// `extra_config.telemetry/logging`.
    pub logging: Option<Logging>,
    /// `extra_config.@access_log`.
    pub access_form: AccessForm,
    /// `extra_config.telemetry/metrics`.
    pub metrics: Option<Metrics>,
    /// `extra_config.telemetry/opentelemetry`.
    pub open_telemetry: Option<OpenTelemetry>,
    /// `extra_config.@admin`: the dashboard's listener.
    pub admin: Admin,
    /// `extra_config.@shadow`: bounds that hold for every shadow.
    pub shadow: ShadowDefaults,
}

/// `extra_config.router`.
#[derive(Clone, Debug)]
pub struct Router {
    /// Write error texts into error responses.
    pub return_error_msg: bool,
    /// JSON bodies for 404 and 405, as compact JSON text, by status.
    pub error_body: BTreeMap<u16, String>,
    /// Answer OPTIONS on every published path.
    pub auto_options: bool,
    /// Exact paths without an access log line.
    pub logger_skip_paths: Vec<String>,
    /// No access log.
    pub disable_access_log: bool,
    /// No health route.
    pub disable_health: bool,
    /// Where the health route is, `/__health` unless given.
    pub health_path: String,
    /// `X-Krakend: Version undefined`.
    pub hide_version_header: bool,
    /// No redirect between `/a` and `/a/`.
    pub disable_redirect_trailing_slash: bool,
    /// No redirect to the cleaned, case-insensitively found path.
    pub disable_redirect_fixed_path: bool,
    /// 404 instead of 405.
    pub disable_handle_method_not_allowed: bool,
    /// Skip the check for doubly encoded path parameters.
    pub disable_path_decoding: bool,
    /// Route on the cleaned path without a redirect.
    pub remove_extra_slash: bool,
    /// Read the client's address from headers; true unless given.
    pub forwarded_by_client_ip: bool,
    /// Which headers, in order.
    pub remote_ip_headers: Vec<String>,
    /// Who may set them, as `(address, prefix length)`; empty means everybody.
    pub trusted_proxies: Vec<(IpAddr, u8)>,
    /// Trust `X-Appengine-Remote-Addr`.
    pub app_engine: bool,
}

/// Keys of the client transport (root keys).
#[derive(Clone, Debug)]
pub struct Transport {
    /// `max_idle_connections`; 0 is no limit.
    pub max_idle_connections: usize,
    /// `max_idle_connections_per_host`, 250 unless given.
    pub max_idle_connections_per_host: usize,
    /// `idle_connection_timeout`.
    pub idle_connection_timeout: Option<Duration>,
    /// `response_header_timeout`.
    pub response_header_timeout: Option<Duration>,
    /// `dialer_timeout`.
    pub dialer_timeout: Option<Duration>,
    /// `expect_continue_timeout`.
    pub expect_continue_timeout: Option<Duration>,
    /// `dialer_keep_alive`, 15 s unless given; `None` sends no probes.
    pub dialer_keep_alive: Option<Duration>,
    /// `dialer_fallback_delay`, 300 ms unless given; `None` tries one address after the other.
    pub dialer_fallback_delay: Option<Duration>,
    /// `disable_keep_alives`.
    pub disable_keep_alives: bool,
    /// `disable_compression`: do not ask for gzip.
    pub disable_compression: bool,
}

/// `tls`: the server's side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// Certificate chains with their keys.
    pub keys: Vec<KeyPair>,
    /// 10, 11, 12 or 13.
    pub min_version: u8,
    /// 10, 11, 12 or 13.
    pub max_version: u8,
    /// `curve_preferences`: numbers of the key exchanges that may be used, best first; empty means all there are.
    pub curves: Vec<u16>,
    /// `cipher_suites`: numbers of those that may be used with TLS 1.2; `None` means all there are.
    pub cipher_suites: Option<Vec<u16>>,
    /// Require and verify client certificates.
    pub enable_mtls: bool,
    /// More authorities to trust.
    pub ca_certs: Vec<PathBuf>,
    /// Trust only those.
    pub disable_system_ca_pool: bool,
}

/// Paths of a certificate and its key, both PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPair {
    /// The certificate chain.
    pub certificate: PathBuf,
    /// The private key.
    pub private_key: PathBuf,
}

/// `client_tls`: towards the backends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientTls {
    /// Do not verify the backend's certificate.
    pub allow_insecure_connections: bool,
    /// More authorities to trust.
    pub ca_certs: Vec<PathBuf>,
    /// Trust only those.
    pub disable_system_ca_pool: bool,
    /// 10, 11, 12 or 13.
    pub min_version: u8,
    /// 10, 11, 12 or 13.
    pub max_version: u8,
    /// `curve_preferences`: numbers of the key exchanges that may be used, best first; empty means all there are.
    pub curves: Vec<u16>,
    /// `cipher_suites`: numbers of those that may be used with TLS 1.2; `None` means all there are.
    pub cipher_suites: Option<Vec<u16>>,
    /// Certificates to show to backends that ask.
    pub client_certs: Vec<KeyPair>,
}

/// `extra_config.@admin` (ours): the listener of dashboard, metrics and control.
#[derive(Clone, Debug)]
pub struct Admin {
    /// Address as `ip:port`; `None` switches the listener off (`"listen": "off"`).
    pub listen: Option<std::net::SocketAddr>,
    /// Whether the file names the address; the default one gives way when it is taken.
    pub explicit: bool,
    /// What those must show who want to change something (`token`); `None` lets in whoever is on this machine.
    pub token: Option<AdminToken>,
}

/// A secret that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct AdminToken(String);

impl AdminToken {
    /// A text as a token: 16 to 1024 visible ASCII characters; `None` if it can't be one.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let fits = (16..=1024).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        fits.then(|| Self(text.to_owned()))
    }

    /// Whether this is what somebody shows. How long it takes says nothing about how much of it was right.
    #[must_use]
    pub fn is(&self, shown: &[u8]) -> bool {
        let own = self.0.as_bytes();
        let differing = own.iter().zip(shown).fold(0, |differing, (one, other)| differing | (one ^ other));
        own.len() == shown.len() && std::hint::black_box(differing) == 0
    }
}

impl std::fmt::Debug for AdminToken {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("AdminToken(…)")
    }
}

/// `extra_config.@shadow` (ours): bounds for all shadows of the service. Defaults of policies, which may stand beside
/// them, are in the policies already.
#[derive(Clone, Debug)]
pub struct ShadowDefaults {
    /// Copies in flight per shadow backend (`max_concurrent`), 2048 unless given, 1 to 100000.
    pub max_concurrent: usize,
    /// Bytes of request bodies and heads held per shadow backend (`max_buffered_bytes`), 64 MiB unless given.
    pub max_buffered_bytes: usize,
    /// Bytes of request bodies held by all shadows together (`memory_budget`), 64 MiB unless given.
    pub memory_budget_bytes: usize,
    /// Larger request bodies are not mirrored (`max_request`), 10 MiB unless given.
    pub max_request_bytes: usize,
    /// Larger answers are cut off (`max_response`), 1 MiB unless given.
    pub max_response_bytes: usize,
    /// Threads for shadow traffic (`threads`), an eighth of the cores and at least 1 unless given.
    pub threads: usize,
    /// How long shutdown waits for mirrors in flight (`drain_timeout`), 5 s unless given.
    pub drain_timeout: Duration,
    /// While this file exists nothing is copied (`kill_file`).
    pub kill_file: Option<PathBuf>,
    /// Nothing is copied while the workers are this late (`overload.lag`), 50 ms unless given; `None` when `"off"`.
    pub overload_lag: Option<Duration>,
    /// Whether the file says something about `overload`; if not, it holds for shadows in policy mode only.
    pub overload_explicit: bool,
}

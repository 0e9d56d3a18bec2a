//! Every key that KrakenD knows, and ours, with what becomes of it here.
//!
//! Promises: one row per key and scope; the compatibility page of the documentation is checked against this table.

use self::{
    Scope as At,
    Status::{Ignored, NotYet, Supported},
};

/// Which object a key belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// The root object.
    Service,
    /// An element of `endpoints`.
    Endpoint,
    /// An element of an endpoint's `backend`.
    Backend,
    /// `tls`.
    Tls,
    /// An element of `tls.keys`.
    TlsKeys,
    /// `client_tls`.
    ClientTls,
    /// An element of `client_tls.client_certs`.
    ClientCerts,
    /// `extra_config` of the service.
    ServiceComponents,
    /// `extra_config` of an endpoint.
    EndpointComponents,
    /// `extra_config` of a backend.
    BackendComponents,
    /// `router`.
    Router,
    /// `proxy` of an endpoint.
    EndpointProxy,
    /// `proxy` of a backend.
    BackendProxy,
    /// `proxy.static`.
    Static,
    /// An element of `proxy.flatmap_filter`.
    FlatmapOperation,
    /// `auth/validator` of an endpoint.
    Validator,
    /// `auth/signer`.
    Signer,
    /// An element of `validation/cel`.
    Expression,
    /// `backend/http`.
    BackendHttp,
    /// `backend/http/client`.
    BackendHttpClient,
    /// `security/cors`.
    Cors,
    /// `security/http`.
    SecureHttp,
    /// `security/bot-detector` of the service or an endpoint.
    BotDetector,
    /// `qos/ratelimit/router`.
    RouterLimit,
    /// `qos/ratelimit/proxy`.
    ProxyLimit,
    /// `qos/circuit-breaker`.
    CircuitBreaker,
    /// `qos/http-cache`.
    HttpCache,
    /// `auth/client-credentials`.
    ClientCredentials,
    /// `backend/graphql`.
    GraphQl,
    /// `telemetry/metrics`.
    Metrics,
    /// `telemetry/logging`.
    Logging,
    /// `telemetry/logstash`.
    Logstash,
    /// `@admin` of the service.
    Admin,
    /// `@shadow` of the service.
    Shadow,
}

impl Scope {
    /// What the scope is called in findings and documentation.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Scope::Service => "service",
            Scope::Endpoint => "endpoint",
            Scope::Backend => "backend",
            Scope::Tls => "tls",
            Scope::TlsKeys => "tls.keys",
            Scope::ClientTls => "client_tls",
            Scope::ClientCerts => "client_tls.client_certs",
            Scope::ServiceComponents => "service extra_config",
            Scope::EndpointComponents => "endpoint extra_config",
            Scope::BackendComponents => "backend extra_config",
            Scope::Router => "router",
            Scope::EndpointProxy => "endpoint proxy",
            Scope::BackendProxy => "backend proxy",
            Scope::Static => "static",
            Scope::FlatmapOperation => "flatmap_filter",
            Scope::Validator => "auth/validator",
            Scope::Signer => "auth/signer",
            Scope::Expression => "validation/cel",
            Scope::BackendHttp => "backend/http",
            Scope::BackendHttpClient => "backend/http/client",
            Scope::Cors => "security/cors",
            Scope::SecureHttp => "security/http",
            Scope::BotDetector => "security/bot-detector",
            Scope::RouterLimit => "qos/ratelimit/router",
            Scope::ProxyLimit => "qos/ratelimit/proxy",
            Scope::CircuitBreaker => "qos/circuit-breaker",
            Scope::HttpCache => "qos/http-cache",
            Scope::ClientCredentials => "auth/client-credentials",
            Scope::GraphQl => "backend/graphql",
            Scope::Metrics => "telemetry/metrics",
            Scope::Logging => "telemetry/logging",
            Scope::Logstash => "telemetry/logstash",
            Scope::Admin => "@admin",
            Scope::Shadow => "@shadow",
        }
    }

    /// Whether the original reads keys of this scope in any letter case.
    #[must_use]
    pub fn ignores_case(self) -> bool {
        use Scope::{
            Backend, BotDetector, ClientCerts, ClientTls, Endpoint, Expression, GraphQl, HttpCache, Router, Service,
            Signer, Tls, TlsKeys, Validator,
        };
        let of_parts = matches!(self, Service | Endpoint | Backend | Tls | TlsKeys | ClientTls | ClientCerts);
        of_parts || matches!(self, Router | BotDetector | Validator | Signer | Expression | HttpCache | GraphQl)
    }
}

/// What becomes of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It does what it does in KrakenD.
    Supported,
    /// It is read past with a warning.
    NotYet,
    /// It is read past on purpose.
    Ignored,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct KnownKey {
    /// Where the key belongs.
    pub scope: Scope,
    /// The key.
    pub key: &'static str,
    /// What becomes of it.
    pub status: Status,
    /// A remark of one line, often empty.
    pub note: &'static str,
}

/// The whole table.
pub fn known_keys() -> impl Iterator<Item = KnownKey> {
    TABLE.iter().copied()
}

/// The row of a key, letter case ignored where the original ignores it.
#[must_use]
pub fn find(scope: Scope, key: &str) -> Option<KnownKey> {
    let same = |row: &KnownKey| row.key == key || (scope.ignores_case() && row.key.eq_ignore_ascii_case(key));
    known_keys().find(|row| row.scope == scope && same(row))
}

const fn row(scope: Scope, status: Status, key: &'static str, note: &'static str) -> KnownKey {
    KnownKey { scope, key, status, note }
}

const TABLE: &[KnownKey] = &[
    row(At::Service, Supported, "version", "must be 3; files of version 2 are converted"),
    row(At::Service, Supported, "name", ""),
    row(At::Service, Supported, "port", ""),
    row(At::Service, Supported, "listen_ip", ""),
    row(At::Service, Supported, "host", "default hosts of backends"),
    row(At::Service, Supported, "timeout", "2s unless given"),
    row(At::Service, Supported, "cache_ttl", ""),
    row(At::Service, Supported, "output_encoding", ""),
    row(At::Service, Supported, "endpoints", ""),
    row(At::Service, Supported, "extra_config", ""),
    row(At::Service, Supported, "debug_endpoint", ""),
    row(At::Service, Supported, "echo_endpoint", ""),
    row(At::Service, Supported, "tls", ""),
    row(At::Service, Supported, "client_tls", ""),
    row(At::Service, Supported, "read_timeout", "for heads and idle connections; uploads have the endpoint's time"),
    row(At::Service, Supported, "write_timeout", ""),
    row(At::Service, Supported, "idle_timeout", ""),
    row(At::Service, Supported, "read_header_timeout", ""),
    row(At::Service, Supported, "max_header_bytes", "HTTP/1.1: never more than 128 KiB and 96 headers"),
    row(At::Service, Supported, "max_shutdown_wait_time", ""),
    row(At::Service, Supported, "use_h2c", ""),
    row(At::Service, Supported, "dns_cache_ttl", "30s unless given, at least 1s"),
    row(At::Service, Supported, "max_idle_connections", "live and shadow traffic apart"),
    row(At::Service, Supported, "max_idle_connections_per_host", ""),
    row(At::Service, Supported, "idle_connection_timeout", ""),
    row(At::Service, Supported, "response_header_timeout", ""),
    row(At::Service, Supported, "dialer_timeout", ""),
    row(At::Service, Supported, "disable_keep_alives", ""),
    row(At::Service, Supported, "disable_compression", ""),
    row(At::Service, Supported, "allow_insecure_connections", "older form of client_tls.allow_insecure_connections"),
    row(At::Service, NotYet, "async_agent", "no queue is read"),
    row(At::Service, Supported, "disable_rest", "parameters anywhere in a path"),
    row(At::Service, NotYet, "plugin", "Go plugins cannot be loaded"),
    row(At::Service, Supported, "expect_continue_timeout", "without it `Expect` is not passed on"),
    row(At::Service, Supported, "dialer_keep_alive", "15s unless given"),
    row(At::Service, Supported, "dialer_fallback_delay", "300ms unless given"),
    row(At::Service, NotYet, "sequential_start", "there are no async agents to order"),
    row(At::Endpoint, Supported, "endpoint", ""),
    row(At::Endpoint, Supported, "method", ""),
    row(At::Endpoint, Supported, "backend", ""),
    row(At::Endpoint, Supported, "timeout", ""),
    row(At::Endpoint, Supported, "cache_ttl", ""),
    row(At::Endpoint, Supported, "input_headers", ""),
    row(At::Endpoint, Supported, "input_query_strings", ""),
    row(At::Endpoint, Supported, "output_encoding", ""),
    row(At::Endpoint, Supported, "concurrent_calls", ""),
    row(At::Endpoint, Supported, "extra_config", ""),
    row(At::Backend, Supported, "url_pattern", ""),
    row(At::Backend, Supported, "host", ""),
    row(At::Backend, Supported, "disable_host_sanitize", ""),
    row(At::Backend, Supported, "method", ""),
    row(At::Backend, Supported, "encoding", ""),
    row(At::Backend, Supported, "is_collection", ""),
    row(At::Backend, Supported, "target", ""),
    row(At::Backend, Supported, "allow", ""),
    row(At::Backend, Supported, "deny", ""),
    row(At::Backend, Supported, "mapping", ""),
    row(At::Backend, Supported, "group", ""),
    row(At::Backend, Supported, "input_headers", ""),
    row(At::Backend, Supported, "input_query_strings", ""),
    row(At::Backend, Supported, "sd", "static or dns"),
    row(At::Backend, Supported, "sd_scheme", ""),
    row(At::Backend, Supported, "extra_config", ""),
    row(At::Backend, Ignored, "timeout", "always the endpoint's"),
    row(At::Backend, Ignored, "concurrent_calls", "always the endpoint's"),
    row(At::Tls, Supported, "disabled", ""),
    row(At::Tls, Supported, "keys", ""),
    row(At::Tls, Supported, "public_key", "older form of keys"),
    row(At::Tls, Supported, "private_key", "older form of keys"),
    row(At::Tls, Supported, "min_version", ""),
    row(At::Tls, Supported, "max_version", ""),
    row(At::Tls, Supported, "enable_mtls", ""),
    row(At::Tls, Supported, "ca_certs", ""),
    row(At::Tls, Supported, "disable_system_ca_pool", ""),
    row(At::Tls, Supported, "curve_preferences", "23, 24, 29; others are left out with a warning"),
    row(At::Tls, Supported, "cipher_suites", "ECDHE with AES-GCM or ChaCha20; others are left out with a warning"),
    row(At::Tls, Ignored, "prefer_server_cipher_suites", "without effect in KrakenD too"),
    row(At::TlsKeys, Supported, "public_key", ""),
    row(At::TlsKeys, Supported, "private_key", ""),
    row(At::ClientTls, Supported, "allow_insecure_connections", ""),
    row(At::ClientTls, Supported, "ca_certs", ""),
    row(At::ClientTls, Supported, "disable_system_ca_pool", ""),
    row(At::ClientTls, Supported, "min_version", ""),
    row(At::ClientTls, Supported, "max_version", ""),
    row(At::ClientTls, Supported, "client_certs", ""),
    row(At::ClientTls, Supported, "curve_preferences", "23, 24, 29; others are left out with a warning"),
    row(
        At::ClientTls,
        Supported,
        "cipher_suites",
        "ECDHE with AES-GCM or ChaCha20; others are left out with a warning",
    ),
    row(At::ClientCerts, Supported, "certificate", ""),
    row(At::ClientCerts, Supported, "private_key", ""),
    row(At::ServiceComponents, Supported, "router", ""),
    row(
        At::ServiceComponents,
        Supported,
        "@admin",
        "ours: the dashboard's listener, and who may change things through it",
    ),
    row(At::ServiceComponents, Supported, "@shadow", "ours: bounds of all shadows"),
    row(At::ServiceComponents, Supported, "security/cors", ""),
    row(At::ServiceComponents, Supported, "security/http", ""),
    row(At::ServiceComponents, Supported, "security/bot-detector", ""),
    row(At::ServiceComponents, NotYet, "auth/validator", "each endpoint has a cache of keys of its own"),
    row(
        At::ServiceComponents,
        NotYet,
        "auth/revoker",
        "revoked tokens will NOT be refused and requests will NOT be authenticated",
    ),
    row(At::ServiceComponents, Supported, "telemetry/logging", ""),
    row(At::ServiceComponents, Supported, "telemetry/metrics", "figures of Go's own memory are 0"),
    row(At::ServiceComponents, NotYet, "telemetry/opentelemetry", ""),
    row(At::ServiceComponents, NotYet, "telemetry/opencensus", ""),
    row(At::ServiceComponents, NotYet, "telemetry/influx", ""),
    row(At::ServiceComponents, NotYet, "telemetry/gelf", ""),
    row(At::ServiceComponents, Supported, "telemetry/logstash", "with telemetry/logging"),
    row(At::ServiceComponents, NotYet, "telemetry/instana", "Enterprise only in KrakenD"),
    row(At::ServiceComponents, Supported, "modifier/lua-endpoint", "without http_response and goto"),
    row(
        At::ServiceComponents,
        NotYet,
        "plugin/http-server",
        "Go plugins cannot be loaded, checks in them will NOT run",
    ),
    row(
        At::ServiceComponents,
        NotYet,
        "auth/api-keys",
        "requests will NOT be authenticated; Enterprise only in KrakenD",
    ),
    row(At::ServiceComponents, NotYet, "auth/basic", "requests will NOT be authenticated; Enterprise only in KrakenD"),
    row(
        At::ServiceComponents,
        NotYet,
        "qos/ratelimit/service",
        "requests will NOT be limited; Enterprise only in KrakenD",
    ),
    row(
        At::ServiceComponents,
        NotYet,
        "qos/ratelimit/service/redis",
        "requests will NOT be limited; Enterprise only in KrakenD",
    ),
    row(
        At::ServiceComponents,
        NotYet,
        "qos/ratelimit/tiered",
        "requests will NOT be limited; Enterprise only in KrakenD",
    ),
    row(At::ServiceComponents, NotYet, "governance/quota", "requests will NOT be limited; Enterprise only in KrakenD"),
    row(
        At::ServiceComponents,
        NotYet,
        "governance/processors",
        "requests will NOT be limited; Enterprise only in KrakenD",
    ),
    row(At::ServiceComponents, NotYet, "ai/mcp", "Enterprise only in KrakenD"),
    row(At::ServiceComponents, NotYet, "documentation/openapi", "Enterprise only in KrakenD"),
    row(At::ServiceComponents, NotYet, "documentation/postman", "Enterprise only in KrakenD"),
    row(At::ServiceComponents, NotYet, "grpc", "Enterprise only in KrakenD"),
    row(At::ServiceComponents, NotYet, "modifier/request-body-extractor", "Enterprise only in KrakenD"),
    row(At::ServiceComponents, NotYet, "modifier/response-headers", "Enterprise only in KrakenD"),
    row(At::ServiceComponents, NotYet, "redis", "Enterprise only in KrakenD"),
    row(At::ServiceComponents, NotYet, "server/static-filesystem", "Enterprise only in KrakenD"),
    row(At::ServiceComponents, NotYet, "server/virtualhost", "Enterprise only in KrakenD"),
    row(At::ServiceComponents, NotYet, "telemetry/moesif", "Enterprise only in KrakenD"),
    row(At::ServiceComponents, NotYet, "telemetry/newrelic", "Enterprise only in KrakenD"),
    row(At::ServiceComponents, NotYet, "telemetry/opentelemetry-security", "Enterprise only in KrakenD"),
    row(At::EndpointComponents, Supported, "proxy", ""),
    row(At::EndpointComponents, Supported, "auth/validator", ""),
    row(At::EndpointComponents, Supported, "auth/signer", ""),
    row(At::EndpointComponents, Supported, "qos/ratelimit/router", ""),
    row(At::EndpointComponents, Supported, "security/bot-detector", ""),
    row(At::EndpointComponents, Supported, "validation/cel", ""),
    row(At::EndpointComponents, Supported, "validation/json-schema", ""),
    row(At::EndpointComponents, Supported, "modifier/lua-endpoint", "without http_response and goto"),
    row(At::EndpointComponents, Supported, "modifier/lua-proxy", "without http_response and goto"),
    row(
        At::EndpointComponents,
        NotYet,
        "plugin/req-resp-modifier",
        "Go plugins cannot be loaded, checks in them will NOT run",
    ),
    row(At::EndpointComponents, NotYet, "telemetry/opentelemetry", ""),
    row(
        At::EndpointComponents,
        NotYet,
        "auth/api-keys",
        "requests will NOT be authenticated; Enterprise only in KrakenD",
    ),
    row(At::EndpointComponents, NotYet, "auth/basic", "requests will NOT be authenticated; Enterprise only in KrakenD"),
    row(
        At::EndpointComponents,
        NotYet,
        "security/policies",
        "requests will NOT be validated; Enterprise only in KrakenD",
    ),
    row(
        At::EndpointComponents,
        NotYet,
        "qos/ratelimit/router/redis",
        "requests will NOT be limited; Enterprise only in KrakenD",
    ),
    row(
        At::EndpointComponents,
        NotYet,
        "qos/ratelimit/tiered",
        "requests will NOT be limited; Enterprise only in KrakenD",
    ),
    row(At::EndpointComponents, NotYet, "governance/quota", "requests will NOT be limited; Enterprise only in KrakenD"),
    row(
        At::EndpointComponents,
        NotYet,
        "validation/response-json-schema",
        "answers will NOT be validated; Enterprise only in KrakenD",
    ),
    row(At::EndpointComponents, NotYet, "documentation/openapi", "Enterprise only in KrakenD"),
    row(At::EndpointComponents, NotYet, "modifier/jmespath", "Enterprise only in KrakenD"),
    row(At::EndpointComponents, NotYet, "modifier/request-body-generator", "Enterprise only in KrakenD"),
    row(At::EndpointComponents, NotYet, "modifier/response-body", "Enterprise only in KrakenD"),
    row(At::EndpointComponents, NotYet, "modifier/response-body-generator", "Enterprise only in KrakenD"),
    row(At::EndpointComponents, NotYet, "modifier/response-headers", "Enterprise only in KrakenD"),
    row(At::EndpointComponents, NotYet, "plugin/middleware", "Enterprise only in KrakenD"),
    row(At::EndpointComponents, NotYet, "websocket", "Enterprise only in KrakenD"),
    row(At::BackendComponents, Supported, "proxy", ""),
    row(At::BackendComponents, Supported, "backend/http", ""),
    row(At::BackendComponents, Supported, "backend/http/client", ""),
    row(At::BackendComponents, Supported, "auth/client-credentials", ""),
    row(At::BackendComponents, Supported, "qos/ratelimit/proxy", ""),
    row(At::BackendComponents, Supported, "qos/circuit-breaker", ""),
    row(At::BackendComponents, Supported, "qos/http-cache", "bounded: 64 MiB per cache unless limited"),
    row(At::BackendComponents, Supported, "validation/cel", ""),
    row(At::BackendComponents, Supported, "modifier/martian", ""),
    row(At::BackendComponents, Supported, "modifier/lua-backend", "without http_response and goto"),
    row(At::BackendComponents, NotYet, "plugin/http-client", "Go plugins cannot be loaded"),
    row(
        At::BackendComponents,
        NotYet,
        "plugin/req-resp-modifier",
        "Go plugins cannot be loaded, checks in them will NOT run",
    ),
    row(At::BackendComponents, Supported, "backend/graphql", ""),
    row(At::BackendComponents, NotYet, "backend/lambda", "calls go out as plain HTTP"),
    row(At::BackendComponents, NotYet, "backend/amqp/producer", "calls go out as plain HTTP"),
    row(At::BackendComponents, NotYet, "backend/amqp/consumer", "calls go out as plain HTTP"),
    row(At::BackendComponents, NotYet, "backend/pubsub/publisher", "calls go out as plain HTTP"),
    row(At::BackendComponents, NotYet, "backend/pubsub/subscriber", "calls go out as plain HTTP"),
    row(At::BackendComponents, NotYet, "telemetry/opentelemetry", ""),
    row(At::BackendComponents, NotYet, "telemetry/opencensus", ""),
    row(At::BackendComponents, NotYet, "auth/aws-sigv4", "calls will NOT be authenticated; Enterprise only in KrakenD"),
    row(At::BackendComponents, NotYet, "auth/gcp", "calls will NOT be authenticated; Enterprise only in KrakenD"),
    row(At::BackendComponents, NotYet, "auth/ntlm", "calls will NOT be authenticated; Enterprise only in KrakenD"),
    row(
        At::BackendComponents,
        NotYet,
        "security/policies",
        "requests will NOT be validated; Enterprise only in KrakenD",
    ),
    row(
        At::BackendComponents,
        NotYet,
        "qos/circuit-breaker/http",
        "a failing backend will NOT be spared; Enterprise only in KrakenD",
    ),
    row(At::BackendComponents, NotYet, "governance/quota", "calls will NOT be limited; Enterprise only in KrakenD"),
    row(At::BackendComponents, NotYet, "ai/llm", "Enterprise only in KrakenD"),
    row(At::BackendComponents, NotYet, "backend/conditional", "Enterprise only in KrakenD"),
    row(At::BackendComponents, NotYet, "backend/grpc", "Enterprise only in KrakenD"),
    row(At::BackendComponents, NotYet, "backend/soap", "Enterprise only in KrakenD"),
    row(At::BackendComponents, NotYet, "backend/static-filesystem", "Enterprise only in KrakenD"),
    row(At::BackendComponents, NotYet, "modifier/body-generator", "Enterprise only in KrakenD"),
    row(At::BackendComponents, NotYet, "workflow", "Enterprise only in KrakenD"),
    row(At::BackendComponents, NotYet, "telemetry/logging", "Enterprise only in KrakenD"),
    row(At::Router, Supported, "return_error_msg", ""),
    row(At::Router, Supported, "error_body", ""),
    row(At::Router, Supported, "auto_options", ""),
    row(At::Router, Supported, "logger_skip_paths", ""),
    row(At::Router, Supported, "disable_access_log", ""),
    row(At::Router, Supported, "disable_health", ""),
    row(At::Router, Supported, "health_path", ""),
    row(At::Router, Supported, "hide_version_header", ""),
    row(At::Router, Supported, "disable_redirect_trailing_slash", ""),
    row(At::Router, Supported, "disable_redirect_fixed_path", ""),
    row(At::Router, Supported, "disable_handle_method_not_allowed", ""),
    row(At::Router, Supported, "disable_path_decoding", ""),
    row(At::Router, Supported, "remove_extra_slash", ""),
    row(At::Router, Supported, "forwarded_by_client_ip", "true unless given"),
    row(At::Router, Supported, "remote_ip_headers", ""),
    row(At::Router, Supported, "trusted_proxies", ""),
    row(At::Router, Supported, "app_engine", ""),
    row(At::Router, Supported, "use_h2c", ""),
    row(At::Router, Ignored, "max_multipart_memory", "without effect on proxying"),
    row(At::Router, NotYet, "max_payload", "bodies are NOT limited by it; Enterprise only in KrakenD"),
    row(At::Router, NotYet, "decompress_gzip", "Enterprise only in KrakenD"),
    row(At::Router, NotYet, "disable_gzip", "Enterprise only in KrakenD"),
    row(At::EndpointProxy, Supported, "flatmap_filter", ""),
    row(At::EndpointProxy, Supported, "static", ""),
    row(At::EndpointProxy, Supported, "sequential", ""),
    row(At::EndpointProxy, Supported, "sequential_propagated_params", "for validation/cel and modifier/lua-backend"),
    row(At::EndpointProxy, Ignored, "shadow", "mark the backend"),
    row(At::EndpointProxy, Ignored, "shadow_timeout", "mark the backend"),
    row(At::EndpointProxy, Ignored, "combiner", "only \"default\" exists"),
    row(At::EndpointProxy, Ignored, "strategy", "KrakenD 2.13 does not read it"),
    row(At::EndpointProxy, Ignored, "force_sandboxed_request", "KrakenD 2.13 does not read it"),
    row(At::EndpointProxy, NotYet, "max_payload", "bodies are NOT limited by it; Enterprise only in KrakenD"),
    row(At::EndpointProxy, NotYet, "decompress_gzip", "Enterprise only in KrakenD"),
    row(At::BackendProxy, Supported, "shadow", ""),
    row(At::BackendProxy, Supported, "shadow_timeout", ""),
    row(At::BackendProxy, Supported, "flatmap_filter", ""),
    row(At::Static, Supported, "data", ""),
    row(At::Static, Supported, "strategy", ""),
    row(At::FlatmapOperation, Supported, "type", ""),
    row(At::FlatmapOperation, Supported, "args", ""),
    row(At::Validator, Supported, "alg", "ES512 refuses every request; RSA keys have 2048 bits or more"),
    row(At::Validator, Supported, "jwk_url", ""),
    row(At::Validator, Supported, "jwk_local_path", ""),
    row(At::Validator, Supported, "disable_jwk_security", ""),
    row(At::Validator, Supported, "jwk_local_ca", ""),
    row(At::Validator, Supported, "cache", "the keys are fetched with the first request"),
    row(At::Validator, Supported, "cache_duration", ""),
    row(At::Validator, Supported, "failed_jwk_key_cooldown", ""),
    row(At::Validator, Supported, "key_identify_strategy", ""),
    row(At::Validator, Supported, "audience", ""),
    row(At::Validator, Supported, "issuer", ""),
    row(At::Validator, Supported, "roles", ""),
    row(At::Validator, Supported, "roles_key", ""),
    row(At::Validator, Supported, "roles_key_is_nested", ""),
    row(At::Validator, Supported, "scopes", ""),
    row(At::Validator, Supported, "scopes_key", ""),
    row(At::Validator, Supported, "scopes_matcher", ""),
    row(At::Validator, Supported, "auth_header_name", ""),
    row(At::Validator, Supported, "cookie_key", ""),
    row(At::Validator, Supported, "propagate_claims", ""),
    row(At::Validator, Supported, "propagate_claims_preserve_array", ""),
    row(At::Validator, Supported, "leeway", ""),
    row(At::Validator, Supported, "operation_debug", ""),
    row(At::Validator, NotYet, "jwk_fingerprints", "the host of the keys is NOT pinned"),
    row(At::Validator, NotYet, "cipher_suites", ""),
    row(At::Validator, NotYet, "secret_url", "files of keys must not be encrypted"),
    row(At::Validator, NotYet, "cypher_key", "files of keys must not be encrypted"),
    row(At::Signer, Supported, "alg", "without ES512"),
    row(At::Signer, Supported, "kid", ""),
    row(At::Signer, Supported, "keys_to_sign", ""),
    row(At::Signer, Supported, "jwk_url", "a key that cannot be had is asked for again"),
    row(At::Signer, Supported, "jwk_local_path", ""),
    row(At::Signer, Supported, "disable_jwk_security", ""),
    row(At::Signer, Supported, "jwk_local_ca", ""),
    row(At::Signer, Supported, "full", ""),
    row(At::Signer, Supported, "typ", ""),
    row(At::Signer, NotYet, "jwk_fingerprints", "the host of the keys is NOT pinned"),
    row(At::Signer, NotYet, "cipher_suites", ""),
    row(At::Signer, NotYet, "secret_url", "files of keys must not be encrypted"),
    row(At::Signer, NotYet, "cypher_key", "files of keys must not be encrypted"),
    row(At::Expression, Supported, "check_expr", "of contradicting types: refuses instead of being left out"),
    row(At::BackendHttp, Supported, "return_error_code", ""),
    row(At::BackendHttp, Supported, "return_error_details", ""),
    row(At::BackendHttpClient, Supported, "send_body_on_redirect", ""),
    row(At::BackendHttpClient, NotYet, "no_redirect", "Enterprise only in KrakenD"),
    row(At::BackendHttpClient, NotYet, "proxy_address", "Enterprise only in KrakenD"),
    row(At::BackendHttpClient, NotYet, "client_tls", "Enterprise only in KrakenD"),
    row(At::Cors, Supported, "allow_origins", ""),
    row(At::Cors, Supported, "allow_methods", ""),
    row(At::Cors, Supported, "allow_headers", ""),
    row(At::Cors, Supported, "expose_headers", ""),
    row(At::Cors, Supported, "max_age", ""),
    row(At::Cors, Supported, "allow_credentials", ""),
    row(At::Cors, Supported, "allow_private_network", ""),
    row(At::Cors, Supported, "options_passthrough", ""),
    row(At::Cors, Supported, "options_success_status", ""),
    row(At::Cors, NotYet, "debug", "no more is logged"),
    row(At::SecureHttp, Supported, "allowed_hosts", ""),
    row(At::SecureHttp, Supported, "allowed_hosts_are_regex", ""),
    row(At::SecureHttp, Supported, "host_proxy_headers", ""),
    row(At::SecureHttp, Supported, "ssl_redirect", ""),
    row(At::SecureHttp, Supported, "ssl_host", ""),
    row(At::SecureHttp, Supported, "ssl_proxy_headers", ""),
    row(At::SecureHttp, Supported, "sts_seconds", ""),
    row(At::SecureHttp, Supported, "sts_include_subdomains", ""),
    row(At::SecureHttp, Supported, "force_sts_header", ""),
    row(At::SecureHttp, Supported, "frame_deny", ""),
    row(At::SecureHttp, Supported, "custom_frame_options_value", ""),
    row(At::SecureHttp, Supported, "content_type_nosniff", ""),
    row(At::SecureHttp, Supported, "browser_xss_filter", ""),
    row(At::SecureHttp, Supported, "content_security_policy", ""),
    row(At::SecureHttp, Supported, "referrer_policy", ""),
    row(At::SecureHttp, Supported, "is_development", ""),
    row(At::SecureHttp, Ignored, "hpkp_public_key", "without effect in KrakenD too"),
    row(At::SecureHttp, Ignored, "public_key", "without effect in KrakenD too"),
    row(At::BotDetector, Supported, "allow", ""),
    row(At::BotDetector, Supported, "deny", ""),
    row(At::BotDetector, Supported, "patterns", ""),
    row(At::BotDetector, Supported, "empty_user_agent_is_bot", ""),
    row(At::BotDetector, Ignored, "cache_size", "all patterns are searched in one pass, without a cache"),
    row(At::RouterLimit, Supported, "max_rate", ""),
    row(At::RouterLimit, Supported, "capacity", ""),
    row(At::RouterLimit, Supported, "client_max_rate", ""),
    row(At::RouterLimit, Supported, "client_capacity", ""),
    row(At::RouterLimit, Supported, "strategy", "ip, header or param"),
    row(At::RouterLimit, Supported, "key", ""),
    row(At::RouterLimit, Supported, "every", "1s unless longer"),
    row(At::RouterLimit, Supported, "num_shards", "at most 16384"),
    row(At::RouterLimit, Supported, "cleanup_period", ""),
    row(At::RouterLimit, Ignored, "cleanup_threads", "without effect in KrakenD too"),
    row(At::ProxyLimit, Supported, "max_rate", ""),
    row(At::ProxyLimit, Supported, "capacity", ""),
    row(At::ProxyLimit, Supported, "every", ""),
    row(At::CircuitBreaker, Supported, "interval", "seconds"),
    row(At::CircuitBreaker, Supported, "timeout", "seconds, 60 unless given"),
    row(At::CircuitBreaker, Supported, "max_errors", "one more opens it"),
    row(At::CircuitBreaker, Supported, "name", ""),
    row(At::CircuitBreaker, Supported, "log_status_change", ""),
    row(At::HttpCache, Supported, "shared", "shadows share apart from live backends"),
    row(At::HttpCache, Supported, "max_items", ""),
    row(At::HttpCache, Supported, "max_size", "64 MiB unless given with max_items"),
    row(At::ClientCredentials, Supported, "client_id", ""),
    row(At::ClientCredentials, Supported, "client_secret", ""),
    row(At::ClientCredentials, Supported, "token_url", ""),
    row(At::ClientCredentials, Supported, "scopes", ""),
    row(At::ClientCredentials, Supported, "endpoint_params", ""),
    row(At::ClientCredentials, Supported, "is_disabled", ""),
    row(At::GraphQl, Supported, "type", ""),
    row(At::GraphQl, Supported, "method", "get puts the operation into the URL, which KrakenD loses"),
    row(At::GraphQl, Supported, "query", ""),
    row(At::GraphQl, Supported, "query_path", ""),
    row(At::GraphQl, Supported, "operationName", ""),
    row(At::GraphQl, Supported, "variables", ""),
    row(At::Metrics, Supported, "collection_time", ""),
    row(At::Metrics, Supported, "listen_address", "an IP address or localhost, :8090 unless given"),
    row(At::Metrics, Supported, "endpoint_disabled", "nothing is collected then"),
    row(At::Metrics, Supported, "router_disabled", ""),
    row(At::Metrics, Supported, "proxy_disabled", ""),
    row(At::Metrics, Supported, "backend_disabled", ""),
    row(At::Logging, Supported, "level", "DEBUG, INFO, NOTICE, WARNING, ERROR or CRITICAL"),
    row(At::Logging, Supported, "prefix", ""),
    row(At::Logging, Supported, "stdout", ""),
    row(At::Logging, Supported, "syslog", "datagrams to /dev/log"),
    row(At::Logging, Supported, "syslog_facility", ""),
    row(At::Logging, Supported, "format", "default, logstash or custom"),
    row(At::Logging, Supported, "custom_format", ""),
    row(At::Logging, NotYet, "access_log_format", "Enterprise only in KrakenD"),
    row(At::Logging, NotYet, "access_log_custom_format", "Enterprise only in KrakenD"),
    row(At::Logging, NotYet, "backend", "Enterprise only in KrakenD"),
    row(At::Logstash, Ignored, "enabled", "the component is on when it is there"),
    row(At::Admin, Supported, "listen", "ip:port or off"),
    row(At::Admin, Supported, "token", "what to show to change things; without it, only from this machine"),
    row(At::Shadow, Supported, "max_concurrent", "copies in flight per shadow"),
    row(At::Shadow, Supported, "max_buffered_bytes", "bytes of bodies held per shadow"),
    row(At::Shadow, Supported, "memory_budget", "bytes of bodies held by all shadows"),
    row(At::Shadow, Supported, "max_request", "larger bodies are not mirrored"),
    row(At::Shadow, Supported, "max_response", "larger answers are cut off"),
    row(At::Shadow, Supported, "threads", "threads for shadow traffic"),
    row(At::Shadow, Supported, "drain_timeout", "how long shutdown waits for mirrors"),
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{Scope, find, known_keys};

    #[test]
    fn every_key_stands_once_per_scope() {
        let mut seen = HashSet::new();
        for row in known_keys() {
            assert!(seen.insert((row.scope, row.key)), "{row:?}");
        }
    }

    #[test]
    fn structure_keys_are_found_in_any_case_and_component_keys_are_not() {
        assert!(find(Scope::Service, "PORT").is_some());
        assert!(find(Scope::BackendProxy, "Shadow").is_none());
    }
}

//! The type of every known key, as an editor should expect it.

use super::policy;
use crate::config::known::Scope;

/// What a value should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Anything; the note of the key says what becomes of it.
    Any,
    /// A text.
    Text,
    /// One of these texts.
    Choice(&'static [&'static str]),
    /// `true` or `false`.
    Flag,
    /// A whole number from 0.
    Count,
    /// A whole number.
    Integer,
    /// A duration with its unit.
    Duration,
    /// A number of bytes, or a text like `64MiB`.
    Size,
    /// A list of texts.
    Texts,
    /// A number from 0 to 1, or a text like `10%`.
    Share,
    /// As [`Kind::Share`], or `off`.
    ShareOrOff,
    /// A number from 0.
    Amount,
    /// A number, or `off`.
    Rate,
    /// As [`Kind::Size`], or `off`.
    SizeOrOff,
    /// As [`Kind::Duration`], or `off`.
    DurationOrOff,
    /// What a shadow is sampled by.
    SampleKey,
    /// A text or a list of texts.
    TextOrTexts,
    /// An object whose members are texts or lists of texts.
    TextsMap,
    /// `any`, or a list of statuses such as `2xx` and `404`.
    Statuses,
    /// A list of durations.
    Durations,
    /// `true`, `false` or the object of that scope.
    FlagOr(Scope),
    /// One of these words or the object of that scope.
    WordOr(&'static [&'static str], Scope),
    /// A list of texts and objects of that scope.
    TextsOr(Scope),
    /// A list of whole numbers.
    Integers,
    /// A list of texts, or `all`.
    TextsOrAll,
    /// What answers of a shadow are compared with.
    Against,
    /// A word, or an object of lists of statuses.
    StatusRule,
    /// A list of paths into JSON.
    Paths,
    /// An object whose members are shapes of values.
    Shapes,
    /// An object whose members are ways to compare texts, or lists of them.
    StringRules,
    /// An object whose members are objects of that scope.
    MapOf(Scope),
    /// An object whose members are one of these words or objects of that scope.
    MapOfWordOr(&'static [&'static str], Scope),
    /// An object whose members are texts.
    TextMap,
    /// An object of any members.
    Object,
    /// The object of that scope.
    Scope(Scope),
    /// A list of objects of that scope.
    List(Scope),
}

const OUTPUTS: &[&str] = &["json", "json-collection", "yaml", "fast-json", "xml", "negotiate", "string", "no-op"];
const INPUTS: &[&str] = &["json", "safejson", "fast-json", "xml", "rss", "string", "yaml", "no-op"];
const METHODS: &[&str] = &["GET", "POST", "PUT", "PATCH", "DELETE"];
const TLS_VERSIONS: &[&str] = &["SSL3.0", "TLS10", "TLS11", "TLS12", "TLS13"];
const LEVELS: &[&str] = &["DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL"];
const STRATEGIES: &[&str] = &["always", "success", "errored", "complete", "incomplete"];

/// The type of a key of a scope.
pub(super) fn kind(scope: Scope, key: &str) -> Kind {
    match scope {
        Scope::Service => service(key),
        Scope::Endpoint => endpoint(key),
        Scope::Backend => backend(key),
        Scope::Tls | Scope::TlsKeys | Scope::ClientTls | Scope::ClientCerts => tls(key),
        Scope::ServiceComponents | Scope::EndpointComponents | Scope::BackendComponents => component(scope, key),
        Scope::Router => router(key),
        Scope::EndpointProxy | Scope::BackendProxy => proxy(key),
        Scope::Static if key == "strategy" => Kind::Choice(STRATEGIES),
        Scope::Static if key == "data" => Kind::Object,
        Scope::FlatmapOperation if key == "type" => Kind::Choice(&["move", "del", "append"]),
        Scope::FlatmapOperation if key == "args" => Kind::Texts,
        Scope::BackendHttp if key == "return_error_code" => Kind::Flag,
        Scope::BackendHttp if key == "return_error_details" => Kind::Text,
        Scope::BackendHttpClient if key == "send_body_on_redirect" => Kind::Flag,
        Scope::Metrics => metrics(key),
        Scope::Logging => logging(key),
        Scope::OpenTelemetry | Scope::Exporters | Scope::OtlpExporter | Scope::PrometheusExporter => exporting(key),
        Scope::TelemetryLayers
        | Scope::GlobalLayer
        | Scope::ProxyLayer
        | Scope::BackendLayer
        | Scope::BackendMetrics
        | Scope::BackendTraces
        | Scope::EndpointTelemetry
        | Scope::EndpointGlobal
        | Scope::BackendTelemetry => layer(scope, key),
        Scope::Logstash => Kind::Flag,
        Scope::Admin => Kind::Text,
        Scope::AccessLog => Kind::Choice(&["text", "json"]),
        Scope::Shadow => shadow(key),
        Scope::Split | Scope::SplitVariant | Scope::SplitStop => split(key),
        _ if scope.is_ours() => policy::kind(scope, key),
        _ => Kind::Any,
    }
}

fn service(key: &str) -> Kind {
    match key {
        "version" | "port" | "max_header_bytes" | "max_idle_connections" | "max_idle_connections_per_host" => {
            Kind::Count
        }
        "name" | "listen_ip" => Kind::Text,
        "host" => Kind::Texts,
        "output_encoding" => Kind::Choice(OUTPUTS),
        "endpoints" => Kind::List(Scope::Endpoint),
        "extra_config" => Kind::Scope(Scope::ServiceComponents),
        "tls" => Kind::Scope(Scope::Tls),
        "client_tls" => Kind::Scope(Scope::ClientTls),
        "plugin" => Kind::Object,
        "dialer_keep_alive" | "dialer_fallback_delay" | "cache_ttl" | "max_shutdown_wait_time" | "dns_cache_ttl" => {
            Kind::Duration
        }
        "debug_endpoint"
        | "echo_endpoint"
        | "use_h2c"
        | "disable_rest"
        | "sequential_start"
        | "disable_keep_alives"
        | "disable_compression"
        | "allow_insecure_connections" => Kind::Flag,
        _ if key.ends_with("timeout") => Kind::Duration,
        _ => Kind::Any,
    }
}

fn endpoint(key: &str) -> Kind {
    match key {
        "endpoint" => Kind::Text,
        "method" => Kind::Choice(METHODS),
        "backend" => Kind::List(Scope::Backend),
        "timeout" | "cache_ttl" => Kind::Duration,
        "input_headers" | "input_query_strings" => Kind::Texts,
        "output_encoding" => Kind::Choice(OUTPUTS),
        "concurrent_calls" => Kind::Count,
        "extra_config" => Kind::Scope(Scope::EndpointComponents),
        _ => Kind::Any,
    }
}

fn backend(key: &str) -> Kind {
    match key {
        "url_pattern" | "target" | "group" | "method" | "sd_scheme" => Kind::Text,
        "host" | "allow" | "deny" | "input_headers" | "input_query_strings" => Kind::Texts,
        "disable_host_sanitize" | "is_collection" => Kind::Flag,
        "encoding" => Kind::Choice(INPUTS),
        "mapping" => Kind::TextMap,
        "sd" => Kind::Choice(&["static", "dns", "dns-shared"]),
        "extra_config" => Kind::Scope(Scope::BackendComponents),
        _ => Kind::Any,
    }
}

fn tls(key: &str) -> Kind {
    match key {
        "keys" => Kind::List(Scope::TlsKeys),
        "client_certs" => Kind::List(Scope::ClientCerts),
        "ca_certs" => Kind::Texts,
        "min_version" | "max_version" => Kind::Choice(TLS_VERSIONS),
        "curve_preferences" | "cipher_suites" => Kind::Integers,
        "public_key" | "private_key" | "certificate" => Kind::Text,
        _ => Kind::Flag,
    }
}

fn component(scope: Scope, key: &str) -> Kind {
    match (scope, key) {
        (_, "router") => Kind::Scope(Scope::Router),
        (_, "telemetry/metrics") => Kind::Scope(Scope::Metrics),
        (Scope::ServiceComponents, "telemetry/logging") => Kind::Scope(Scope::Logging),
        (Scope::ServiceComponents, "telemetry/opentelemetry") => Kind::Scope(Scope::OpenTelemetry),
        (Scope::EndpointComponents, "telemetry/opentelemetry") => Kind::Scope(Scope::EndpointTelemetry),
        (Scope::BackendComponents, "telemetry/opentelemetry") => Kind::Scope(Scope::BackendTelemetry),
        (_, "telemetry/logstash") => Kind::Scope(Scope::Logstash),
        (_, "@admin") => Kind::Scope(Scope::Admin),
        (_, "@access_log") => Kind::Scope(Scope::AccessLog),
        (Scope::ServiceComponents, "@shadow") => Kind::Scope(Scope::Shadow),
        (_, "@shadow") => Kind::Scope(Scope::Policy),
        (Scope::EndpointComponents, "proxy") => Kind::Scope(Scope::EndpointProxy),
        (Scope::BackendComponents, "proxy") => Kind::Scope(Scope::BackendProxy),
        (_, "backend/http") => Kind::Scope(Scope::BackendHttp),
        (_, "backend/http/client") => Kind::Scope(Scope::BackendHttpClient),
        // Some components are lists, and some may be either.
        _ => Kind::Any,
    }
}

fn logging(key: &str) -> Kind {
    match key {
        "level" => Kind::Choice(LEVELS),
        "format" => Kind::Choice(&["default", "logstash", "custom"]),
        "stdout" | "syslog" => Kind::Flag,
        "prefix" | "syslog_facility" | "custom_format" => Kind::Text,
        _ => Kind::Any,
    }
}

fn metrics(key: &str) -> Kind {
    match key {
        "collection_time" => Kind::Duration,
        "listen_address" => Kind::Text,
        _ => Kind::Flag,
    }
}

fn exporting(key: &str) -> Kind {
    match key {
        "exporters" => Kind::Scope(Scope::Exporters),
        "layers" => Kind::Scope(Scope::TelemetryLayers),
        "otlp" => Kind::List(Scope::OtlpExporter),
        "prometheus" => Kind::List(Scope::PrometheusExporter),
        "skip_paths" => Kind::Texts,
        "trace_sample_rate" => Kind::Amount,
        "port" | "metric_reporting_period" | "custom_metric_reporting_period" => Kind::Count,
        "use_http" | "disable_metrics" | "disable_traces" | "process_metrics" | "go_metrics" => Kind::Flag,
        _ => Kind::Text,
    }
}

fn layer(scope: Scope, key: &str) -> Kind {
    match key {
        "global" if scope == Scope::EndpointTelemetry => Kind::Scope(Scope::EndpointGlobal),
        "global" => Kind::Scope(Scope::GlobalLayer),
        "proxy" => Kind::Scope(Scope::ProxyLayer),
        "backend" => Kind::Scope(Scope::BackendLayer),
        "metrics" => Kind::Scope(Scope::BackendMetrics),
        "traces" => Kind::Scope(Scope::BackendTraces),
        "semantic_convention" => Kind::Choice(&["", "1.27"]),
        "skip_headers" => Kind::Texts,
        // Lists of objects of a key and a value.
        _ if key.ends_with("attributes") => Kind::Any,
        _ => Kind::Flag,
    }
}

fn router(key: &str) -> Kind {
    match key {
        "error_body" => Kind::Object,
        "logger_skip_paths" | "remote_ip_headers" | "trusted_proxies" => Kind::Texts,
        "health_path" | "max_payload" => Kind::Text,
        "max_multipart_memory" => Kind::Integer,
        _ => Kind::Flag,
    }
}

fn proxy(key: &str) -> Kind {
    match key {
        "flatmap_filter" => Kind::List(Scope::FlatmapOperation),
        "static" => Kind::Scope(Scope::Static),
        "sequential" | "shadow" | "force_sandboxed_request" => Kind::Flag,
        "sequential_propagated_params" => Kind::Texts,
        "shadow_timeout" => Kind::Duration,
        "@shadow_policy" | "shadow_policy" => Kind::Scope(Scope::Policy),
        "@split" => Kind::Scope(Scope::Split),
        "combiner" | "strategy" => Kind::Text,
        _ => Kind::Any,
    }
}

fn split(key: &str) -> Kind {
    match key {
        "key" => Kind::SampleKey,
        "on_missing_key" => Kind::Choice(&["skip", "random"]),
        "to" => Kind::List(Scope::SplitVariant),
        "ramp" => Kind::Scope(Scope::PolicyRamp),
        "stop_on" => Kind::Scope(Scope::SplitStop),
        "rate" | "error_delta" => Kind::Share,
        "p99_ratio" => Kind::Amount,
        "min_requests" => Kind::Count,
        "window" => Kind::Duration,
        "action" => Kind::Choice(&["stop", "log"]),
        _ => Kind::Text,
    }
}

fn shadow(key: &str) -> Kind {
    match key {
        "max_concurrent" | "threads" => Kind::Count,
        "drain_timeout" => Kind::Duration,
        "max_buffered_bytes" | "memory_budget" | "max_request" | "max_response" => Kind::Size,
        "kill_file" => Kind::Text,
        "raw_values" => Kind::Flag,
        "overload" => Kind::WordOr(&["off"], Scope::Overload),
        _ => policy::kind(Scope::Policy, key),
    }
}

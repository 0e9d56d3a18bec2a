//! The rules: number, severity, what to say, and when.

use super::facts::{Facts, component, is_true, lists};
use crate::config::Node;

/// When a rule has something to say.
pub(super) type Applies = fn(&Facts<'_>) -> bool;

/// Number, severity, message and condition.
pub(super) type Rule = (&'static str, &'static str, &'static str, Applies);

const CRITICAL: &str = "CRITICAL";
const HIGH: &str = "HIGH";
const MEDIUM: &str = "MEDIUM";
const LOW: &str = "LOW";

const METRICS: [&str; 6] = [
    "telemetry/metrics",
    "telemetry/opentelemetry",
    "telemetry/opencensus",
    "telemetry/influx",
    "telemetry/newrelic",
    "telemetry/moesif",
];
const LIMITS: [&str; 4] =
    ["qos/ratelimit/router", "qos/ratelimit/proxy", "qos/ratelimit/service", "qos/ratelimit/tiered"];

/// Every rule, by number.
pub(super) const RULES: &[Rule] = &[
    ("1.1.1", HIGH, "Implement more secure alternatives than Basic Auth to protect your data.", |facts| {
        facts.has_anywhere("auth/basic")
    }),
    ("1.1.2", MEDIUM, "Implement more secure alternatives than API Keys to protect your data.", |facts| {
        facts.has_anywhere("auth/api-keys")
    }),
    ("1.2.1", HIGH, "Prioritize using JWT for endpoint authorization to ensure security.", |facts| {
        !facts.any_endpoint_has("auth/validator")
    }),
    ("2.1.1", HIGH, "Only allow secure connections (avoid insecure_connections).", |facts| {
        facts.is_on("allow_insecure_connections")
            || is_true(&facts.root("client_tls").field("allow_insecure_connections"))
    }),
    ("2.1.2", HIGH, "Enable TLS or use a terminator in front of the gateway.", |facts| facts.root("tls").is_absent()),
    ("2.1.3", CRITICAL, "TLS is configured but its disable flag prevents from using it.", |facts| {
        is_true(&facts.root("tls").field("disabled"))
    }),
    ("2.1.7", HIGH, "Enable HTTP security header checks (security/http).", |facts| !facts.has("security/http")),
    ("2.1.8", HIGH, "Avoid clear text communication (h2c).", |facts| {
        facts.is_on("use_h2c") || is_true(&facts.component("router").member("use_h2c"))
    }),
    (
        "2.1.9",
        LOW,
        "Establish secure connections in internal traffic (avoid insecure connections to backends).",
        |facts| {
            let insecure = |backend| {
                is_true(
                    &component(backend, "backend/http/client")
                        .member("client_tls")
                        .member("allow_insecure_connections"),
                )
            };
            facts.backends.iter().any(insecure)
        },
    ),
    ("2.2.1", MEDIUM, "Hide the version banner in runtime.", |facts| {
        !is_true(&facts.component("router").member("hide_version_header"))
    }),
    ("2.2.2", HIGH, "Enable CORS.", |facts| !facts.has("security/cors")),
    ("2.2.3", HIGH, "Avoid passing all input headers to the backend.", |facts| {
        facts.endpoints.iter().any(|endpoint| lists(&endpoint.field("input_headers"), "*"))
    }),
    ("2.2.4", HIGH, "Avoid passing all input query strings to the backend.", |facts| {
        facts.endpoints.iter().any(|endpoint| lists(&endpoint.field("input_query_strings"), "*"))
    }),
    ("2.2.5", LOW, "Avoid exposing a gRPC server without services declared.", |facts| {
        let grpc = facts.component("grpc");
        !grpc.is_absent() && grpc.member("server").member("services").elements().is_empty()
    }),
    ("2.3.1", MEDIUM, "Limit the size of the cache of backend answers (qos/http-cache).", |facts| {
        let unbounded = |backend| {
            let cache = component(backend, "qos/http-cache");
            !cache.is_absent() && cache.member("max_items").is_absent() && cache.member("max_size").is_absent()
        };
        facts.backends.iter().any(unbounded)
    }),
    ("3.1.1", LOW, "Enable the bot detector.", |facts| {
        !facts.has("security/bot-detector") && !facts.any_endpoint_has("security/bot-detector")
    }),
    ("3.1.2", HIGH, "Implement a rate-limiting strategy and avoid having an All-You-Can-Eat API.", |facts| {
        !LIMITS.iter().any(|name| facts.has_anywhere(name))
    }),
    ("3.1.3", HIGH, "Protect your backends with a circuit breaker.", |facts| {
        !["qos/circuit-breaker", "qos/circuit-breaker/http"].iter().any(|name| facts.has_anywhere(name))
    }),
    ("3.3.1", LOW, "Set timeouts to below 3 seconds for improved performance.", |facts| facts.any_timeout_above(3)),
    ("3.3.2", MEDIUM, "Set timeouts to below 5 seconds for improved performance.", |facts| facts.any_timeout_above(5)),
    ("3.3.3", HIGH, "Set timeouts to below 30 seconds for improved performance.", |facts| facts.any_timeout_above(30)),
    ("3.3.4", CRITICAL, "Set timeouts to below 1 minute for improved performance.", |facts| {
        facts.any_timeout_above(60)
    }),
    (
        "4.1.1",
        MEDIUM,
        "Implement a telemetry system for collecting metrics for monitoring and troubleshooting.",
        |facts| !METRICS.iter().any(|name| facts.has(name)),
    ),
    ("4.1.3", HIGH, "Avoid duplicating telemetry options to prevent system overload.", |facts| {
        METRICS.iter().filter(|name| facts.has(name)).count() > 1
    }),
    ("4.2.1", MEDIUM, "Implement a telemetry system for tracing for monitoring and troubleshooting.", |facts| {
        let tracing = ["telemetry/opentelemetry", "telemetry/opencensus", "telemetry/instana", "telemetry/newrelic"];
        !tracing.iter().any(|name| facts.has(name))
    }),
    ("4.3.1", MEDIUM, "Use the improved logging component for better log parsing.", |facts| {
        !["telemetry/logging", "telemetry/gelf", "telemetry/logstash"].iter().any(|name| facts.has(name))
    }),
    ("5.1.1", LOW, "Follow a RESTful endpoint structure for improved readability and maintainability.", |facts| {
        facts.is_on("disable_rest")
    }),
    ("5.1.2", LOW, "Disable the /__debug/ endpoint for added security.", |facts| facts.is_on("debug_endpoint")),
    ("5.1.3", LOW, "Disable the /__echo/ endpoint for added security.", |facts| facts.is_on("echo_endpoint")),
    ("5.1.4", LOW, "Declare explicit endpoints instead of using wildcards.", |facts| {
        any_path(facts, |path| path.ends_with("/*"))
    }),
    ("5.1.5", MEDIUM, "Declare explicit endpoints instead of using /__catchall.", |facts| {
        any_path(facts, |path| path == "/__catchall")
    }),
    ("5.1.6", MEDIUM, "Avoid using multiple write methods in endpoint definitions.", |facts| {
        let writes = |endpoint: &Node<'_>| {
            let own = method(endpoint, "GET");
            let backends = endpoint.field("backend").elements();
            backends.iter().filter(|backend| !matches!(method(backend, &own).as_str(), "GET" | "HEAD")).count()
        };
        facts.endpoints.iter().any(|endpoint| writes(endpoint) > 1)
    }),
    ("5.1.7", MEDIUM, "Avoid using the sequential proxy.", |facts| {
        facts.endpoints.iter().any(|endpoint| is_true(&component(endpoint, "proxy").member("sequential")))
    }),
    ("5.2.1", CRITICAL, "Ensure all endpoints have at least one backend for proper functionality.", |facts| {
        facts.endpoints.iter().any(|endpoint| endpoint.field("backend").elements().is_empty())
    }),
    ("5.2.2", LOW, "Benefit from the backend for frontend pattern capabilities.", |facts| {
        facts.endpoints.iter().all(|endpoint| endpoint.field("backend").elements().len() <= 1)
    }),
    ("5.2.3", LOW, "Avoid coupling clients by overusing no-op encoding.", |facts| {
        !facts.endpoints.is_empty() && facts.endpoints.iter().all(|endpoint| facts.output(endpoint) == "no-op")
    }),
    ("6.1.1", LOW, "Avoid starting many async agents one after the other.", |facts| {
        facts.is_on("sequential_start") && facts.root("async_agent").elements().len() >= 10
    }),
    ("7.3.1", MEDIUM, "Use tls.keys instead of tls.public_key and tls.private_key, which are deprecated.", |facts| {
        let tls = facts.root("tls");
        !tls.field("public_key").is_absent() || !tls.field("private_key").is_absent()
    }),
    // The eighth group is ours: it is about keys that the original does not know.
    ("8.1.1", HIGH, "Avoid forwarding the credentials of clients to shadows (headers.credentials).", |facts| {
        any_policy(facts, |policy| policy.member("headers").member("credentials").value() == "forward")
    }),
    ("8.1.2", MEDIUM, "Give shadows that get writes (match.unsafe_methods) stores of their own.", |facts| {
        any_policy(facts, |policy| policy.member("match").member("unsafe_methods").value() == "allow")
    }),
];

/// Whether any policy, or the defaults of any, is so.
fn any_policy(facts: &Facts<'_>, wanted: fn(&Node<'_>) -> bool) -> bool {
    let of_backend = |backend: &Node<'_>| {
        let proxy = component(backend, "proxy");
        wanted(&proxy.member("@shadow_policy")) || wanted(&proxy.member("shadow_policy"))
    };
    wanted(&facts.component("@shadow"))
        || facts.endpoints.iter().any(|endpoint| wanted(&component(endpoint, "@shadow")))
        || facts.backends.iter().any(of_backend)
}

fn any_path(facts: &Facts<'_>, wanted: fn(&str) -> bool) -> bool {
    facts.endpoints.iter().any(|endpoint| endpoint.field("endpoint").value().as_str().is_some_and(wanted))
}

fn method(node: &Node<'_>, otherwise: &str) -> String {
    let written = node.field("method").value().as_str().filter(|method| !method.is_empty());
    written.unwrap_or(otherwise).to_ascii_uppercase()
}

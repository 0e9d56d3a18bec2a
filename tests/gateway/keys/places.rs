//! Where the objects of a scope stand in a file: put members there, take them away.

use gnomon::config::known::Scope;
use serde_json::{Map, Value};

/// The way to the first object of a scope. A `0` is the first element of a list.
fn path(scope: Scope) -> Vec<&'static str> {
    let endpoint = ["endpoints", "0"];
    let backend = ["endpoints", "0", "backend", "0"];
    let of_service = |rest: &[&'static str]| rest.to_vec();
    let of_endpoint = |rest: &[&'static str]| [&endpoint[..], rest].concat();
    let of_backend = |rest: &[&'static str]| [&backend[..], rest].concat();
    let of_policy = |rest: &[&'static str]| [&backend[..], &["extra_config", "proxy", "@shadow_policy"], rest].concat();
    let of_split = |rest: &[&'static str]| [&backend[..], &["extra_config", "proxy", "@split"], rest].concat();
    let of_telemetry = |rest: &[&'static str]| [&["extra_config", "telemetry/opentelemetry"], rest].concat();
    match scope {
        Scope::Service => of_service(&[]),
        Scope::Tls => of_service(&["tls"]),
        Scope::TlsKeys => of_service(&["tls", "keys", "0"]),
        Scope::ClientTls => of_service(&["client_tls"]),
        Scope::ClientCerts => of_service(&["client_tls", "client_certs", "0"]),
        Scope::ServiceComponents => of_service(&["extra_config"]),
        Scope::Router => of_service(&["extra_config", "router"]),
        Scope::Cors => of_service(&["extra_config", "security/cors"]),
        Scope::SecureHttp => of_service(&["extra_config", "security/http"]),
        Scope::BotDetector => of_service(&["extra_config", "security/bot-detector"]),
        Scope::Admin => of_service(&["extra_config", "@admin"]),
        Scope::AccessLog => of_service(&["extra_config", "@access_log"]),
        Scope::Shadow => of_service(&["extra_config", "@shadow"]),
        Scope::Overload => of_service(&["extra_config", "@shadow", "overload"]),
        Scope::Policy => of_policy(&[]),
        Scope::PolicySample => of_policy(&["sample"]),
        Scope::PolicyMatch => of_policy(&["match"]),
        Scope::PolicyLimits => of_policy(&["limits"]),
        Scope::PolicyDispatch => of_policy(&["dispatch"]),
        Scope::PolicyBody => of_policy(&["body"]),
        Scope::PolicyHeaders => of_policy(&["headers"]),
        Scope::PolicyMarks => of_policy(&["headers", "mark"]),
        Scope::PolicyNetwork => of_policy(&["network"]),
        Scope::PolicyBreaker => of_policy(&["breaker"]),
        Scope::PolicyRamp => of_policy(&["ramp"]),
        Scope::PolicyStep => of_policy(&["ramp", "steps", "0"]),
        Scope::PolicyLoop => of_policy(&["loop"]),
        Scope::PolicyPeer => of_policy(&["loop", "trusted_marks", "0"]),
        Scope::PolicyCompare => of_policy(&["compare"]),
        Scope::PolicyArrays => of_policy(&["compare", "arrays", "$.a"]),
        Scope::PolicyNumbers => of_policy(&["compare", "numbers", "$.a"]),
        Scope::PolicyTimes => of_policy(&["compare", "times", "$.a"]),
        Scope::PolicyText => of_policy(&["compare", "text"]),
        Scope::PolicyBaseline => of_policy(&["compare", "baseline"]),
        Scope::PolicyStore => of_policy(&["store"]),
        Scope::PolicyStop => of_policy(&["stop_on"]),
        Scope::Split => of_split(&[]),
        Scope::SplitVariant => of_split(&["to", "0"]),
        Scope::SplitStop => of_split(&["stop_on"]),
        Scope::Metrics => of_service(&["extra_config", "telemetry/metrics"]),
        Scope::Logging => of_service(&["extra_config", "telemetry/logging"]),
        Scope::Logstash => of_service(&["extra_config", "telemetry/logstash"]),
        Scope::OpenTelemetry => of_telemetry(&[]),
        Scope::Exporters => of_telemetry(&["exporters"]),
        Scope::OtlpExporter => of_telemetry(&["exporters", "otlp", "0"]),
        Scope::PrometheusExporter => of_telemetry(&["exporters", "prometheus", "0"]),
        Scope::TelemetryLayers => of_telemetry(&["layers"]),
        Scope::GlobalLayer => of_telemetry(&["layers", "global"]),
        Scope::ProxyLayer => of_telemetry(&["layers", "proxy"]),
        Scope::BackendLayer => of_telemetry(&["layers", "backend"]),
        Scope::BackendMetrics => of_telemetry(&["layers", "backend", "metrics"]),
        Scope::BackendTraces => of_telemetry(&["layers", "backend", "traces"]),
        Scope::EndpointTelemetry => of_endpoint(&["extra_config", "telemetry/opentelemetry"]),
        Scope::EndpointGlobal => of_endpoint(&["extra_config", "telemetry/opentelemetry", "global"]),
        Scope::BackendTelemetry => of_backend(&["extra_config", "telemetry/opentelemetry"]),
        Scope::Endpoint => of_endpoint(&[]),
        Scope::EndpointComponents => of_endpoint(&["extra_config"]),
        Scope::EndpointProxy => of_endpoint(&["extra_config", "proxy"]),
        Scope::Static => of_endpoint(&["extra_config", "proxy", "static"]),
        Scope::FlatmapOperation => of_endpoint(&["extra_config", "proxy", "flatmap_filter", "0"]),
        Scope::Validator => of_endpoint(&["extra_config", "auth/validator"]),
        Scope::Signer => of_endpoint(&["extra_config", "auth/signer"]),
        Scope::Expression => of_endpoint(&["extra_config", "validation/cel", "0"]),
        Scope::RouterLimit => of_endpoint(&["extra_config", "qos/ratelimit/router"]),
        Scope::Backend => of_backend(&[]),
        Scope::BackendComponents => of_backend(&["extra_config"]),
        Scope::BackendProxy => of_backend(&["extra_config", "proxy"]),
        Scope::BackendHttp => of_backend(&["extra_config", "backend/http"]),
        Scope::BackendHttpClient => of_backend(&["extra_config", "backend/http/client"]),
        Scope::ProxyLimit => of_backend(&["extra_config", "qos/ratelimit/proxy"]),
        Scope::CircuitBreaker => of_backend(&["extra_config", "qos/circuit-breaker"]),
        Scope::HttpCache => of_backend(&["extra_config", "qos/http-cache"]),
        Scope::ClientCredentials => of_backend(&["extra_config", "auth/client-credentials"]),
        Scope::GraphQl => of_backend(&["extra_config", "backend/graphql"]),
    }
}

/// Where a key of the first object of a scope stands, as a JSON pointer.
pub(super) fn pointer(scope: Scope, key: &str) -> String {
    path(scope)
        .into_iter()
        .chain([key])
        .map(|step| format!("/{}", step.replace('~', "~0").replace('/', "~1")))
        .collect()
}

/// The first object of a scope; what is missing on the way to it is made.
pub(super) fn object(file: &mut Value, scope: Scope) -> &mut Map<String, Value> {
    let mut place = file;
    for step in path(scope) {
        place = if step == "0" { first(place) } else { member(place, step) };
    }
    members(place)
}

fn members(place: &mut Value) -> &mut Map<String, Value> {
    if place.is_null() {
        *place = Value::Object(Map::new());
    }
    place.as_object_mut().expect("the file has an object here")
}

fn member<'a>(place: &'a mut Value, name: &str) -> &'a mut Value {
    members(place).entry(name).or_insert(Value::Null)
}

fn first(place: &mut Value) -> &mut Value {
    if place.is_null() {
        *place = Value::Array(vec![Value::Null]);
    }
    place.as_array_mut().and_then(|list| list.first_mut()).expect("the file has a list with an element here")
}

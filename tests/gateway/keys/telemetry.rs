//! `telemetry/opentelemetry`.

use gnomon::config::known::Scope as At;
use serde_json::{Value, json};

use super::{
    case::{Case, case},
    observe::happens,
    scene::Scene,
    walk::walk,
};
use crate::{
    client::try_get,
    telemetry::{Series, Told, find},
};

const PARENT: (&str, &str) = ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
/// A header that reaches the backend, and nothing secret.
const SEEN: (&str, &str) = ("X-Seen", "here");

pub(super) fn cases() -> Vec<Case> {
    [of_service(), of_exporters(), of_listeners(), of_layers(), of_backends(), of_places()]
        .into_iter()
        .flatten()
        .collect()
}

fn of_service() -> Vec<Case> {
    let named = |key, value: &'static str, attribute| {
        told(At::OpenTelemetry, key, json!(value)).sees(spans(move |spans| resource(spans, attribute)), value)
    };
    let often = |scope, key| {
        told(scope, key, json!(1)).sees(
            |scene: &Scene| {
                scene.get("/a");
                happens(|| figure(&scene.receiver(false).figures(), "http.server.duration").is_some())
            },
            true,
        )
    };
    vec![
        case(At::ServiceComponents, "telemetry/opentelemetry", json!({ "exporters": { "otlp": [exporter()] } }))
            .sees(spans(|spans| spans.len().into()), 5),
        named("service_name", "shop", "service.name"),
        named("service_version", "7", "service.version"),
        named("deploy_env", "test", "deployment.environment"),
        told(At::OpenTelemetry, "skip_paths", json!(["/a"])).sees(spans(|spans| spans.len().into()), 0),
        often(At::OpenTelemetry, "metric_reporting_period"),
        told(At::OpenTelemetry, "trace_sample_rate", json!(1e-18)).sees(spans(|spans| spans.len().into()), 0),
        told(At::OpenTelemetry, "exporters", json!({ "otlp": [exporter()] }))
            .sees(spans(|spans| spans.len().into()), 5),
        told(At::OpenTelemetry, "layers", json!({ "proxy": { "disable_traces": true } }))
            .sees(spans(|spans| stages(spans, "proxy")), 0),
        often(At::OtlpExporter, "custom_metric_reporting_period"),
    ]
}

fn of_exporters() -> Vec<Case> {
    let at = |key, value| told(At::OtlpExporter, key, value);
    vec![
        told(At::Exporters, "otlp", json!([exporter()])).sees(spans(|spans| spans.len().into()), 5),
        at("name", json!("collector")).sees(
            |scene: &Scene| {
                let page = try_get(scene.gateway().admin(), "/metrics").map(|answer| answer.text());
                page.is_some_and(|page| page.contains("{exporter=\"collector\"}")).into()
            },
            true,
        ),
        at("host", json!("127.0.0.1")).otherwise(json!("nowhere.invalid")).sees(spans(|spans| spans.len().into()), 5),
        at("port", json!("{grpc}")).otherwise(json!("{other_port}")).sees(spans(|spans| spans.len().into()), 5),
        at("use_http", json!(true)).with(At::OtlpExporter, json!({ "port": "{http}" })).sees(
            |scene: &Scene| {
                scene.get("/a");
                scene.ended();
                scene.receiver(true).messages("traces").len().into()
            },
            1,
        ),
        at("disable_metrics", json!(true)).sees(figures(|figures| figures.is_empty().into()), true),
        at("disable_traces", json!(true)).sees(spans(|spans| spans.len().into()), 0),
    ]
}

fn of_listeners() -> Vec<Case> {
    let listener = || json!({ "host": "127.0.0.1", "port": "{other_port}" });
    let at = |key, value| {
        case(At::PrometheusExporter, key, value)
            .with(At::Exporters, json!({ "prometheus": [listener()] }))
            .sees(|scene: &Scene| page_holds(scene, "http_server_duration_count{"), true)
    };
    let other = |key, name, part: &'static str, holds: bool| {
        at(key, name).sees(move |scene: &Scene| page_holds(scene, part), holds)
    };
    // An address that is not this machine's.
    let elsewhere = json!("192.0.2.1");
    vec![
        told(At::Exporters, "prometheus", json!([listener()]))
            .sees(|scene: &Scene| page_holds(scene, "http_server_duration_count{"), true),
        at("port", json!("{other_port}")).otherwise(json!("{grpc}")),
        at("host", json!("127.0.0.1")).otherwise(elsewhere.clone()),
        at("listen_ip", json!("127.0.0.1")).without(At::PrometheusExporter, "host").otherwise(elsewhere),
        at("name", json!("scraped")).with(At::PrometheusExporter, json!({ "host": "192.0.2.1" })).sees(
            |scene: &Scene| {
                scene.gateway();
                happens(|| scene.gateway().output().contains("scraped cannot listen on"))
            },
            true,
        ),
        other("process_metrics", json!(true), "process_open_fds ", true),
        other("disable_metrics", json!(true), "http_server_duration_count{", false),
    ]
}

fn of_layers() -> Vec<Case> {
    let off = json!({ "disable_traces": true });
    let global = |key, value| told(At::GlobalLayer, key, value);
    let proxy = |key, value| told(At::ProxyLayer, key, value);
    vec![
        told(At::TelemetryLayers, "global", off.clone()).sees(spans(|spans| stages(spans, "global")), 0),
        told(At::TelemetryLayers, "proxy", off).sees(spans(|spans| stages(spans, "proxy")), 0),
        told(At::TelemetryLayers, "backend", json!({ "traces": {} })).sees(spans(|spans| spans.len().into()), 3),
        global("disable_metrics", json!(true))
            .sees(figures(|all| figure(all, "http.server.duration").into()), Value::Null),
        global("disable_traces", json!(true)).sees(spans(|spans| stages(spans, "global")), 0),
        global("disable_propagation", json!(true))
            .sees(spans_of(&[PARENT], |spans| spans.iter().filter(|span| span.parent.is_empty()).count().into()), 1),
        global("report_headers", json!(true)).sees(seen_header("global"), json!(["here"])),
        global("skip_headers", json!(["X-Seen"]))
            .with(At::GlobalLayer, json!({ "report_headers": true }))
            .sees(seen_header("global"), Value::Null),
        global("metrics_static_attributes", mark()).sees(marked("http.server.duration"), "v"),
        global("traces_static_attributes", mark()).sees(spans(|spans| said(spans, "global", "k")), "v"),
        global("semantic_convention", json!("1.27"))
            .sees(figures(|all| figure(all, "http.server.request.duration").into()), 1.0),
        proxy("disable_metrics", json!(true))
            .sees(figures(|all| figure(all, "krakend.proxy.duration").into()), Value::Null),
        proxy("disable_traces", json!(true)).sees(spans(|spans| stages(spans, "proxy")), 0),
        answered_with_header(proxy("report_headers", json!(true)))
            .sees(spans(|spans| said(spans, "proxy", "http.response.header.x-answer")), json!(["there"])),
        answered_with_header(proxy("skip_headers", json!(["X-Answer"])))
            .with(At::ProxyLayer, json!({ "report_headers": true }))
            .sees(spans(|spans| said(spans, "proxy", "http.response.header.x-answer")), Value::Null),
        proxy("metrics_static_attributes", mark()).sees(marked("krakend.proxy.duration"), "v"),
        proxy("traces_static_attributes", mark()).sees(spans(|spans| said(spans, "proxy", "k")), "v"),
    ]
}

fn of_backends() -> Vec<Case> {
    let metrics = |key, value| told(At::BackendMetrics, key, value);
    let traces = |key, value| told(At::BackendTraces, key, value);
    vec![
        told(At::BackendLayer, "metrics", json!({}))
            .sees(figures(|all| figure(all, "http.client.duration").into()), Value::Null),
        told(At::BackendLayer, "traces", json!({})).sees(spans(|spans| spans.len().into()), 3),
        metrics("disable_stage", json!(true))
            .sees(figures(|all| figure(all, "krakend.backend.duration").into()), Value::Null),
        metrics("round_trip", json!(true)).sees(figures(|all| figure(all, "http.client.duration").into()), 1.0),
        metrics("read_payload", json!(true))
            .sees(figures(|all| figure(all, "http.client.response.read.size-hist").into()), 1.0),
        metrics("detailed_connection", json!(true))
            .sees(figures(|all| figure(all, "http.client.request.get-conn.duration").into()), 1.0),
        metrics("static_attributes", mark()).sees(marked("krakend.backend.duration"), "v"),
        traces("disable_stage", json!(true)).sees(spans(|spans| stages(spans, "backend")), 0),
        traces("round_trip", json!(true)).sees(spans(|spans| stages(spans, "backend-request")), 1),
        traces("read_payload", json!(true)).sees(spans(|spans| stages(spans, "backend-response")), 1),
        traces("detailed_connection", json!(true))
            .with(At::BackendTraces, json!({ "round_trip": true }))
            .sees(spans(|spans| said(spans, "backend-request", "get-conn-duration").is_number().into()), true),
        traces("static_attributes", mark()).sees(spans(|spans| said(spans, "backend", "k")), "v"),
        traces("report_headers", json!(true))
            .with(At::BackendTraces, json!({ "round_trip": true }))
            .sees(seen_header("backend-request"), json!(["here"])),
        traces("skip_headers", json!(["X-Seen"]))
            .with(At::BackendTraces, json!({ "round_trip": true, "report_headers": true }))
            .sees(seen_header("backend-request"), Value::Null),
    ]
}

/// What endpoints and backends say instead.
fn of_places() -> Vec<Case> {
    let off = json!({ "proxy": { "disable_traces": true } });
    let own = json!({ "traces": { "disable_stage": true } });
    vec![
        told(At::EndpointComponents, "telemetry/opentelemetry", off.clone())
            .sees(spans(|spans| stages(spans, "proxy")), 0),
        told(At::BackendComponents, "telemetry/opentelemetry", json!({ "backend": own }))
            .sees(spans(|spans| stages(spans, "backend")), 0),
        told(At::EndpointTelemetry, "proxy", off["proxy"].clone()).sees(spans(|spans| stages(spans, "proxy")), 0),
        told(At::EndpointTelemetry, "global", json!({ "traces_static_attributes": mark() }))
            .sees(spans(|spans| said(spans, "global", "k")), "v"),
        told(At::EndpointGlobal, "metrics_static_attributes", mark()).sees(marked("http.server.duration"), "v"),
        told(At::EndpointGlobal, "traces_static_attributes", mark())
            .sees(spans(|spans| said(spans, "global", "k")), "v"),
        told(At::BackendTelemetry, "backend", own).sees(spans(|spans| stages(spans, "backend")), 0),
    ]
}

fn exporter() -> Value {
    json!({ "name": "a", "host": "127.0.0.1", "port": "{grpc}" })
}

fn mark() -> Value {
    json!([{ "key": "k", "value": "v" }])
}

/// A case of a file that tells a receiver over gRPC. Its backend gets the header that is looked for.
fn told(scope: At, key: &'static str, value: Value) -> Case {
    case(scope, key, value)
        .with(At::Exporters, json!({ "otlp": [exporter()] }))
        .with(At::Endpoint, json!({ "input_headers": ["X-Seen"] }))
}

/// The endpoint passes on what the backend answers, with a header.
fn answered_with_header(case: Case) -> Case {
    let answer = crate::upstream::Reply::json(&json!({})).with("X-Answer", "there");
    case.with(At::Endpoint, json!({ "output_encoding": "no-op" })).upstream(answer)
}

/// What is said about the spans of one request, when the program has ended and nothing more can come.
fn spans(look: impl Fn(&[Told]) -> Value + Send + Sync + 'static) -> impl Fn(&Scene) -> Value {
    spans_of(&[SEEN], look)
}

fn spans_of(
    headers: &'static [(&'static str, &'static str)],
    look: impl Fn(&[Told]) -> Value + Send + Sync + 'static,
) -> impl Fn(&Scene) -> Value {
    move |scene| {
        assert_eq!(scene.ask("GET", "/a", headers, b"").status, 200);
        scene.ended();
        look(&scene.receiver(false).spans())
    }
}

/// The same about its figures.
fn figures(look: impl Fn(&[Series]) -> Value + Send + Sync + 'static) -> impl Fn(&Scene) -> Value {
    move |scene| {
        assert_eq!(scene.get("/a").status, 200);
        scene.ended();
        look(&scene.receiver(false).figures())
    }
}

fn resource(spans: &[Told], attribute: &str) -> Value {
    spans.first().and_then(|span| span.resource.get(attribute).cloned()).unwrap_or(Value::Null)
}

/// How many spans a stage has.
fn stages(spans: &[Told], stage: &str) -> Value {
    spans.iter().filter(|span| span.stage() == stage).count().into()
}

/// What the span of a stage says.
fn said(spans: &[Told], stage: &str, attribute: &str) -> Value {
    spans.iter().find(|span| span.stage() == stage).map_or(Value::Null, |span| span.says(attribute))
}

/// Whether a header of the request is told by the span of a stage.
fn seen_header(stage: &'static str) -> impl Fn(&Scene) -> Value {
    spans(move |spans| said(spans, stage, "http.request.header.x-seen"))
}

fn figure(all: &[Series], name: &str) -> Option<f64> {
    find(all, name, &json!({})).map(|series| series.count)
}

/// The label that was asked for.
fn marked(name: &'static str) -> impl Fn(&Scene) -> Value {
    figures(move |all| {
        find(all, name, &json!({})).and_then(|series| series.labels.get("k").cloned()).unwrap_or(Value::Null)
    })
}

/// Whether the page for Prometheus comes to hold this after a request.
fn page_holds(scene: &Scene, part: &str) -> Value {
    scene.get("/a");
    happens(|| try_get(scene.other_address(), "/metrics").is_some_and(|page| page.text().contains(part)))
}

#[test]
fn every_key_of_opentelemetry_counts() {
    walk(&cases());
}

//! `telemetry/opentelemetry`: exporters, layers, and what endpoints and backends say instead.
//!
//! Promises: what is wrong costs the one value, which is told as a mistake; the gateway serves on, as the original does.
//! Only names that two exporters share switch all of it off, as there.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use serde_json::Value;

use crate::config::{
    BackendDetail, BackendLayer, EndpointTelemetry, GlobalLayer, Node, OpenTelemetry, OtlpExporter, PrometheusExporter,
    ProxyLayer, ReportedHeaders, StaticAttribute,
    diagnostic::{Diagnostic, Findings, Severity, brief},
};

/// The component's name.
pub const OPEN_TELEMETRY: &str = "telemetry/opentelemetry";

/// What the original calls a service that has no name.
const NAMELESS: &str = "KrakenD";
/// Nothing is recorded of these unless the file says otherwise.
const SKIPPED: [&str; 4] = ["/__health", "/__debug/", "/__echo/", "/__stats/"];
const REPORTING_SECONDS: u64 = 30;
const OTLP_PORT: u16 = 4317;
const PROMETHEUS_PORT: u16 = 9090;

/// Reads the component of the service, whose name is `name`; `None` when nobody is to get anything.
#[must_use]
pub fn open_telemetry(node: &Node<'_>, name: &str, findings: &mut Findings) -> Option<OpenTelemetry> {
    if !is_object(node, findings) {
        return None;
    }
    let reporting_period =
        seconds(&node.member("metric_reporting_period"), Duration::from_secs(REPORTING_SECONDS), findings);
    let exporters = node.member("exporters");
    let otlp = elements(&exporters.member("otlp"), findings, |node, findings| otlp(node, reporting_period, findings));
    let prometheus = elements(&exporters.member("prometheus"), findings, prometheus);
    if otlp.is_empty() && prometheus.is_empty() {
        findings.warning(exporters.pointer(), "without an exporter nobody gets traces or figures");
        return None;
    }
    if let Some(twice) = name_given_twice(&otlp, &prometheus) {
        let message = format!("two exporters are called {twice:?}: nothing is recorded, as in KrakenD");
        findings
            .push(Diagnostic::new(Severity::Mistake, exporters.pointer(), message).hint("give each a name of its own"));
        return None;
    }
    let layers = node.member("layers");
    is_object(&layers, findings);
    let default_name = if name.is_empty() { NAMELESS } else { name };
    let skipped = || SKIPPED.map(str::to_owned).to_vec();
    Some(OpenTelemetry {
        service_name: text(&node.member("service_name"), default_name, findings),
        service_version: text(&node.member("service_version"), "", findings),
        deploy_env: text(&node.member("deploy_env"), "", findings),
        skip_paths: texts(&node.member("skip_paths"), findings).unwrap_or_else(skipped),
        reporting_period,
        sample_rate: sample_rate(&node.member("trace_sample_rate"), findings),
        otlp,
        prometheus,
        global: global(&layers.member("global"), findings),
        proxy: proxy(&layers.member("proxy"), findings),
        backend: backend(&layers.member("backend"), findings),
    })
}

/// Reads the component of an endpoint.
pub fn endpoint_telemetry(node: &Node<'_>, findings: &mut Findings) -> EndpointTelemetry {
    if !is_object(node, findings) {
        return EndpointTelemetry::default();
    }
    let (of_proxy, global) = (node.member("proxy"), node.member("global"));
    is_object(&global, findings);
    EndpointTelemetry {
        proxy: (!of_proxy.is_absent()).then(|| proxy(&of_proxy, findings)),
        metrics_attributes: attributes(&global.member("metrics_static_attributes"), findings),
        traces_attributes: attributes(&global.member("traces_static_attributes"), findings),
    }
}

/// Reads the component of a backend: what takes the place of the service's layer, if anything does.
pub fn backend_telemetry(node: &Node<'_>, findings: &mut Findings) -> Option<BackendLayer> {
    if !is_object(node, findings) {
        return None;
    }
    let layer = node.member("backend");
    (!layer.is_absent()).then(|| backend(&layer, findings))
}

fn otlp(node: &Node<'_>, reporting_period: Duration, findings: &mut Findings) -> OtlpExporter {
    OtlpExporter {
        name: text(&node.member("name"), "", findings),
        host: text(&node.member("host"), "localhost", findings),
        port: port(&node.member("port"), OTLP_PORT, findings),
        http: flag(&node.member("use_http"), findings),
        metrics: !flag(&node.member("disable_metrics"), findings),
        traces: !flag(&node.member("disable_traces"), findings),
        reporting_period: seconds(&node.member("custom_metric_reporting_period"), reporting_period, findings),
    }
}

fn prometheus(node: &Node<'_>, findings: &mut Findings) -> PrometheusExporter {
    let host = node.member("host");
    let host = if host.is_absent() { node.member("listen_ip") } else { host };
    PrometheusExporter {
        name: text(&node.member("name"), "", findings),
        listen: SocketAddr::new(listen_ip(&host, findings), port(&node.member("port"), PROMETHEUS_PORT, findings)),
        process_metrics: flag(&node.member("process_metrics"), findings),
        metrics: !flag(&node.member("disable_metrics"), findings),
    }
}

fn name_given_twice<'a>(otlp: &'a [OtlpExporter], prometheus: &'a [PrometheusExporter]) -> Option<&'a str> {
    let otlp = otlp.iter().map(|exporter| exporter.name.as_str());
    let mut seen = std::collections::BTreeSet::new();
    otlp.chain(prometheus.iter().map(|exporter| exporter.name.as_str())).find(|name| !seen.insert(*name))
}

fn global(node: &Node<'_>, findings: &mut Findings) -> GlobalLayer {
    is_object(node, findings);
    GlobalLayer {
        metrics: !flag(&node.member("disable_metrics"), findings),
        traces: !flag(&node.member("disable_traces"), findings),
        propagation: !flag(&node.member("disable_propagation"), findings),
        headers: headers(node, findings),
        metrics_attributes: attributes(&node.member("metrics_static_attributes"), findings),
        traces_attributes: attributes(&node.member("traces_static_attributes"), findings),
        semantic_1_27: semantic_1_27(&node.member("semantic_convention"), findings),
    }
}

fn proxy(node: &Node<'_>, findings: &mut Findings) -> ProxyLayer {
    is_object(node, findings);
    ProxyLayer {
        metrics: !flag(&node.member("disable_metrics"), findings),
        traces: !flag(&node.member("disable_traces"), findings),
        headers: headers(node, findings),
        metrics_attributes: attributes(&node.member("metrics_static_attributes"), findings),
        traces_attributes: attributes(&node.member("traces_static_attributes"), findings),
    }
}

fn backend(node: &Node<'_>, findings: &mut Findings) -> BackendLayer {
    is_object(node, findings);
    BackendLayer {
        metrics: detail(&node.member("metrics"), findings),
        traces: detail(&node.member("traces"), findings),
    }
}

/// What is not there is all on; in what is there each flag that is not named is off.
fn detail(node: &Node<'_>, findings: &mut Findings) -> BackendDetail {
    let all = node.is_absent();
    is_object(node, findings);
    let mut on = |key: &str| all || flag(&node.member(key), findings);
    BackendDetail {
        round_trip: on("round_trip"),
        read_payload: on("read_payload"),
        detailed_connection: on("detailed_connection"),
        stage: !flag(&node.member("disable_stage"), findings),
        attributes: attributes(&node.member("static_attributes"), findings),
        headers: headers(node, findings),
    }
}

fn headers(node: &Node<'_>, findings: &mut Findings) -> ReportedHeaders {
    let except = texts(&node.member("skip_headers"), findings).unwrap_or_default();
    ReportedHeaders {
        any: flag(&node.member("report_headers"), findings),
        except: except.iter().map(|name| name.to_ascii_lowercase()).collect(),
    }
}

/// Those without a name or a value are left out, as in the original.
fn attributes(node: &Node<'_>, findings: &mut Findings) -> Vec<StaticAttribute> {
    let read = elements(node, findings, |node, findings| {
        (text(&node.member("key"), "", findings), text(&node.member("value"), "", findings))
    });
    read.into_iter().filter(|(key, value)| !key.is_empty() && !value.is_empty()).collect()
}

fn semantic_1_27(node: &Node<'_>, findings: &mut Findings) -> bool {
    match text(node, "", findings).as_str() {
        "" => false,
        "1.27" => true,
        other => {
            let message = format!("{other:?} is not a convention: names stay as without it");
            findings.push(Diagnostic::new(Severity::Mistake, node.pointer(), message).hint("write \"1.27\""));
            false
        }
    }
}

fn sample_rate(node: &Node<'_>, findings: &mut Findings) -> f64 {
    let rate = read(node, findings, "a number from 0 to 1", Value::as_f64).unwrap_or(1.0);
    if rate == 0.0 {
        findings.warning(node.pointer(), "0 records every request, as in KrakenD; disable_traces records none");
    }
    rate.clamp(0.0, 1.0)
}

/// An object of the list, or none; what is no object is told.
fn elements<T>(node: &Node<'_>, findings: &mut Findings, mut one: impl FnMut(&Node<'_>, &mut Findings) -> T) -> Vec<T> {
    if read(node, findings, "a list", Value::as_array).is_none() {
        return Vec::new();
    }
    let mut all = Vec::new();
    for element in node.elements() {
        if is_object(&element, findings) {
            all.push(one(&element, findings));
        }
    }
    all
}

fn listen_ip(node: &Node<'_>, findings: &mut Findings) -> IpAddr {
    let everywhere = IpAddr::V6(Ipv6Addr::UNSPECIFIED);
    let address = |text: &str| match text {
        "" => Some(everywhere),
        "localhost" => Some(Ipv4Addr::LOCALHOST.into()),
        text => text.parse().ok(),
    };
    read(node, findings, "an IP address or \"localhost\"", |value| address(value.as_str()?)).unwrap_or(everywhere)
}

fn port(node: &Node<'_>, default: u16, findings: &mut Findings) -> u16 {
    let port = |value: &Value| u16::try_from(value.as_u64()?).ok();
    let port = read(node, findings, "a port", port).filter(|port| *port > 0);
    port.unwrap_or(default)
}

/// A number of whole seconds above zero.
fn seconds(node: &Node<'_>, default: Duration, findings: &mut Findings) -> Duration {
    let seconds = read(node, findings, "a number of seconds", Value::as_u64).filter(|seconds| *seconds > 0);
    seconds.map_or(default, |seconds| Duration::from_secs(seconds.min(u32::MAX.into())))
}

fn flag(node: &Node<'_>, findings: &mut Findings) -> bool {
    read(node, findings, "true or false", Value::as_bool).unwrap_or(false)
}

fn text(node: &Node<'_>, default: &str, findings: &mut Findings) -> String {
    let text = read(node, findings, "a text", |value| value.as_str().map(str::to_owned));
    text.filter(|text| !text.is_empty()).unwrap_or_else(|| default.to_owned())
}

fn texts(node: &Node<'_>, findings: &mut Findings) -> Option<Vec<String>> {
    let all = |value: &Value| {
        let texts = value.as_array()?.iter().map(|element| element.as_str().map(str::to_owned));
        texts.collect::<Option<Vec<_>>>()
    };
    read(node, findings, "a list of texts", all)
}

fn is_object(node: &Node<'_>, findings: &mut Findings) -> bool {
    read(node, findings, "an object", |value| value.as_object().map(drop)).is_some()
}

/// What `as_wanted` makes of a value that is there; if that is nothing, it is told and the default taken.
fn read<'a, T>(
    node: &Node<'a>,
    findings: &mut Findings,
    wanted: &str,
    as_wanted: impl FnOnce(&'a Value) -> Option<T>,
) -> Option<T> {
    if node.is_absent() {
        return None;
    }
    let value = as_wanted(node.value());
    if value.is_none() {
        let message = format!("{} is not {wanted}: it is read as if it were not there", brief(node.value()));
        findings.push(Diagnostic::new(Severity::Mistake, node.pointer(), message).value(node.value()));
    }
    value
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read_service(value: &Value) -> (Option<OpenTelemetry>, Vec<String>) {
        let mut findings = Findings::default();
        let read = open_telemetry(&Node::root(value), "name", &mut findings);
        (read, findings.into_list().iter().map(ToString::to_string).collect())
    }

    #[test]
    fn one_exporter_is_enough_and_everything_is_on() {
        let (read, findings) = read_service(&json!({ "exporters": { "otlp": [{ "name": "a" }] } }));
        let read = read.unwrap();
        assert!(findings.is_empty(), "{findings:?}");
        assert_eq!((read.service_name.as_str(), read.reporting_period.as_secs(), read.sample_rate), ("name", 30, 1.0));
        assert_eq!(read.skip_paths, SKIPPED);
        let wanted = OtlpExporter {
            name: "a".into(),
            host: "localhost".into(),
            port: 4317,
            http: false,
            metrics: true,
            traces: true,
            reporting_period: Duration::from_secs(30),
        };
        assert_eq!(read.otlp, [wanted]);
        assert!(read.global.metrics && read.global.traces && read.global.propagation && !read.global.headers.any);
        assert!(read.proxy.metrics && read.proxy.traces);
        for detail in [&read.backend.metrics, &read.backend.traces] {
            assert!(detail.stage && detail.round_trip && detail.read_payload && detail.detailed_connection);
        }
    }

    #[test]
    fn without_an_exporter_nothing_is_recorded() {
        assert_eq!(read_service(&json!(null)), (None, vec![]));
        let (read, findings) = read_service(&json!({ "exporters": { "otlp": [] } }));
        assert!(read.is_none() && findings.len() == 1, "{findings:?}");
    }

    #[test]
    fn two_exporters_of_one_name_switch_it_off() {
        let exporters = json!({ "otlp": [{ "name": "a" }], "prometheus": [{ "name": "a" }] });
        let (read, findings) = read_service(&json!({ "exporters": exporters }));
        assert!(read.is_none() && findings[0].contains("two exporters are called \"a\""), "{findings:?}");
    }

    #[test]
    fn an_object_that_is_there_is_off_but_for_what_it_names() {
        let layers = json!({ "backend": { "metrics": { "round_trip": true } } });
        let (read, _) = read_service(&json!({ "exporters": { "prometheus": [{}] }, "layers": layers }));
        let read = read.unwrap();
        let metrics = &read.backend.metrics;
        assert!(metrics.stage && metrics.round_trip && !metrics.read_payload && !metrics.detailed_connection);
        assert!(read.backend.traces.read_payload);
        assert_eq!(read.prometheus[0].listen.to_string(), "[::]:9090");
    }

    #[test]
    fn what_is_wrong_costs_that_value_only_and_is_told() {
        let (read, findings) = read_service(&json!({
            "service_name": 1, "metric_reporting_period": "5s", "trace_sample_rate": 0,
            "exporters": { "prometheus": [{ "port": 70000, "listen_ip": "nowhere" }, 7] },
            "layers": { "global": { "semantic_convention": "9", "disable_traces": "yes" } },
        }));
        let read = read.unwrap();
        assert_eq!(
            (read.service_name.as_str(), read.reporting_period.as_secs(), read.prometheus.len()),
            ("name", 30, 1)
        );
        assert!(read.global.traces && !read.global.semantic_1_27);
        assert_eq!(findings.len(), 8, "{findings:#?}");
        assert!(
            findings.iter().all(|finding| finding.starts_with(": error at /") || finding.contains("0 records every"))
        );
    }

    #[test]
    fn endpoints_and_backends_replace_whole_objects() {
        let value = json!({
            "proxy": { "disable_metrics": true },
            "global": { "traces_static_attributes": [{ "key": "a", "value": "b" }, { "key": "", "value": "b" }] },
            "backend": { "traces": {} },
        });
        let (node, mut findings) = (Node::root(&value), Findings::default());
        let endpoint = endpoint_telemetry(&node, &mut findings);
        assert!(endpoint.proxy.is_some_and(|proxy| !proxy.metrics && proxy.traces));
        assert_eq!(endpoint.traces_attributes, [("a".to_owned(), "b".to_owned())]);
        let backend = backend_telemetry(&node, &mut findings).unwrap();
        assert!(backend.metrics.round_trip && !backend.traces.round_trip && backend.traces.stage);
        assert!(findings.is_empty());
    }
}

//! `telemetry/opentelemetry`: which spans and figures are recorded, and who gets them.

use std::{net::SocketAddr, time::Duration};

/// `extra_config.telemetry/opentelemetry` of the service.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenTelemetry {
    /// `service_name`: what the service is called, the file's `name` unless given.
    pub service_name: String,
    /// `service_version`; empty if none.
    pub service_version: String,
    /// `deploy_env`; empty if none.
    pub deploy_env: String,
    /// `skip_paths`: nothing is recorded of these.
    pub skip_paths: Vec<String>,
    /// `metric_reporting_period`: how often figures are pushed.
    pub reporting_period: Duration,
    /// `trace_sample_rate`: the share of requests that begin a trace which is recorded; 0 and 1 record each.
    pub sample_rate: f64,
    /// `exporters.otlp`.
    pub otlp: Vec<OtlpExporter>,
    /// `exporters.prometheus`.
    pub prometheus: Vec<PrometheusExporter>,
    /// `layers.global`.
    pub global: GlobalLayer,
    /// `layers.proxy`.
    pub proxy: ProxyLayer,
    /// `layers.backend`.
    pub backend: BackendLayer,
}

/// An element of `exporters.otlp`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtlpExporter {
    /// `name`: tells it from others.
    pub name: String,
    /// `host`; over HTTP it may begin with a scheme.
    pub host: String,
    /// `port`.
    pub port: u16,
    /// `use_http`: HTTP instead of gRPC.
    pub http: bool,
    /// Unless `disable_metrics`.
    pub metrics: bool,
    /// Unless `disable_traces`.
    pub traces: bool,
    /// `custom_metric_reporting_period`, or that of the service.
    pub reporting_period: Duration,
}

/// An element of `exporters.prometheus`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrometheusExporter {
    /// `name`: tells it from others.
    pub name: String,
    /// `host` or `listen_ip`, and `port`.
    pub listen: SocketAddr,
    /// `process_metrics`: figures of the process as well.
    pub process_metrics: bool,
    /// Unless `disable_metrics`.
    pub metrics: bool,
}

/// An attribute that is the same for all: name and value, neither empty.
pub type StaticAttribute = (String, String);

/// `layers.global`: requests as the listener sees them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GlobalLayer {
    /// Unless `disable_metrics`.
    pub metrics: bool,
    /// Unless `disable_traces`.
    pub traces: bool,
    /// Unless `disable_propagation`: traces of clients go on.
    pub propagation: bool,
    /// `report_headers`, but for `skip_headers`.
    pub headers: ReportedHeaders,
    /// `metrics_static_attributes`.
    pub metrics_attributes: Vec<StaticAttribute>,
    /// `traces_static_attributes`.
    pub traces_attributes: Vec<StaticAttribute>,
    /// `semantic_convention` is `1.27`: names and units of figures are those of that version.
    pub semantic_1_27: bool,
}

/// `layers.proxy`: calls of endpoints behind their guards.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProxyLayer {
    /// Unless `disable_metrics`.
    pub metrics: bool,
    /// Unless `disable_traces`.
    pub traces: bool,
    /// `report_headers`, but for `skip_headers`.
    pub headers: ReportedHeaders,
    /// `metrics_static_attributes`.
    pub metrics_attributes: Vec<StaticAttribute>,
    /// `traces_static_attributes`.
    pub traces_attributes: Vec<StaticAttribute>,
}

/// `layers.backend`: calls of backends and their requests to upstreams.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BackendLayer {
    /// `metrics`.
    pub metrics: BackendDetail,
    /// `traces`.
    pub traces: BackendDetail,
}

/// How much of a backend is recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BackendDetail {
    /// Unless `disable_stage`: the whole call, with what components do.
    pub stage: bool,
    /// `round_trip`: each request to an upstream.
    pub round_trip: bool,
    /// `read_payload`: the reading of its answer's body.
    pub read_payload: bool,
    /// `detailed_connection`: how long getting the connection took.
    pub detailed_connection: bool,
    /// `static_attributes`.
    pub attributes: Vec<StaticAttribute>,
    /// `report_headers`, but for `skip_headers`; of traces only.
    pub headers: ReportedHeaders,
}

/// Which headers become attributes of spans.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReportedHeaders {
    /// `report_headers`: any at all.
    pub any: bool,
    /// `skip_headers`, in lower case.
    pub except: Vec<String>,
}

/// `extra_config.telemetry/opentelemetry` of an endpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndpointTelemetry {
    /// `proxy`, which takes the place of the service's.
    pub proxy: Option<ProxyLayer>,
    /// `global.metrics_static_attributes`, beside those of the service.
    pub metrics_attributes: Vec<StaticAttribute>,
    /// `global.traces_static_attributes`, beside those of the service.
    pub traces_attributes: Vec<StaticAttribute>,
}

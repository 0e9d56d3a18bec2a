//! What `telemetry/opentelemetry` records, for whom, and what it calls each endpoint and backend.

use std::sync::Arc;

use http::header::SET_COOKIE;

use crate::{
    config::{
        Backend, BackendDetail, Endpoint, OpenTelemetry, OtlpExporter, PrometheusExporter, ReportedHeaders, Service,
        StaticAttribute, rules::paths, shadow::TraceContext,
    },
    telemetry::{
        BackendSettings, EndpointSettings, Labels, Sampler, Settings, Value,
        labels::{BackendLabels, EndpointLabels},
        settings::{self, Belongs, Detail},
        span::Attribute,
    },
};

use super::{BackendPlan, EndpointPlan, ServicePlan, template::route_form};

/// What is recorded, and who gets it.
#[derive(Clone, Debug)]
pub struct TelemetryPlan {
    /// What is recorded; another reload may have it otherwise.
    pub settings: Arc<Settings>,
    /// Who gets it, which only a restart changes.
    pub exports: Arc<ExportPlan>,
}

/// The exporters, and what they say about the service.
#[derive(Debug, PartialEq)]
pub struct ExportPlan {
    /// Who is sent to.
    pub otlp: Vec<OtlpExporter>,
    /// Who comes and reads.
    pub prometheus: Vec<PrometheusExporter>,
    /// What the service says about itself; nothing is left out but what is empty.
    pub resource: Vec<(&'static str, String)>,
}

impl ExportPlan {
    /// Whether anybody wants figures.
    #[must_use]
    pub fn wants_figures(&self) -> bool {
        self.otlp.iter().any(|exporter| exporter.metrics) || self.prometheus.iter().any(|exporter| exporter.metrics)
    }
}

/// The plan for the service, whose endpoints are compiled already.
pub(super) fn service(config: &Service, endpoints: &[Arc<EndpointPlan>]) -> Option<TelemetryPlan> {
    let telemetry = config.open_telemetry.as_ref()?;
    let global = &telemetry.global;
    let settings = Settings {
        sampler: Sampler::new(telemetry.sample_rate),
        skip_paths: telemetry.skip_paths.clone(),
        metrics: global.metrics,
        traces: global.traces,
        propagation: global.propagation,
        headers: headers(&global.headers, config),
        fixed: fixed("global", &[], &global.traces_attributes),
        labels: Arc::new(labels(config, telemetry, endpoints)),
    };
    let resource = [
        ("service.name", &telemetry.service_name),
        ("service.version", &telemetry.service_version),
        ("deployment.environment", &telemetry.deploy_env),
    ];
    let resource = resource.into_iter().filter(|(_, value)| !value.is_empty());
    let exports = ExportPlan {
        otlp: telemetry.otlp.clone(),
        prometheus: telemetry.prometheus.clone(),
        resource: resource.map(|(name, value)| (name, value.clone())).collect(),
    };
    Some(TelemetryPlan { settings: Arc::new(settings), exports: Arc::new(exports) })
}

/// What is recorded of an endpoint; `None` where nothing is.
pub(super) fn endpoint(config: &Service, endpoint: &Endpoint) -> Option<Arc<EndpointSettings>> {
    let telemetry = config.open_telemetry.as_ref()?;
    let name = paths::router_form(&endpoint.path, &endpoint.params);
    let layer = endpoint.telemetry.proxy.as_ref().unwrap_or(&telemetry.proxy);
    let is_skipped = telemetry.skip_paths.contains(&name);
    Some(Arc::new(EndpointSettings {
        metrics: layer.metrics && !is_skipped,
        traces: layer.traces && !is_skipped,
        headers: headers(&layer.headers, config),
        fixed: fixed("proxy", &[], &layer.traces_attributes),
        of_global: attributes(&endpoint.telemetry.traces_attributes).collect(),
        name,
    }))
}

/// What is recorded of a backend; `None` where nothing is.
pub(super) fn backend(config: &Service, endpoint: &Endpoint, backend: &Backend) -> Option<Arc<BackendSettings>> {
    let telemetry = config.open_telemetry.as_ref()?;
    if telemetry.skip_paths.contains(&paths::router_form(&endpoint.path, &endpoint.params)) {
        return None;
    }
    let layer = backend.telemetry.as_ref().unwrap_or(&telemetry.backend);
    let shadow = backend.shadow.as_ref();
    // The original's spans don't tell shadows from live calls.
    let mark = [("krakend.shadow".into(), Value::Bool(true))];
    let more = if shadow.is_some() { &mark[..] } else { &[] };
    let policy = shadow.and_then(|shadow| shadow.policy.as_deref());
    let trace = policy.map(|policy| policy.rewrite.trace);
    Some(Arc::new(BackendSettings {
        name: route_form(&backend.url_pattern),
        metrics: detail(&layer.metrics),
        traces: detail(&layer.traces),
        headers: headers(&layer.traces.headers, config),
        fixed_of_stage: fixed("backend", more, &layer.traces.attributes),
        fixed_of_round_trip: fixed("backend-request", more, &layer.traces.attributes),
        fixed_of_reading: fixed("backend-response", more, &layer.traces.attributes),
        belongs: match (shadow, trace) {
            (None, _) | (_, Some(TraceContext::Inherit)) => Belongs::Below,
            (_, Some(TraceContext::Off)) => Belongs::Apart,
            // In plain mode the original's context goes on, as with link.
            (_, Some(TraceContext::Link) | None) => Belongs::BelowAndLinked,
        },
        injects: !matches!(trace, Some(TraceContext::Off)),
        semantic_1_27: telemetry.global.semantic_1_27,
    }))
}

fn detail(detail: &BackendDetail) -> Detail {
    let BackendDetail { stage, round_trip, read_payload, detailed_connection, .. } = *detail;
    Detail { stage, round_trip, read_payload, detailed_connection }
}

/// Headers that hold credentials, or hand them out, are told without what they say.
fn headers(headers: &ReportedHeaders, config: &Service) -> settings::ReportedHeaders {
    let mut hidden = if headers.any { ServicePlan::secret_headers(config) } else { Vec::new() };
    hidden.push(SET_COOKIE);
    settings::ReportedHeaders { any: headers.any, except: headers.except.clone(), hidden }
}

fn fixed(stage: &'static str, more: &[Attribute], of_file: &[StaticAttribute]) -> Arc<[Attribute]> {
    let first = [("krakend.stage".into(), stage.into())];
    first.into_iter().chain(more.iter().cloned()).chain(attributes(of_file)).collect()
}

fn attributes(all: &[StaticAttribute]) -> impl Iterator<Item = Attribute> {
    all.iter().map(|(name, value)| (name.clone().into(), value.clone().into()))
}

fn labels(config: &Service, telemetry: &OpenTelemetry, endpoints: &[Arc<EndpointPlan>]) -> Labels {
    let mut labels = Labels {
        scheme: if config.tls.is_some() { "https" } else { "http" },
        of_global: telemetry.global.metrics_attributes.clone(),
        semantic_1_27: telemetry.global.semantic_1_27,
        ..Labels::default()
    };
    for (place, endpoint) in config.endpoints.iter().enumerate() {
        let layer = endpoint.telemetry.proxy.as_ref().unwrap_or(&telemetry.proxy);
        labels.endpoints.push(EndpointLabels {
            route: paths::router_form(&endpoint.path, &endpoint.params),
            method: endpoint.method.clone(),
            of_global: endpoint.telemetry.metrics_attributes.clone(),
            of_proxy: layer.metrics_attributes.clone(),
        });
        // In the order in which backends are numbered.
        labels.backends.extend(endpoint.backends.iter().flat_map(Backend::with_variants).map(|backend| {
            BackendLabels {
                endpoint: place,
                route: route_form(&backend.url_pattern),
                method: backend.method.clone(),
                hosts: Vec::new(),
                shadow: backend.shadow.is_some(),
                more: backend.telemetry.as_ref().unwrap_or(&telemetry.backend).metrics.attributes.clone(),
            }
        }));
    }
    for backend in endpoints.iter().flat_map(|endpoint| all_backends(endpoint)) {
        let place = usize::try_from(backend.id.0).ok();
        if let Some(labels) = place.and_then(|place| labels.backends.get_mut(place)) {
            labels.hosts = backend.bases.iter().map(host).collect();
        }
    }
    labels
}

fn all_backends(endpoint: &EndpointPlan) -> impl Iterator<Item = &Arc<BackendPlan>> {
    endpoint.answering().chain(endpoint.shadows.iter().map(|shadow| &shadow.backend))
}

/// The host and its port, which is that of the scheme unless given.
fn host(base: &super::Base) -> (String, u16) {
    let of_scheme = if base.scheme == http::uri::Scheme::HTTPS { 443 } else { 80 };
    (base.authority.host().to_owned(), base.authority.port_u16().unwrap_or(of_scheme))
}

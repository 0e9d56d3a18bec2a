//! Config → Plan.

use std::{collections::HashMap, net::SocketAddr, sync::Arc};

use bytes::Bytes;
use http::{HeaderValue, Method, uri::Scheme};

use crate::{
    backend::{FetchedKeys, transport::PoolLimits},
    component::{
        auth::KeyHosts,
        qos::http_cache::SharedStores,
        tables::{self, Place},
    },
    config::{
        Backend, Diagnostic, Discovery, Endpoint, FlatmapOp, Service, Severity, diagnostic::Findings,
        shadow::BaselineMode,
    },
    encoding::{Decoder, Encoder},
    endpoint::static_data::StaticData,
    shape::{self, Shape, ShapeSpec},
    stats::{BackendId, BackendName, EndpointId, EndpointName, Names},
};

use super::{
    BackendPlan, ClientAddress, EndpointPlan, Flow, HeaderPick, Identity, Intake, OriginNeeds, Plan, QueryPick, Routes,
    ServiceName, ServicePlan, ShadowBounds, ShadowPlan, SplitPlan, Target, Targets, Template, exposure,
    hosts::bases,
    metrics,
    routes::{RouteRules, segments},
    telemetry,
    template::{go_form, propagated_value},
};

/// Compiles a configuration that has no errors. It cannot fail; what components have to say about their settings is in
/// the findings.
#[must_use]
pub fn compile(config: &Service) -> (Plan, Findings) {
    compile_with(config, &Arc::new(Kept::new(config)))
}

/// The same, for a plan whose components share what those of an earlier plan share.
pub(super) fn compile_with(config: &Service, kept: &Arc<Kept>) -> (Plan, Findings) {
    let mut findings = Findings::default();
    let mut names = Names::default();
    let endpoints: Vec<Arc<EndpointPlan>> = config
        .endpoints
        .iter()
        .map(|endpoint| Arc::new(endpoint_plan(endpoint, config, kept, &mut names, &mut findings)))
        .collect();
    let service = service_plan(config, &endpoints, &mut findings);
    let targets = Targets::first(names.backends.len());
    let (names, kept) = (Arc::new(names), Arc::clone(kept));
    (Plan { service, routes: routes(config), endpoints, names, targets, kept }, findings)
}

/// What components of the whole service share. Live backends share nothing with shadows but keys.
#[derive(Debug)]
pub struct Kept {
    key_hosts: Arc<dyn KeyHosts>,
    live: SharedStores,
    shadow: SharedStores,
}

impl Kept {
    fn new(config: &Service) -> Self {
        let agent = Identity::new(config.router.hide_version_header).agent;
        let key_hosts: Arc<dyn KeyHosts> = Arc::new(FetchedKeys::new(agent));
        Self { key_hosts, live: SharedStores::default(), shadow: SharedStores::default() }
    }
}

fn service_plan(config: &Service, endpoints: &[Arc<EndpointPlan>], findings: &mut Findings) -> ServicePlan {
    let error_body = |status: u16| config.router.error_body.get(&status).map(|text| Bytes::from(text.clone()));
    ServicePlan {
        name: config.name.clone(),
        listen: ServicePlan::listen_address(config.listen_ip, config.port),
        identity: Identity::new(config.router.hide_version_header),
        edge: tables::edge(&config.extra, findings),
        client_address: ClientAddress::new(&config.router),
        shows_errors: config.router.return_error_msg,
        skips_path_check: config.router.disable_path_decoding,
        not_found_body: error_body(404),
        method_not_allowed_body: error_body(405),
        speaks_h2c: config.use_h2c,
        logs_access: !config.router.disable_access_log,
        access_form: config.access_form,
        secret_parameters: ServicePlan::secret_parameters(config),
        secret_headers: ServicePlan::secret_headers(config),
        unlogged_paths: config.router.logger_skip_paths.clone(),
        read_time: config.read_timeout,
        head_time: config.read_header_timeout.or(config.read_timeout),
        write_time: config.write_timeout,
        head_bytes: config.max_header_bytes,
        idle_time: config.idle_timeout.or(config.read_timeout).or(config.read_header_timeout),
        shutdown_time: config.max_shutdown_wait,
        pool: pool_limits(config),
        idle_connections: config.transport.max_idle_connections,
        discovery_period: config.dns_cache_ttl,
        tls: config.tls.clone(),
        client_tls: config.client_tls.clone(),
        metrics: metrics::plan(config),
        telemetry: telemetry::service(config, endpoints),
        logging: config.logging.clone(),
        admin: admin_address(config),
        admin_is_explicit: config.admin.explicit,
        admin_token: config.admin.token.clone(),
        shadow_memory_bytes: config.shadow.memory_budget_bytes,
        shadow_threads: config.shadow.threads.max(1),
        shadow_drain_time: config.shadow.drain_timeout,
        overload_lag: config.shadow.overload_lag,
        overload_sheds_plain: config.shadow.overload_explicit,
        kill_file: config.shadow.kill_file.clone(),
    }
}

/// The default address leaves its port to `telemetry/metrics`, whose default it is as well.
fn admin_address(config: &Service) -> Option<SocketAddr> {
    let address = config.admin.listen?;
    let taken = config.metrics.as_ref().and_then(|metrics| metrics.listen).map(|listen| listen.port());
    let gives_way = !config.admin.explicit && taken == Some(address.port());
    Some(if gives_way { SocketAddr::new(address.ip(), address.port() + 1) } else { address })
}

fn pool_limits(config: &Service) -> PoolLimits {
    let transport = &config.transport;
    PoolLimits {
        idle_per_host: if transport.disable_keep_alives { 0 } else { transport.max_idle_connections_per_host },
        idle_time: transport.idle_connection_timeout,
        continue_time: transport.expect_continue_timeout,
        keep_alive_time: transport.dialer_keep_alive,
        fallback_delay: transport.dialer_fallback_delay,
        dial_time: transport.dialer_timeout,
        head_time: transport.response_header_timeout,
    }
}

const EVERY_METHOD: [&str; 9] = ["GET", "POST", "PUT", "PATCH", "HEAD", "OPTIONS", "DELETE", "CONNECT", "TRACE"];

fn routes(config: &Service) -> Routes {
    let router = &config.router;
    let mut routes = Routes::new(RouteRules {
        keep_trailing_slash: router.disable_redirect_trailing_slash,
        keep_path: router.disable_redirect_fixed_path,
        hide_methods: router.disable_handle_method_not_allowed,
        clean_first: router.remove_extra_slash,
    });
    if !router.disable_health {
        routes.add("GET", &segments(&router.health_path, &[]), Target::Health);
    }
    for (wanted, path, target) in
        [(config.debug_endpoint, "/__debug", Target::Debug), (config.echo_endpoint, "/__echo", Target::Echo)]
    {
        for method in EVERY_METHOD.iter().filter(|_| wanted) {
            routes.add_below(method, path, target.clone());
        }
    }
    for (place, endpoint) in config.endpoints.iter().enumerate() {
        routes.add(&endpoint.method, &segments(&endpoint.path, &endpoint.params), Target::Endpoint(place));
    }
    if router.auto_options {
        add_options(&mut routes, config);
    }
    routes
}

fn add_options(routes: &mut Routes, config: &Service) {
    let mut methods: HashMap<&str, Vec<&str>> = HashMap::new();
    for endpoint in &config.endpoints {
        methods.entry(&endpoint.path).or_default().push(&endpoint.method);
    }
    for endpoint in &config.endpoints {
        let mut allowed = methods.get(endpoint.path.as_str()).cloned().unwrap_or_default();
        allowed.sort_unstable();
        routes.add("OPTIONS", &segments(&endpoint.path, &endpoint.params), Target::Options(allowed.join(", ")));
    }
}

fn endpoint_plan(
    endpoint: &Endpoint,
    config: &Service,
    kept: &Kept,
    names: &mut Names,
    findings: &mut Findings,
) -> EndpointPlan {
    let route = format!("{} {}", endpoint.method, endpoint.path);
    let place = Place {
        endpoint: &route,
        params: &endpoint.params,
        service: &config.extra,
        extra: &endpoint.extra,
        key_hosts: &kept.key_hosts,
        shared: &kept.live,
    };
    let guards = tables::guards(&endpoint.extra, place, findings);
    let exchanges = tables::exchanges(&endpoint.extra, place, findings);
    let id = EndpointId(u32::try_from(names.endpoints.len()).unwrap_or(u32::MAX));
    names.endpoints.push(EndpointName { method: endpoint.method.clone(), path: endpoint.path.clone() });
    let (mut live, mut shadows, mut splits) = (Vec::new(), Vec::new(), Vec::new());
    for backend in &endpoint.backends {
        let shared = if backend.shadow.is_some() { &kept.shadow } else { &kept.live };
        let place = Place { shared, ..place };
        let mut compiled = |backend: &Backend, variant: Option<&str>| {
            exposure::tell(backend, endpoint, findings);
            Arc::new(backend_plan((backend, variant), endpoint, config, place, names, findings))
        };
        let plan = compiled(backend, None);
        match &backend.shadow {
            None => {
                if let Some(split) = &backend.split {
                    let id = format!("{}:{}:{}", endpoint.method, endpoint.path, live.len());
                    splits.push(Arc::new(SplitPlan::new(split, id, (live.len(), plan.id), compiled)));
                }
                live.push(plan);
            }
            Some(shadow) => shadows.push(Arc::new(ShadowPlan::new(plan, shadow, endpoint, config, shadows.len()))),
        }
    }
    for (shadow, described) in shadows.iter_mut().zip(endpoint.backends.iter().filter(|one| one.shadow.is_some())) {
        let baseline = baseline_plan(described, endpoint, config, Place { shared: &kept.shadow, ..place }, &live);
        if let Some(shadow) = Arc::get_mut(shadow) {
            shadow.baseline = baseline.map(Arc::new);
            shadow.share_with(&live);
        }
    }
    let flow = match live.len() {
        0 | 1 => Flow::Single,
        _ if endpoint.sequential => Flow::Sequential,
        _ => Flow::Parallel,
    };
    // KrakenD counts shadows here as well, but a shadow must not change how an answer is written.
    let mut answering = endpoint.backends.iter().filter(|backend| backend.shadow.is_none());
    let single_encoding = match (answering.next(), answering.next()) {
        (Some(only), None) => Some(only.encoding.as_str()),
        _ => None,
    };
    EndpointPlan {
        id,
        method: method(&endpoint.method),
        path: endpoint.path.clone(),
        params: endpoint.params.clone(),
        timeout: endpoint.timeout,
        headers: HeaderPick::new(&endpoint.input_headers),
        query: QueryPick::new(&endpoint.input_query_strings),
        origin: OriginNeeds::with_keys(
            OriginNeeds::of(endpoint.backends.iter().filter_map(|backend| backend.shadow.as_ref()?.policy.as_deref())),
            splits.iter().map(|split: &Arc<SplitPlan>| &split.key),
        ),
        intake: if guards.read_body()
            || exchanges.read_body()
            || live.iter().any(|backend| backend.resends_body || backend.calls > 1)
            || splits.iter().any(|split| split.variants.iter().any(|variant| variant.backend.resends_body))
            || live.len() > 1
        {
            Intake::Held
        } else {
            Intake::Streamed
        },
        flow,
        guards,
        exchanges,
        shape: (live.len() > 1).then(|| flatmap(&endpoint.flatmap)).filter(|shape| !shape.is_identity()),
        static_data: endpoint.static_data.as_ref().map(|data| StaticData::new(&data.data, data.strategy)),
        encoder: Encoder::from_names(&endpoint.output_encoding, single_encoding),
        no_op: endpoint.output_encoding == "no-op",
        telemetry: telemetry::endpoint(config, endpoint),
        cache_control: endpoint
            .cache_seconds
            .and_then(|seconds| HeaderValue::from_str(&format!("public, max-age={seconds}")).ok()),
        live,
        splits,
        shadows_in_sequence: endpoint.sequential && shadows.len() > 1,
        shadows,
    }
}

/// The live backend that a shadow's answers are compared with, once more, if its noise is to be learned; with components of
/// its own, but for those that live calls share with it later.
fn baseline_plan(
    shadow: &Backend,
    endpoint: &Endpoint,
    config: &Service,
    place: Place<'_>,
    live: &[Arc<BackendPlan>],
) -> Option<ShadowPlan> {
    let described = shadow.shadow.as_ref()?;
    let compare = described.policy.as_ref()?.compare.as_ref()?;
    if compare.baseline.mode == BaselineMode::Off {
        return None;
    }
    let number = compare.against.place();
    let of_live = endpoint.backends.iter().filter(|backend| backend.shadow.is_none()).nth(number)?;
    // What its settings are worth has been told already, and it is known by the names of the live backend.
    let mut names = Names { endpoints: vec![EndpointName::default()], backends: Vec::new() };
    let backend = backend_plan((of_live, None), endpoint, config, place, &mut names, &mut Findings::default());
    Some(ShadowPlan {
        key: String::new(),
        timeout: endpoint.timeout,
        bounds: ShadowBounds::new(described, &config.shadow),
        policy: None,
        baseline: None,
        backend: Arc::new(BackendPlan { id: live.get(number)?.id, ..backend }),
    })
}

fn backend_plan(
    (backend, variant): (&Backend, Option<&str>),
    endpoint: &Endpoint,
    config: &Service,
    place: Place<'_>,
    names: &mut Names,
    findings: &mut Findings,
) -> BackendPlan {
    let id = BackendId(u32::try_from(names.backends.len()).unwrap_or(u32::MAX));
    names.backends.push(BackendName {
        endpoint: names.endpoints.len() - 1,
        // A variant often differs from its base in nothing but its hosts.
        label: match variant {
            None => format!("{} {}", backend.method, backend.url_pattern),
            Some(name) => format!("{} {} ({name})", backend.method, backend.url_pattern),
        },
        hosts: backend.hosts.join(", "),
        shadow: backend.shadow.is_some(),
    });
    let discovered = discovered(backend, findings);
    let (template, mut lookups) = Template::new(&backend.url_pattern, endpoint);
    let calls_through = tables::calls(&backend.extra, place, findings);
    if endpoint.sequential && !calls_through.is_empty() {
        // Only components see them; those of the template stay in front, at their places.
        lookups.extend(endpoint.propagated_params.iter().filter_map(|name| propagated_value(name)));
    }
    BackendPlan {
        id,
        method: method(&backend.method),
        template,
        lookups,
        bases: if discovered.is_some() { Vec::new() } else { bases(backend, findings) },
        discovered,
        decoder: Decoder::from_name(&backend.encoding, backend.is_collection),
        no_op: backend.encoding == "no-op",
        shape: Shape::new(ShapeSpec {
            target: backend.target.clone(),
            allow: backend.allow.clone(),
            deny: backend.deny.clone(),
            mapping: backend.mapping.clone(),
            group: backend.group.clone(),
            flatmap: ops(&backend.flatmap),
        }),
        error_policy: backend.error_policy.clone(),
        headers: non_empty(&backend.input_headers)
            .map(|names| names.iter().filter_map(|name| name.parse().ok()).collect()),
        query: non_empty(&backend.input_query_strings).map(<[String]>::to_vec),
        asks_for_gzip: !config.transport.disable_compression,
        resends_body: backend.send_body_on_redirect,
        calls: endpoint.concurrent_calls,
        // KrakenD leaves the rest of the time to what stands around the race.
        race_time: endpoint.timeout * 75 / 100,
        calls_through,
        wires_through: tables::wires(&backend.extra, place, findings),
        telemetry: telemetry::backend(config, endpoint, backend),
        go_pattern: go_form(&backend.url_pattern),
    }
}

/// The name under which the hosts of a backend are found, if they are.
fn discovered(backend: &Backend, findings: &mut Findings) -> Option<ServiceName> {
    let Discovery::Dns { scheme } = &backend.discovery else { return None };
    let name = backend.hosts.first()?.clone();
    let scheme = match scheme.as_str() {
        "http" => Scheme::HTTP,
        "https" => Scheme::HTTPS,
        other => {
            let message = format!("hosts can't be called by {other}: http is taken");
            findings.push(Diagnostic::new(Severity::Mistake, format!("{}/sd_scheme", backend.pointer), message));
            Scheme::HTTP
        }
    };
    if backend.hosts.len() > 1 {
        let message = "only the first host is looked up, as KrakenD does";
        findings.push(Diagnostic::new(Severity::Warning, format!("{}/host", backend.pointer), message));
    }
    Some(ServiceName { name, scheme })
}

fn non_empty(names: &[String]) -> Option<&[String]> {
    (!names.is_empty()).then_some(names)
}

fn flatmap(filter: &[FlatmapOp]) -> Shape {
    Shape::new(ShapeSpec { flatmap: ops(filter), ..ShapeSpec::default() })
}

fn ops(filter: &[FlatmapOp]) -> Vec<shape::Op> {
    filter.iter().map(|op| shape::Op { kind: op.kind.clone(), args: op.args.clone() }).collect()
}

fn method(name: &str) -> Method {
    Method::from_bytes(name.as_bytes()).unwrap_or(Method::GET)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compiled(text: String) -> Plan {
        let source = crate::config::Source::Text { name: "test.json".into(), text };
        let loaded = crate::config::load(&source, &crate::config::Environment::default());
        compile(&loaded.service.unwrap()).0
    }

    #[test]
    fn a_shadow_does_not_change_how_an_answer_is_written() {
        let backend = r#"{"host": ["http://h"], "url_pattern": "/", "encoding": "xml"}"#;
        let shadow = backend.replacen('{', r#"{"extra_config": {"proxy": {"shadow": true}}, "#, 1);
        let encoder = |backends: &[&str]| {
            let backends = backends.join(",");
            let endpoint = format!(r#"{{"endpoint": "/", "output_encoding": "other", "backend": [{backends}]}}"#);
            compiled(format!(r#"{{"version": 3, "endpoints": [{endpoint}]}}"#)).endpoints[0].encoder
        };
        assert_eq!(encoder(&[backend]), Encoder::Xml);
        assert_eq!(encoder(&[&shadow, backend, &shadow]), Encoder::Xml);
        assert_eq!(encoder(&[backend, backend]), Encoder::Json);
    }

    #[test]
    fn the_default_dashboard_leaves_its_port_to_the_metrics() {
        let admin = |extra: &str| {
            let plan = compiled(format!(r#"{{"version": 3, "extra_config": {extra}}}"#));
            plan.service.admin.unwrap().port()
        };
        assert_eq!(admin(r#"{"telemetry/metrics": {}}"#), 8091);
        assert_eq!(admin(r#"{"telemetry/metrics": {"endpoint_disabled": true}}"#), 8090);
        assert_eq!(admin(r#"{"telemetry/metrics": {"listen_address": ":1"}}"#), 8090);
        assert_eq!(admin(r#"{"telemetry/metrics": {}, "@admin": {"listen": "127.0.0.1:8090"}}"#), 8090);
    }
}

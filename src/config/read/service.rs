//! The root object.

use std::{net::IpAddr, time::Duration};

use super::{endpoint, logging, metrics, opentelemetry, ours, policy, router, tls, transport};
use crate::config::{
    Endpoint, Environment, Extra, Node, Service,
    diagnostic::{Diagnostic, Findings, Severity},
    duration::Nanoseconds,
    rules::{hosts, paths, routes},
};

/// What endpoints take over from the service.
#[derive(Debug)]
pub(super) struct Inherited {
    /// The service's name, with which samples are salted.
    pub(super) name: String,
    /// Sanitised hosts.
    pub(super) hosts: Vec<String>,
    /// Deadline of endpoints without their own.
    pub(super) timeout: Nanoseconds,
    /// Cache time of endpoints without their own.
    pub(super) cache_ttl: Nanoseconds,
    /// Output encoding of endpoints without their own.
    pub(super) output_encoding: String,
    /// Whether a parameter may stand anywhere in a path (`disable_rest`).
    pub(super) params_anywhere: bool,
}

/// Reads the whole document. What is wrong is in `findings`; its place in the answer holds the default.
pub fn service(root: &Node<'_>, environment: &Environment, findings: &mut Findings) -> Service {
    version(&root.field("version"), findings);
    let extra = root.field("extra_config");
    extra.expect_object(findings);
    let router = router::router(&extra.namespace("router"), findings);
    let flag = |key: &str, findings: &mut Findings| root.field(key).flag(findings).unwrap_or(false);
    let time = |key: &str, findings: &mut Findings| root.field(key).duration(findings).and_then(Nanoseconds::positive);
    let name = root.field("name").text(findings).unwrap_or_default();
    let telemetry = extra.namespace(opentelemetry::OPEN_TELEMETRY);
    let service = Service {
        extra: Extra::of(&extra),
        open_telemetry: opentelemetry::open_telemetry(&telemetry, &name, findings),
        name,
        listen_ip: listen_ip(&root.field("listen_ip"), findings),
        port: port(&root.field("port"), findings),
        endpoints: Vec::new(),
        debug_endpoint: flag("debug_endpoint", findings),
        echo_endpoint: flag("echo_endpoint", findings),
        read_timeout: time("read_timeout", findings),
        write_timeout: time("write_timeout", findings),
        idle_timeout: time("idle_timeout", findings),
        read_header_timeout: time("read_header_timeout", findings),
        max_header_bytes: root.field("max_header_bytes").count(findings).filter(|bytes| *bytes > 0),
        max_shutdown_wait: time("max_shutdown_wait_time", findings),
        use_h2c: flag("use_h2c", findings) || extra.namespace("router").member("use_h2c").value() == true,
        dns_cache_ttl: dns_cache_ttl(&root.field("dns_cache_ttl"), findings),
        tls: tls::server(&root.field("tls"), findings),
        client_tls: tls::client(root, findings),
        transport: transport::transport(root, findings),
        logging: logging::logging(&extra, findings),
        access_form: ours::access_form(&extra.member("@access_log"), findings),
        metrics: metrics::metrics(&extra.namespace("telemetry/metrics"), findings),
        admin: ours::admin(&extra.member("@admin"), findings),
        shadow: ours::shadow(&extra.member("@shadow"), environment.cores(), findings),
        router,
    };
    let inherited = inherited(root, findings);
    let endpoints = endpoints(root, &inherited, findings);
    let mut service = Service { endpoints, ..service };
    policy::policies(root, &mut service, environment.now(), findings);
    route_conflicts(&service, findings);
    service
}

fn version(node: &Node<'_>, findings: &mut Findings) {
    let version = node.integer(findings).unwrap_or(0);
    let mistyped = !node.is_absent() && version == 0 && !node.value().is_number();
    if version != 3 && !mistyped {
        let finding =
            Diagnostic::new(Severity::Error, node.pointer(), format!("unsupported version: {version} (want: 3)"));
        findings.push(finding.value(node.value()).hint("write \"version\": 3"));
    }
}

fn listen_ip(node: &Node<'_>, findings: &mut Findings) -> Option<IpAddr> {
    let text = node.text(findings).filter(|text| !text.is_empty())?;
    let address = text.parse().ok();
    if address.is_none() {
        let finding = Diagnostic::new(Severity::Error, node.pointer(), format!("invalid ip address {text}"));
        findings
            .push(finding.value(node.value()).hint("write an IPv4 or IPv6 address, or leave it out to listen on all"));
    }
    address
}

fn port(node: &Node<'_>, findings: &mut Findings) -> u16 {
    let number = node.integer(findings).filter(|number| *number != 0).unwrap_or(8080);
    u16::try_from(number).unwrap_or_else(|_| {
        let finding = Diagnostic::new(Severity::Error, node.pointer(), format!("{number} is not a port"));
        findings.push(finding.value(node.value()).hint("write a number from 1 to 65535"));
        8080
    })
}

fn dns_cache_ttl(node: &Node<'_>, findings: &mut Findings) -> Duration {
    let time = node.duration(findings).and_then(Nanoseconds::positive);
    time.filter(|time| *time >= Duration::from_secs(1)).unwrap_or(Duration::from_secs(30))
}

fn inherited(root: &Node<'_>, findings: &mut Findings) -> Inherited {
    let timeout = root.field("timeout").duration(findings).filter(|timeout| !timeout.is_zero());
    let output_encoding = root.field("output_encoding").text(findings).filter(|name| !name.is_empty());
    Inherited {
        name: root.field("name").text(&mut Findings::default()).unwrap_or_default(),
        hosts: sanitised(&root.field("host"), findings),
        timeout: timeout.unwrap_or(Nanoseconds(2_000_000_000)),
        cache_ttl: root.field("cache_ttl").duration(findings).unwrap_or_default(),
        output_encoding: output_encoding.unwrap_or_else(|| "json".to_owned()),
        params_anywhere: root.field("disable_rest").flag(findings).unwrap_or(false),
    }
}

/// A list of hosts as base addresses; each bad one is an error and left out.
pub(super) fn sanitised(list: &Node<'_>, findings: &mut Findings) -> Vec<String> {
    let mut addresses = Vec::new();
    for node in list.elements() {
        let Some(host) = node.text(findings) else { continue };
        if let Some(address) = hosts::sanitise(&host) {
            addresses.push(address);
            continue;
        }
        let finding = Diagnostic::new(Severity::Error, node.pointer(), format!("host {host} not valid: invalid host"));
        let hint = "write scheme, name and port only, like \"http://users:8080\"; a path belongs to url_pattern";
        findings.push(finding.value(node.value()).hint(hint));
    }
    addresses
}

fn endpoints(root: &Node<'_>, inherited: &Inherited, findings: &mut Findings) -> Vec<Endpoint> {
    let nodes = root.field("endpoints").elements();
    nodes.iter().filter_map(|node| endpoint::endpoint(node, inherited, findings)).collect()
}

/// Reports routes that cannot stand beside each other, the health route among them.
fn route_conflicts(service: &Service, findings: &mut Findings) {
    let health = "/extra_config/router/health_path";
    let mut published = Vec::new();
    if !service.router.disable_health {
        published.push(routes::Route { method: "GET", path: service.router.health_path.clone(), pointer: health });
    }
    published.extend(service.endpoints.iter().map(|endpoint| routes::Route {
        method: &endpoint.method,
        path: paths::route(&endpoint.path, &endpoint.params),
        pointer: &endpoint.pointer,
    }));
    for conflict in routes::conflicts(&published) {
        let hint = if conflict.earlier == health {
            "it is the health route, see health_path in extra_config.router".to_owned()
        } else {
            format!("the earlier one is at {}", conflict.earlier)
        };
        findings.push(Diagnostic::new(Severity::Error, conflict.pointer, conflict.message).hint(hint));
    }
}

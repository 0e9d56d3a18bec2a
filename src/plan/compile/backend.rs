//! A backend: where it is, how it is asked, and what is done with its answers.

use http::{Method, uri::Scheme};

use crate::{
    component::tables::{self, Place},
    config::{Backend, Diagnostic, Discovery, Endpoint, FlatmapOp, Service, Severity, diagnostic::Findings},
    encoding::Decoder,
    plan::{
        BackendPlan, ServiceName, Template,
        hosts::bases,
        telemetry,
        template::{go_form, propagated_value},
    },
    shape::{self, Shape, ShapeSpec},
    stats::{BackendId, BackendName, Names},
};

/// The plan of a backend, perhaps of a variant of it; it gets the next name.
pub(super) fn backend_plan(
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

/// The operations of `flatmap_filter`, as they are run.
pub(super) fn ops(filter: &[FlatmapOp]) -> Vec<shape::Op> {
    filter.iter().map(|op| shape::Op { kind: op.kind.clone(), args: op.args.clone() }).collect()
}

/// The method of that name.
pub(super) fn method(name: &str) -> Method {
    Method::from_bytes(name.as_bytes()).unwrap_or(Method::GET)
}

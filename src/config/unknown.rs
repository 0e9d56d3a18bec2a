//! What a file says that is not heard: keys we don't support yet, and keys nobody knows.
//!
//! Promises: never changes what a file means; says for every key read past why, and what was probably meant. Only our
//! own keys are strict: there, an unknown one is an error.

use super::{
    Node,
    diagnostic::{Diagnostic, Findings, Severity},
    known::{self, KnownKey, Scope, Status},
    legacy,
    read::opentelemetry::OPEN_TELEMETRY,
};

/// What a policy for shadows may be called.
const POLICIES: [&str; 2] = ["@shadow_policy", "shadow_policy"];

/// The same, and what holds the defaults of policies.
const OURS: [&str; 3] = ["@shadow_policy", "shadow_policy", "@shadow"];

/// Components of the service whose settings the table knows.
const SERVICE_SETTINGS: [(&str, Scope); 7] = [
    ("router", Scope::Router),
    ("telemetry/metrics", Scope::Metrics),
    ("telemetry/logging", Scope::Logging),
    ("telemetry/logstash", Scope::Logstash),
    ("security/cors", Scope::Cors),
    ("security/http", Scope::SecureHttp),
    ("security/bot-detector", Scope::BotDetector),
];

/// Those of an endpoint.
const ENDPOINT_SETTINGS: [(&str, Scope); 4] = [
    ("security/bot-detector", Scope::BotDetector),
    ("qos/ratelimit/router", Scope::RouterLimit),
    ("auth/validator", Scope::Validator),
    ("auth/signer", Scope::Signer),
];

/// Those of a backend.
const BACKEND_SETTINGS: [(&str, Scope); 7] = [
    ("backend/graphql", Scope::GraphQl),
    ("qos/http-cache", Scope::HttpCache),
    ("auth/client-credentials", Scope::ClientCredentials),
    ("backend/http", Scope::BackendHttp),
    ("backend/http/client", Scope::BackendHttpClient),
    ("qos/circuit-breaker", Scope::CircuitBreaker),
    ("qos/ratelimit/proxy", Scope::ProxyLimit),
];

/// Goes through the document and reports every key that is read past.
pub fn report(root: &Node<'_>, findings: &mut Findings) {
    keys(root, Scope::Service, findings);
    misplaced(root, findings);
    let extra = root.field("extra_config");
    components(&extra, Scope::ServiceComponents, findings);
    settings(&extra, &SERVICE_SETTINGS, findings);
    report_telemetry(&extra.namespace(OPEN_TELEMETRY), findings);
    let (server, client) = (root.field("tls"), root.field("client_tls"));
    keys(&server, Scope::Tls, findings);
    each(&server.field("keys"), Scope::TlsKeys, findings);
    keys(&client, Scope::ClientTls, findings);
    each(&client.field("client_certs"), Scope::ClientCerts, findings);
    for endpoint in root.field("endpoints").elements() {
        report_endpoint(&endpoint, findings);
    }
}

fn report_endpoint(endpoint: &Node<'_>, findings: &mut Findings) {
    keys(endpoint, Scope::Endpoint, findings);
    let extra = endpoint.field("extra_config");
    components(&extra, Scope::EndpointComponents, findings);
    settings(&extra, &ENDPOINT_SETTINGS, findings);
    let telemetry = extra.namespace(OPEN_TELEMETRY);
    keys(&telemetry, Scope::EndpointTelemetry, findings);
    keys(&telemetry.member("proxy"), Scope::ProxyLayer, findings);
    keys(&telemetry.member("global"), Scope::EndpointGlobal, findings);
    let proxy = extra.namespace("proxy");
    let place = "write \"extra_config\": {\"@shadow\": ...} for all shadows of the endpoint";
    refuse_policies(&[endpoint, &proxy], &OURS, place, findings);
    refuse_policies(&[&extra], &POLICIES, place, findings);
    refuse_splits(&[endpoint, &extra, &proxy], findings);
    near_misses(&extra, &["@shadow"], Severity::Mistake, findings);
    keys(&proxy, Scope::EndpointProxy, findings);
    keys(&proxy.member("static"), Scope::Static, findings);
    each(&extra.namespace("validation/cel"), Scope::Expression, findings);
    each(&proxy.member("flatmap_filter"), Scope::FlatmapOperation, findings);
    for backend in endpoint.field("backend").elements() {
        report_backend(&backend, findings);
    }
}

fn report_backend(backend: &Node<'_>, findings: &mut Findings) {
    keys(backend, Scope::Backend, findings);
    report_parts(backend, findings);
}

/// A backend that takes a part of another's calls. It is ours, so that a key that nobody knows is an error.
fn report_variant(variant: &Node<'_>, findings: &mut Findings) {
    for (key, member) in variant.members() {
        match known::find(Scope::Backend, key) {
            Some(known) => told(&member, known, findings),
            None if known::find(Scope::SplitVariant, key).is_some() => {}
            None => {
                let finding = Diagnostic::new(Severity::Error, member.pointer(), format!("unknown key \"{key}\""));
                findings.push(with_nearest(finding.value(member.value()), Scope::Backend, key));
            }
        }
    }
    report_parts(variant, findings);
}

/// What stands in a backend.
fn report_parts(backend: &Node<'_>, findings: &mut Findings) {
    let extra = backend.field("extra_config");
    components(&extra, Scope::BackendComponents, findings);
    let proxy = extra.namespace("proxy");
    let place = "write \"extra_config\": {\"proxy\": {\"shadow\": true, \"@shadow_policy\": ...}}";
    refuse_policies(&[backend, &extra], &OURS, place, findings);
    refuse_policies(&[&proxy], &["@shadow"], place, findings);
    near_misses(&proxy, &["@shadow_policy", "@split"], Severity::Mistake, findings);
    refuse_splits(&[backend, &extra], findings);
    keys(&proxy, Scope::BackendProxy, findings);
    for variant in proxy.member("@split").member("to").elements() {
        report_variant(&variant, findings);
    }
    each(&proxy.member("flatmap_filter"), Scope::FlatmapOperation, findings);
    settings(&extra, &BACKEND_SETTINGS, findings);
    let telemetry = extra.namespace(OPEN_TELEMETRY);
    keys(&telemetry, Scope::BackendTelemetry, findings);
    report_backend_layer(&telemetry.member("backend"), findings);
    each(&extra.namespace("validation/cel"), Scope::Expression, findings);
}

/// `telemetry/opentelemetry` of the service.
fn report_telemetry(node: &Node<'_>, findings: &mut Findings) {
    keys(node, Scope::OpenTelemetry, findings);
    let (exporters, layers) = (node.member("exporters"), node.member("layers"));
    keys(&exporters, Scope::Exporters, findings);
    each(&exporters.member("otlp"), Scope::OtlpExporter, findings);
    each(&exporters.member("prometheus"), Scope::PrometheusExporter, findings);
    keys(&layers, Scope::TelemetryLayers, findings);
    keys(&layers.member("global"), Scope::GlobalLayer, findings);
    keys(&layers.member("proxy"), Scope::ProxyLayer, findings);
    report_backend_layer(&layers.member("backend"), findings);
}

fn report_backend_layer(node: &Node<'_>, findings: &mut Findings) {
    keys(node, Scope::BackendLayer, findings);
    keys(&node.member("metrics"), Scope::BackendMetrics, findings);
    keys(&node.member("traces"), Scope::BackendTraces, findings);
}

/// Reports unknown members of one of our own objects as errors, and those of later versions too.
pub fn refuse(node: &Node<'_>, scope: Scope, findings: &mut Findings) {
    for (key, member) in node.members() {
        match known::find(scope, key) {
            None => {
                let finding = Diagnostic::new(Severity::Error, member.pointer(), format!("unknown key \"{key}\""));
                findings.push(with_nearest(finding.value(member.value()), scope, key));
            }
            Some(known) if known.status == Status::NotYet && !member.is_absent() => {
                let message = format!("\"{key}\" is not supported by this version: {}", known.note);
                member.refuse(findings, message, "remove it");
            }
            Some(_) => {}
        }
    }
}

/// A mirror that someone meant to thin out must not get everything instead.
fn refuse_policies(places: &[&Node<'_>], keys: &[&str], hint: &str, findings: &mut Findings) {
    for (place, key) in places.iter().flat_map(|place| keys.iter().map(move |key| (place, key))) {
        let node = place.member(key);
        if !node.is_absent() {
            node.refuse(findings, "a policy does nothing here: without one every request is mirrored", hint);
        }
    }
}

/// A canary that nobody is sent to is no danger, but not what was meant either.
fn refuse_splits(places: &[&Node<'_>], findings: &mut Findings) {
    for node in places.iter().map(|place| place.member("@split")).filter(|node| !node.is_absent()) {
        let hint = "write it at a live backend, as \"extra_config\": {\"proxy\": {\"@split\": ...}}";
        node.refuse(findings, "a split does nothing here", hint);
    }
}

/// Our keys at the root, where they would pass for comments, and near misses of them.
fn misplaced(root: &Node<'_>, findings: &mut Findings) {
    let extra = root.field("extra_config");
    refuse_policies(&[root, &extra], &POLICIES, "write \"extra_config\": {\"@shadow\": ...} for all shadows", findings);
    for key in ["@shadow", "@admin", "@access_log"] {
        if !root.member(key).is_absent() {
            let finding =
                Diagnostic::new(Severity::Error, root.member(key).pointer(), format!("{key} does nothing here"));
            findings.push(finding.hint(format!("write it in extra_config, as \"extra_config\": {{\"{key}\": ...}}")));
        }
    }
    near_misses(&extra, &["@shadow", "@admin", "@access_log"], Severity::Warning, findings);
}

/// Comments that are nearly one of our keys.
fn near_misses(object: &Node<'_>, ours: &[&str], severity: Severity, findings: &mut Findings) {
    for (key, node) in object.members().filter(|(key, _)| key.starts_with('@') && !ours.contains(key)) {
        if let Some(near) = ours.iter().find(|ours| strsim::osa_distance(ours, key) <= 2) {
            let finding = Diagnostic::new(severity, node.pointer(), format!("\"{key}\" is read as a comment"));
            findings.push(finding.hint(format!("did you mean \"{near}\"?")));
        }
    }
}

/// Reports the settings of components.
fn settings(extra: &Node<'_>, components: &[(&str, Scope)], findings: &mut Findings) {
    for (name, scope) in components {
        keys(&extra.namespace(name), *scope, findings);
    }
}

fn each(list: &Node<'_>, scope: Scope, findings: &mut Findings) {
    for element in list.elements() {
        keys(&element, scope, findings);
    }
}

/// Reports the keys of one object.
fn keys(object: &Node<'_>, scope: Scope, findings: &mut Findings) {
    for (key, member) in object.members().filter(|(key, _)| !is_comment(key)) {
        match known::find(scope, key) {
            Some(known) => told(&member, known, findings),
            None => unknown(&member, scope, key, findings),
        }
    }
}

/// Reports the components of an `extra_config`, in either spelling.
fn components(extra: &Node<'_>, scope: Scope, findings: &mut Findings) {
    for (key, member) in extra.members().filter(|(key, _)| !is_comment(key)) {
        let short = legacy::short_name(key);
        if let Some(short) = short.filter(|short| !extra.member(short).is_absent()) {
            findings
                .warning(member.pointer(), format!("overruled by \"{short}\", the short name of the same component"));
            continue;
        }
        match known::find(scope, short.unwrap_or(key)) {
            Some(known) => told(&member, known, findings),
            None => unknown(&member, scope, short.unwrap_or(key), findings),
        }
    }
}

fn told(member: &Node<'_>, known: KnownKey, findings: &mut Findings) {
    let KnownKey { key, note, .. } = known;
    match known.status {
        Status::Supported => {}
        _ if member.is_absent() => {}
        Status::NotYet => {
            let note = if note.is_empty() { String::new() } else { format!(": {note}") };
            findings.warning(member.pointer(), format!("\"{key}\" is not supported yet{note}"));
        }
        // A shadow that was meant and is not there deserves more than an aside.
        Status::Ignored if known.scope == Scope::EndpointProxy && key.starts_with("shadow") => {
            findings.warning(member.pointer(), format!("\"{key}\" is ignored: {note}"));
        }
        Status::Ignored => findings.info(member.pointer(), format!("\"{key}\" is ignored: {note}")),
    }
}

fn unknown(member: &Node<'_>, scope: Scope, key: &str, findings: &mut Findings) {
    // Policies where none belong have a finding of their own.
    if OURS.contains(&key) {
        return;
    }
    let message = format!("unknown key \"{key}\", ignored as KrakenD does");
    // A component under a name that died with version 2 is one that silently does nothing, mostly a limit.
    let is_dead = matches!(scope, Scope::ServiceComponents | Scope::EndpointComponents | Scope::BackendComponents)
        && newer_name(scope, key).is_some();
    let severity = if is_dead || means_shadow(scope, key) || means_policy(scope, key) {
        Severity::Mistake
    } else {
        Severity::Warning
    };
    findings.push(with_nearest(Diagnostic::new(severity, member.pointer(), message), scope, key));
}

/// Adds what was probably meant: the newer name, the place where the key belongs, or the nearest known key.
fn with_nearest(finding: Diagnostic, scope: Scope, key: &str) -> Diagnostic {
    if let Some(place) = lost_shadow(scope, key) {
        return finding.hint(format!("so this backend is live; write {place}"));
    }
    if let Some(newer) = newer_name(scope, key) {
        return finding.hint(format!("version 3 calls it \"{newer}\""));
    }
    if let Some(near) = nearest(scope, key) {
        let live = if means_shadow(scope, key) { "; as it stands this backend is live" } else { "" };
        return finding.hint(format!("did you mean \"{near}\"?{live}"));
    }
    match elsewhere(scope, key) {
        Some(place) => finding.hint(format!("it belongs to {}", place.title())),
        None => finding,
    }
}

/// Whether a key of a backend is most probably a slip for the mark of a shadow, which makes the backend live.
fn means_shadow(scope: Scope, key: &str) -> bool {
    lost_shadow(scope, key).is_some() || (scope == Scope::BackendProxy && nearest(scope, key) == Some("shadow"))
}

/// Whether a key of a backend is most probably a slip for a policy, without which everything is mirrored.
fn means_policy(scope: Scope, key: &str) -> bool {
    scope == Scope::BackendProxy && nearest(scope, key).is_some_and(|near| OURS.contains(&near))
}

/// Where the mark of a shadow belongs when it was written next to its place: the original takes such a backend live.
fn lost_shadow(scope: Scope, key: &str) -> Option<&'static str> {
    let beside = matches!(scope, Scope::Backend | Scope::BackendComponents | Scope::BackendProxy);
    (beside && key.eq_ignore_ascii_case("shadow")).then_some("\"extra_config\": {\"proxy\": {\"shadow\": true}}")
}

fn newer_name(scope: Scope, key: &str) -> Option<&'static str> {
    let names = match scope {
        Scope::Endpoint => &legacy::ENDPOINT_NAMES,
        Scope::Backend => &legacy::BACKEND_NAMES,
        Scope::ServiceComponents | Scope::EndpointComponents | Scope::BackendComponents => {
            return legacy::short_name_of_2(key);
        }
        _ => return None,
    };
    names.iter().find(|(old, _)| *old == key).map(|(_, newer)| *newer)
}

/// The known key with the fewest slips of the pen, at most one in three letters.
fn nearest(scope: Scope, key: &str) -> Option<&'static str> {
    let lower = key.to_lowercase();
    let candidates = known::known_keys().filter(|row| row.scope == scope);
    let measured = candidates.map(|row| (strsim::osa_distance(row.key, &lower), row.key));
    measured.filter(|(slips, name)| *slips * 3 <= name.len().min(key.len())).min().map(|(_, name)| name)
}

/// Another scope that knows the key; in those that know almost any word it means nothing.
fn elsewhere(scope: Scope, key: &str) -> Option<Scope> {
    let ours = || known::known_keys().filter(|row| row.scope.is_ours() && row.scope != scope);
    if scope.is_ours()
        && let Some(row) = ours().find(|row| row.key == key)
    {
        return Some(row.scope);
    }
    let places = [
        Scope::Endpoint,
        Scope::Backend,
        Scope::Service,
        Scope::ServiceComponents,
        Scope::EndpointComponents,
        Scope::BackendComponents,
        Scope::BackendProxy,
        Scope::EndpointProxy,
        Scope::Router,
    ];
    places.into_iter().find(|place| *place != scope && known::find(*place, key).is_some())
}

fn is_comment(key: &str) -> bool {
    key.starts_with(['@', '$', '_', '#'])
}

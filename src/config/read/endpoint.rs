//! One element of `endpoints`.

use super::{
    backends::{self, Parent},
    opentelemetry, proxy,
    service::Inherited,
};
use crate::config::{
    Endpoint, Extra, Node, Pick,
    diagnostic::{Diagnostic, Findings, Severity},
    duration::Nanoseconds,
    rules::{headers, paths},
};

const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/// Reads one endpoint; `None` when its method is not supported, which is warned of, or when it is no object.
pub(super) fn endpoint(node: &Node<'_>, inherited: &Inherited, findings: &mut Findings) -> Option<Endpoint> {
    if !node.expect_object(findings) {
        if node.is_absent() {
            findings.error(node.pointer(), "an endpoint is missing here");
        }
        return None;
    }
    let written_method = node.field("method").text(findings).unwrap_or_default();
    let path = path(node, &written_method, findings);
    let method = if written_method.is_empty() { "GET".to_owned() } else { written_method.to_uppercase() };
    let params = paths::params(&path, inherited.params_anywhere);
    warn_of_params(node, &path, &params, inherited.params_anywhere, findings);
    if let Some(fault) = paths::wildcard_fault(&paths::route(&path, &params)).filter(|_| !path.contains('*')) {
        let written = node.field("endpoint");
        findings.push(Diagnostic::new(Severity::Error, written.pointer(), fault).value(written.value()));
    }
    let extra = node.field("extra_config");
    extra.expect_object(findings);
    let part = extra.namespace("proxy");
    part.exact_object(findings);
    let timeout = node.field("timeout").duration(findings).filter(|time| !time.is_zero()).unwrap_or(inherited.timeout);
    let timeout = positive_timeout(node, timeout, findings);
    let output_encoding = node.field("output_encoding").text(findings).filter(|name| !name.is_empty());
    let output_encoding = output_encoding.unwrap_or_else(|| inherited.output_encoding.clone());
    let parent = Parent {
        method: &method,
        written_method: &written_method,
        path: &path,
        params: &params,
        timeout,
        output_encoding: &output_encoding,
        has_claims: !extra.namespace("auth/validator").is_absent(),
    };
    let backends = backends::backends(node, &parent, inherited, findings);
    let endpoint = Endpoint {
        extra: Extra::of(&extra),
        params: paths::route_params(&path, &params),
        backends,
        timeout,
        cache_seconds: cache_seconds(node, inherited, findings),
        input_headers: pick(&node.field("input_headers"), headers::canonical, findings),
        input_query_strings: pick(&node.field("input_query_strings"), str::to_owned, findings),
        concurrent_calls: concurrent_calls(node, findings),
        sequential: part.member("sequential").exact_flag(findings).unwrap_or(false),
        propagated_params: part.member("sequential_propagated_params").exact_texts(findings).unwrap_or_default(),
        static_data: proxy::static_data(&part.member("static"), findings),
        flatmap: proxy::flatmap(&part.member("flatmap_filter"), findings),
        telemetry: opentelemetry::endpoint_telemetry(&extra.namespace(opentelemetry::OPEN_TELEMETRY), findings),
        pointer: node.pointer().to_owned(),
        path: path.clone(),
        method: method.clone(),
        output_encoding: output_encoding.clone(),
    };
    supported(node, &endpoint, findings).then_some(endpoint)
}

/// The path with its slash; a missing or forbidden one is an error with the original's words.
fn path(node: &Node<'_>, method: &str, findings: &mut Findings) -> String {
    let written = node.field("endpoint");
    let path = paths::with_leading_slash(&written.text(findings).unwrap_or_default());
    if written.is_absent() {
        findings.error(node.pointer(), "an endpoint needs a path under the key \"endpoint\"");
    } else if paths::is_forbidden(&path) {
        let message = format!("ignoring the '{method} {path}' endpoint, since it is invalid!!!");
        let hint = "a path must not have /__debug, /__echo or /__health in it, nor anything after a *";
        findings.push(Diagnostic::new(Severity::Error, written.pointer(), message).value(written.value()).hint(hint));
    } else if path.ends_with('*') {
        let message = format!("wildcards must be named with a non-empty name in path '{path}'");
        findings.push(Diagnostic::new(Severity::Error, written.pointer(), message).value(written.value()));
    }
    path
}

/// Spellings that pass the original's checks and then don't do what they seem to.
fn warn_of_params(node: &Node<'_>, path: &str, params: &[String], anywhere: bool, findings: &mut Findings) {
    let pointer = node.field("endpoint").pointer().to_owned();
    for segment in path.split('/') {
        let whole = segment.starts_with('{') && segment.find('}').is_none_or(|end| end + 1 == segment.len());
        if segment.contains('{') && !whole && !anywhere {
            let message = if segment.starts_with('{') {
                format!(
                    "\"{segment}\" stands for a whole segment, whatever its end; KrakenD does not replace it in backends"
                )
            } else {
                format!("\"{segment}\" is fixed text: without disable_rest a parameter stands right behind a slash")
            };
            findings.warning(&pointer, message);
        }
        if segment.contains(':') {
            let message =
                format!("the ':' in \"{segment}\" starts a parameter, which stands for the rest of the segment");
            findings.warning(&pointer, message);
        }
    }
    for (index, name) in params.iter().enumerate() {
        let same = |other: &&String| initial_upper(other) == initial_upper(name);
        if let Some(other) = params.iter().take(index).find(same) {
            let message =
                format!("parameters \"{other}\" and \"{name}\" are one and the same to KrakenD, the last one counts");
            findings.warning(&pointer, message);
        }
    }
}

fn initial_upper(name: &str) -> String {
    let mut rest = name.chars();
    rest.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(rest).collect()
}

fn positive_timeout(node: &Node<'_>, timeout: Nanoseconds, findings: &mut Findings) -> std::time::Duration {
    if timeout.0 < 0 {
        findings.warning(node.field("timeout").pointer(), "a negative timeout has always expired: every call fails");
    }
    timeout.clamped()
}

/// Whole seconds for the cache header; zero inherits, so an endpoint cannot switch caching off.
fn cache_seconds(node: &Node<'_>, inherited: &Inherited, findings: &mut Findings) -> Option<u64> {
    let own = node.field("cache_ttl").duration(findings).filter(|ttl| !ttl.is_zero());
    own.unwrap_or(inherited.cache_ttl).positive().map(|ttl| ttl.as_secs())
}

/// At least one. The original knows no bound; beyond a thousand copies of every call nobody means it.
fn concurrent_calls(node: &Node<'_>, findings: &mut Findings) -> usize {
    let node = node.field("concurrent_calls");
    let calls = node.count(findings).unwrap_or(1).max(1);
    if calls > 1000 {
        findings.error(node.pointer(), format!("{calls} concurrent calls are more than 1000"));
    }
    usize::try_from(calls.min(1000)).unwrap_or(1)
}

fn pick(node: &Node<'_>, spell: impl Fn(&str) -> String, findings: &mut Findings) -> Pick {
    let names = node.texts(findings).unwrap_or_default();
    if names.iter().any(|name| name == "*") {
        return Pick::All;
    }
    Pick::Only(names.iter().map(|name| spell(name)).collect())
}

fn supported(node: &Node<'_>, endpoint: &Endpoint, findings: &mut Findings) -> bool {
    let supported = METHODS.contains(&endpoint.method.as_str());
    if !supported {
        let message = format!("[ENDPOINT: {}] Unsupported method {}: not published", endpoint.path, endpoint.method);
        let finding = Diagnostic::new(Severity::Warning, node.field("method").pointer(), message);
        findings.push(finding.hint(format!("write one of {}", METHODS.join(", "))));
    }
    let answered = endpoint.backends.is_empty() || endpoint.backends.iter().any(|backend| backend.shadow.is_none());
    supported && answered
}

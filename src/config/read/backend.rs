//! One element of an endpoint's `backend`.

use std::time::Duration;

use serde_json::Value;

use super::{
    backends::Parent,
    opentelemetry, proxy,
    service::{self, Inherited},
};
use crate::config::{
    Backend, Discovery, ErrorPolicy, Extra, Node, Shadow,
    diagnostic::{Diagnostic, Findings, Severity, brief},
    duration::Nanoseconds,
    rules::{headers, paths},
    weak::duration_hint,
};

/// Reads one backend; `None` when it is no object.
pub(super) fn backend(
    node: &Node<'_>,
    parent: &Parent<'_>,
    inherited: &Inherited,
    findings: &mut Findings,
) -> Option<Backend> {
    if !node.expect_object(findings) {
        if node.is_absent() {
            findings.error(node.pointer(), "a backend is missing here");
        }
        return None;
    }
    let extra = node.field("extra_config");
    extra.expect_object(findings);
    let part = extra.namespace("proxy");
    part.exact_object(findings);
    let method = node.field("method").text(findings).filter(|method| !method.is_empty());
    let encoding = encoding(node, parent, findings);
    let hosts = hosts(node, inherited, findings);
    // Not keys of a backend, but an unreadable value stops the original all the same.
    node.field("timeout").duration(findings);
    node.field("concurrent_calls").integer(findings);
    let text = |key: &str, findings: &mut Findings| node.field(key).text(findings).unwrap_or_default();
    let texts = |key: &str, findings: &mut Findings| node.field(key).texts(findings).unwrap_or_default();
    Some(Backend {
        extra: Extra::of(&extra),
        url_pattern: paths::with_leading_slash(&text("url_pattern", findings)),
        discovery: discovery(node, &hosts, findings),
        hosts,
        method: method.map_or_else(|| parent.method.to_owned(), |method| method.to_uppercase()),
        is_collection: node.field("is_collection").flag(findings).unwrap_or(false),
        target: text("target", findings),
        allow: texts("allow", findings),
        deny: texts("deny", findings),
        mapping: mapping(&node.field("mapping"), findings),
        group: text("group", findings),
        flatmap: proxy::flatmap(&part.member("flatmap_filter"), findings),
        input_headers: texts("input_headers", findings).iter().map(|name| headers::canonical(name)).collect(),
        input_query_strings: texts("input_query_strings", findings),
        error_policy: error_policy(&extra.namespace("backend/http"), &encoding, findings),
        send_body_on_redirect: send_body_on_redirect(&extra.namespace("backend/http/client"), findings),
        shadow: shadow(&part, parent.timeout, findings),
        split: None,
        telemetry: opentelemetry::backend_telemetry(&extra.namespace(opentelemetry::OPEN_TELEMETRY), findings),
        pointer: node.pointer().to_owned(),
        encoding,
    })
}

/// `json` unless given; a no-op endpoint makes its backends no-op.
fn encoding(node: &Node<'_>, parent: &Parent<'_>, findings: &mut Findings) -> String {
    let own = node.field("encoding").text(findings).filter(|name| !name.is_empty());
    if parent.is_no_op() { "no-op".to_owned() } else { own.unwrap_or_else(|| "json".to_owned()) }
}

fn hosts(node: &Node<'_>, inherited: &Inherited, findings: &mut Findings) -> Vec<String> {
    let own = node.field("host");
    let verbatim = node.field("disable_host_sanitize").flag(findings).unwrap_or(false);
    let hosts = match own.elements().is_empty() {
        true => inherited.hosts.clone(),
        false if verbatim => own.texts(findings).unwrap_or_default(),
        false => service::sanitised(&own, findings),
    };
    if hosts.is_empty() && own.elements().is_empty() {
        findings.warning(own.pointer(), "no hosts available: every call of this backend fails");
    }
    hosts
}

fn discovery(node: &Node<'_>, hosts: &[String], findings: &mut Findings) -> Discovery {
    let kind = node.field("sd");
    let scheme = node.field("sd_scheme").text(findings).filter(|scheme| !scheme.is_empty());
    match kind.text(findings).as_deref() {
        None | Some("" | "static") => Discovery::Static,
        Some("dns") => {
            if hosts.is_empty() {
                findings.error(kind.pointer(), "\"sd\": \"dns\" needs a host to look up");
            } else if node.field("disable_host_sanitize").value() != true {
                let message =
                    "\"sd\": \"dns\" needs \"disable_host_sanitize\": true, else http:// is put before the name";
                findings.warning(kind.pointer(), message);
            }
            Discovery::Dns { scheme: scheme.unwrap_or_else(|| "http".to_owned()) }
        }
        Some(other) => {
            findings.warning(kind.pointer(), format!("\"{other}\" is read as \"static\", as KrakenD does"));
            Discovery::Static
        }
    }
}

/// Old name to new name, in key order.
fn mapping(node: &Node<'_>, findings: &mut Findings) -> Vec<(String, String)> {
    node.expect_object(findings);
    node.members().filter_map(|(name, new)| Some((name.to_owned(), new.text(findings)?))).collect()
}

/// Details win over the code when their key is there at all; a no-op backend has no policy.
fn error_policy(node: &Node<'_>, encoding: &str, findings: &mut Findings) -> ErrorPolicy {
    node.exact_object(findings);
    let (details, code) = (node.member("return_error_details"), node.member("return_error_code"));
    let code = code.exact_flag(findings).unwrap_or(false);
    if encoding.eq_ignore_ascii_case("no-op") {
        return ErrorPolicy::Plain;
    }
    if node.value().get("return_error_details").is_none() {
        return if code { ErrorPolicy::Code } else { ErrorPolicy::Plain };
    }
    match details.value().as_str() {
        Some(name) if !name.is_empty() => ErrorPolicy::Details(name.to_owned()),
        _ => {
            let message = format!("{} is not a name: neither details nor code are returned", brief(details.value()));
            findings.warning(details.pointer(), message);
            ErrorPolicy::Plain
        }
    }
}

fn send_body_on_redirect(node: &Node<'_>, findings: &mut Findings) -> bool {
    node.exact_object(findings);
    node.member("send_body_on_redirect").exact_flag(findings).unwrap_or(false)
}

/// The shadow mark. Unlike the original, anything but a JSON true or false is told as an error: it turns a mirror into
/// a live backend, which the original does without a word.
fn shadow(proxy: &Node<'_>, endpoint_timeout: Duration, findings: &mut Findings) -> Option<Shadow> {
    let (mark, timeout) = (proxy.member("shadow"), proxy.member("shadow_timeout"));
    match mark.value() {
        Value::Bool(true) => {
            Some(Shadow { timeout: shadow_timeout(&timeout, findings).unwrap_or(endpoint_timeout), policy: None })
        }
        Value::Null | Value::Bool(false) => {
            if !timeout.is_absent() {
                findings.warning(timeout.pointer(), "shadow_timeout without \"shadow\": true, ignored as KrakenD does");
            }
            None
        }
        other => {
            let message = format!("{} is not true or false: this makes the backend live", brief(other));
            let finding = Diagnostic::new(Severity::Mistake, mark.pointer(), message).value(other);
            findings.push(finding.hint("write \"shadow\": true, or false, without quotes"));
            None
        }
    }
}

fn shadow_timeout(node: &Node<'_>, findings: &mut Findings) -> Option<Duration> {
    if node.is_absent() {
        return None;
    }
    let text = node.value().as_str();
    let Some(time) = text.and_then(Nanoseconds::parse) else {
        let message = format!("{} is not a duration: the endpoint's timeout applies instead", brief(node.value()));
        let hint = duration_hint(text.unwrap_or(&node.value().to_string()));
        findings.push(Diagnostic::new(Severity::Mistake, node.pointer(), message).value(node.value()).hint(hint));
        return None;
    };
    if time.positive().is_none() {
        findings.warning(node.pointer(), "every mirror has expired before it is sent");
    }
    Some(time.clamped())
}

//! Our own keys at the service: `extra_config.@shadow`, `extra_config.@admin` and `extra_config.@access_log`.
//!
//! Promises: these are ours, so nothing in them is guessed or ignored: an unknown key, a wrong type or a value out of
//! range is an error.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use crate::config::{
    AccessForm, Admin, AdminToken, Node, ShadowDefaults,
    diagnostic::{Diagnostic, Findings, Severity, brief},
    known::Scope,
    unknown,
};

const MIB: usize = 1 << 20;

/// Reads `@admin`: where the dashboard listens, 127.0.0.1:8090 unless given, and the token for changes.
pub(super) fn admin(node: &Node<'_>, findings: &mut Findings) -> Admin {
    let default = Admin { listen: Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 8090))), explicit: false, token: None };
    if !node.expect_object(findings) {
        return default;
    }
    unknown::refuse(node, Scope::Admin, findings);
    let token = token(&node.member("token"), findings);
    let listen = node.member("listen");
    match listen.value().as_str() {
        Some("off") => Admin { listen: None, explicit: true, token },
        Some(text) if text.parse::<SocketAddr>().is_ok() => Admin { listen: text.parse().ok(), explicit: true, token },
        None if listen.is_absent() => Admin { token, ..default },
        _ => {
            let message = format!("{} is not an address to listen on", brief(listen.value()));
            listen.refuse(findings, message, "write \"127.0.0.1:8090\" or \"off\"");
            default
        }
    }
}

/// The token of `@admin`. What is wrong with it is said without showing it.
fn token(node: &Node<'_>, findings: &mut Findings) -> Option<AdminToken> {
    if node.is_absent() {
        return None;
    }
    let token = node.value().as_str().and_then(AdminToken::new);
    if token.is_none() {
        let message = "not a token: 16 to 1024 visible ASCII characters, which nobody can guess";
        let finding = Diagnostic::new(Severity::Error, node.pointer(), message);
        findings.push(finding.hint("leave it out to let in only whoever is on this machine"));
    }
    token
}

/// Reads `@access_log`: how requests are logged, as text unless it says otherwise.
pub(super) fn access_form(node: &Node<'_>, findings: &mut Findings) -> AccessForm {
    if !node.expect_object(findings) {
        return AccessForm::Text;
    }
    unknown::refuse(node, Scope::AccessLog, findings);
    let format = node.member("format");
    match format.value().as_str() {
        Some("json") => AccessForm::Json,
        Some("text") => AccessForm::Text,
        None if format.is_absent() => AccessForm::Text,
        _ => {
            let message = format!("{} is no form of the access log", brief(format.value()));
            format.refuse(findings, message, "write \"text\" or \"json\"");
            AccessForm::Text
        }
    }
}

/// Reads `@shadow`: the bounds of all shadows together.
pub(super) fn shadow(node: &Node<'_>, cores: usize, findings: &mut Findings) -> ShadowDefaults {
    if node.expect_object(findings) {
        unknown::refuse(node, Scope::Shadow, findings);
    }
    let bytes =
        |key: &str, default: usize, findings: &mut Findings| node.member(key).strict_bytes(findings).unwrap_or(default);
    // Read where the policies are, which are not kept without it.
    node.member("raw_values").strict_flag(findings);
    let overload = node.member("overload");
    let defaults = ShadowDefaults {
        max_concurrent: node.member("max_concurrent").strict_count(findings, 1..=100_000).unwrap_or(2048),
        max_buffered_bytes: bytes("max_buffered_bytes", 64 * MIB, findings),
        memory_budget_bytes: bytes("memory_budget", 64 * MIB, findings),
        max_request_bytes: bytes("max_request", 10 * MIB, findings),
        max_response_bytes: bytes("max_response", MIB, findings),
        threads: node.member("threads").strict_count(findings, 1..=1024).unwrap_or((cores / 8).max(1)),
        drain_timeout: node.member("drain_timeout").strict_time(findings).unwrap_or(Duration::from_secs(5)),
        kill_file: kill_file(&node.member("kill_file"), findings),
        overload_lag: overload_lag(&overload, findings),
        overload_explicit: !overload.is_absent(),
    };
    if defaults.max_request_bytes > defaults.max_buffered_bytes.min(defaults.memory_budget_bytes) {
        let message = "max_request is larger than max_buffered_bytes or memory_budget: such bodies never find room";
        findings.warning(node.pointer(), message);
    }
    defaults
}

fn kill_file(node: &Node<'_>, findings: &mut Findings) -> Option<PathBuf> {
    let path = node.strict_text(findings)?;
    if path.is_empty() {
        node.refuse(findings, "\"\" is not the name of a file", "leave it out to have none");
        return None;
    }
    Some(PathBuf::from(path))
}

/// `"off"`, or an object with the time that is too late.
fn overload_lag(node: &Node<'_>, findings: &mut Findings) -> Option<Duration> {
    let default = Some(Duration::from_millis(50));
    if node.is_absent() {
        return default;
    }
    if node.is_off() {
        return None;
    }
    if !node.value().is_object() {
        let message = format!("{} is neither \"off\" nor an object", brief(node.value()));
        node.refuse(findings, message, "write {\"lag\": \"50ms\"} or \"off\"");
        return default;
    }
    unknown::refuse(node, Scope::Overload, findings);
    node.member("lag").strict_positive_time(findings).or(default)
}

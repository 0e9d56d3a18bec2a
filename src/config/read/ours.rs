//! Our own keys at the service: `extra_config.@shadow` and `extra_config.@admin`.
//!
//! Promises: these are ours, so nothing in them is guessed or ignored: an unknown key, a wrong type or a value out of
//! range is an error.

use std::{
    net::{Ipv4Addr, SocketAddr},
    ops::RangeInclusive,
    time::Duration,
};

use crate::config::{
    Admin, AdminToken, Node, ShadowDefaults, byte_size,
    diagnostic::{Diagnostic, Findings, Severity, brief},
    duration::Nanoseconds,
    known::Scope,
    unknown,
    weak::duration_hint,
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
            refuse(&listen, message, "write \"127.0.0.1:8090\" or \"off\"", findings);
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

/// Reads `@shadow`: the bounds of all shadows together.
pub(super) fn shadow(node: &Node<'_>, cores: usize, findings: &mut Findings) -> ShadowDefaults {
    if node.expect_object(findings) {
        unknown::refuse(node, Scope::Shadow, findings);
    }
    let bytes = |key: &str, default: usize, findings: &mut Findings| bytes(&node.member(key), default, findings);
    let defaults = ShadowDefaults {
        max_concurrent: count(&node.member("max_concurrent"), 256, 1..=100_000, findings),
        max_buffered_bytes: bytes("max_buffered_bytes", 64 * MIB, findings),
        memory_budget_bytes: bytes("memory_budget", 64 * MIB, findings),
        max_request_bytes: bytes("max_request", 10 * MIB, findings),
        max_response_bytes: bytes("max_response", MIB, findings),
        threads: count(&node.member("threads"), (cores / 8).max(1), 1..=1024, findings),
        drain_timeout: time(&node.member("drain_timeout"), Duration::from_secs(5), findings),
    };
    if defaults.max_request_bytes > defaults.max_buffered_bytes.min(defaults.memory_budget_bytes) {
        let message = "max_request is larger than max_buffered_bytes or memory_budget: such bodies never find room";
        findings.warning(node.pointer(), message);
    }
    defaults
}

fn count(node: &Node<'_>, default: usize, range: RangeInclusive<usize>, findings: &mut Findings) -> usize {
    if node.is_absent() {
        return default;
    }
    let number = node.value().as_u64().and_then(|number| usize::try_from(number).ok());
    number.filter(|number| range.contains(number)).unwrap_or_else(|| {
        let message =
            format!("{} is not a whole number from {} to {}", brief(node.value()), range.start(), range.end());
        refuse(node, message, "leave it out for the default", findings);
        default
    })
}

fn bytes(node: &Node<'_>, default: usize, findings: &mut Findings) -> usize {
    if node.is_absent() {
        return default;
    }
    let written = match node.value().as_str() {
        Some(text) => byte_size::parse(text),
        None => node.value().as_u64().and_then(|number| usize::try_from(number).ok()),
    };
    written.unwrap_or_else(|| {
        let message = format!("{} is not an amount of bytes", brief(node.value()));
        refuse(node, message, "write a number of bytes, or one with B, kB, MB, GB, KiB, MiB or GiB", findings);
        default
    })
}

fn time(node: &Node<'_>, default: Duration, findings: &mut Findings) -> Duration {
    if node.is_absent() {
        return default;
    }
    let text = node.value().as_str();
    let read = text.and_then(Nanoseconds::parse).filter(|time| time.0 >= 0);
    read.map(Nanoseconds::clamped).unwrap_or_else(|| {
        let message = format!("{} is not a duration", brief(node.value()));
        refuse(node, message, &duration_hint(text.unwrap_or(&brief(node.value()))), findings);
        default
    })
}

fn refuse(node: &Node<'_>, message: String, hint: &str, findings: &mut Findings) {
    findings.push(Diagnostic::new(Severity::Error, node.pointer(), message).value(node.value()).hint(hint));
}

//! What the parts of a policy, of its backend and of its endpoint have to do with each other.

use super::{Layers, dispatch};
use crate::config::{
    Backend, Endpoint, Node,
    diagnostic::{Diagnostic, Findings, Severity},
    shadow::{BodyMode, Credentials, Criterion, Dispatch, Policy, SampleKey, Writes},
};

/// The methods that change nothing.
pub(super) const SAFE: [&str; 4] = ["GET", "HEAD", "OPTIONS", "TRACE"];

/// The shadow a policy is for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shadow<'a> {
    /// Its endpoint.
    pub(super) endpoint: &'a Endpoint,
    /// The shadow itself.
    pub(super) backend: &'a Backend,
    /// Bytes of bodies that may be held for it at once.
    pub(super) room: usize,
}

impl<'a> Shadow<'a> {
    /// The live backends of its endpoint, in file order.
    pub(super) fn live(&self) -> impl Iterator<Item = &'a Backend> + use<'a> {
        self.endpoint.backends.iter().filter(|backend| backend.shadow.is_none())
    }
}

/// Reports what can't hold or is hardly meant.
pub(super) fn check(layers: &Layers<'_>, policy: &Policy, shadow: &Shadow<'_>, findings: &mut Findings) {
    check_writes(layers, policy, shadow, findings);
    check_sent_method(layers, policy, shadow, findings);
    check_token(layers, policy, shadow, findings);
    check_components(layers, policy, shadow, findings);
    check_dispatch(layers, policy, findings);
    check_sequence(layers, policy, shadow, findings);
    check_stream(layers, policy, findings);
    check_breaker(layers, policy, findings);
    check_methods(layers, policy, shadow, findings);
    check_room(layers, policy, shadow, findings);
}

fn check_writes(layers: &Layers<'_>, policy: &Policy, shadow: &Shadow<'_>, findings: &mut Findings) {
    let Writes::Allowed(reason) = &policy.writes else { return };
    let group = layers.group("match");
    let node = group.key("unsafe_methods");
    if reason.is_empty() {
        node.refuse(
            findings,
            "writes are allowed for no reason",
            "say in \"unsafe_reason\" why the shadow may take them",
        );
    }
    if policy.limits.multiplier > 1 {
        let node = layers.group("limits").key("multiplier");
        node.refuse(
            findings,
            "writes are allowed, and would be made several times",
            "leave \"multiplier\" or \"unsafe_methods\" out",
        );
    }
    let mut hosts = shadow.live().flat_map(|backend| &backend.hosts);
    if let Some(host) = hosts.find(|host| shadow.backend.hosts.contains(host)) {
        let message = format!("writes are allowed, and {host} is the host of a live backend too: it gets each twice");
        let finding = Diagnostic::new(Severity::Warning, node.pointer(), message);
        findings.push(finding.hint("give the shadow a host and a store of its own"));
    }
}

/// Copies are sent with the shadow's own method, which need not be the client's.
fn check_sent_method(layers: &Layers<'_>, policy: &Policy, shadow: &Shadow<'_>, findings: &mut Findings) {
    let (asked, sent) = (shadow.endpoint.method.as_str(), shadow.backend.method.as_str());
    if policy.writes == Writes::Denied && SAFE.contains(&asked) && !SAFE.contains(&sent) {
        let message = format!(
            "writes are denied, and copies of {asked} {} would be sent as {sent} {}",
            shadow.endpoint.path, shadow.backend.url_pattern
        );
        let hint = "give the shadow a safe \"method\", or write \"unsafe_methods\": \"allow\" and an \"unsafe_reason\"";
        let node = layers.group("match").key("unsafe_methods");
        if node.is_absent() {
            let pointer = format!("{}/method", shadow.backend.pointer);
            findings.push(Diagnostic::new(Severity::Error, pointer, message).hint(hint));
        } else {
            node.refuse(findings, message, hint);
        }
    }
}

/// Claims are those of a token that `auth/validator` has validated.
fn check_token(layers: &Layers<'_>, policy: &Policy, shadow: &Shadow<'_>, findings: &mut Findings) {
    if !shadow.endpoint.extra.component("auth/validator").is_absent() {
        return;
    }
    let refuse = |node: Node<'_>, findings: &mut Findings| {
        let message = format!("{} has no auth/validator, so there are no claims", shadow.endpoint.path);
        node.refuse(findings, message, "add auth/validator to the endpoint, or choose by something else");
    };
    if matches!(policy.sample.key, SampleKey::Claim(_)) {
        refuse(layers.group("sample").key("key"), findings);
    }
    let group = layers.group("match");
    if policy.conditions.0.iter().any(|condition| matches!(condition, Criterion::Claim(..))) {
        refuse(group.key("claims"), findings);
    }
    if policy.conditions.0.iter().any(|condition| matches!(condition, Criterion::NotClaim(..))) {
        refuse(group.key("not_claims"), findings);
    }
}

fn check_components(layers: &Layers<'_>, policy: &Policy, shadow: &Shadow<'_>, findings: &mut Findings) {
    let has_own = !shadow.backend.extra.component("auth/client-credentials").is_absent();
    if policy.rewrite.credentials == Credentials::Replace && !has_own {
        let node = layers.group("headers").key("credentials");
        let message = format!(
            "nothing gives the shadow {} {} credentials of its own",
            shadow.backend.method, shadow.backend.url_pattern
        );
        node.refuse(findings, message, "add auth/client-credentials to its backend, or write \"strip\"");
    }
    if policy.body == BodyMode::None && policy.rewrite.body_patch.is_some() {
        let node = layers.key("body_patch");
        let message = "copies have no body, so there is nothing to patch";
        findings.push(Diagnostic::new(Severity::Warning, node.pointer(), message));
    }
}

fn check_dispatch(layers: &Layers<'_>, policy: &Policy, findings: &mut Findings) {
    if policy.when_status.is_some()
        && let Some(node) = dispatch::contradiction(layers, policy.dispatch)
    {
        let message = "when_primary_status needs the live answer, and this does not wait for it";
        node.refuse(findings, message, "leave it out, or write \"after_primary\"");
    }
}

/// In a sequence the answer before it says when a copy is sent, and each is sent once.
fn check_sequence(layers: &Layers<'_>, policy: &Policy, shadow: &Shadow<'_>, findings: &mut Findings) {
    let shadows = shadow.endpoint.backends.iter().filter(|backend| backend.shadow.is_some()).count();
    if !shadow.endpoint.sequential || shadows < 2 {
        return;
    }
    let mut refuse = |node: &Node<'_>, what: &str| {
        let message = format!("the shadows of {} are a sequence, {what}", shadow.endpoint.path);
        node.refuse(findings, message, "leave it out, or keep one shadow in this endpoint");
    };
    let dispatch = layers.key("dispatch");
    if policy.dispatch != Dispatch::Concurrent && !dispatch.is_absent() {
        refuse(&dispatch, "so each is sent when the one before it has answered");
    }
    if policy.when_status.is_some() {
        refuse(&layers.key("when_primary_status"), "which does not wait for the live answer");
    }
    if policy.limits.multiplier > 1 {
        refuse(&layers.group("limits").key("multiplier"), "in which each has one place");
    }
    if let BodyMode::Stream(_) = policy.body {
        refuse(&layers.group("body").key("mode"), "in which a copy waits for the one before it, and a stream can't");
    }
}

/// A streamed copy begins with its upload, and nobody ever has all of it.
fn check_stream(layers: &Layers<'_>, policy: &Policy, findings: &mut Findings) {
    let window = layers.group("body").key("stream_window");
    let BodyMode::Stream(_) = policy.body else {
        if !window.is_absent() {
            let message = "bodies are not streamed, so there is no window";
            let finding = Diagnostic::new(Severity::Warning, window.pointer(), message);
            findings.push(finding.hint("write \"mode\": \"stream\" beside it, or leave it out"));
        }
        return;
    };
    if policy.dispatch != Dispatch::Concurrent {
        let node = layers.key("dispatch");
        let node = if node.is_absent() { layers.key("when_primary_status") } else { node };
        let message = "a streamed copy is sent while its body arrives, and this waits";
        node.refuse(findings, message, "leave it out, or write \"mode\": \"buffer\"");
    }
    if policy.rewrite.body_patch.is_some() {
        let message = "a patch needs the whole body, and a streamed copy never has it";
        layers.key("body_patch").refuse(findings, message, "leave it out, or write \"mode\": \"buffer\"");
    }
}

fn check_breaker(layers: &Layers<'_>, policy: &Policy, findings: &mut Findings) {
    if let Some(breaker) = policy.breaker.filter(|breaker| breaker.open_max < breaker.open) {
        let group = layers.group("breaker");
        let node = Some(group.key("max_open")).filter(|node| !node.is_absent()).unwrap_or_else(|| group.key("open"));
        let message = format!("open ({:?}) is longer than max_open ({:?})", breaker.open, breaker.open_max);
        node.refuse(findings, message, "write a longer \"max_open\" or a shorter \"open\"");
    }
}

/// A shadow that never gets anything, since all requests of its endpoint have one method.
fn check_methods(layers: &Layers<'_>, policy: &Policy, shadow: &Shadow<'_>, findings: &mut Findings) {
    let method = &shadow.endpoint.method;
    let group = layers.group("match");
    let told = |node: &Node<'_>, message: String, hint: &str, findings: &mut Findings| {
        let pointer = if node.is_absent() { &shadow.backend.pointer } else { node.pointer() };
        findings.push(Diagnostic::new(Severity::Warning, pointer, message).hint(hint));
    };
    let path = &shadow.endpoint.path;
    if !SAFE.contains(&method.as_str()) && policy.writes == Writes::Denied {
        let message = format!("nothing of {method} {path} is copied: writes are denied in policy mode");
        let hint = "write \"unsafe_methods\": \"allow\" and an \"unsafe_reason\" in \"match\" if they may be";
        told(&group.key("unsafe_methods"), message, hint, findings);
    }
    let misses = policy.conditions.0.iter().find_map(|condition| match condition {
        Criterion::Methods(methods) if !methods.contains(method) => Some("methods"),
        Criterion::NotMethods(methods) if methods.contains(method) => Some("not_methods"),
        _ => None,
    });
    if let Some(key) = misses {
        let message = format!("nothing of {method} {path} is copied: its method does not match");
        told(&group.key(key), message, "change the methods, or remove the shadow", findings);
    }
}

/// A body that is copied must find room.
fn check_room(layers: &Layers<'_>, policy: &Policy, shadow: &Shadow<'_>, findings: &mut Findings) {
    if policy.body == BodyMode::Buffer && policy.limits.request_bytes_max > shadow.room {
        let node = layers.group("body").key("max_request");
        let pointer = if node.is_absent() { &shadow.backend.pointer } else { node.pointer() };
        let message = "max_request is larger than max_buffered_bytes or memory_budget: such bodies never find room";
        findings.push(Diagnostic::new(Severity::Warning, pointer, message));
    }
}

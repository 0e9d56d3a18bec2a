//! Every policy of a document: each place on its own, then together for each shadow.

use std::{sync::Arc, time::SystemTime};

use http::HeaderName;

use super::{Context, Layers, comparison, keys, reader, rules};
use crate::config::{
    Endpoint, Node, Service,
    diagnostic::{Diagnostic, Findings, Severity},
    known::Scope,
    shadow::Policy,
    unknown,
};

/// Fills in the policies of all shadows; what is wrong in any of them is in `findings`, once for each place.
pub(in crate::config::read) fn policies(
    root: &Node<'_>,
    service: &mut Service,
    now: Option<SystemTime>,
    findings: &mut Findings,
) {
    let defaults = root.field("extra_config").member("@shadow");
    let context =
        Context { service: defaults.clone(), salt: &service.name.clone(), shadow: None, token_header: None, now };
    let mut said = Findings::default();
    alone(&defaults, &context, &mut said);
    for endpoint in root.field("endpoints").elements() {
        check_endpoint(&endpoint, &context, &mut said);
    }
    let room = service.shadow.max_buffered_bytes.min(service.shadow.memory_budget_bytes);
    for endpoint in &mut service.endpoints {
        fill(root, endpoint, &context, room, &mut said);
    }
    findings.absorb(said);
}

/// Reads one place by itself, for its errors.
fn alone(node: &Node<'_>, context: &Context<'_>, findings: &mut Findings) {
    if node.value().is_object() {
        keys::check_groups(node, findings);
        let mut values = Findings::default();
        // Bounds of the service have been read already.
        let context = Context { service: Node::root(&serde_json::Value::Null), ..context.clone() };
        reader::policy(&Layers::alone(node.clone()), &context, &mut values);
        findings.absorb(values);
    }
}

/// The places of an endpoint and its backends, whether it is published or not.
fn check_endpoint(endpoint: &Node<'_>, context: &Context<'_>, findings: &mut Findings) {
    let defaults = endpoint.field("extra_config").member("@shadow");
    if defaults.strict_object(findings) {
        unknown::refuse(&defaults, Scope::Policy, findings);
    }
    alone(&defaults, context, findings);
    for backend in endpoint.field("backend").elements() {
        let proxy = proxy(&backend);
        let policy = own_policy(&proxy);
        let other = proxy.member("shadow_policy");
        if !other.is_absent() && other.pointer() != policy.pointer() {
            other.refuse(findings, "two policies for one shadow", "leave one of @shadow_policy and shadow_policy");
        }
        if policy.strict_object(findings) {
            unknown::refuse(&policy, Scope::Policy, findings);
        }
        if !policy.is_absent() && proxy.member("shadow").value() != true {
            let message = "a policy without \"shadow\": true: this backend is live";
            let finding = Diagnostic::new(Severity::Error, policy.pointer(), message);
            findings.push(finding.hint("write \"shadow\": true beside it, or remove the policy"));
        }
        alone(&policy, context, findings);
    }
}

fn proxy<'a>(backend: &Node<'a>) -> Node<'a> {
    backend.field("extra_config").namespace("proxy")
}

/// The policy of a backend, in whichever of its two spellings.
fn own_policy<'a>(proxy: &Node<'a>) -> Node<'a> {
    let policy = proxy.member("@shadow_policy");
    let other = proxy.member("shadow_policy");
    if policy.is_absent() && !other.is_absent() { other } else { policy }
}

/// Fills in the policies of an endpoint's shadows.
fn fill(root: &Node<'_>, endpoint: &mut Endpoint, context: &Context<'_>, room: usize, findings: &mut Findings) {
    let Some(value) = root.value().pointer(&endpoint.pointer) else { return };
    let extra = Node::at(value, &endpoint.pointer).field("extra_config");
    let validator = extra.namespace("auth/validator");
    let context = Context { token_header: token_header(&validator), ..context.clone() };
    let defaults = extra.member("@shadow");
    let policies: Vec<_> = (endpoint.backends.iter())
        .map(|backend| {
            let value = root.value().pointer(&backend.pointer).filter(|_| backend.shadow.is_some())?;
            let own = own_policy(&proxy(&Node::at(value, &backend.pointer)));
            let is_policy = own.value().is_object() || defaults.value().is_object() || keys::any(&context.service);
            let layers = Layers::of(own, vec![defaults.clone(), context.service.clone()]);
            let shadow = rules::Shadow { endpoint, backend, room };
            is_policy.then(|| together(&layers, &context, shadow, findings))
        })
        .collect();
    for (backend, policy) in endpoint.backends.iter_mut().zip(policies) {
        if let (Some(shadow), Some(policy)) = (&mut backend.shadow, policy) {
            shadow.policy = Some(Arc::new(policy));
        }
    }
}

/// Reads the places together. Their own errors have been told, and are not told again.
fn together<'a>(
    layers: &Layers<'a>,
    context: &Context<'a>,
    shadow: rules::Shadow<'a>,
    findings: &mut Findings,
) -> Policy {
    let mut said = Findings::default();
    let policy = reader::policy(layers, &Context { shadow: Some(shadow), ..context.clone() }, &mut said);
    rules::check(layers, &policy, &shadow, &mut said);
    comparison::check(layers, &policy, &shadow, &mut said);
    findings.absorb(said);
    policy
}

fn token_header(validator: &Node<'_>) -> Option<HeaderName> {
    let name = validator.field("auth_header_name").value().as_str()?;
    HeaderName::from_bytes(name.as_bytes()).ok()
}

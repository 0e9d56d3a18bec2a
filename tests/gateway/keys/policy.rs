//! The keys of a policy, once at a backend and once as defaults of the service, and the places where one stands.

use gnomon::config::known::Scope as At;
use serde_json::{Value, json};

use super::{
    case::Case,
    copies::{
        GET, POST, Sent, connections_of_copies, copied_body, copied_header, fate_after_story, fate_of, policed, posted,
        sees_copies,
    },
    walk::walk,
};
use crate::upstream::{Behaviour, Reply};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = keys(At::Policy);
    cases.extend(keys(At::Shadow));
    cases.extend(places());
    cases
}

/// The time that has passed, and the one that has not come.
pub(super) const PAST: &str = "2020-01-01T00:00:00Z";
pub(super) const FUTURE: &str = "2100-01-01T00:00:00Z";
/// A request that says it is a copy.
const COPY: Sent = Sent { headers: &[("X-Shadow-Request", "1")], ..GET };

fn keys(scope: At) -> Vec<Case> {
    let at = |key, value| policed(scope, key, value);
    let post = |key, value| posted(scope, key, value);
    vec![
        at("sample", json!({ "rate": 0 })).sees(fate_of(GET), "not_sampled"),
        at("match", json!({ "methods": ["POST"] })).sees(fate_of(GET), "method"),
        at("limits", json!({ "max_rps": 0.001 })).sees(fate_after_story("g"), "rate"),
        at("dispatch", json!("after_primary"))
            .on("/b", Behaviour::Waits(Reply::json(&json!({}))))
            .sees(sees_copies(1, 1), false),
        at("when_primary_status", json!(["5xx"])).sees(fate_of(GET), "live_status"),
        post("body", json!({ "max_request": 3 })).sees(fate_of(POST), "body_too_large"),
        at("headers", json!({ "remove": ["X-A"] })).sees(copied_header("x-a", &[("X-A", "1")]), Value::Null),
        post("body_patch", json!({ "b": 2 })).sees(copied_body, "{\"a\":1,\"b\":2}"),
        at("network", json!({ "idle_timeout": "200ms" })).sees(connections_of_copies, 2),
        at("breaker", json!({ "consecutive": 1 })).sees(fate_after_story("b"), "breaker_open"),
        at("ramp", json!({ "start": PAST, "steps": [{ "rate": 0 }] })).sees(fate_of(GET), "not_sampled"),
        at("until", json!(PAST)).sees(fate_of(GET), "expired"),
        at("ttl", json!("100ms")).sees(fate_after_story("p"), "expired"),
        at("dry_run", json!(true)).sees(fate_of(GET), "dry_run"),
        at("holdout", json!(1)).otherwise(json!(0)).sees(fate_of(GET), "holdout"),
        at("loop", json!({ "trusted_marks": ["127.0.0.1"] })).sees(fate_of(COPY), "loop"),
    ]
}

fn places() -> Vec<Case> {
    let nothing = || json!({ "sample": { "rate": 0 } });
    vec![
        policed(At::BackendProxy, "@shadow_policy", nothing()).sees(fate_of(GET), "not_sampled"),
        policed(At::BackendProxy, "shadow_policy", nothing())
            .without(At::BackendProxy, "@shadow_policy")
            .sees(fate_of(GET), "not_sampled"),
        policed(At::EndpointComponents, "@shadow", nothing()).sees(fate_of(GET), "not_sampled"),
    ]
}

#[test]
fn every_key_of_a_policy_counts_at_its_backend() {
    walk(&keys(At::Policy));
}

#[test]
fn every_key_of_a_policy_counts_at_the_service() {
    walk(&keys(At::Shadow));
}

#[test]
fn a_policy_counts_wherever_it_stands() {
    walk(&places());
}

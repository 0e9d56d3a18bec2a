//! `store` and `stop_on`: what is kept of differences, and when a shadow is stopped by itself.

use gnomon::config::known::Scope as At;
use serde_json::{Value, json};

use super::{
    case::Case,
    compared::{clusters, compared, kept_text, outcome, state_after, told},
    copies::GET,
    observe::happens,
    scene::Scene,
    walk::walk,
};
use crate::{
    patience::wait_for,
    upstream::{Behaviour, Reply},
};

/// So many pairs that all differ are surely more than half of them, 999 times of 1000.
const ENOUGH: u64 = 40;

pub(super) fn cases() -> Vec<Case> {
    [store(), rules(), acts()].into_iter().flatten().collect()
}

/// A case in which every pair is a mismatch.
fn differing(scope: At, key: &'static str, value: Value) -> Case {
    compared(scope, key, value, json!({ "a": 1 }), json!({ "a": 2 }))
}

fn store() -> Vec<Case> {
    let secret = |number| json!({ "password": format!("hunter{number}") });
    vec![
        differing(At::Policy, "store", json!({ "values": "shape" })).sees(kept_text, Value::Null),
        differing(At::Shadow, "store", json!({ "values": "shape" })).sees(kept_text, Value::Null),
        differing(At::PolicyStore, "values", json!("shape")).sees(kept_text, Value::Null),
        differing(At::PolicyStore, "redact", json!(["a"])).sees(kept_text, Value::Null),
        differing(At::PolicyStore, "ttl", json!("300ms")).sees(
            |scene| {
                outcome(scene);
                happens(|| clusters(scene) == 0)
            },
            true,
        ),
        compared(At::Shadow, "raw_values", json!(true), secret(1), secret(2))
            .with(At::PolicyStore, json!({ "values": "raw" }))
            .sees(raw_text_unless_refused, "\"hunter1\""),
    ]
}

/// Without leave to keep raw values the file is refused.
fn raw_text_unless_refused(scene: &Scene) -> Value {
    let checked = scene.command(&["check"]);
    if checked.contains("raw_values") { Value::Null } else { kept_text(scene) }
}

fn rules() -> Vec<Case> {
    let first = || json!({ "mismatch_rate": 0, "min_pairs": 1 });
    let failing = Reply { status: 500, ..Reply::json(&json!({})) };
    let enough = || json!({ "min_pairs": ENOUGH });
    vec![
        differing(At::Policy, "stop_on", first()).sees(state_after(1), "paused"),
        differing(At::Shadow, "stop_on", first()).sees(state_after(1), "paused"),
        differing(At::PolicyStop, "mismatch_rate", json!(0.5))
            .otherwise(json!(1))
            .with(At::PolicyStop, enough())
            .sees(state_after(ENOUGH), "paused"),
        compared(At::PolicyStop, "error_delta", json!(0.5), json!({}), failing)
            .otherwise(json!(1))
            .with(At::PolicyStop, enough())
            .sees(state_after(ENOUGH), "paused"),
        compared(At::PolicyStop, "p99_ratio", json!(1.1), json!({}), slow_answer())
            .with(At::PolicyStop, json!({ "min_pairs": 100, "mismatch_rate": 1 }))
            .with(At::PolicyLimits, json!({ "max_concurrent": 1000 }))
            .sees(state_of_a_slow_shadow, "paused"),
        differing(At::PolicyStop, "overhead_p99", json!(0.25))
            .with(At::Shadow, json!({ "holdout": 0.5 }))
            .with(At::PolicyStop, json!({ "mismatch_rate": 1 }))
            .sees(rules_that_are_measured, json!([["mismatch_rate", 1.0], ["overhead_p99", 0.25]])),
        differing(At::PolicyStop, "min_pairs", json!(2))
            .with(At::PolicyStop, json!({ "mismatch_rate": 0 }))
            .sees(state_after(2), "paused"),
        differing(At::PolicyStop, "window", json!("1s"))
            .with(At::PolicyStop, json!({ "mismatch_rate": 0 }))
            .sees(forgets_a_pair, true),
    ]
}

fn acts() -> Vec<Case> {
    let first = || json!({ "mismatch_rate": 0, "min_pairs": 1 });
    vec![
        differing(At::PolicyStop, "action", json!("kill")).with(At::PolicyStop, first()).sees(state_after(1), "killed"),
        differing(At::PolicyStop, "webhook", json!("{upstream}/hook"))
            .otherwise(json!("{upstream}/elsewhere"))
            .with(At::PolicyStop, first())
            .sees(told_to_the_webhook, json!(["POST", "/hook", "paused", "mismatch_rate"])),
    ]
}

fn slow_answer() -> Behaviour {
    Behaviour::Slow(std::time::Duration::from_millis(500), Reply::json(&json!({})))
}

/// What becomes of a shadow, once so many of its answers came that its 99th percentile is sure, if that is of interest.
fn state_of_a_slow_shadow(scene: &Scene) -> Value {
    let rule = |told: &Value| told["rules"].as_array()?.iter().find(|rule| rule["rule"] == "p99_ratio").cloned();
    if rule(&told(scene)).is_none() {
        return told(scene)["state"].take();
    }
    let mut client = scene.gateway().connect();
    for _ in 0..950 {
        client.ask("GET", GET.target, &[], b"");
        client.receive().expect("it is answered");
    }
    let look = || {
        let told = told(scene);
        let is_sure = rule(&told).is_some_and(|rule| !rule["at_least"].is_null() && rule["holds"] == true);
        (is_sure || told["state"] == "paused").then(|| told["state"].clone())
    };
    wait_for(look).unwrap_or_else(|| panic!("the rule is measured: {:#}", told(scene)["rules"]))
}

/// The rules that count, and what they allow.
fn rules_that_are_measured(scene: &Scene) -> Value {
    let rules = told(scene)["rules"].take();
    let rules = rules.as_array().expect("a list");
    rules.iter().map(|rule| json!([rule["rule"], rule["limit"]])).collect()
}

/// Whether a pair that was measured soon counts no more.
fn forgets_a_pair(scene: &Scene) -> Value {
    outcome(scene);
    let counted = || told(scene)["rules"][0]["pairs"].as_u64();
    wait_for(|| (counted() == Some(1)).then_some(())).expect("the pair counts");
    happens(|| counted() == Some(0))
}

/// How and where a decision is told to others, and what it is.
fn told_to_the_webhook(scene: &Scene) -> Value {
    assert_eq!(state_after(1)(scene), "paused");
    let letter = wait_for(|| scene.seen_on("/hook").or_else(|| scene.seen_on("/elsewhere"))).expect("a letter comes");
    let told: Value = serde_json::from_slice(&letter.body).expect("it is JSON");
    json!([letter.method, letter.target, told["decision"], told["rule"]["rule"]])
}

#[test]
fn every_key_of_the_store_and_of_the_rules_counts() {
    walk(&cases());
}

//! `@split`: who answers which client, and when a variant is stopped.

use std::time::Duration;

use gnomon::config::known::Scope as At;
use serde_json::{Value, json};

use super::{
    case::{Case, case},
    scene::Scene,
    walk::walk,
};
use crate::{
    client::get,
    patience::{wait_at_most, wait_for},
    upstream::{Behaviour, Reply},
};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = shares();
    cases.extend(rules());
    cases
}

/// A case about a backend that answers `{"v":1}` and a variant at `/c` that answers `{"v":2}` and takes everything.
fn shared(scope: At, key: &'static str, value: Value) -> Case {
    case(scope, key, value)
        .with(At::Split, json!({ "to": [{ "rate": 1, "url_pattern": "/c" }] }))
        .on("/b", json!({ "v": 1 }))
        .on("/c", json!({ "v": 2 }))
}

/// The answer to the user of that number, by header.
fn answer_to(user: &'static str) -> impl Fn(&Scene) -> Value + Send + Sync + 'static {
    move |scene| scene.ask("GET", "/a", &[("X-User", user)], b"").json()
}

fn shares() -> Vec<Case> {
    let tenth = json!({ "to": [{ "rate": "10%", "url_pattern": "/c" }] });
    // Of the golden values: a tenth of all has it with the one salt and not with another.
    const CHOSEN: &str = "7";
    let split = json!({ "to": [{ "rate": 1, "url_pattern": "/c" }] });
    vec![
        case(At::BackendProxy, "@split", split).on("/c", json!({ "v": 2 })).shows(json!({ "v": 2 })),
        // Who lacks the key is not sent to a variant, whatever its rate.
        shared(At::Split, "key", json!("header:X-User")).shows(json!({ "v": 1 })),
        shared(At::Split, "salt", json!("u2026"))
            .with(At::Split, json!({ "key": "header:X-User" }))
            .with(At::Split, tenth)
            .sees(answer_to(CHOSEN), json!({ "v": 2 })),
        shared(At::Split, "on_missing_key", json!("random"))
            .with(At::Split, json!({ "key": "header:X-User" }))
            .shows(json!({ "v": 2 })),
        shared(At::Split, "to", json!([{ "rate": 1, "url_pattern": "/d" }]))
            .otherwise(json!([{ "rate": 1, "url_pattern": "/c" }]))
            .on("/d", json!({ "v": 3 }))
            .shows(json!({ "v": 3 })),
        shared(At::Split, "ramp", json!({ "start": "2020-01-01T00:00:00Z", "steps": [{ "rate": 0 }] }))
            .shows(json!({ "v": 1 })),
        shared(At::SplitVariant, "rate", json!(0)).otherwise(json!(1)).shows(json!({ "v": 1 })),
        shared(At::SplitVariant, "name", json!("blue")).sees(name_of_the_variant, "blue"),
    ]
}

fn split(scene: &Scene) -> Value {
    get(scene.gateway().admin(), "/__split").json()["splits"][0].clone()
}

fn name_of_the_variant(scene: &Scene) -> Value {
    split(scene)["parts"][1]["variant"].clone()
}

/// A case about a variant that takes half of all and does not do well.
fn bad(scope: At, key: &'static str, value: Value, variant: impl Into<Behaviour>) -> Case {
    case(scope, key, value)
        .with(At::Split, json!({ "to": [{ "rate": 0.5, "url_pattern": "/c" }] }))
        .on("/c", variant)
        .sees(decision_after_some_calls, "stopped")
}

fn rules() -> Vec<Case> {
    let fails = || Reply::new(500, "application/json", b"{}");
    let slow = Behaviour::Slow(Duration::from_millis(300), Reply::json(&json!({})));
    let strict = json!({ "error_delta": 0.1, "min_requests": 3 });
    vec![
        bad(At::Split, "stop_on", strict.clone(), fails()),
        bad(At::SplitStop, "error_delta", json!(0.1), fails())
            .with(At::SplitStop, json!({ "p99_ratio": 1000, "min_requests": 3 })),
        bad(At::SplitStop, "p99_ratio", json!(1.2), slow)
            .with(At::Split, json!({ "to": [{ "rate": 0.02, "url_pattern": "/c" }] }))
            .with(At::SplitStop, json!({ "error_delta": 1, "min_requests": 3 }))
            .sees(decision_after_many_calls, "stopped"),
        bad(At::SplitStop, "min_requests", json!(3), fails()).with(At::SplitStop, json!({ "error_delta": 0.1 })),
        bad(At::SplitStop, "action", json!("log"), fails())
            .with(At::SplitStop, strict)
            .sees(decision_after_some_calls, "told"),
        bad(At::SplitStop, "window", json!("1s"), fails())
            .with(At::SplitStop, json!({ "error_delta": 0.1 }))
            .sees(calls_leave_the_window, true),
        bad(At::SplitStop, "webhook", json!("{upstream}/hook"), fails())
            .with(At::SplitStop, json!({ "error_delta": 0.1, "min_requests": 3 }))
            .on("/hook", json!({}))
            .sees(decision_at_the_webhook, json!(["canary", "stop", "error_delta"])),
    ]
}

/// What the rules, which are looked at four times a second, come to after some calls of both.
fn decision_after_some_calls(scene: &Scene) -> Value {
    decision_after(80, scene)
}

/// A percentile of the base is sure after some 830 calls.
fn decision_after_many_calls(scene: &Scene) -> Value {
    decision_after(1000, scene)
}

fn decision_after(calls: usize, scene: &Scene) -> Value {
    for _ in 0..calls {
        scene.get("/a");
    }
    let decided = || {
        let output = scene.gateway().output();
        let said = [(" is stopped: ", "stopped"), (" would be stopped: ", "told")];
        said.into_iter().find(|(text, _)| output.contains(text)).map(|(_, word)| word)
    };
    wait_at_most(Duration::from_secs(2), decided).unwrap_or("running").into()
}

/// What is posted once the variant is stopped: which one, what was done, and for which rule.
fn decision_at_the_webhook(scene: &Scene) -> Value {
    assert_eq!(decision_after_some_calls(scene), "stopped");
    let posted = wait_at_most(Duration::from_secs(2), || scene.seen_on("/hook"));
    let told = posted.and_then(|seen| serde_json::from_slice::<Value>(&seen.body).ok());
    told.map_or(Value::Null, |told| json!([told["variant"], told["action"], told["breach"]["rule"]]))
}

/// Whether what was counted is forgotten within seconds.
fn calls_leave_the_window(scene: &Scene) -> Value {
    for _ in 0..24 {
        scene.get("/a");
    }
    let calls = || split(scene)["parts"][1]["recent"]["requests"].as_u64().expect("calls are counted");
    wait_for(|| (calls() > 0).then_some(())).expect("the calls are counted");
    wait_at_most(Duration::from_secs(4), || (calls() == 0).then_some(())).is_some().into()
}

#[test]
fn every_key_of_splits_counts() {
    walk(&cases());
}

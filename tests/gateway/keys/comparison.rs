//! `compare` and what stands in it: with what, and what counts as the same.

use gnomon::config::known::Scope as At;
use serde_json::{Value, json};

use super::{
    case::Case,
    compared::{compared, live_calls_of, outcome},
    copies::policed,
    walk::walk,
};
use crate::upstream::Reply;

pub(super) fn cases() -> Vec<Case> {
    [whole(), answers(), places(), baseline()].into_iter().flatten().collect()
}

fn whole() -> Vec<Case> {
    let differs = |scope| {
        policed(scope, "compare", json!({})).on("/shadow", json!({ "a": 2 })).sees(outcome, json!({ "mismatch": 1 }))
    };
    vec![differs(At::Policy), differs(At::Shadow)]
}

/// A case in which two bodies differ, so that the key decides.
fn bodies(scope: At, key: &'static str, value: Value, [live, shadow]: [Value; 2], expected: &str) -> Case {
    compared(scope, key, value, live, shadow).sees(outcome, json!({ expected: 1 }))
}

fn two(values: [Value; 2]) -> [Value; 2] {
    values.map(|value| json!({ "a": value }))
}

fn answers() -> Vec<Case> {
    let at = |key, value, answers, expected| bodies(At::PolicyCompare, key, value, answers, expected);
    let reply = |status, name: &str, value: &str| Reply { status, ..Reply::json(&json!({ "a": 1 })) }.with(name, value);
    let replies = |key, value, live: Reply, shadow: Reply, expected: &str| {
        compared(At::PolicyCompare, key, value, live, shadow).sees(outcome, json!({ expected: 1 }))
    };
    let live = |url_pattern| json!({ "host": ["{upstream}"], "url_pattern": url_pattern });
    let proxy = json!({ "shadow": true, "@shadow_policy": { "compare": { "against": "backend:0" } } });
    let shadow = json!({ "host": ["{upstream}"], "url_pattern": "/shadow", "extra_config": { "proxy": proxy } });
    let one_or_two = || two([json!(1), json!(2)]);
    vec![
        at("sample", json!(0), one_or_two(), "mismatch").sees(outcome, json!({})),
        at("against", json!("backend:1"), one_or_two(), "match")
            .otherwise(json!("backend:0"))
            .backends(&json!([shadow, live("/b"), live("/c")]))
            .on("/c", json!({ "a": 2 })),
        at("stage", json!("raw"), [json!({ "a": 1 }), json!({ "name": 1 })], "mismatch")
            .with(At::Backend, json!({ "mapping": { "name": "a" } })),
        replies("status", json!("class"), reply(200, "X-A", "1"), reply(201, "X-A", "1"), "match"),
        replies("headers", json!(["X-A"]), reply(200, "X-A", "1"), reply(200, "X-A", "2"), "mismatch"),
        replies(
            "ignore_headers",
            json!(["Cache-Control"]),
            reply(200, "Cache-Control", "no-cache"),
            reply(200, "Cache-Control", "no-store"),
            "ignored",
        )
        .with(At::PolicyCompare, json!({ "headers": ["Cache-Control"] })),
        at("body", json!("none"), one_or_two(), "match"),
        at("max_body", json!(20), two([json!("x".repeat(30)), json!("x".repeat(30))]), "too_large"),
        at("max_values", json!(3), two([json!([1, 2, 3]), json!([1, 2, 4])]), "too_large"),
        // Both are JSON, and compared as texts.
        texts(At::PolicyCompare, "text", json!({ "whitespace": "normalize" }), "{ \"a\":  1 }", "{ \"a\": 1 }"),
        texts(At::PolicyText, "whitespace", json!("normalize"), "{ \"a\":  1 }", "{ \"a\": 1 }"),
        texts(At::PolicyText, "similarity", json!(0.5), "{\n\"a\": 1,\n\"b\": 2\n}", "{\n\"a\": 1,\n\"b\": 3\n}"),
    ]
}

fn texts(scope: At, key: &'static str, value: Value, live: &str, shadow: &str) -> Case {
    let reply = |text: &str| Reply::new(200, "application/json", text.as_bytes());
    compared(scope, key, value, reply(live), reply(shadow))
        .with(At::PolicyCompare, json!({ "body": "text" }))
        .sees(outcome, json!({ "match": 1 }))
}

/// What counts in places of JSON.
fn places() -> Vec<Case> {
    let at = |key, value, answers, expected| bodies(At::PolicyCompare, key, value, answers, expected);
    let uuids = ["6f9619ff-8b86-4d11-b42d-00c04fc964ff", "0e37df36-f698-4ca7-9e0c-6d3c5a1c2f10"];
    let times = || two([json!("2026-01-01T00:00:00Z"), json!("2026-01-01T00:00:01Z")]);
    let named = |names: [&str; 2]| names.map(|name| json!({ "id": name, "n": 1 })).to_vec().into();
    vec![
        at("ignore", json!(["$.a"]), two([json!(1), json!(2)]), "ignored"),
        at("only", json!(["$.b"]), two([json!(1), json!(2)]), "ignored"),
        at("arrays", json!({ "$.a": "set" }), two([json!([1, 2]), json!([2, 1])]), "match"),
        at("numbers", json!({ "$.a": { "abs": 1 } }), two([json!(1), json!(1.5)]), "match"),
        at("times", json!({ "$.a": { "within": "2s" } }), times(), "match"),
        at("shapes", json!({ "$.a": "uuid" }), two([json!(uuids[0]), json!(uuids[1])]), "match"),
        at("strings", json!({ "$.a": "ci" }), two([json!("Ada"), json!("ADA")]), "match"),
        at("null_is_missing", json!(true), [json!({ "a": null }), json!({})], "match"),
        bodies(At::PolicyArrays, "key", json!("id"), two([named(["x", "y"]), named(["y", "x"])]), "match")
            .otherwise(json!("n")),
        bodies(At::PolicyNumbers, "abs", json!(1), two([json!(1), json!(1.5)]), "match").otherwise(json!(0.1)),
        bodies(At::PolicyNumbers, "rel", json!(0.5), two([json!(1), json!(1.5)]), "match").otherwise(json!(0.1)),
        bodies(At::PolicyTimes, "within", json!("2s"), times(), "match").otherwise(json!("1ms")),
    ]
}

/// How often the live backend is asked a second time.
fn baseline() -> Vec<Case> {
    let asks = |scope, key, value, requests, live_calls: usize| {
        compared(scope, key, value, json!({ "a": 1 }), json!({ "a": 1 })).sees(live_calls_of(requests), live_calls)
    };
    let learned = |members: Value| move |case: Case| case.with(At::PolicyBaseline, members);
    vec![
        asks(At::PolicyCompare, "baseline", json!({ "mode": "dual_primary", "sample": 1 }), 1, 2),
        learned(json!({ "sample": 1 }))(asks(At::PolicyBaseline, "mode", json!("dual_primary"), 1, 2)),
        learned(json!({ "mode": "dual_primary" }))(asks(At::PolicyBaseline, "sample", json!(1), 1, 2))
            .otherwise(json!(0)),
        learned(json!({ "mode": "learned", "sample": 1 }))(asks(At::PolicyBaseline, "learn_pairs", json!(1), 2, 3)),
        // It is over when the second answer is later than the first by this much.
        learned(json!({ "mode": "learned", "sample": 1 }))(asks(At::PolicyBaseline, "learn_for", json!("1ms"), 3, 5)),
    ]
}

#[test]
fn every_key_of_the_comparison_counts() {
    walk(&cases());
}

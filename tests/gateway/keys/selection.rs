//! `sample`, `match` and `loop` of a policy: which requests are copied.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use gnomon::config::known::Scope as At;
use ring::hmac;
use serde_json::{Value, json};

use super::{
    case::Case,
    copies::{GET, POST, Sent, fate_after, fate_of, policed, posted},
    scene::Scene,
    validator::{KEYS, token},
    walk::walk,
};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = samples();
    cases.extend(conditions());
    cases.extend(claims());
    cases.extend(writes());
    cases.extend(loops());
    cases
}

fn samples() -> Vec<Case> {
    let at = |key, value| policed(At::PolicySample, key, value);
    // Of the golden values: a tenth of all has it with the one salt and not with another.
    const USER: Sent = Sent { headers: &[("X-User", "7")], ..GET };
    vec![
        at("rate", json!(0)).sees(fate_of(GET), "not_sampled"),
        at("key", json!("header:X-User")).sees(fate_of(GET), "no_key"),
        at("salt", json!("u2026"))
            .with(At::PolicySample, json!({ "rate": "10%", "key": "header:X-User" }))
            .sees(fate_of(USER), "sent"),
        at("on_missing_key", json!("random"))
            .with(At::PolicySample, json!({ "key": "header:X-User" }))
            .sees(fate_of(GET), "sent"),
    ]
}

fn conditions() -> Vec<Case> {
    const FULL: Sent =
        Sent { target: "/a?q=1", headers: &[("X-A", "1"), ("Content-Type", "text/plain; charset=utf-8")], ..GET };
    let at = |key, value, fate: &str| policed(At::PolicyMatch, key, value).sees(fate_of(FULL), fate);
    vec![
        at("methods", json!(["POST"]), "method"),
        at("not_methods", json!(["GET"]), "method"),
        at("path", json!("/z"), "unmatched"),
        at("not_path", json!("/a*"), "unmatched"),
        at("headers", json!({ "X-A": "2" }), "unmatched"),
        at("not_headers", json!({ "X-A": "*" }), "unmatched"),
        at("query", json!({ "q": "2" }), "unmatched"),
        at("not_query", json!({ "q": "~^[0-9]$" }), "unmatched"),
        at("content_type", json!("text/html"), "unmatched"),
        at("not_content_type", json!("text/plain"), "unmatched"),
    ]
}

/// What the token says.
fn claims() -> Vec<Case> {
    let at = |key, value| {
        let validator = json!({ "alg": "HS256", "jwk_local_path": "{folder}/keys.json", "disable_jwk_security": true });
        policed(At::PolicyMatch, key, value).file("keys.json", KEYS).with(At::Validator, validator).sees(
            |scene| {
                let bearer = format!("Bearer {}", token("a", &json!({ "sub": "ann" })));
                fate_after(scene, |scene| drop(scene.ask("GET", "/a", &[("Authorization", &bearer)], b""))).into()
            },
            "unmatched",
        )
    };
    vec![at("claims", json!({ "sub": "bob" })), at("not_claims", json!({ "sub": "ann" }))]
}

fn writes() -> Vec<Case> {
    let at = |key, value| posted(At::PolicyMatch, key, value);
    const KEYED: Sent = Sent { headers: &[("Idempotency-Key", "k")], ..POST };
    vec![
        at("max_content_length", json!(3)).sees(fate_of(POST), "unmatched"),
        at("unsafe_methods", json!("allow")).sees(fate_of(POST), "sent"),
        // Nobody may do without it.
        at("unsafe_reason", json!("it has a store of its own"))
            .sees(|scene| scene.command(&["check"]).contains("Syntax OK!").into(), true),
        at("idempotency_key", json!("keep")).sees(
            |scene| {
                let copy = super::copies::copy_of(scene, &KEYED).expect("it is copied");
                copy.header("idempotency-key").into()
            },
            "k",
        ),
    ]
}

fn loops() -> Vec<Case> {
    const COPY: Sent = Sent { headers: &[("X-Shadow-Request", "1")], ..GET };
    vec![
        policed(At::PolicyLoop, "max_hops", json!(2))
            .with(At::Backend, json!({ "host": ["http://127.0.0.1:{port}"], "url_pattern": "/a" }))
            .sees(live_calls_of_a_loop, 3),
        policed(At::PolicyLoop, "trusted_marks", json!(["127.0.0.0/8"])).sees(fate_of(COPY), "loop"),
        policed(At::PolicyPeer, "key", json!(SECRET))
            .otherwise(json!("known to somebody else"))
            .with(At::PolicyLoop, json!({ "trusted_marks": [{}] }))
            .sees(fate_of_a_signed_copy, "loop"),
        // It says in the file whose key it is and nothing else, so only its reading can be seen.
        policed(At::PolicyPeer, "name", json!(5))
            .with(At::PolicyLoop, json!({ "trusted_marks": [{ "key": SECRET }] }))
            .sees(|scene| scene.command(&["check"]).contains("/trusted_marks/0/name").into(), true),
    ]
}

/// What gateways that trust each other know.
const SECRET: &str = "known to all gateways";

/// How often the live backend is called when the gateway is its own shadow.
fn live_calls_of_a_loop(scene: &Scene) -> Value {
    scene.get("/a");
    scene.gateway().wait_until("the loop ends", |stats| {
        let books = stats.the_books();
        books.settled() && books.skipped.iter().any(|(reason, count)| reason == "loop" && *count == 1)
    });
    scene.upstream.seen().iter().filter(|seen| seen.target == "/b").count().into()
}

/// The fate of the copy of a request that another gateway with the secret has copied.
fn fate_of_a_signed_copy(scene: &Scene) -> Value {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("it is after 1970");
    let entry = format!("1;{};0123456789abcdef", now.as_millis());
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes()), entry.as_bytes());
    let hops = format!("{entry};{}", URL_SAFE_NO_PAD.encode(tag));
    fate_after(scene, |scene| drop(scene.ask("GET", "/a", &[("X-Shadow-Hops", &hops)], b""))).into()
}

#[test]
fn every_key_of_the_selection_counts() {
    walk(&cases());
}

//! `extra_config` of the service, of endpoints and of backends: that each component is there at all. What its settings
//! do is proved beside.

use gnomon::config::known::Scope as At;
use serde_json::{Value, json};

use super::{
    case::{Case, case},
    observe::{header, status, upstream_header},
    ours::logs_json,
    scene::Scene,
    walk::walk,
};
use crate::{
    client::try_get,
    upstream::{Behaviour, Reply},
};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = of_service();
    cases.extend(of_endpoint());
    cases.extend(of_backend());
    cases
}

const REFUSES: &str = "custom_error('no', 418)";
const KEYS: &str = r#"{"keys":[{"kty":"oct","kid":"a","k":"c2VjcmV0"}]}"#;

fn keys() -> Value {
    json!({ "alg": "HS256", "jwk_local_path": "{folder}/keys.json", "disable_jwk_security": true })
}

fn of_service() -> Vec<Case> {
    let at = |key, value| case(At::ServiceComponents, key, value);
    let live = json!({ "host": ["{upstream}"], "url_pattern": "/b" });
    let mut shadow = live.clone();
    shadow["extra_config"] = json!({ "proxy": { "shadow": true } });
    vec![
        at("router", json!({ "hide_version_header": true })).sees(header("x-krakend"), "Version undefined"),
        at("@admin", json!({ "listen": "{admin}" }))
            .otherwise(json!({ "listen": "off" }))
            .arguments(&[])
            .sees(|scene| try_get(scene.gateway().admin(), "/__stats").is_some().into(), true),
        at("@access_log", json!({ "format": "json" })).sees(logs_json, true),
        at("@shadow", json!({ "max_request": 1 }))
            .with(At::Endpoint, json!({ "method": "POST" }))
            .backends(&json!([shadow, live]))
            .sees(copies_of_a_post, 0),
        at("security/cors", json!({ "allow_origins": ["http://a.test"] })).sees(
            |scene| {
                let answer = scene.ask("GET", "/a", &[("Origin", "http://a.test")], b"");
                answer.header("access-control-allow-origin").into()
            },
            "http://a.test",
        ),
        at("security/http", json!({ "frame_deny": true })).sees(header("x-frame-options"), "DENY"),
        at("security/bot-detector", json!({ "empty_user_agent_is_bot": true })).sees(status, 403),
        at("modifier/lua-endpoint", json!({ "pre": REFUSES })).sees(status, 500),
    ]
}

fn of_endpoint() -> Vec<Case> {
    let at = |key, value| case(At::EndpointComponents, key, value);
    let schema = json!({ "type": "object", "required": ["must"] });
    vec![
        at("proxy", json!({ "static": { "data": { "b": 2 } } })).shows(json!({ "a": 1, "b": 2 })),
        at("auth/validator", keys()).file("keys.json", KEYS).sees(status, 401),
        at("auth/signer", signing_key("a"))
            .file("keys.json", KEYS)
            .upstream(json!({ "token": { "sub": "x" } }))
            .sees(|scene| scene.get("/a").json()["token"].is_string().into(), true),
        at("qos/ratelimit/router", json!({ "max_rate": 1, "every": "1h" })).sees(status_of_the_second, 503),
        at("security/bot-detector", json!({ "empty_user_agent_is_bot": true })).sees(status, 403),
        at("validation/cel", json!([{ "check_expr": "req_method == 'POST'" }])).sees(status, 500),
        at("validation/json-schema", schema)
            .with(At::Endpoint, json!({ "method": "POST" }))
            .sees(|scene| scene.ask("POST", "/a", &[("Content-Type", "application/json")], b"{}").status.into(), 400),
        at("modifier/lua-endpoint", json!({ "pre": REFUSES })).sees(status, 418),
        at("modifier/lua-proxy", json!({ "pre": REFUSES })).sees(status, 418),
    ]
}

fn of_backend() -> Vec<Case> {
    let at = |key, value| case(At::BackendComponents, key, value);
    let delete = json!({ "flatmap_filter": [{ "type": "del", "args": ["a"] }] });
    let modifier = json!({ "header.Modifier": { "scope": ["request"], "name": "X-M", "value": "1" } });
    let credentials = json!({ "client_id": "i", "client_secret": "s", "token_url": "{upstream}/token" });
    let token = json!({ "access_token": "t", "token_type": "bearer", "expires_in": 3600 });
    let cacheable = Reply::json(&json!({ "a": 1 }))
        .with("Cache-Control", "max-age=3600")
        .with("Date", &httpdate::fmt_http_date(std::time::SystemTime::now()));
    vec![
        at("proxy", delete).upstream(json!({ "a": 1, "b": 2 })).shows(json!({ "b": 2 })),
        at("backend/http", json!({ "return_error_code": true }))
            .upstream(Reply::new(418, "text/plain", b""))
            .sees(status, 418),
        at("backend/http/client", json!({ "send_body_on_redirect": true }))
            .with(At::Endpoint, json!({ "method": "POST" }))
            .on("/b", Reply::new(307, "text/plain", b"").with("Location", "/moved"))
            .sees(
                |scene| {
                    scene.ask("POST", "/a", &[], b"body");
                    scene.seen_on("/moved").map(|seen| seen.method).into()
                },
                "POST",
            ),
        at("auth/client-credentials", credentials).on("/token", token).sees(
            |scene| {
                scene.get("/a");
                scene.seen_on("/b").and_then(|seen| seen.header("authorization").map(str::to_owned)).into()
            },
            "Bearer t",
        ),
        at("qos/ratelimit/proxy", json!({ "max_rate": 1, "capacity": 1, "every": "1h" }))
            .sees(status_of_the_second, 500),
        at("qos/circuit-breaker", json!({ "interval": 3600, "timeout": 3600, "max_errors": 1 }))
            .upstream(Behaviour::Resets)
            .sees(calls_after_failures, 2),
        at("qos/http-cache", json!({})).upstream(cacheable).sees(calls_after_two_requests, 1),
        at("validation/cel", json!([{ "check_expr": "req_method == 'POST'" }])).sees(status, 500),
        at("modifier/martian", modifier).sees(upstream_header("x-m", &[]), "1"),
        at("modifier/lua-backend", json!({ "pre": REFUSES })).sees(status, 418),
        at("backend/graphql", json!({ "type": "query", "query": "{ a }" }))
            .with(At::Endpoint, json!({ "method": "POST" }))
            .sees(
                |scene| {
                    scene.ask("POST", "/a", &[("Content-Type", "application/json")], b"{}");
                    scene.seen().map(|seen| String::from_utf8_lossy(&seen.body).contains("{ a }")).into()
                },
                true,
            ),
    ]
}

fn signing_key(kid: &str) -> Value {
    let mut settings = keys();
    settings["kid"] = kid.into();
    settings["keys_to_sign"] = json!(["token"]);
    settings
}

fn status_of_the_second(scene: &Scene) -> Value {
    scene.get("/a");
    scene.get("/a").status.into()
}

fn calls_after_two_requests(scene: &Scene) -> Value {
    scene.get("/a");
    scene.get("/a");
    scene.upstream.seen().len().into()
}

fn calls_after_failures(scene: &Scene) -> Value {
    (0..4).for_each(|_| drop(scene.get("/a")));
    scene.upstream.seen().len().into()
}

/// How many copies of a POST with a body are sent.
fn copies_of_a_post(scene: &Scene) -> Value {
    scene.ask("POST", "/a", &[("Content-Type", "text/plain")], b"body");
    scene.gateway().wait_until("the copy is offered", |stats| stats.the_books().offered == 1).the_books().sent.into()
}

#[test]
fn every_component_counts() {
    walk(&cases());
}

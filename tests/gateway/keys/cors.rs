//! `security/cors`.

use gnomon::config::known::Scope as At;
use serde_json::{Value, json};

use super::{
    case::{Case, case},
    scene::Scene,
    walk::walk,
};

const ORIGIN: (&str, &str) = ("Origin", "http://a.test");

pub(super) fn cases() -> Vec<Case> {
    let at = |key, value| case(At::Cors, key, value);
    let told = |name| move |scene: &Scene| preflight(scene, "GET", &[]).header(name).into();
    vec![
        at("allow_origins", json!(["http://a.test"])).sees(told("access-control-allow-origin"), "http://a.test"),
        at("allow_methods", json!(["PUT"]))
            .sees(|scene| preflight(scene, "PUT", &[]).header("access-control-allow-methods").into(), "PUT"),
        at("allow_headers", json!(["x-a"])).sees(which_headers_may_be_sent, json!(["x-a", null])),
        at("expose_headers", json!(["x-e"]))
            .sees(|scene| scene.ask("GET", "/a", &[ORIGIN], b"").header("access-control-expose-headers").into(), "X-E"),
        at("max_age", json!("2h")).sees(told("access-control-max-age"), "7200"),
        at("allow_credentials", json!(true))
            .with(At::Cors, json!({ "allow_origins": ["http://a.test"] }))
            .sees(told("access-control-allow-credentials"), "true"),
        at("allow_private_network", json!(true)).sees(
            |scene| {
                let asked = [("Access-Control-Request-Private-Network", "true")];
                preflight(scene, "GET", &asked).header("access-control-allow-private-network").into()
            },
            "true",
        ),
        at("options_passthrough", json!(true)).sees(|scene| preflight(scene, "GET", &[]).status.into(), 405),
        at("options_success_status", json!(200)).sees(|scene| preflight(scene, "GET", &[]).status.into(), 200),
    ]
}

/// A preflight of `http://a.test` for `/a`.
fn preflight(scene: &Scene, method: &str, more: &[(&str, &str)]) -> crate::client::Answer {
    let headers = [&[ORIGIN, ("Access-Control-Request-Method", method)], more].concat();
    scene.ask("OPTIONS", "/a", &headers, b"")
}

/// What comes back of a header that is allowed, and of one that is not.
fn which_headers_may_be_sent(scene: &Scene) -> Value {
    let told = |name| {
        let answer = preflight(scene, "GET", &[("Access-Control-Request-Headers", name)]);
        answer.header("access-control-allow-headers").map(str::to_owned)
    };
    json!([told("x-a"), told("x-b")])
}

#[test]
fn every_key_of_cors_counts() {
    walk(&cases());
}

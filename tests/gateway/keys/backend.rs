//! An element of `backend`, with `backend/http` and `backend/http/client`.

use gnomon::config::known::Scope as At;
use serde_json::json;

use super::{
    case::{Case, case},
    observe::{status, upstream_header, upstream_target},
    walk::walk,
};
use crate::upstream::Reply;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = calls();
    cases.extend(answers());
    cases.extend(http());
    cases
}

/// What is sent.
fn calls() -> Vec<Case> {
    let both_headers = || json!({ "input_headers": ["X-A", "X-B"] });
    vec![
        case(At::Backend, "url_pattern", json!("/x")).otherwise(json!("/y")).sees(upstream_target("/a"), "/x"),
        case(At::Backend, "host", json!(["{upstream}"])).otherwise(json!(["{nowhere}"])).sees(status, 200),
        case(At::Backend, "disable_host_sanitize", json!(true))
            .with(At::Backend, json!({ "host": ["{upstream}/base"] }))
            .sees(|scene| scene.command(&["check"]).contains("invalid host").into(), false),
        case(At::Backend, "method", json!("PUT")).sees(
            |scene| {
                scene.get("/a");
                scene.seen().map(|seen| seen.method).into()
            },
            "PUT",
        ),
        case(At::Backend, "input_headers", json!(["X-A"]))
            .with(At::Endpoint, both_headers())
            .sees(upstream_header("x-b", &[("X-A", "1"), ("X-B", "2")]), json!(null)),
        case(At::Backend, "input_query_strings", json!(["q"]))
            .with(At::Endpoint, json!({ "input_query_strings": ["q", "r"] }))
            .sees(upstream_target("/a?q=1&r=2"), "/b?q=1"),
        case(At::Backend, "sd", json!("dns")).sees(|scene| scene.command(&["check"]).contains("\"dns\"").into(), true),
        case(At::Backend, "extra_config", json!({ "backend/http": { "return_error_code": true } }))
            .upstream(Reply::new(418, "text/plain", b""))
            .sees(status, 418),
    ]
}

/// What is made of the answer.
fn answers() -> Vec<Case> {
    let two = || json!({ "a": 1, "b": 2 });
    vec![
        case(At::Backend, "encoding", json!("string"))
            .upstream(Reply::new(200, "text/plain", b"as it is"))
            .shows(json!({ "content": "as it is" })),
        case(At::Backend, "is_collection", json!(true)).upstream(json!([1, 2])).shows(json!({ "collection": [1, 2] })),
        case(At::Backend, "target", json!("data")).upstream(json!({ "data": { "a": 1 } })).shows(json!({ "a": 1 })),
        case(At::Backend, "allow", json!(["b"])).upstream(two()).shows(json!({ "b": 2 })),
        case(At::Backend, "deny", json!(["a"])).upstream(two()).shows(json!({ "b": 2 })),
        case(At::Backend, "mapping", json!({ "a": "z" })).shows(json!({ "z": 1 })),
        case(At::Backend, "group", json!("g")).shows(json!({ "g": { "a": 1 } })),
    ]
}

fn http() -> Vec<Case> {
    let teapot = || Reply::new(418, "text/plain", b"short");
    vec![
        case(At::BackendHttp, "return_error_code", json!(true)).upstream(teapot()).sees(status, 418),
        case(At::BackendHttp, "return_error_details", json!("x")).upstream(teapot()).shows(
            json!({ "error_x": { "http_status_code": 418, "http_body": "short", "http_body_encoding": "text/plain" } }),
        ),
        case(At::BackendHttpClient, "send_body_on_redirect", json!(true))
            .with(At::Endpoint, json!({ "method": "POST" }))
            .on("/b", Reply::new(307, "text/plain", b"").with("Location", "/moved"))
            .sees(
                |scene| {
                    scene.ask("POST", "/a", &[], b"body");
                    scene.seen_on("/moved").map(|seen| String::from_utf8_lossy(&seen.body).into_owned()).into()
                },
                "body",
            ),
    ]
}

#[test]
fn every_key_of_a_backend_counts() {
    walk(&cases());
}

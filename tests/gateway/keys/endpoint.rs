//! An element of `endpoints`.

use gnomon::config::known::Scope as At;
use serde_json::json;

use super::{
    case::{Case, case},
    observe::{happens, header, slow, status, status_of, text, upstream_header, upstream_target},
    walk::walk,
};
use crate::upstream::Behaviour;

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(At::Endpoint, "endpoint", json!("/x")).otherwise(json!("/y")).sees(status_of("/x"), 200),
        case(At::Endpoint, "method", json!("POST")).sees(|scene| scene.ask("POST", "/a", &[], b"").status.into(), 200),
        case(At::Endpoint, "backend", json!([{ "host": ["{upstream}"], "url_pattern": "/x" }]))
            .otherwise(json!([{ "host": ["{upstream}"], "url_pattern": "/y" }]))
            .sees(upstream_target("/a"), "/x"),
        case(At::Endpoint, "timeout", json!("200ms")).upstream(slow()).sees(status, 500),
        case(At::Endpoint, "cache_ttl", json!("60s")).sees(header("cache-control"), "public, max-age=60"),
        case(At::Endpoint, "input_headers", json!(["X-A"])).sees(upstream_header("x-a", &[("X-A", "1")]), "1"),
        case(At::Endpoint, "input_query_strings", json!(["q"])).sees(upstream_target("/a?q=1&r=2"), "/b?q=1"),
        case(At::Endpoint, "output_encoding", json!("xml")).sees(text, "<a>1</a>"),
        case(At::Endpoint, "concurrent_calls", json!(3)).upstream(Behaviour::Hangs).sees(
            |scene| {
                let mut client = scene.gateway().connect();
                client.ask("GET", "/a", &[], b"");
                happens(|| scene.upstream.seen().len() == 3)
            },
            true,
        ),
        case(At::Endpoint, "extra_config", json!({ "proxy": { "static": { "data": { "b": 2 } } } }))
            .shows(json!({ "a": 1, "b": 2 })),
    ]
}

#[test]
fn every_key_of_an_endpoint_counts() {
    walk(&cases());
}

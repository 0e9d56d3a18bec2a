//! `backend/graphql`.

use gnomon::config::known::Scope as At;
use serde_json::{Value, json};

use super::{
    case::{Case, case},
    scene::Scene,
    walk::walk,
};

const QUERY: &str = "query Q($n: Int) { a(n: $n) }";

pub(super) fn cases() -> Vec<Case> {
    let at = |key, value| {
        case(At::GraphQl, key, value).with(At::GraphQl, json!({ "type": "query", "query": QUERY, "method": "post" }))
    };
    vec![
        // The client's body counts for mutations only.
        at("type", json!("mutation"))
            .otherwise(json!("query"))
            .with(At::Endpoint, json!({ "method": "POST" }))
            .sees(|scene| sent(scene)["variables"].clone(), json!({ "n": 1 })),
        at("method", json!("get")).sees(
            |scene| {
                scene.get("/a");
                scene
                    .seen()
                    .map(|seen| (seen.method, seen.target.contains("query=")))
                    .map(|(m, q)| json!([m, q]))
                    .into()
            },
            json!(["GET", true]),
        ),
        at("query", json!(QUERY)).sees(|scene| sent(scene)["query"].clone(), QUERY),
        at("query_path", json!("{folder}/q.graphql"))
            .without(At::GraphQl, "query")
            .file("q.graphql", QUERY)
            .sees(|scene| sent(scene)["query"].clone(), QUERY),
        at("operationName", json!("Q")).sees(|scene| sent(scene)["operationName"].clone(), "Q"),
        at("variables", json!({ "n": 2 })).sees(|scene| sent(scene)["variables"].clone(), json!({ "n": 2 })),
    ]
}

/// The operation that a request makes the upstream see.
fn sent(scene: &Scene) -> Value {
    let posted = scene.ask("POST", "/a", &[("Content-Type", "application/json")], br#"{"n":1}"#);
    if posted.status == 405 {
        scene.get("/a");
    }
    scene.seen().and_then(|seen| serde_json::from_slice(&seen.body).ok()).unwrap_or_default()
}

#[test]
fn every_key_of_graphql_counts() {
    walk(&cases());
}

//! `telemetry/metrics`.

use gnomon::config::known::Scope as At;
use serde_json::{Value, json};

use super::{
    case::{Case, case},
    observe::happens,
    scene::Scene,
    walk::walk,
};
use crate::client::try_get;

pub(super) fn cases() -> Vec<Case> {
    let off = |key, figure| measured(key, json!(true)).sees(move |scene| counts_one(scene, figure), false);
    vec![
        case(At::ServiceComponents, "telemetry/metrics", json!({ "listen_address": "127.0.0.1:{other_port}" }))
            .sees(is_open, true),
        case(At::Metrics, "listen_address", json!("127.0.0.1:{other_port}"))
            .otherwise(json!("127.0.0.1:0"))
            .sees(is_open, true),
        measured("endpoint_disabled", json!(true)).sees(is_open, false),
        off("router_disabled", "krakend.router.response./a.status.200.count"),
        off("proxy_disabled", "krakend.proxy.requests.layer.pipe.name./a.complete.true.error.false"),
        off("backend_disabled", "krakend.proxy.requests.layer.backend.name./b.complete.true.error.false"),
        measured("collection_time", json!("100ms"))
            .sees(|scene| counts_one(scene, "krakend.router.connected-total"), true),
    ]
}

/// A case about figures that can be read at the other port.
fn measured(key: &'static str, value: Value) -> Case {
    case(At::Metrics, key, value).with(At::Metrics, json!({ "listen_address": "127.0.0.1:{other_port}" }))
}

fn page(scene: &Scene) -> Option<Value> {
    try_get(scene.other_address(), "/__stats").map(|answer| answer.json())
}

/// Whether the figures can be read where the file says.
fn is_open(scene: &Scene) -> Value {
    scene.gateway();
    happens(|| page(scene).is_some())
}

/// Whether a figure becomes 1 after one request.
fn counts_one(scene: &Scene, figure: &str) -> Value {
    scene.get("/a");
    happens(|| page(scene).is_some_and(|page| page[figure] == 1))
}

#[test]
fn every_key_of_metrics_counts() {
    walk(&cases());
}

//! `qos/circuit-breaker`.

use std::time::Duration;

use gnomon::config::known::Scope as At;
use serde_json::{Value, json};

use super::{
    case::{Case, case},
    observe::happens,
    scene::Scene,
    walk::walk,
};
use crate::upstream::{Behaviour, Reply};

pub(super) fn cases() -> Vec<Case> {
    let at = |key, value| case(At::CircuitBreaker, key, value).upstream(failing());
    let lasting = || json!({ "timeout": 3600, "max_errors": 1 });
    let told = |scene: &Scene| {
        calls(scene);
        scene.ended().contains("named 'calm' went from 'closed' to 'open'").into()
    };
    vec![
        // Failures count for a second, and each takes longer than that.
        at("interval", json!(1))
            .with(At::CircuitBreaker, lasting())
            .upstream(Behaviour::Slow(Duration::from_millis(1500), failing()))
            .sees(calls, 4),
        at("timeout", json!(1)).with(At::CircuitBreaker, json!({ "max_errors": 1 })).sees(recovers, true),
        at("max_errors", json!(2)).with(At::CircuitBreaker, json!({ "timeout": 3600 })).sees(calls, 3),
        at("name", json!("calm"))
            .with(At::CircuitBreaker, json!({ "log_status_change": true }))
            .with(At::CircuitBreaker, lasting())
            .sees(told, true),
        at("log_status_change", json!(true))
            .with(At::CircuitBreaker, json!({ "name": "calm" }))
            .with(At::CircuitBreaker, lasting())
            .sees(told, true),
    ]
}

fn failing() -> Reply {
    Reply::new(500, "text/plain", b"")
}

/// How many of four requests reach the upstream.
fn calls(scene: &Scene) -> Value {
    (0..4).for_each(|_| drop(scene.get("/a")));
    scene.upstream.seen().len().into()
}

/// Whether an upstream that is well again is soon called again.
fn recovers(scene: &Scene) -> Value {
    calls(scene);
    scene.upstream.change("/b", json!({}));
    happens(|| scene.get("/a").status == 200)
}

#[test]
fn every_key_of_the_breaker_counts() {
    walk(&cases());
}

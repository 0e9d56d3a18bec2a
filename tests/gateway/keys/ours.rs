//! `@admin`, `@access_log` and `@shadow`, which only we know.

use std::time::Duration;

use gnomon::config::known::Scope as At;
use serde_json::{Value, json};

use super::{
    case::{Case, case},
    observe::fate_of_the_copy,
    scene::Scene,
    walk::walk,
};
use crate::{
    client::{ask, get, try_get},
    gnomon::Gnomon,
    upstream::{Behaviour, Reply},
};

const TOKEN: &str = "a-token-that-nobody-guesses";

pub(super) fn cases() -> Vec<Case> {
    let long = Reply::json(&json!({ "long": "x".repeat(1000) }));
    let slow = Behaviour::Slow(Duration::from_secs(3), Reply::json(&json!({})));
    vec![
        case(At::Admin, "listen", json!("{admin}")).otherwise(json!("off")).arguments(&["--workers", "1"]).sees(
            |scene| {
                try_get(
                    {
                        scene.gateway();
                        scene.gateway().admin()
                    },
                    "/__stats",
                )
                .is_some()
                .into()
            },
            true,
        ),
        case(At::AccessLog, "format", json!("json")).otherwise(json!("text")).sees(logs_json, true),
        case(At::Admin, "token", json!(TOKEN)).sees(strangers_and_bearers_may_change, json!([401, 200])),
        mirroring("max_concurrent", json!(1)).on("/shadow", Behaviour::Hangs).sees(drops, json!([["concurrency", 1]])),
        mirroring("max_buffered_bytes", json!(1500))
            .on("/shadow", Behaviour::Hangs)
            .sees(drops, json!([["memory", 1]])),
        mirroring("memory_budget", json!(1500))
            .on("/shadow", Behaviour::Hangs)
            .sees(drops, json!([["memory_budget", 1]])),
        mirroring("max_request", json!(10)).on("/shadow", Behaviour::Hangs).sees(drops, json!([["body_too_large", 2]])),
        mirroring("max_response", json!(10))
            .with(At::Endpoint, json!({ "method": "GET" }))
            .on("/shadow", long)
            .sees(fate_of_the_copy, json!([[], [["too_large", 1]], []])),
        mirroring("threads", json!(3))
            .otherwise(json!(1))
            .backends(&json!([shadow(), shadow(), shadow(), live()]))
            .sees(threads_beyond_one, 2),
        mirroring("drain_timeout", json!("100ms"))
            .with(At::Endpoint, json!({ "method": "GET" }))
            .on("/shadow", slow)
            .sees(abandons_a_copy, true),
    ]
}

/// Whether a request is logged as an object.
pub(super) fn logs_json(scene: &Scene) -> Value {
    scene.get("/a");
    let output = scene.ended();
    let line = output.lines().find(|line| line.contains("\"/a\"")).expect("the request is logged");
    serde_json::from_str::<Value>(line).is_ok_and(|line| line["status"] == 200).into()
}

/// How a wish to switch all shadows off is answered, without the token and with it.
fn strangers_and_bearers_may_change(scene: &Scene) -> Value {
    let kill = |headers: &[(&str, &str)]| {
        let json = [&[("Content-Type", "application/json")], headers].concat();
        ask(scene.gateway().admin(), "POST", "/__shadow/kill", &json, b"{}").status
    };
    json!([kill(&[]), kill(&[("Authorization", &format!("Bearer {TOKEN}"))])])
}

fn live() -> Value {
    json!({ "host": ["{upstream}"], "url_pattern": "/b" })
}

fn shadow() -> Value {
    let proxy = json!({ "shadow": true, "shadow_timeout": "60s" });
    json!({ "host": ["{upstream}"], "url_pattern": "/shadow", "extra_config": { "proxy": proxy } })
}

/// A case about an endpoint for POST with a shadow that is called at `/shadow`.
fn mirroring(key: &'static str, value: Value) -> Case {
    case(At::Shadow, key, value).with(At::Endpoint, json!({ "method": "POST" })).backends(&json!([shadow(), live()]))
}

/// Why copies of two requests with 1000 bytes each were not sent.
fn drops(scene: &Scene) -> Value {
    for _ in 0..2 {
        scene.ask("POST", "/a", &[("Content-Type", "text/plain")], &[b'x'; 1000]);
    }
    let books = scene.gateway().wait_until("both are offered", |stats| stats.the_books().offered == 2);
    json!(books.the_books().dropped.into_iter().filter(|(_, count)| *count > 0).collect::<Vec<_>>())
}

/// How many threads the gateway has beyond those it has with one thread for shadows.
fn threads_beyond_one(scene: &Scene) -> Value {
    let threads = |gateway: &Gnomon| {
        let metrics = get(gateway.admin(), "/metrics").text();
        let line = metrics.lines().find_map(|line| line.strip_prefix("process_threads "));
        line.expect("the metrics count threads").parse::<i64>().expect("threads are counted in whole numbers")
    };
    let one = scene.start(&["--admin", "{admin}", "--workers", "1", "--shadow-threads", "1"]);
    (threads(scene.gateway()) - threads(&one)).into()
}

/// Whether a copy that is on its way when the gateway ends is given up.
fn abandons_a_copy(scene: &Scene) -> Value {
    scene.get("/a");
    scene.upstream.wait_for(2);
    scene.ended().contains(" 1 abandoned").into()
}

#[test]
fn every_key_of_ours_counts() {
    walk(&cases());
}

//! `qos/ratelimit/router` and `qos/ratelimit/proxy`. A token comes back once an hour, so that no case waits for one.

use gnomon::config::known::Scope as At;
use serde_json::{Value, json};

use super::{
    case::{Case, case},
    scene::Scene,
    walk::walk,
};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = of_endpoints();
    cases.extend(of_clients());
    cases.extend(of_backends());
    cases
}

fn of_endpoints() -> Vec<Case> {
    let at = |key, value| case(At::RouterLimit, key, value);
    vec![
        at("max_rate", json!(1)).with(At::RouterLimit, json!({ "every": "1h" })).sees(three, json!([200, 503, 503])),
        at("capacity", json!(2))
            .with(At::RouterLimit, json!({ "max_rate": 1, "every": "1h" }))
            .sees(three, json!([200, 200, 503])),
        // Five in a second are a bucket of five, five in an hour a bucket of one.
        at("every", json!("1h")).with(At::RouterLimit, json!({ "max_rate": 5 })).sees(three, json!([200, 503, 503])),
    ]
}

fn of_clients() -> Vec<Case> {
    let at = |key, value| case(At::RouterLimit, key, value);
    let by_header = || json!({ "client_max_rate": 1, "every": "1h", "strategy": "header", "key": "X-Client" });
    vec![
        at("client_max_rate", json!(1))
            .with(At::RouterLimit, json!({ "every": "1h", "strategy": "ip" }))
            .sees(three, json!([200, 429, 429])),
        at("client_capacity", json!(2))
            .with(At::RouterLimit, json!({ "client_max_rate": 1, "every": "1h", "strategy": "ip" }))
            .sees(three, json!([200, 200, 429])),
        at("strategy", json!("header")).with(At::RouterLimit, by_header()).sees(two_clients, json!([200, 200, 429])),
        at("key", json!("X-Client")).with(At::RouterLimit, by_header()).sees(two_clients, json!([200, 200, 429])),
        // How clients are kept shows only with a million of them, or after ten minutes: here it is told what is read.
        at("num_shards", json!("many")).sees(complaints, true),
        at("cleanup_period", json!("now and then")).sees(complaints, true),
    ]
}

fn of_backends() -> Vec<Case> {
    let at = |key, value| case(At::ProxyLimit, key, value);
    vec![
        at("max_rate", json!(1)).with(At::ProxyLimit, json!({ "every": "1h" })).sees(three_calls, 1),
        at("capacity", json!(2)).with(At::ProxyLimit, json!({ "max_rate": 1, "every": "1h" })).sees(three_calls, 2),
        at("every", json!("1h")).with(At::ProxyLimit, json!({ "max_rate": 5 })).sees(three_calls, 1),
    ]
}

/// The statuses of three requests of one client.
fn three(scene: &Scene) -> Value {
    (0..3).map(|_| scene.get("/a").status).collect::<Vec<_>>().into()
}

/// The statuses of two clients and the first one again.
fn two_clients(scene: &Scene) -> Value {
    let status = |client| scene.ask("GET", "/a", &[("X-Client", client)], b"").status;
    json!([status("ann"), status("bob"), status("ann")])
}

/// How many of three requests reach the upstream.
fn three_calls(scene: &Scene) -> Value {
    three(scene);
    scene.upstream.seen().len().into()
}

/// Whether `check` complains of a value in the limits.
fn complaints(scene: &Scene) -> Value {
    scene.command(&["check"]).contains("/extra_config/qos~1ratelimit~1router/").into()
}

#[test]
fn every_key_of_the_limits_counts() {
    walk(&cases());
}

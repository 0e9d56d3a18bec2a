//! How upstreams are found and connections to them made and kept: keys of the root whose effect the wire shows.

use std::net::SocketAddr;

use gnomon::config::known::Scope as At;
use serde_json::{Value, json};

use super::{
    case::{Case, case},
    observe::happens,
    scene::Scene,
    walk::walk,
};
use crate::patience::wait_for;

pub(super) fn cases() -> Vec<Case> {
    let two_pools = json!({ "endpoints": [endpoint("/1"), endpoint("/2")] });
    let expecting = json!({ "method": "POST", "input_headers": ["Expect"] });
    vec![
        case(At::Service, "max_idle_connections", json!(1))
            .with(At::Service, two_pools)
            .sees(connections_of_two_pools, 4),
        case(At::Service, "expect_continue_timeout", json!("50ms"))
            .with(At::Endpoint, expecting)
            .with(At::Backend, json!({ "method": "POST" }))
            .sees(expectation, "100-continue"),
        case(At::Service, "dialer_keep_alive", json!("1h")).sees(probes_after_minutes, true),
        // No name that has addresses of both families is to be had on every machine, so only its reading is seen here.
        case(At::Service, "dialer_fallback_delay", json!("soon"))
            .sees(|scene| scene.command(&["check"]).contains("/dialer_fallback_delay").into(), true),
        found(At::Service, "dns_cache_ttl", json!("1s")).sees(follows_the_records, true),
        found(At::Backend, "sd_scheme", json!("https"))
            .with(At::ClientTls, json!({ "ca_certs": ["{folder}/ca.pem"] }))
            .sees(
                |scene| {
                    scene.names().know(&[(0, 1, scene.port_of("{secure}"))]);
                    happens(|| scene.get("/a").status == 200)
                },
                true,
            ),
    ]
}

fn endpoint(path: &str) -> Value {
    json!({ "endpoint": path, "backend": [{ "host": ["{upstream}"], "url_pattern": "/b" }] })
}

/// A case about a backend whose host is looked up.
fn found(scope: At, key: &'static str, value: Value) -> Case {
    let looked_up = json!({ "host": ["_http._tcp.users.example."], "sd": "dns", "disable_host_sanitize": true });
    case(scope, key, value).with(At::Backend, looked_up).environment("GNOMON_DNS_SERVERS", "{names}")
}

/// One call of a backend, then three of another one.
fn connections_of_two_pools(scene: &Scene) -> Value {
    let mut client = scene.gateway().connect();
    for path in ["/1", "/2", "/2", "/2"] {
        client.ask("GET", path, &[], b"");
        client.receive().expect("the upstream answers");
    }
    scene.upstream.connections().into()
}

/// What the upstream is told to expect.
fn expectation(scene: &Scene) -> Value {
    scene.ask("POST", "/a", &[("Expect", "100-continue")], b"payload");
    scene.seen().and_then(|seen| seen.header("expect").map(str::to_owned)).into()
}

/// Whether the connection to the upstream is first probed when it has been silent for more than a minute.
fn probes_after_minutes(scene: &Scene) -> Value {
    scene.get("/a");
    let seconds = wait_for(|| seconds_to_probe(scene.upstream.address()));
    (seconds.expect("the system has a timer for the connection") > 60).into()
}

/// When the system will probe the connection to this address; `None` while it has none, or none that is silent.
fn seconds_to_probe(to: SocketAddr) -> Option<u64> {
    const PROBE: &str = "02";
    const TICKS_PER_SECOND: u64 = 100;
    let remote = format!("0100007F:{:04X}", to.port());
    let table = std::fs::read_to_string("/proc/net/tcp").expect("the system shows its connections");
    table.lines().find_map(|line| {
        let columns: Vec<_> = line.split_whitespace().collect();
        let (timer, ticks) = columns.get(5)?.split_once(':')?;
        let is_probed = *columns.get(2)? == remote && timer == PROBE;
        is_probed.then(|| u64::from_str_radix(ticks, 16).ok().map(|ticks| ticks / TICKS_PER_SECOND))?
    })
}

/// Whether calls fail soon after the only record has come to point where nobody listens.
fn follows_the_records(scene: &Scene) -> Value {
    let found = wait_for(|| (scene.get("/a").status == 200).then_some(()));
    found.expect("the first look-up is at once");
    scene.names().know(&[(0, 1, scene.port_of("{nowhere}"))]);
    happens(|| scene.get("/a").status == 500)
}

#[test]
fn every_key_of_the_transport_counts() {
    walk(&cases());
}

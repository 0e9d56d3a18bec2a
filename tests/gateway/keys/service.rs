//! The root object.

use gnomon::config::known::Scope as At;
use serde_json::{Value, json};

use super::{
    case::{Case, case},
    observe::{
        closes, header, plain_status, secure_status, slow, speaks_h2c, status, status_of, text, upstream_header,
    },
    scene::Scene,
    walk::walk,
};
use crate::{
    client::try_get,
    upstream::{Behaviour, Reply},
};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = file();
    cases.extend(clients());
    cases.extend(upstreams());
    cases
}

fn endpoint(path: &str, url_pattern: &str) -> Value {
    json!({ "endpoint": path, "backend": [{ "host": ["{upstream}"], "url_pattern": url_pattern }] })
}

/// What the file is and has.
fn file() -> Vec<Case> {
    vec![
        case(At::Service, "version", json!(3))
            .sees(|scene| scene.command(&["check"]).contains("Syntax OK!").into(), true),
        case(At::Service, "name", json!("a name"))
            .sees(|scene| scene.command(&["check", "-d"]).contains("Name: a name").into(), true),
        case(At::Service, "endpoints", json!([endpoint("/a", "/b")])).sees(status, 200),
        case(At::Service, "extra_config", json!({ "router": { "hide_version_header": true } }))
            .sees(header("x-krakend"), "Version undefined"),
        case(At::Service, "host", json!(["{upstream}"])).without(At::Backend, "host").sees(status, 200),
        case(At::Service, "timeout", json!("10s"))
            .upstream(Behaviour::Slow(std::time::Duration::from_secs(4), Reply::json(&json!({}))))
            .sees(status, 200),
        case(At::Service, "cache_ttl", json!("60s")).sees(header("cache-control"), "public, max-age=60"),
        case(At::Service, "output_encoding", json!("xml")).sees(text, "<a>1</a>"),
        case(At::Service, "debug_endpoint", json!(true)).sees(status_of("/__debug/"), 200),
        case(At::Service, "echo_endpoint", json!(true)).sees(status_of("/__echo/"), 200),
        case(At::Service, "disable_rest", json!(true))
            .with(At::Endpoint, json!({ "endpoint": "/file.{name}" }))
            .sees(status_of("/file.txt"), 200),
    ]
}

/// How clients are served.
fn clients() -> Vec<Case> {
    let certified = json!({ "keys": [{ "public_key": "{folder}/server.pem", "private_key": "{folder}/server.key" }] });
    vec![
        case(At::Service, "port", json!("{port}")).otherwise(json!("{other_port}")).sees(plain_status, 200),
        case(At::Service, "listen_ip", json!("127.0.0.2")).otherwise(json!("127.0.0.1")).sees(
            |scene| {
                let other = ([127, 0, 0, 2], scene.gateway().address().port()).into();
                try_get(other, "/a").map(|answer| answer.status).into()
            },
            200,
        ),
        case(At::Service, "tls", certified).sees(secure_status, "200"),
        case(At::Service, "read_timeout", json!("200ms")).sees(closes_half_a_head, true),
        case(At::Service, "read_header_timeout", json!("200ms")).sees(closes_half_a_head, true),
        case(At::Service, "write_timeout", json!("200ms")).upstream(slow()).sees(plain_status, Value::Null),
        case(At::Service, "max_header_bytes", json!(1000))
            .sees(|scene| scene.ask("GET", "/a", &[("X-Long", &"x".repeat(6000))], b"").status.into(), 431),
        case(At::Service, "idle_timeout", json!("200ms")).sees(
            |scene| {
                let mut client = scene.gateway().connect();
                client.ask("GET", "/a", &[], b"");
                client.receive();
                closes(&mut client)
            },
            true,
        ),
        case(At::Service, "max_shutdown_wait_time", json!("1s"))
            .upstream(Behaviour::Slow(std::time::Duration::from_secs(4), Reply::json(&json!({}))))
            .sees(
                |scene| {
                    let mut client = scene.gateway().connect();
                    client.ask("GET", "/a", &[], b"");
                    scene.upstream.wait_for(1);
                    scene.gateway().signal("TERM");
                    client.receive().map(|answer| answer.status).into()
                },
                Value::Null,
            ),
        case(At::Service, "use_h2c", json!(true)).sees(speaks_h2c, true),
    ]
}

/// How upstreams are called.
fn upstreams() -> Vec<Case> {
    let secure = |key, value| case(At::Service, key, value).with(At::Backend, json!({ "host": ["{secure}"] }));
    vec![
        secure("client_tls", json!({ "ca_certs": ["{folder}/ca.pem"] })).sees(status, 200),
        secure("allow_insecure_connections", json!(true)).sees(status, 200),
        case(At::Service, "max_idle_connections_per_host", json!(1))
            .upstream(Behaviour::Waits(Reply::json(&json!({}))))
            .sees(connections_of_two_pairs, 3),
        case(At::Service, "idle_connection_timeout", json!("200ms"))
            .with(At::Service, json!({ "endpoints": [endpoint("/a", "/b"), endpoint("/pause", "/slow")] }))
            .on("/slow", slow())
            .sees(connections_with_a_pause, 2),
        case(At::Service, "disable_keep_alives", json!(true)).sees(
            |scene| {
                scene.get("/a");
                scene.get("/a");
                scene.upstream.connections().into()
            },
            2,
        ),
        case(At::Service, "response_header_timeout", json!("200ms")).upstream(slow()).sees(status, 500),
        case(At::Service, "dialer_timeout", json!("200ms"))
            .with(At::Backend, json!({ "host": ["{deaf}"] }))
            .with(At::Endpoint, json!({ "timeout": "3s" }))
            .with(At::Router, json!({ "return_error_msg": true }))
            .sees(|scene| scene.get("/a").text().contains("i/o timeout").into(), true),
        case(At::Service, "disable_compression", json!(true))
            .sees(upstream_header("accept-encoding", &[]), Value::Null),
    ]
}

/// Whether the gateway hangs up on a client that never ends the head of its request.
fn closes_half_a_head(scene: &Scene) -> Value {
    let mut client = scene.gateway().connect();
    client.send(b"GET /a HTTP/1.1\r\nHost: a\r\n");
    closes(&mut client)
}

/// Two calls at once, and two more once both connections are idle.
fn connections_of_two_pairs(scene: &Scene) -> Value {
    for round in 1..=2 {
        let mut clients = [scene.gateway().connect(), scene.gateway().connect()];
        for client in &mut clients {
            client.ask("GET", "/a", &[], b"");
        }
        // A call is recorded before it waits.
        scene.upstream.wait_for(round * 2);
        scene.upstream.release();
        scene.upstream.release();
        for client in &mut clients {
            client.receive().expect("the upstream answers");
        }
    }
    scene.upstream.connections().into()
}

/// One call, a pause longer than an idle connection is kept, and another call of the same upstream.
fn connections_with_a_pause(scene: &Scene) -> Value {
    scene.get("/a");
    scene.get("/pause");
    scene.get("/a");
    let of_calls = scene.upstream.seen().into_iter().filter(|seen| seen.target == "/b").map(|seen| seen.connection);
    of_calls.collect::<std::collections::BTreeSet<_>>().len().into()
}

#[test]
fn every_key_of_the_service_counts() {
    walk(&cases());
}

//! Ending: what is under way is finished, nothing new is taken, and whoever insists gets their way.

use serde_json::{Value, json};

use crate::{
    files::{endpoint, live, service, shadow_for, with},
    gnomon::Gnomon,
    upstream::Upstream,
};

fn file(v1: &Upstream) -> Value {
    with(service(&[endpoint("/a", &[live(v1, "/v1")])]), &json!({ "timeout": "60s" }))
}

fn finishes_what_is_in_flight_on(signal: &str) {
    let v1 = Upstream::waits(&json!({ "late": true }));
    let mut gnomon = Gnomon::run(&file(&v1));
    let mut client = gnomon.connect();
    client.ask("GET", "/a", &[], b"");
    v1.wait_for(1);
    gnomon.signal(signal);
    gnomon.wait_until_closed();
    v1.release();
    let answer = client.receive().unwrap();
    assert_eq!((answer.status, answer.json(), answer.complete), (200, json!({ "late": true }), true));
    assert_eq!(gnomon.wait_for_exit().code(), Some(0), "{}", gnomon.output());
}

#[test]
fn a_live_request_in_flight_is_finished_on_sigterm() {
    finishes_what_is_in_flight_on("TERM");
}

#[test]
fn a_live_request_in_flight_is_finished_on_sigint() {
    finishes_what_is_in_flight_on("INT");
}

#[test]
fn an_idle_gateway_ends_at_once_even_with_idle_connections() {
    let v1 = Upstream::answers(json!({}));
    let mut gnomon = Gnomon::run(&file(&v1));
    let mut client = gnomon.connect();
    client.ask("GET", "/a", &[], b"");
    assert_eq!(client.receive().unwrap().status, 200);
    gnomon.signal("TERM");
    assert_eq!(gnomon.wait_for_exit().code(), Some(0), "{}", gnomon.output());
}

#[test]
fn a_second_signal_ends_the_gateway_with_a_request_in_flight() {
    let v1 = Upstream::hangs();
    let mut gnomon = Gnomon::run(&file(&v1));
    let mut client = gnomon.connect();
    client.ask("GET", "/a", &[], b"");
    v1.wait_for(1);
    gnomon.signal("TERM");
    gnomon.wait_until_closed();
    gnomon.signal("TERM");
    // The endpoint's deadline lies far behind the limit of this wait.
    gnomon.wait_for_exit();
    assert!(client.receive().is_none());
}

#[test]
fn a_copy_in_flight_is_finished_before_the_end() {
    let (v1, v2) = (Upstream::answers(json!({})), Upstream::waits(&json!({})));
    let endpoints = [endpoint("/a", &[live(&v1, "/v1"), shadow_for(&v2, "/v2", "60s")])];
    let patient = json!({ "extra_config": { "@shadow": { "drain_timeout": "15s" } } });
    let mut gnomon = Gnomon::run(&with(service(&endpoints), &patient));
    assert_eq!(gnomon.get("/a").status, 200);
    v2.wait_for(1);
    gnomon.signal("TERM");
    gnomon.wait_until_closed();
    v2.release();
    assert_eq!(gnomon.wait_for_exit().code(), Some(0), "{}", gnomon.output());
}

#[test]
fn a_copy_that_never_ends_does_not_keep_the_gateway() {
    let (v1, v2) = (Upstream::answers(json!({})), Upstream::hangs());
    let endpoints = [endpoint("/a", &[live(&v1, "/v1"), shadow_for(&v2, "/v2", "300s")])];
    let impatient = json!({ "extra_config": { "@shadow": { "drain_timeout": "100ms" } } });
    let mut gnomon = Gnomon::run(&with(service(&endpoints), &impatient));
    assert_eq!(gnomon.get("/a").status, 200);
    v2.wait_for(1);
    gnomon.signal("TERM");
    assert_eq!(gnomon.wait_for_exit().code(), Some(0), "{}", gnomon.output());
}

fn a_silent_client_does_not_keep(file: &Value) {
    let mut gnomon = Gnomon::run(file);
    let mut silent = gnomon.connect();
    // Connections are accepted in order: behind this answer the silent one is the server's.
    assert_eq!(gnomon.get("/a").status, 200);
    gnomon.signal("TERM");
    assert_eq!(gnomon.wait_for_exit().code(), Some(0), "{}", gnomon.output());
    assert!(silent.is_closed());
}

#[test]
fn a_client_that_never_said_a_word_does_not_keep_the_gateway() {
    let v1 = Upstream::answers(json!({}));
    a_silent_client_does_not_keep(&with(file(&v1), &json!({ "timeout": "1s" })));
}

#[test]
fn a_client_that_could_still_speak_either_protocol_does_not_keep_the_gateway() {
    let v1 = Upstream::answers(json!({}));
    a_silent_client_does_not_keep(&with(file(&v1), &json!({ "timeout": "1s", "use_h2c": true })));
}

#[test]
fn a_client_that_does_not_read_does_not_keep_the_gateway() {
    let v1 = Upstream::floods();
    let endpoint = with(endpoint("/a", &[live(&v1, "/v1")]), &json!({ "output_encoding": "no-op" }));
    let mut gnomon = Gnomon::run(&with(service(&[endpoint]), &json!({ "timeout": "1s" })));
    let mut client = gnomon.connect();
    client.ask("GET", "/a", &[], b"");
    v1.wait_for(1);
    gnomon.signal("TERM");
    assert_eq!(gnomon.wait_for_exit().code(), Some(0), "{}", gnomon.output());
}

#[test]
fn a_wait_the_file_names_is_the_limit_even_below_an_endpoint() {
    for wait in ["1s", "200ms"] {
        ends_within(wait);
    }
}

fn ends_within(wait: &str) {
    let v1 = Upstream::hangs();
    let mut gnomon = Gnomon::run(&with(file(&v1), &json!({ "max_shutdown_wait_time": wait })));
    let mut client = gnomon.connect();
    client.ask("GET", "/a", &[], b"");
    v1.wait_for(1);
    gnomon.signal("TERM");
    // The endpoint's deadline lies far behind the limit of this wait.
    assert_eq!(gnomon.wait_for_exit().code(), Some(0), "{}", gnomon.output());
    assert!(client.receive().is_none());
}

#[test]
fn a_copy_is_drained_even_when_a_client_keeps_its_connection() {
    let (v1, v2) = (Upstream::answers(json!({})), Upstream::hangs());
    let endpoints = [endpoint("/a", &[live(&v1, "/v1"), shadow_for(&v2, "/v2", "300s")])];
    let hasty = json!({
        // With both protocols on offer a silent client counts until the wait is over.
        "use_h2c": true,
        "max_shutdown_wait_time": "1s",
        "extra_config": { "@shadow": { "drain_timeout": "100ms" } },
    });
    let mut gnomon = Gnomon::run(&with(service(&endpoints), &hasty));
    let _silent = gnomon.connect();
    assert_eq!(gnomon.get("/a").status, 200);
    v2.wait_for(1);
    gnomon.signal("TERM");
    assert_eq!(gnomon.wait_for_exit().code(), Some(0), "{}", gnomon.output());
    let output = gnomon.output();
    assert!(output.contains(" 1 abandoned"), "{output}");
}

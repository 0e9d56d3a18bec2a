//! What a reload changes about `telemetry/opentelemetry`, and what only a restart does.

use serde_json::json;

use super::{Manner, Receiver, recorded};
use crate::{
    files::{endpoint, live, service},
    gnomon::Gnomon,
    upstream::Upstream,
};

#[test]
fn layers_follow_a_reload_and_exporters_wait_for_a_restart() {
    let (receiver, other) = (Receiver::grpc(Manner::Takes), Receiver::grpc(Manner::Takes));
    let upstream = Upstream::answers(json!({}));
    let endpoints = [endpoint("/a", &[live(&upstream, "/b")])];
    let gnomon = Gnomon::run(&recorded(&[receiver.exporter()], &json!({}), &endpoints));
    gnomon.get("/a");
    assert_eq!(receiver.wait_for_spans(|spans| spans.len() >= 5).len(), 5);
    let fewer = json!({ "layers": { "proxy": { "disable_traces": true } } });
    let report = gnomon.replace(&recorded(&[other.exporter()], &fewer, &endpoints));
    assert!(report["warnings"].to_string().contains("until a restart"), "{report:#}");
    gnomon.get("/a");
    let spans = receiver.wait_for_spans(|spans| spans.len() >= 9);
    assert!(spans.iter().skip(5).all(|span| span.stage() != "proxy"), "{spans:#?}");
    gnomon.replace(&service(&endpoints));
    gnomon.get("/a");
    let seen = upstream.wait_for(3);
    assert_eq!(seen[2].header("traceparent"), None);
    assert!(other.spans().is_empty());
}

#[test]
fn a_component_that_a_reload_brings_waits_for_a_restart() {
    let (receiver, upstream) = (Receiver::grpc(Manner::Takes), Upstream::answers(json!({})));
    let endpoints = [endpoint("/a", &[live(&upstream, "/b")])];
    let gnomon = Gnomon::run(&service(&endpoints));
    let report = gnomon.replace(&recorded(&[receiver.exporter()], &json!({}), &endpoints));
    assert!(report["warnings"].to_string().contains("restart"), "{report:#}");
    assert_eq!(gnomon.get("/a").status, 200);
    assert_eq!(upstream.wait_for(1)[0].header("traceparent"), None);
}

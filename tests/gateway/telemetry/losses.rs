//! Receivers that hang, refuse or are not there: what they cost, and whom not.

use serde_json::{Value, json};

use super::{Manner, Receiver, recorded};
use crate::{
    client::{Connection, get},
    files::{endpoint, live},
    gnomon::Gnomon,
    patience::wait_for,
    upstream::Upstream,
};

/// The value of a series of our own figures; 0 if it isn't there.
fn figure(gnomon: &Gnomon, series: &str) -> u64 {
    let page = get(gnomon.admin(), "/metrics").text();
    let line = page.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.map_or(0, |value| value.parse().unwrap())
}

fn lost(gnomon: &Gnomon, reason: &str) -> u64 {
    figure(gnomon, &format!("gnomon_otlp_spans_lost_total{{exporter=\"receiver\",reason=\"{reason}\"}}"))
}

fn sent(gnomon: &Gnomon) -> u64 {
    figure(gnomon, "gnomon_otlp_spans_sent_total{exporter=\"receiver\"}")
}

fn asked(gnomon: &Gnomon, times: usize) {
    let mut connection = Connection::open(gnomon.address());
    for _ in 0..times {
        connection.ask("GET", "/a", &[], b"");
        assert_eq!(connection.receive().map(|answer| answer.status), Some(200));
    }
}

fn one_endpoint(upstream: &Upstream) -> Value {
    endpoint("/a", &[live(upstream, "/b")])
}

#[test]
fn a_receiver_that_hangs_costs_spans_and_no_request() {
    for receiver in Receiver::both(Manner::Hangs) {
        let upstream = Upstream::answers(json!({})).forgetting_bodies();
        // 2 + 3 × 20 spans a request, so that queue and batch are soon full.
        let backends: Vec<Value> = (0..20)
            .map(|number| crate::files::with(live(&upstream, "/b"), &json!({ "group": number.to_string() })))
            .collect();
        let gnomon = Gnomon::run(&recorded(&[receiver.exporter()], &json!({}), &[endpoint("/a", &backends)]));
        asked(&gnomon, 180);
        let found = wait_for(|| (lost(&gnomon, "queue_full") > 0).then_some(()));
        assert!(found.is_some(), "{}", get(gnomon.admin(), "/metrics").text());
        // Whatever was made was lost or waits, and one message is still under way.
        gnomon.wait_until("every request is counted", |stats| stats.endpoint("/a").requests == 180);
        assert_eq!(sent(&gnomon), 0);
        assert!(lost(&gnomon, "queue_full") >= 180 * 62 - 8192 - 2 * 512);
        asked(&gnomon, 1);
    }
}

#[test]
fn spans_go_together_in_few_messages_and_are_counted() {
    for receiver in Receiver::both(Manner::Takes) {
        let upstream = Upstream::answers(json!({}));
        let gnomon = Gnomon::run(&recorded(&[receiver.exporter()], &json!({}), &[one_endpoint(&upstream)]));
        asked(&gnomon, 300);
        let spans = receiver.wait_for_spans(|spans| spans.len() >= 1500);
        assert_eq!(spans.len(), 1500);
        assert!(wait_for(|| (sent(&gnomon) == 1500).then_some(())).is_some());
        assert!(receiver.messages("traces").len() <= 50, "{}", receiver.messages("traces").len());
        assert_eq!(["queue_full", "unreachable", "refused", "shutdown"].map(|why| lost(&gnomon, why)), [0; 4]);
    }
}

#[test]
fn no_message_is_larger_than_receivers_take() {
    const BYTES_MAX: usize = 4 * 1024 * 1024;
    for receiver in Receiver::both(Manner::Takes) {
        let upstream = Upstream::answers(json!({})).forgetting_bodies();
        let told = json!({ "report_headers": true });
        let layers = json!({ "layers": { "global": told, "backend": { "traces": {
            "round_trip": true, "report_headers": true } } } });
        let a = crate::files::with(one_endpoint(&upstream), &json!({ "input_headers": ["X-Long"] }));
        let mut gnomon = Gnomon::run(&recorded(&[receiver.exporter()], &layers, &[a]));
        let long = "x".repeat(50_000);
        let mut connection = Connection::open(gnomon.address());
        for _ in 0..60 {
            connection.ask("GET", "/a", &[("X-Long", &long)], b"");
            assert_eq!(connection.receive().map(|answer| answer.status), Some(200));
        }
        gnomon.signal("TERM");
        gnomon.wait_for_exit();
        let lengths: Vec<_> = receiver.messages("traces").iter().map(Vec::len).collect();
        assert!(lengths.iter().sum::<usize>() > BYTES_MAX, "{lengths:?}");
        assert!(lengths.iter().all(|length| *length <= BYTES_MAX), "{lengths:?}");
        assert_eq!(receiver.spans().len(), 60 * 4);
    }
}

#[test]
fn what_a_receiver_does_not_want_is_counted_so_and_told_once() {
    for receiver in Receiver::both(Manner::Refuses) {
        let upstream = Upstream::answers(json!({}));
        let gnomon = Gnomon::run(&recorded(&[receiver.exporter()], &json!({}), &[one_endpoint(&upstream)]));
        for round in 1..3 {
            asked(&gnomon, 1);
            let all = wait_for(|| (lost(&gnomon, "refused") == 5 * round).then_some(()));
            assert!(all.is_some(), "{} of {}", lost(&gnomon, "refused"), 5 * round);
        }
        assert_eq!(gnomon.output().matches("receiver takes no spans").count(), 1, "{}", gnomon.output());
    }
    for receiver in Receiver::both(Manner::Rejects(2)) {
        let upstream = Upstream::answers(json!({}));
        let gnomon = Gnomon::run(&recorded(&[receiver.exporter()], &json!({}), &[one_endpoint(&upstream)]));
        asked(&gnomon, 1);
        let some = wait_for(|| (sent(&gnomon) + lost(&gnomon, "refused") == 5).then_some(()));
        assert!(some.is_some() && lost(&gnomon, "refused") >= 2);
    }
}

#[test]
fn one_receiver_that_hangs_does_not_keep_another_from_its_spans() {
    let (hangs, takes) = (Receiver::grpc(Manner::Hangs), Receiver::http(Manner::Takes));
    let upstream = Upstream::answers(json!({}));
    let other = crate::files::with(takes.exporter(), &json!({ "name": "other" }));
    let gnomon = Gnomon::run(&recorded(&[hangs.exporter(), other], &json!({}), &[one_endpoint(&upstream)]));
    asked(&gnomon, 3);
    takes.wait_for_spans(|spans| spans.len() == 15);
}

#[test]
fn a_stop_sends_what_waits_and_does_not_wait_for_who_hangs() {
    for receiver in Receiver::both(Manner::Takes) {
        let upstream = Upstream::answers(json!({}));
        let mut gnomon = Gnomon::run(&recorded(&[receiver.exporter()], &json!({}), &[one_endpoint(&upstream)]));
        asked(&gnomon, 1);
        gnomon.signal("TERM");
        assert!(gnomon.wait_for_exit().success());
        assert_eq!(receiver.spans().len(), 5);
        assert!(super::find(&receiver.figures(), "http.server.duration", &json!({})).is_some());
    }
    for receiver in Receiver::both(Manner::Hangs) {
        let upstream = Upstream::answers(json!({}));
        let mut gnomon = Gnomon::run(&recorded(&[receiver.exporter()], &json!({}), &[one_endpoint(&upstream)]));
        asked(&gnomon, 1);
        gnomon.signal("TERM");
        assert!(gnomon.wait_for_exit().success());
        assert!(gnomon.output().contains("not everything could be sent in time"), "{}", gnomon.output());
    }
}

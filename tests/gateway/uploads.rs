//! Requests with a body: both sides get all of it, or neither gets anything that looks like all of it.

use serde_json::{Value, json};

use crate::{
    bodies::body,
    files::{endpoint, live, service, shadow, with},
    gnomon::Gnomon,
    upstream::{Seen, Upstream},
    wire::{chunk, chunked},
};

fn file(v1: &Upstream, v2: &Upstream) -> Value {
    let post = endpoint("/upload", &[live(v1, "/v1/upload"), shadow(v2, "/v2/upload")]);
    service(&[with(post, &json!({ "method": "POST", "input_headers": ["Content-Type"] }))])
}

/// The requests of one side that look whole.
fn whole(upstream: &Upstream) -> Vec<Seen> {
    upstream.seen().into_iter().filter(|seen| seen.complete).collect()
}

fn both_sides_get(body: &[u8], send: impl Fn(&Gnomon) -> u16) {
    let (v1, v2) = (Upstream::answers(json!({ "side": "live" })), Upstream::answers(json!({ "side": "shadow" })));
    let gnomon = Gnomon::run(&file(&v1, &v2));
    assert_eq!(send(&gnomon), 200);
    for (upstream, target) in [(&v1, "/v1/upload"), (&v2, "/v2/upload")] {
        let seen = upstream.wait_for(1).remove(0);
        assert_eq!((seen.method.as_str(), seen.target.as_str(), seen.complete), ("POST", target, true));
        assert_eq!(seen.header("content-type"), Some("application/x-test"));
        assert!(seen.body == body, "{target} got {} of {} bytes", seen.body.len(), body.len());
    }
    let books = gnomon.finish().the_books();
    assert_eq!((books.offered, books.sent, books.answered()), (1, 1, 1), "{books:#?}");
}

#[test]
fn a_small_upload_reaches_both_sides() {
    let body = b"{\"a\": 1}";
    both_sides_get(body, |gnomon| {
        gnomon.ask("POST", "/upload", &[("Content-Type", "application/x-test")], body).status
    });
}

#[test]
fn a_megabyte_reaches_both_sides() {
    let body = body(1024 * 1024);
    both_sides_get(body, |gnomon| {
        gnomon.ask("POST", "/upload", &[("Content-Type", "application/x-test")], body).status
    });
}

#[test]
fn a_chunked_upload_in_pieces_reaches_both_sides() {
    let body = body(100_000);
    both_sides_get(body, |gnomon| {
        let mut client = gnomon.connect();
        client.send_head(
            "POST",
            "/upload",
            &[("Content-Type", "application/x-test"), ("Transfer-Encoding", "chunked")],
        );
        let (last, first) = body.split_last_chunk::<999>().map(|(first, last)| (last, first)).unwrap();
        for piece in first.chunks(7_000) {
            client.send(&chunk(piece));
        }
        client.send(&chunked(last));
        client.receive().unwrap().status
    });
}

#[test]
fn an_empty_post_reaches_both_sides() {
    both_sides_get(b"", |gnomon| {
        let headers = [("Content-Type", "application/x-test"), ("Content-Length", "0")];
        gnomon.ask("POST", "/upload", &headers, b"").status
    });
}

/// Breaks an upload off, then sends a whole one; neither side may take the first for a request.
fn broken_upload_reaches_nobody(headers: &[(&str, &str)], half: &[u8]) {
    let (v1, v2) = (Upstream::answers(json!({})), Upstream::answers(json!({})));
    let gnomon = Gnomon::run(&file(&v1, &v2));
    let mut client = gnomon.connect();
    client.send_head("POST", "/upload", headers);
    client.send(half);
    client.hang_up();
    gnomon.wait_until("the broken upload is over", |stats| {
        let endpoint = stats.endpoint("/upload");
        endpoint.requests >= 1 && endpoint.in_flight == 0
    });
    assert_eq!(gnomon.ask("POST", "/upload", &[], b"whole").status, 200);
    let books = gnomon.settle().the_books();
    assert!(books.answered() == 1 && books.offered <= 2, "{books:#?}");
    for upstream in [&v1, &v2] {
        let whole = whole(upstream);
        assert_eq!(whole.len(), 1, "{whole:#?}");
        assert_eq!(whole[0].body, b"whole");
    }
    gnomon.finish();
}

#[test]
fn a_broken_upload_of_known_length_reaches_nobody_as_a_request() {
    broken_upload_reaches_nobody(&[("Content-Length", "100000")], body(50_000));
}

#[test]
fn a_broken_chunked_upload_reaches_nobody_as_a_request() {
    broken_upload_reaches_nobody(&[("Transfer-Encoding", "chunked")], &chunk(body(50_000)));
}

#[test]
fn an_upload_broken_after_a_whole_chunk_reaches_nobody_as_a_request() {
    broken_upload_reaches_nobody(&[("Transfer-Encoding", "chunked")], &chunk(b"{\"looks\": \"whole\"}"));
}

#[test]
fn a_shadow_that_never_reads_does_not_stop_a_large_upload() {
    let (v1, v2) = (Upstream::answers(json!({})), Upstream::never_reads());
    let gnomon = Gnomon::run(&file(&v1, &v2));
    let body = body(8 * 1024 * 1024);
    assert_eq!(gnomon.ask("POST", "/upload", &[], body).status, 200);
    assert!(v1.wait_for(1)[0].body == body);
    let books = gnomon.finish().the_books();
    assert_eq!((books.offered, books.answered()), (1, 0), "{books:#?}");
}

#[test]
fn an_upload_above_the_cap_goes_live_and_is_not_mirrored() {
    let (v1, v2) = (Upstream::answers(json!({})), Upstream::answers(json!({})));
    let limits = json!({ "extra_config": { "@shadow": { "max_request": "64KiB" } } });
    let gnomon = Gnomon::run(&with(file(&v1, &v2), &limits));
    let body = body(1024 * 1024);
    assert_eq!(gnomon.ask("POST", "/upload", &[], body).status, 200);
    let mut client = gnomon.connect();
    client.send_head("POST", "/upload", &[("Transfer-Encoding", "chunked")]);
    client.send(&chunked(body));
    assert_eq!(client.receive().unwrap().status, 200);
    assert!(v1.wait_for(2).iter().all(|seen| seen.body == body));
    let books = gnomon.finish().the_books();
    assert_eq!((books.offered, books.dropped_for("body_too_large")), (2, 2), "{books:#?}");
    assert_eq!(whole(&v2), []);
}

/// A file whose shadow gets bodies while they arrive.
fn streaming(v1: &Upstream, v2: &Upstream, body: &Value) -> Value {
    let policy = json!({
        "holdout": 0,
        "match": { "unsafe_methods": "allow", "unsafe_reason": "a store of its own" },
        "body": with(json!({ "mode": "stream" }), body),
    });
    let mut file = with(file(v1, v2), &json!({ "extra_config": { "@shadow": { "overload": "off" } } }));
    let proxy = &mut file["endpoints"][0]["backend"][1]["extra_config"]["proxy"];
    *proxy = with(proxy.clone(), &json!({ "@shadow_policy": policy }));
    file
}

#[test]
fn a_streamed_copy_reaches_the_shadow_before_the_upload_is_whole() {
    let (v1, v2) = (Upstream::answers(json!({})), Upstream::answers(json!({})));
    let gnomon = Gnomon::run(&streaming(&v1, &v2, &json!({ "stream_window": "4MiB" })));
    let body = body(300_000);
    let (first, last) = body.split_at(200_000);
    for chunks in [false, true] {
        let framing = if chunks { ("Transfer-Encoding", "chunked") } else { ("Content-Length", "300000") };
        let framed = |bytes: &[u8]| if chunks { chunk(bytes) } else { bytes.to_vec() };
        let mut client = gnomon.connect();
        client.send_head("POST", "/upload", &[framing]);
        client.send(&framed(first));
        gnomon.wait_until("the copy is under way", |stats| stats.the_books().in_flight == 1);
        client.send(&if chunks { chunked(last) } else { last.to_vec() });
        assert_eq!(client.receive().unwrap().status, 200);
        gnomon.settle();
    }
    for seen in v2.wait_for(2) {
        assert!(seen.complete && seen.body == body, "{} of {} bytes", seen.body.len(), body.len());
    }
    let lengths: Vec<_> = v2.seen().iter().map(|seen| seen.header("content-length").map(str::to_owned)).collect();
    assert_eq!(lengths, [Some("300000".to_owned()), None]);
    let books = gnomon.finish().the_books();
    assert_eq!((books.sent, books.answered()), (2, 2), "{books:#?}");
}

#[test]
fn a_broken_upload_breaks_its_streamed_copy() {
    let (v1, v2) = (Upstream::answers(json!({})), Upstream::answers(json!({})));
    let gnomon = Gnomon::run(&streaming(&v1, &v2, &json!({ "stream_window": "4MiB" })));
    for (framing, bytes) in
        [(("Content-Length", "300000"), body(200_000).to_vec()), (("Transfer-Encoding", "chunked"), chunk(body(9_000)))]
    {
        let mut client = gnomon.connect();
        client.send_head("POST", "/upload", &[framing]);
        client.send(&bytes);
        gnomon.wait_until("the copy is under way", |stats| stats.the_books().in_flight == 1);
        client.hang_up();
        gnomon.settle();
    }
    assert_eq!(whole(&v2), []);
    let books = gnomon.finish().the_books();
    assert_eq!(books.failed, [("upload".to_owned(), 2)], "{books:#?}");
}

#[test]
fn a_streamed_copy_that_lags_never_looks_complete() {
    let (v1, v2) = (Upstream::answers(json!({})), Upstream::never_reads());
    let gnomon = Gnomon::run(&streaming(&v1, &v2, &json!({})));
    let body = body(8 * 1024 * 1024);
    assert_eq!(gnomon.ask("POST", "/upload", &[], body).status, 200);
    assert!(v1.wait_for(1)[0].body == body);
    let books = gnomon.settle().the_books();
    assert_eq!(books.dropped_for("body_lag") + books.broken(), 1, "{books:#?}");
    assert!(books.failed.iter().all(|(kind, _)| kind == "lag"), "{books:#?}");
    gnomon.finish();
}

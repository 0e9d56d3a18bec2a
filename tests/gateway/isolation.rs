//! The promise: whatever a shadow does, the client gets the same answer as without it, and the books balance.

use serde_json::{Value, json};

use crate::{
    client::Answer,
    files::{endpoint, live, service, shadow, shadow_for, with, without_shadows},
    gnomon::Gnomon,
    stats::Books,
    upstream::{Reply, Upstream},
};

/// What is asked: every kind of endpoint, with and without a body, and one whose live backend fails.
const REQUESTS: &[(&str, &str, &[u8])] = &[
    ("GET", "/thing/1", b""),
    ("GET", "/thing/2", b""),
    ("POST", "/thing/3", b"{\"a\": [1, 2, 3]}"),
    ("GET", "/raw", b""),
    ("GET", "/broken", b""),
    ("GET", "/thing/4", b""),
];

/// The live backend of every comparison.
fn v1() -> Upstream {
    Upstream::answers(json!({ "id": 7, "name": "Ada", "tags": ["x", "y"], "price": 1.50 }))
        .on("/v1/raw", Reply::new(418, "text/plain", b"as it is").with("X-Kept", "yes"))
        .on("/v1/broken", Reply::new(500, "application/json", b"{\"error\": 1}"))
}

/// A file whose every endpoint has `hostile` as its shadow.
fn file(v1: &Upstream, hostile: &Upstream) -> Value {
    let post = json!({ "method": "POST" });
    service(&[
        endpoint("/thing/{id}", &[live(v1, "/v1/thing/{id}"), shadow(hostile, "/v2/thing/{id}")]),
        with(endpoint("/thing/{id}", &[live(v1, "/v1/thing/{id}"), shadow(hostile, "/v2/thing/{id}")]), &post),
        with(
            endpoint("/raw", &[live(v1, "/v1/raw"), shadow(hostile, "/v2/raw")]),
            &json!({ "output_encoding": "no-op" }),
        ),
        endpoint("/broken", &[live(v1, "/v1/broken"), shadow(hostile, "/v2/broken")]),
    ])
}

fn answers(gnomon: &Gnomon) -> Vec<Answer> {
    REQUESTS.iter().map(|(method, target, body)| gnomon.ask(method, target, &[], body).timeless()).collect()
}

/// Asks the same of two gateways, one with the shadow and one without, and returns the books of all its shadows.
fn unharmed_by(hostile: &Upstream) -> Vec<Books> {
    let v1 = v1();
    let file = file(&v1, hostile);
    let mirrored = Gnomon::run(&file);
    let plain = Gnomon::run(&without_shadows(file));
    for round in 0..2 {
        assert_eq!(answers(&mirrored), answers(&plain), "round {round}");
    }
    let books = mirrored.finish().books();
    let offered: u64 = books.iter().map(|books| books.offered).sum();
    assert_eq!(offered, 2 * REQUESTS.len() as u64, "every request is offered: {books:#?}");
    books
}

/// Like [`unharmed_by`], for a shadow that never answers anything: every call must end as a failure.
fn unharmed_by_failing(hostile: &Upstream) {
    for books in unharmed_by(hostile) {
        assert_eq!((books.broken(), books.answered()), (books.sent, 0), "{books:#?}");
        assert_eq!(books.sent, books.offered, "{books:#?}");
    }
}

#[test]
fn a_shadow_that_refuses_connections_changes_nothing() {
    for books in unharmed_by(&Upstream::refuses()) {
        assert_eq!((books.broken(), books.answered()), (books.sent, 0), "{books:#?}");
        assert_eq!(books.sent + books.dropped_for("unreachable"), books.offered, "{books:#?}");
    }
}

#[test]
fn a_shadow_that_hangs_changes_nothing() {
    unharmed_by_failing(&Upstream::hangs());
}

#[test]
fn a_shadow_that_never_reads_changes_nothing() {
    unharmed_by_failing(&Upstream::never_reads());
}

#[test]
fn a_slow_shadow_changes_nothing() {
    let books = unharmed_by(&Upstream::slow(200));
    assert!(books.iter().all(|books| books.answered() == books.offered), "{books:#?}");
}

#[test]
fn a_shadow_that_resets_changes_nothing() {
    unharmed_by_failing(&Upstream::resets());
}

#[test]
fn a_shadow_that_resets_midway_changes_nothing() {
    unharmed_by(&Upstream::resets_midway());
}

#[test]
fn a_shadow_that_speaks_garbage_changes_nothing() {
    unharmed_by_failing(&Upstream::garbage());
}

#[test]
fn a_shadow_that_floods_changes_nothing() {
    unharmed_by(&Upstream::floods());
}

#[test]
fn a_shadow_that_trickles_changes_nothing() {
    unharmed_by(&Upstream::trickles());
}

#[test]
fn a_shadow_that_lies_about_its_length_changes_nothing() {
    unharmed_by(&Upstream::lies_about_length());
}

#[test]
fn a_shadow_that_closes_idle_connections_changes_nothing() {
    unharmed_by(&Upstream::closes_idle(&json!({ "other": true })));
}

#[test]
fn a_shadow_that_answers_500_changes_nothing_and_counts_as_answered() {
    for books in unharmed_by(&Upstream::answers_500()) {
        assert_eq!(books.completed, [("5xx".to_owned(), books.offered)]);
    }
}

#[test]
fn a_shadow_that_answers_something_else_changes_nothing() {
    let different =
        Reply::new(301, "text/html", b"<p>moved</p>").with("Location", "/elsewhere").with("Set-Cookie", "a=b");
    let hostile = Upstream::behaving(different.into());
    for books in unharmed_by(&hostile) {
        assert_eq!(books.broken(), books.sent, "redirected for ever: {books:#?}");
    }
    assert!(
        hostile.seen().iter().any(|seen| seen.target == "/elsewhere"),
        "redirects are followed as on the live path"
    );
}

#[test]
fn the_client_has_its_answer_while_the_shadow_still_hangs() {
    let (v1, v2) = (v1(), Upstream::hangs());
    let gnomon = Gnomon::run(&service(&[endpoint("/a", &[live(&v1, "/v1/a"), shadow_for(&v2, "/v2/a", "60s")])]));
    assert_eq!(gnomon.get("/a").status, 200);
    v2.wait_for(1);
    let books = gnomon.books();
    assert_eq!((books.offered, books.sent, books.in_flight), (1, 1, 1));
}

#[test]
fn mirrors_beyond_the_limit_are_dropped_and_counted() {
    let (v1, v2) = (v1(), Upstream::hangs());
    let endpoints = [endpoint("/a", &[live(&v1, "/v1/a"), shadow_for(&v2, "/v2/a", "60s")])];
    let limited = json!({ "extra_config": { "@shadow": { "max_concurrent": 2 } } });
    let gnomon = Gnomon::run(&with(service(&endpoints), &limited));
    for _ in 0..5 {
        assert_eq!(gnomon.get("/a").status, 200);
    }
    let books = gnomon.books();
    assert_eq!((books.offered, books.sent, books.in_flight), (5, 2, 2), "{books:#?}");
    assert_eq!(books.dropped_for("concurrency"), 3, "{books:#?}");
}

#[test]
fn one_hanging_shadow_does_not_keep_another_from_its_copies() {
    let (v1, hangs, well) = (v1(), Upstream::hangs(), Upstream::answers(json!({})));
    let backends = [live(&v1, "/v1/a"), shadow_for(&hangs, "/v2/a", "60s"), shadow(&well, "/v3/a")];
    let gnomon = Gnomon::run(&service(&[endpoint("/a", &backends)]));
    for _ in 0..20 {
        assert_eq!(gnomon.get("/a").status, 200);
    }
    well.wait_for(20);
    gnomon.wait_until("the healthy shadow has answered all", |stats| stats.books()[1].answered() == 20);
    assert_eq!(gnomon.stats().books()[0].in_flight, 20);
}

#[test]
fn a_client_that_leaves_early_does_not_cancel_the_copy() {
    let (v1, v2) = (Upstream::hangs(), Upstream::waits(&json!({})));
    let gnomon = Gnomon::run(&service(&[endpoint("/a", &[live(&v1, "/v1/a"), shadow_for(&v2, "/v2/a", "60s")])]));
    let mut client = gnomon.connect();
    client.ask("GET", "/a", &[], b"");
    v1.wait_for(1);
    v2.wait_for(1);
    client.hang_up();
    gnomon.wait_until("the live call is over", |stats| stats.endpoint("/a").in_flight == 0);
    v2.release();
    let books = gnomon.settle().the_books();
    assert_eq!((books.offered, books.answered()), (1, 1), "{books:#?}");
    gnomon.finish();
}

#[test]
fn a_live_backend_that_closes_idle_connections_still_answers_every_get() {
    let v1 = Upstream::closes_idle(&json!({ "a": 1 }));
    let gnomon = Gnomon::run(&service(&[endpoint("/a", &[live(&v1, "/v1/a")])]));
    let statuses: Vec<u16> = (0..20).map(|_| gnomon.get("/a").status).collect();
    assert_eq!(statuses, [200; 20]);
}

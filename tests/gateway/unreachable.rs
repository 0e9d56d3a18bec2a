//! A shadow that refuses connections, over real sockets: it is left alone, which the figures say, and copies flow again
//! when somebody listens.

use serde_json::{Value, json};

use crate::{
    browser::Chromium,
    client,
    files::{endpoint, live, service, shadow, with},
    gnomon::Gnomon,
    patience::wait_for,
    upstream::{Reply, Upstream},
};

/// Asks until so many copies were dropped because nobody is there.
fn ask_until_left_alone(gnomon: &Gnomon, drops: u64) {
    let left_alone = wait_for(|| {
        assert_eq!(gnomon.get("/a").status, 200);
        (gnomon.books().dropped_for("unreachable") >= drops).then_some(())
    });
    assert!(left_alone.is_some(), "{:#?}", gnomon.books());
}

/// Asks until a copy was answered.
fn ask_until_found(gnomon: &Gnomon) {
    let found = wait_for(|| {
        assert_eq!(gnomon.get("/a").status, 200);
        (gnomon.books().answered() > 0).then_some(())
    });
    assert!(found.is_some(), "{:#?}", gnomon.books());
}

/// A gateway whose shadow is under this policy; `null` is none.
fn gateway(v1: &Upstream, v2: &Upstream, policy: &Value) -> Gnomon {
    let mut shadow = shadow(v2, "/v2/a");
    if !policy.is_null() {
        shadow["extra_config"]["proxy"]["@shadow_policy"] = policy.clone();
    }
    Gnomon::run(&service(&[endpoint("/a", &[live(v1, "/v1/a"), shadow])]))
}

fn is_left_alone_and_found_again(policy: &Value) {
    let (v1, v2) = (Upstream::answers(json!({ "v": 1 })), Upstream::refuses());
    let gnomon = gateway(&v1, &v2, policy);
    ask_until_left_alone(&gnomon, 3);
    let books = gnomon.settle().the_books();
    assert!(books.sent >= 5 && books.broken() == books.sent, "{books:#?}");
    assert_eq!(books.sent + books.dropped_for("unreachable"), books.offered, "{books:#?}");
    let metrics = client::get(gnomon.admin(), "/metrics").text();
    let line = metrics.lines().find(|line| line.contains("reason=\"unreachable\""));
    assert!(line.is_some_and(|line| line.starts_with("gnomon_shadow_dropped_total{")), "{metrics}");

    let v2 = v2.opens(Reply::json(&json!({ "v": 2 })).into());
    ask_until_found(&gnomon);
    let before = gnomon.settle().the_books();
    for _ in 0..20 {
        assert_eq!(gnomon.get("/a").status, 200);
    }
    let after = gnomon.finish().the_books();
    assert_eq!((after.offered, after.answered()), (before.offered + 20, before.answered() + 20), "{after:#?}");
    assert_eq!(v2.seen().len() as u64, after.answered());
}

#[test]
fn a_plain_shadow_that_refuses_is_left_alone_until_somebody_listens() {
    is_left_alone_and_found_again(&Value::Null);
}

#[test]
fn so_is_one_under_a_policy_whose_breaker_is_off() {
    is_left_alone_and_found_again(&json!({ "holdout": 0, "breaker": "off" }));
}

#[test]
fn one_host_that_refuses_does_not_keep_copies_from_another() {
    let (v1, there, nobody) = (Upstream::answers(json!({})), Upstream::answers(json!({})), Upstream::refuses());
    let both = json!({ "host": [there.host(), nobody.host()] });
    let gnomon = Gnomon::run(&service(&[endpoint("/a", &[live(&v1, "/v1/a"), with(shadow(&there, "/v2/a"), &both)])]));
    for _ in 0..40 {
        assert_eq!(gnomon.get("/a").status, 200);
    }
    let books = gnomon.finish().the_books();
    assert_eq!((books.sent, books.answered(), books.broken()), (40, 20, 20), "{books:#?}");
}

#[test]
fn a_shadow_that_sends_its_copies_on_to_nobody_is_not_left_alone() {
    let (v1, nobody) = (Upstream::answers(json!({})), Upstream::refuses());
    let moved = Reply::new(307, "text/plain", b"").with("Location", &format!("{}/elsewhere", nobody.host()));
    let v2 = Upstream::behaving(moved.into());
    let gnomon = gateway(&v1, &v2, &Value::Null);
    for _ in 0..20 {
        assert_eq!(gnomon.get("/a").status, 200);
    }
    let books = gnomon.finish().the_books();
    assert_eq!((books.sent, books.broken(), v2.seen().len()), (20, 20, 20), "{books:#?}");
}

#[test]
fn the_page_says_why_copies_are_dropped() {
    let (v1, v2) = (Upstream::answers(json!({})), Upstream::refuses());
    let gnomon = gateway(&v1, &v2, &Value::Null);
    ask_until_left_alone(&gnomon, 1);
    let dropped = gnomon.books().dropped_for("unreachable");
    let chromium = Chromium::start();
    let page = chromium.page();
    page.open(gnomon.admin());
    page.show("experiment/GET:%2Fa:0/funnel", "/a");
    let row = page.row("Reasons why a request was not copied, or a copy not answered", "unreachable");
    assert!(row.contains(&dropped.to_string()), "{row:?}");
}

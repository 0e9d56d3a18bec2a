//! `body`, `headers` and `network` of a policy: what a copy carries, and over which connections.

use gnomon::config::known::Scope as At;
use serde_json::{Value, json};

use super::{
    case::Case,
    copies::{GET, POST, Sent, connections_of_copies, copied_body, copied_header, copy_of, fate_of, policed, posted},
    observe::{fate_of_the_copy, happens},
    scene::Scene,
    walk::walk,
};
use crate::{bodies::body, upstream::Reply};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = bodies();
    cases.extend(headers());
    cases.extend(network());
    cases
}

fn bodies() -> Vec<Case> {
    let long = Reply::json(&json!({ "long": "x".repeat(1000) }));
    vec![
        posted(At::PolicyBody, "mode", json!("none")).sees(copied_body, ""),
        posted(At::PolicyBody, "max_request", json!(3)).sees(fate_of(POST), "body_too_large"),
        posted(At::PolicyBody, "stream_window", json!(1))
            .with(At::PolicyBody, json!({ "mode": "stream" }))
            .with(At::Backend, json!({ "host": ["{deaf}"] }))
            .sees(lags, true),
        policed(At::PolicyBody, "max_response", json!(10))
            .on("/shadow", long)
            .sees(fate_of_the_copy, json!([[], [["too_large", 1]], []])),
    ]
}

fn headers() -> Vec<Case> {
    let at = |key, value| policed(At::PolicyHeaders, key, value);
    let mark = |key, value| policed(At::PolicyMarks, key, value);
    let is_marked = |name| move |scene: &_| copy_of(scene, &GET).is_some_and(|copy| copy.header(name).is_some()).into();
    const TRACE: &[(&str, &str)] = &[("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")];
    vec![
        at("credentials", json!("forward"))
            .sees(copied_header("authorization", &[("Authorization", "secret")]), "secret"),
        at("credential_headers", json!(["X-A"])).sees(copied_header("x-a", &[("X-A", "1")]), Value::Null),
        at("credential_query", json!(["sid"])).sees(copied_target, "/shadow?b=2"),
        at("set", json!({ "X-A": "2" })).sees(copied_header("x-a", &[("X-A", "1")]), "2"),
        at("remove", json!(["X-A"])).sees(copied_header("x-a", &[("X-A", "1")]), Value::Null),
        at("allow", json!(["X-B"])).sees(copied_header("x-a", &[("X-A", "1")]), Value::Null),
        at("host", json!("v2.example")).sees(copied_header("host", &[]), "v2.example"),
        at("mark", json!(false)).sees(copied_header("x-shadow-request", &[]), Value::Null),
        at("trace", json!("off")).sees(copied_header("traceparent", TRACE), Value::Null),
        mark("request", json!("X-Shadow-Copy")).sees(copied_header("x-shadow-copy", &[]), "1"),
        mark("id", json!("X-Shadow-Pair")).sees(is_marked("x-shadow-pair"), true),
        mark("sent_at", json!("X-Shadow-Time")).sees(is_marked("x-shadow-time"), true),
    ]
}

/// Whether the copy of a large upload falls behind it, at a shadow that nobody can connect to.
fn lags(scene: &Scene) -> Value {
    scene.ask("POST", "/a", &[], body(200_000));
    let stats = scene.gateway().wait_until("the copy has ended", |stats| stats.the_books().settled());
    let books = stats.the_books();
    (books.dropped_for("body_lag") == 1 || books.failed == [("lag".to_owned(), 1)]).into()
}

/// The target of a copy whose query has a parameter that may be a secret.
fn copied_target(scene: &Scene) -> Value {
    let copy = copy_of(scene, &Sent { target: "/a?b=2&sid=1", ..GET }).expect("it is copied");
    copy.target.into()
}

fn network() -> Vec<Case> {
    vec![
        // Without it the call is given up after a second.
        policed(At::PolicyNetwork, "connect_timeout", json!("1m"))
            .with(At::Backend, json!({ "host": ["{deaf}"] }))
            .sees(
                |scene| {
                    GET.by(scene);
                    happens(|| scene.gateway().books().broken() == 1)
                },
                false,
            ),
        policed(At::PolicyNetwork, "idle_timeout", json!("200ms")).sees(connections_of_copies, 2),
    ]
}

#[test]
fn every_key_of_the_rewriting_counts() {
    walk(&cases());
}

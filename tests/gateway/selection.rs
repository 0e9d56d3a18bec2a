//! Which requests a shadow gets, between real processes: the same everywhere, each refusal counted, and nothing that a
//! client writes changes it.

use std::{
    collections::BTreeSet,
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, OnceLock},
};

use serde_json::{Value, json};

use crate::{
    files::{SHADOW_TIMEOUT, endpoint, live, service, with},
    gnomon::Gnomon,
    patience::wait_for,
    stats::Books,
    upstream::Upstream,
};

/// A shadow with a policy.
pub(crate) fn shadow_under(policy: &Value, upstream: &Upstream, url_pattern: &str) -> Value {
    let proxy = json!({ "shadow": true, "shadow_timeout": SHADOW_TIMEOUT, "@shadow_policy": policy });
    with(live(upstream, url_pattern), &json!({ "extra_config": { "proxy": proxy } }))
}

fn paths(upstream: &Upstream) -> BTreeSet<String> {
    upstream.seen().into_iter().map(|seen| seen.target).collect()
}

/// Users whose hash the golden values say, and whether a tenth of all includes them.
fn golden_users() -> Vec<(String, bool)> {
    let golden: Vec<Value> = serde_json::from_str(include_str!("../../src/shadow/selection/golden.json")).unwrap();
    let users = golden.iter().filter(|row| row["salt"] == "u2026" && row["key_times"].is_null());
    users.filter_map(|row| Some((row["key"].as_str()?.to_owned(), row["in_10_percent"] == true))).collect()
}

#[test]
fn two_gateways_copy_the_same_requests_and_another_runtime_could_say_which() {
    let policy = json!({ "sample": { "rate": "10%", "key": "header:X-User", "salt": "u2026" }, "holdout": 0 });
    let users = golden_users();
    let sampled: BTreeSet<String> =
        users.iter().filter(|(_, sampled)| *sampled).map(|(user, _)| format!("/v2/{user}")).collect();
    assert!(sampled.len() >= 3 && sampled.len() < users.len() / 2);
    for _process in 0..2 {
        let (v1, v2) = (Upstream::answers(json!({})), Upstream::answers(json!({})));
        let gnomon = Gnomon::run(&service(&[endpoint(
            "/user/{id}",
            &[live(&v1, "/v1/{id}"), shadow_under(&policy, &v2, "/v2/{id}")],
        )]));
        for (user, _) in &users {
            assert_eq!(gnomon.ask("GET", &format!("/user/{user}"), &[("X-User", user)], b"").status, 200);
        }
        let books = gnomon.finish().the_books();
        assert_eq!(paths(&v2), sampled);
        assert_eq!((books.offered, books.sent), (users.len() as u64, sampled.len() as u64));
        assert!(v1.seen().iter().all(|seen| seen.header("x-user").is_none()), "the key is not forwarded");
    }
}

fn skipped(books: &Books) -> Vec<(&str, u64)> {
    books.skipped.iter().filter(|(_, count)| *count > 0).map(|(reason, count)| (reason.as_str(), *count)).collect()
}

#[test]
fn each_reason_to_skip_a_request_is_counted() {
    let (v1, v2) = (Upstream::answers(json!({})), Upstream::answers(json!({})));
    let policy = json!({
        "sample": { "key": "cookie:session" },
        "match": { "path": "/thing/*", "not_headers": { "X-Synthetic": "*" }, "query": { "kind": ["a", "b*"] } },
        "holdout": 0,
    });
    let backends = [live(&v1, "/v1"), shadow_under(&policy, &v2, "/v2")];
    let post = json!({ "method": "POST" });
    let gnomon =
        Gnomon::run(&service(&[endpoint("/thing/{id}", &backends), with(endpoint("/thing/{id}", &backends), &post)]));
    let cookie = ("Cookie", "theme=dark; session=1");
    for (method, target, headers) in [
        ("GET", "/thing/1?kind=a", &[cookie][..]),
        ("GET", "/thing/2?kind=%62ig", &[cookie]),
        ("GET", "/thing/3?kind=c", &[cookie]),
        ("GET", "/thing/4?kind=a", &[cookie, ("X-Synthetic", "")]),
        ("GET", "/thing/5?kind=a", &[]),
        ("POST", "/thing/6?kind=a", &[cookie]),
    ] {
        assert_eq!(gnomon.ask(method, target, headers, b"").status, 200);
    }
    let books = gnomon.finish().books();
    assert_eq!(skipped(&books[0]), [("unmatched", 2), ("no_key", 1)]);
    assert_eq!(skipped(&books[1]), [("write_denied", 1)]);
    assert_eq!((books[0].sent, books[1].sent, v2.seen().len()), (2, 0, 2));
}

#[test]
fn a_held_out_request_is_sampled_and_not_sent() {
    let (v1, v2) = (Upstream::answers(json!({})), Upstream::answers(json!({})));
    let policy = json!({ "holdout": 1 });
    let file = service(&[endpoint("/a", &[live(&v1, "/v1"), shadow_under(&policy, &v2, "/v2")])]);
    let gnomon = Gnomon::run(&file);
    gnomon.get("/a");
    assert_eq!(skipped(&gnomon.finish().the_books()), [("holdout", 1)]);
    assert!(v2.seen().is_empty());
}

#[test]
fn a_client_that_writes_marks_is_copied_like_any_other_and_its_marks_go_nowhere() {
    let (v1, v2) = (Upstream::answers(json!({})), Upstream::answers(json!({})));
    let backends = [live(&v1, "/v1"), shadow_under(&json!({ "holdout": 0 }), &v2, "/v2")];
    let everything = json!({ "input_headers": ["*"] });
    let gnomon = Gnomon::run(&service(&[with(endpoint("/a", &backends), &everything)]));
    let forged = format!("1;{};0000000000000001;{}", u64::MAX, "A".repeat(43));
    let marks =
        [("X-Shadow-Request", "1"), ("X-Shadow-Id", "mine"), ("X-Shadow-Hops", forged.as_str()), ("X-Other", "1")];
    assert_eq!(gnomon.ask("GET", "/a", &marks, b"").status, 200);
    let (live, copy) = (v1.wait_for(1).remove(0), v2.wait_for(1).remove(0));
    assert_eq!(gnomon.finish().the_books().sent, 1);
    for name in ["x-shadow-request", "x-shadow-id", "x-shadow-hops"] {
        assert_eq!(live.header(name), None, "{name}");
    }
    assert!(copy.header("x-shadow-id").is_some_and(|id| id.len() == 16));
    assert!(copy.header("x-shadow-hops").is_some_and(|hops| hops.starts_with("1;") && !hops.contains(&forged)));
    assert_eq!((live.header("x-other"), copy.header("x-other")), (Some("1"), Some("1")));
}

/// An address that leads to another, which may become known later.
struct Relay {
    address: SocketAddr,
    target: Arc<OnceLock<SocketAddr>>,
}

impl Relay {
    fn new() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let target = Arc::new(OnceLock::new());
        let known = Arc::clone(&target);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Some(server) = known.get().and_then(|target| TcpStream::connect(target).ok()) else { continue };
                carry(&client, &server);
                carry(&server, &client);
            }
        });
        Self { address, target }
    }
}

/// Carries bytes one way until there are no more.
fn carry(from: &TcpStream, to: &TcpStream) {
    let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
    std::thread::spawn(move || {
        io::copy(&mut from, &mut to).ok();
        to.shutdown(std::net::Shutdown::Write).ok();
    });
}

/// A gateway whose shadow is another gateway.
fn gateway(v1: &Upstream, other: SocketAddr, loop_guard: &Value) -> Gnomon {
    let policy = json!({ "loop": loop_guard, "holdout": 0 });
    let shadow = with(shadow_under(&policy, v1, "/a"), &json!({ "host": [format!("http://{other}")] }));
    Gnomon::run(&service(&[endpoint("/a", &[live(v1, "/v1"), shadow])]))
}

/// Asks one of two gateways that copy to each other, and waits until one of them has ended the loop: the copies that
/// each has sent, and the requests that the live backend saw.
fn loop_of_two(loop_guard: &Value) -> ([u64; 2], usize) {
    let (v1, relay) = (Upstream::answers(json!({})), Relay::new());
    let other = gateway(&v1, relay.address, loop_guard);
    let one = gateway(&v1, other.address(), loop_guard);
    relay.target.set(one.address()).unwrap();
    assert_eq!(one.get("/a").status, 200);
    let has_ended = |gnomon: &Gnomon| skipped(&gnomon.books()).contains(&("loop", 1));
    assert!(wait_for(|| (has_ended(&one) || has_ended(&other)).then_some(())).is_some(), "nobody ended the loop");
    let sent = [one, other].map(|gnomon| gnomon.finish().the_books().sent);
    (sent, v1.seen().len())
}

#[test]
fn a_gateway_ends_a_loop_through_one_it_does_not_know() {
    assert_eq!(loop_of_two(&json!({})), ([1, 1], 3));
}

#[test]
fn a_gateway_makes_no_copy_of_the_copy_of_one_it_knows() {
    let key = json!([{ "key": "known to both gateways" }]);
    for trusted in [key, json!(["127.0.0.0/8"])] {
        assert_eq!(loop_of_two(&json!({ "trusted_marks": trusted })), ([1, 0], 2));
    }
}

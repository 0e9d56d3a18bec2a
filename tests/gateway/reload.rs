//! Another configuration while requests are served: nothing is dropped, and what stays goes on.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::{
    client::{self, Connection},
    files::{self, with},
    gnomon::Gnomon,
    patience::wait_for,
    upstream::Upstream,
};

/// How many connections ask all the time.
const CLIENTS: usize = 4;

fn named(name: &str) -> Upstream {
    Upstream::answers(json!({ "from": name }))
}

fn one(upstream: &Upstream) -> Value {
    files::service(&[files::endpoint("/a", &[files::live(upstream, "/live")])])
}

fn mirrored(live: &Upstream, shadow: &Upstream) -> Value {
    let backends = [files::live(live, "/live"), files::shadow(shadow, "/shadow")];
    files::service(&[files::endpoint("/a", &backends)])
}

/// The value of a metric; `name` comes with its labels.
fn metric(gnomon: &Gnomon, name: &str) -> Option<f64> {
    let text = client::get(gnomon.admin(), "/metrics").text();
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
}

/// Asks on one connection until it is told to stop; gives how many answers each upstream gave.
fn ask_until(gnomon: &Gnomon, stop: &AtomicBool) -> [usize; 2] {
    let mut connection = gnomon.connect();
    let mut answers = [0; 2];
    while !stop.load(Ordering::Acquire) {
        connection.ask("GET", "/a", &[], b"");
        let answer = connection.receive().expect("the connection is kept");
        assert!(answer.status == 200 && answer.complete, "{answer:?}");
        match answer.json()["from"].as_str() {
            Some("one") => answers[0] += 1,
            Some("two") => answers[1] += 1,
            _ => panic!("{answer:?}"),
        }
    }
    answers
}

#[test]
fn twenty_reloads_under_load_drop_no_request_and_no_connection() {
    let (one_, two) = (named("one"), named("two"));
    let gnomon = Gnomon::run(&one(&one_));
    let stop = AtomicBool::new(false);
    let answers = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(|| ask_until(&gnomon, &stop))).collect();
        for turn in 1..=20 {
            let wanted = if turn % 2 == 1 { &two } else { &one_ };
            let report = gnomon.replace(&one(wanted));
            assert_eq!((&report["generation"], report["changes"].as_array().unwrap().len()), (&json!(turn + 1), 1));
            // The report comes when all workers serve the new plan.
            let name = if turn % 2 == 1 { "two" } else { "one" };
            assert_eq!(gnomon.get("/a").json()["from"], name);
        }
        stop.store(true, Ordering::Release);
        clients.into_iter().map(|client| client.join().unwrap()).collect::<Vec<_>>()
    });
    let of_both: [usize; 2] = [0, 1].map(|place| answers.iter().map(|counts| counts[place]).sum());
    assert!(of_both.iter().all(|count| *count > 0), "{of_both:?}");
    let asked = (of_both[0] + of_both[1] + 20) as u64;
    gnomon.wait_until("every request is counted once", |stats| stats.endpoint("/a").requests == asked);
    assert_eq!(metric(&gnomon, "gnomon_reloads_total{result=\"replaced\"}"), Some(20.0));
    gnomon.finish();
}

#[test]
fn a_request_in_flight_ends_on_the_plan_that_it_met() {
    let (slow, fast) = (Upstream::waits(&json!({ "from": "slow" })), named("fast"));
    let gnomon = Gnomon::run(&one(&slow));
    let mut waiting = gnomon.connect();
    waiting.ask("GET", "/a", &[], b"");
    slow.wait_for(1);
    gnomon.replace(&one(&fast));
    assert_eq!(gnomon.get("/a").json()["from"], "fast");
    gnomon.wait_until("the first is in flight still", |stats| {
        let endpoint = stats.endpoint("/a");
        (endpoint.requests, endpoint.in_flight) == (2, 1)
    });
    slow.release();
    let answer = waiting.receive().unwrap();
    assert_eq!((answer.status, &answer.json()["from"]), (200, &json!("slow")));
    waiting.ask("GET", "/a", &[], b"");
    assert_eq!(waiting.receive().unwrap().json()["from"], "fast");
    gnomon.wait_until("all three are counted", |stats| {
        let endpoint = stats.endpoint("/a");
        (endpoint.requests, endpoint.in_flight) == (3, 0)
    });
}

#[test]
fn an_unusable_file_is_refused_with_all_that_is_wrong_and_the_old_plan_serves_on() {
    let upstream = named("one");
    let gnomon = Gnomon::run(&one(&upstream));
    let mut broken = one(&upstream);
    broken["endpoints"][0]["endpoint"] = json!("/b");
    broken["extra_config"] = json!({ "@shadow": { "threads": 0, "max_request": "much" } });
    gnomon.rewrite(&broken);
    let answer = gnomon.reload();
    let report = answer.json();
    assert_eq!((answer.status, &report["result"], &report["generation"]), (422, &json!("refused"), &json!(1)));
    let found = report["diagnostics"].as_array().unwrap();
    let pointers: Vec<&str> = found.iter().filter_map(|one| one["pointer"].as_str()).collect();
    for pointer in ["/extra_config/@shadow/threads", "/extra_config/@shadow/max_request"] {
        assert!(pointers.contains(&pointer), "{report:#}");
    }
    assert!(found.iter().all(|one| one["line"] == 1 && one["column"].is_u64()), "{report:#}");
    gnomon.rewrite_text("{ \"version\": 3, \"endpoi");
    assert_eq!(gnomon.reload().status, 422);
    assert_eq!((gnomon.get("/a").status, gnomon.get("/b").status), (200, 404));
    gnomon.rewrite(&one(&upstream));
    let answer = gnomon.reload();
    assert_eq!((answer.status, &answer.json()["result"]), (200, &json!("unchanged")));
    let counts = ["replaced", "unchanged", "refused"]
        .map(|result| metric(&gnomon, &format!("gnomon_reloads_total{{result=\"{result}\"}}")).unwrap());
    assert_eq!(counts, [0.0, 1.0, 2.0]);
    assert_eq!(metric(&gnomon, "gnomon_config_generation"), Some(1.0));
    assert!(metric(&gnomon, "gnomon_config_last_reload_timestamp_seconds").unwrap() > 1e9);
    let reloads = &gnomon.stats().0["reloads"];
    assert_eq!((&reloads["refused"], &reloads["last_result"]), (&json!(2), &json!("unchanged")));
}

#[test]
fn the_books_of_a_shadow_go_on_whether_it_stays_or_moves() {
    let (live, shadow, other) = (named("one"), named("shadow"), named("other"));
    let gnomon = Gnomon::run(&mirrored(&live, &shadow));
    assert_eq!(gnomon.get("/a").status, 200);
    gnomon.settle();
    // It stays: only the endpoint beside it is new.
    let mut file = mirrored(&live, &shadow);
    file["endpoints"].as_array_mut().unwrap().insert(0, files::endpoint("/b", &[files::live(&live, "/b")]));
    gnomon.replace(&file);
    assert_eq!(gnomon.get("/a").status, 200);
    let stats = gnomon.settle();
    assert_eq!((stats.the_books().sent, stats.the_books().answered()), (2, 2));
    assert_eq!(shadow.connections(), 1, "the connection of an unchanged shadow is used on");
    // It moves to another host.
    gnomon.replace(&mirrored(&live, &other));
    assert_eq!(gnomon.get("/a").status, 200);
    let books = gnomon.settle().the_books();
    assert_eq!((books.offered, books.sent, books.answered()), (3, 3, 3));
    assert_eq!((shadow.seen().len(), other.wait_for(1).len()), (2, 1));
    gnomon.finish();
}

#[test]
fn what_a_policy_has_used_up_stays_so_until_the_policy_changes() {
    let (live, shadow) = (named("one"), named("shadow"));
    let file = |limits: &Value| {
        let mut file = mirrored(&live, &shadow);
        let proxy = &mut file["endpoints"][0]["backend"][1]["extra_config"]["proxy"];
        // Neither chance nor a busy machine takes a copy away.
        proxy["@shadow_policy"] = json!({ "limits": limits, "holdout": 0 });
        with(file, &json!({ "extra_config": { "@shadow": { "overload": "off" } } }))
    };
    let slow = json!({ "max_rps": 0.001 });
    let gnomon = Gnomon::run(&file(&slow));
    let ask = |sent: u64, dropped: u64| {
        assert_eq!(gnomon.get("/a").status, 200);
        let books = gnomon.settle().the_books();
        assert_eq!((books.sent, books.dropped_for("rate")), (sent, dropped), "{}", gnomon.output());
    };
    ask(1, 0);
    ask(1, 1);
    let mut beside = file(&slow);
    beside["endpoints"].as_array_mut().unwrap().insert(0, files::endpoint("/b", &[files::live(&live, "/b")]));
    gnomon.replace(&beside);
    ask(1, 2);
    // Another policy begins with its own measure, in the same books.
    gnomon.replace(&file(&json!({ "max_rps": 0.002 })));
    ask(2, 2);
    ask(2, 3);
    gnomon.finish();
}

#[test]
fn copies_in_flight_end_in_the_books_of_the_shadow_that_follows() {
    let (live, slow, quick) = (named("one"), Upstream::waits(&json!({})), named("quick"));
    let patient = |shadow: &Upstream| {
        let backends = [files::live(&live, "/live"), files::shadow_for(shadow, "/shadow", "20s")];
        files::service(&[files::endpoint("/a", &backends)])
    };
    let gnomon = Gnomon::run(&patient(&slow));
    assert_eq!(gnomon.get("/a").status, 200);
    slow.wait_for(1);
    gnomon.replace(&patient(&quick));
    assert_eq!(gnomon.get("/a").status, 200);
    quick.wait_for(1);
    gnomon.wait_until("the second copy has ended, the first has not", |stats| {
        let books = stats.the_books();
        (books.sent, books.in_flight, books.answered()) == (2, 1, 1)
    });
    slow.release();
    let books = gnomon.settle().the_books();
    assert_eq!((books.sent, books.answered(), books.abandoned), (2, 2, 0));
    gnomon.finish();
}

#[test]
fn a_shadow_that_is_removed_gets_no_more_copies_and_leaves_the_figures() {
    let (live, shadow) = (named("one"), named("shadow"));
    let gnomon = Gnomon::run(&mirrored(&live, &shadow));
    assert_eq!(gnomon.get("/a").status, 200);
    shadow.wait_for(1);
    gnomon.replace(&one(&live));
    for _ in 0..5 {
        assert_eq!(gnomon.get("/a").status, 200);
    }
    let stats = gnomon.wait_until("all requests are counted", |stats| stats.endpoint("/a").requests == 6);
    assert!(stats.books().is_empty());
    assert!(!client::get(gnomon.admin(), "/metrics").text().contains("gnomon_shadow_sent_total{"));
    // One that comes where none was has threads of its own from then on.
    gnomon.replace(&mirrored(&live, &shadow));
    assert_eq!(gnomon.get("/a").status, 200);
    assert_eq!(gnomon.settle().the_books().sent, 1);
    assert_eq!(shadow.seen().len(), 2);
    gnomon.finish();
}

#[test]
fn counters_never_fall_and_connections_to_upstreams_are_kept() {
    let (one_, two) = (named("one"), named("two"));
    let gnomon = Gnomon::run_with(&one(&one_), &["--workers", "1"]);
    let replies = "gnomon_endpoint_requests_total{endpoint=\"/a\",method=\"GET\",class=\"2xx\"}";
    let calls = "gnomon_backend_requests_total{endpoint=\"/a\",method=\"GET\",backend=\"GET /live\",outcome=\"2xx\"}";
    for (turn, wanted) in (1_u32..).zip([&one_, &one_, &two, &two, &one_]) {
        let mut file = with(one(wanted), &json!({ "name": turn.to_string() }));
        let added = files::endpoint(&format!("/{turn}"), &[files::live(wanted, "/live")]);
        file["endpoints"].as_array_mut().unwrap().insert(0, added);
        gnomon.replace(&file);
        assert_eq!(gnomon.get("/a").status, 200);
        let counted = wait_for(|| {
            let now = [replies, calls].map(|name| metric(&gnomon, name).unwrap_or(0.0));
            assert!(now.iter().all(|count| *count >= f64::from(turn - 1)), "{now:?}");
            (now == [f64::from(turn); 2]).then_some(())
        });
        assert!(counted.is_some(), "turn {turn}");
    }
    assert_eq!(metric(&gnomon, "gnomon_config_generation"), Some(6.0));
    // Two visits to the first host, each with one connection that a reload within it has not closed.
    assert_eq!((one_.connections(), two.connections()), (2, 1));
}

#[test]
fn a_breaker_of_an_unchanged_backend_stays_open() {
    let failing = Upstream::answers_500();
    let breaker =
        json!({ "extra_config": { "qos/circuit-breaker": { "interval": 60, "timeout": 60, "max_errors": 1 } } });
    let backend = with(files::live(&failing, "/live"), &breaker);
    let file = files::service(&[files::endpoint("/a", &[backend])]);
    let gnomon = Gnomon::run(&file);
    let opened = wait_for(|| {
        let before = failing.seen().len();
        gnomon.get("/a");
        (failing.seen().len() == before).then_some(before)
    });
    let calls = opened.expect("the breaker opens");
    gnomon.replace(&with(file, &json!({ "name": "other", "timeout": "9s" })));
    for _ in 0..3 {
        assert_ne!(gnomon.get("/a").status, 200);
    }
    assert_eq!(failing.seen().len(), calls);
}

#[test]
fn sighup_loads_the_file_again() {
    let (one_, two) = (named("one"), named("two"));
    let gnomon = Gnomon::run(&one(&one_));
    gnomon.rewrite(&one(&two));
    gnomon.signal("HUP");
    let served = wait_for(|| (gnomon.get("/a").json()["from"] == "two").then_some(()));
    assert!(served.is_some(), "{}", gnomon.output());
    let told = wait_for(|| gnomon.output().contains("GET /a: backend changed").then_some(()));
    assert!(told.is_some(), "{}", gnomon.output());
}

#[test]
fn watching_sees_a_file_that_is_replaced_and_waits_for_a_whole_one() {
    let (one_, two) = (named("one"), named("two"));
    let gnomon = Gnomon::run_with(&one(&one_), &["--watch"]);
    gnomon.rewrite(&one(&two));
    let served = wait_for(|| (gnomon.get("/a").json()["from"] == "two").then_some(()));
    assert!(served.is_some(), "{}", gnomon.output());
    gnomon.rewrite_text("{");
    gnomon.wait_until("the broken file is refused", |stats| stats.0["reloads"]["refused"] == 1);
    assert_eq!(gnomon.get("/a").json()["from"], "two");
    gnomon.rewrite(&one(&one_));
    let served = wait_for(|| (gnomon.get("/a").json()["from"] == "one").then_some(()));
    assert!(served.is_some(), "{}", gnomon.output());
}

#[test]
fn what_needs_a_restart_stays_and_is_told() {
    let (one_, two) = (named("one"), named("two"));
    let gnomon = Gnomon::run(&one(&one_));
    // `replace` puts the right port in, so this one is written by hand.
    let moved = with(one(&two), &json!({ "listen_ip": "127.0.0.1", "port": 1, "use_h2c": true }));
    gnomon.rewrite_text(&moved.to_string());
    let answer = gnomon.reload();
    let report = answer.json();
    let warnings: Vec<&str> = report["warnings"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!((answer.status, &report["result"], warnings.len()), (200, &json!("replaced"), 2), "{report:#}");
    assert!(warnings[0].contains(&gnomon.address().to_string()) && warnings[1].contains("use_h2c"), "{report:#}");
    assert_eq!(gnomon.get("/a").json()["from"], "two");
}

#[test]
fn who_may_not_ask_for_a_reload_changes_nothing() {
    let (one_, two) = (named("one"), named("two"));
    let gnomon = Gnomon::run(&one(&one_));
    gnomon.rewrite(&one(&two));
    let refused = |headers: &[(&str, &str)]| {
        client::ask(gnomon.admin(), "POST", "/__reload", &[headers, &[client::MEANT]].concat(), b"").status
    };
    assert_eq!(refused(&[("Origin", "http://evil.example")]), 403);
    assert_eq!(refused(&[("Sec-Fetch-Site", "cross-site")]), 403);
    assert_eq!(client::get(gnomon.admin(), "/__reload").status, 405);
    let mut connection = Connection::open(gnomon.admin());
    let other_name =
        b"POST /__reload HTTP/1.1\r\nHost: gateway.evil.example\r\nX-Gnomon-Admin: 1\r\nContent-Length: 0\r\n\r\n";
    connection.send(other_name);
    assert_eq!(connection.receive().unwrap().status, 403);
    // As a proxy on this machine passes a client's request on, unless it is told otherwise.
    let mut proxy = Connection::open(gnomon.admin());
    proxy.send(b"POST /__reload HTTP/1.0\r\nHost: 127.0.0.1:8090\r\nX-Gnomon-Admin: 1\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(proxy.receive().unwrap().status, 403);
    assert_eq!(client::ask(gnomon.admin(), "POST", "/__reload", &[], b"").status, 403);
    assert_eq!(gnomon.get("/a").json()["from"], "one");
    assert_eq!(metric(&gnomon, "gnomon_reloads_total{result=\"replaced\"}"), Some(0.0));
}

#[test]
fn a_token_of_the_file_is_asked_for_until_another_is_served() {
    let upstream = named("one");
    let secured = |token: &str| with(one(&upstream), &json!({ "extra_config": { "@admin": { "token": token } } }));
    let (first, second) = ("first-token-of-many", "second-token-of-many");
    let gnomon = Gnomon::run(&secured(first));
    let reload = |token: &str| {
        let shown = format!("Bearer {token}");
        client::ask(gnomon.admin(), "POST", "/__reload", &[("Authorization", &shown)], b"")
    };
    assert_eq!(gnomon.reload().status, 401);
    assert_eq!(reload(second).status, 401);
    gnomon.rewrite(&secured(second));
    let answer = reload(first);
    assert_eq!((answer.status, &answer.json()["changes"]), (200, &json!(["@admin of the service changed"])));
    assert!(!answer.text().contains(second), "a secret is never shown");
    assert_eq!([first, second].map(|token| reload(token).status), [401, 200]);
    assert!(!gnomon.output().contains(first) && !gnomon.output().contains(second));
}

#[test]
fn reloads_asked_for_at_once_become_few_and_all_are_answered() {
    let (one_, two) = (named("one"), named("two"));
    let gnomon = Gnomon::run(&one(&one_));
    gnomon.rewrite(&one(&two));
    let results: Vec<Value> = std::thread::scope(|scope| {
        let asking: Vec<_> = (0..16).map(|_| scope.spawn(|| gnomon.reload().json())).collect();
        asking.into_iter().map(|answer| answer.join().unwrap()).collect()
    });
    assert!(results.iter().all(|report| report["generation"] == 2), "{results:?}");
    assert!(results.iter().any(|report| report["result"] == "replaced"));
    assert_eq!(metric(&gnomon, "gnomon_reloads_total{result=\"replaced\"}"), Some(1.0));
}

#[test]
fn a_stop_during_reloads_drains_every_shadow() {
    let (live, shadow) = (named("one"), named("shadow"));
    let mut gnomon = Gnomon::run(&mirrored(&live, &shadow));
    gnomon.get("/a");
    gnomon.rewrite(&mirrored(&live, &live));
    gnomon.signal("HUP");
    gnomon.signal("TERM");
    assert!(gnomon.wait_for_exit().success(), "{}", gnomon.output());
}

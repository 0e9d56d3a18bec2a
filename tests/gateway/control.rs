//! Shadows changed while they run: by the admin listener, from a terminal, by a file, by a signal and by the clock.

use std::{
    process::Output,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
};

use serde_json::{Value, json};

use crate::{
    client,
    files::{endpoint, live, service, shadow_for, with},
    gnomon::{Folder, Gnomon, complete},
    patience::{LIMIT, wait_for},
    selection::shadow_under,
    upstream::Upstream,
};

const TOKEN: &str = "a-token-that-nobody-guesses";
const ID: &str = "GET:/user/{id}:0";
/// The same as a client writes it.
const PATH: &str = "/__shadow/GET:%2Fuser%2F%7Bid%7D:0";

/// A gateway whose only shadow has this policy.
fn gateway(policy: &Value, v1: &Upstream, v2: &Upstream) -> Gnomon {
    Gnomon::run(&file(policy, v1, v2))
}

fn file(policy: &Value, v1: &Upstream, v2: &Upstream) -> Value {
    let policy = with(json!({ "holdout": 0 }), policy);
    service(&[endpoint("/user/{id}", &[live(v1, "/v1/{id}"), shadow_under(&policy, v2, "/v2/{id}")])])
}

fn both() -> (Upstream, Upstream) {
    (Upstream::answers(json!({})), Upstream::answers(json!({})))
}

/// What the gateway says about its shadow.
fn shadow(gnomon: &Gnomon) -> Value {
    client::get(gnomon.admin(), PATH).json()
}

fn wait_for_shadow(gnomon: &Gnomon, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let found = wait_for(|| Some(shadow(gnomon)).filter(&wanted));
    found.unwrap_or_else(|| panic!("not within {LIMIT:?}: {what}\n{:#}\n{}", shadow(gnomon), gnomon.output()))
}

fn is(state: &str) -> impl Fn(&Value) -> bool + use<'_> {
    move |shadow| shadow["state"] == state
}

/// How many requests were skipped for a reason.
fn skipped(gnomon: &Gnomon, reason: &str) -> u64 {
    let books = gnomon.books();
    books.skipped.iter().filter(|(name, _)| name == reason).map(|(_, count)| count).sum()
}

fn metric(gnomon: &Gnomon, name: &str, label: &str) -> Option<f64> {
    let text = client::get(gnomon.admin(), "/metrics").text();
    let mut samples = text.lines().filter(|line| line.starts_with(&format!("{name}{{")) && line.contains(label));
    samples.next()?.rsplit_once(' ')?.1.parse().ok()
}

#[test]
fn a_paused_shadow_gets_nothing_until_it_is_resumed() {
    let (v1, v2) = both();
    let gnomon = gateway(&json!({}), &v1, &v2);
    let paused = gnomon.changed("POST", &format!("{PATH}/pause"), &json!({ "reason": "maintenance" }));
    assert_eq!((&paused["id"], &paused["state"]), (&json!(ID), &json!("paused")));
    assert!(paused["why"].as_str().unwrap().starts_with("paused by admin 127.0.0.1:"), "{paused:#}");
    let left = paused["overrides"]["pause"]["seconds_left"].as_f64().unwrap();
    assert!(left > 0.0 && left <= 3600.0, "{left}");
    assert_eq!(metric(&gnomon, "gnomon_shadow_paused", "cause=\"admin\""), Some(1.0));
    gnomon.get("/user/1");
    assert_eq!(gnomon.changed("POST", &format!("{PATH}/resume"), &json!({}))["state"], "running");
    gnomon.get("/user/2");
    let targets: Vec<String> = v2.wait_for(1).into_iter().map(|seen| seen.target).collect();
    assert_eq!(targets, ["/v2/2"]);
    assert_eq!(skipped(&gnomon, "paused"), 1);
    assert!(
        gnomon.output().contains("audit: GET:/user/{id}:0: state running → paused for 3600 s, by admin 127.0.0.1:")
    );
    gnomon.finish();
}

#[test]
fn another_rate_ends_by_itself() {
    let (v1, v2) = both();
    let gnomon = gateway(&json!({ "sample": { "rate": 0 }, "limits": { "max_rps": 50 } }), &v1, &v2);
    gnomon.get("/user/1");
    let asked = json!({ "rate": "100%", "max_rps": null, "ttl": "5s", "reason": "a look" });
    let open = gnomon.changed("PATCH", PATH, &asked);
    assert_eq!((&open["rate"], &open["max_rps"], &open["base"]["rate"]), (&json!(1.0), &Value::Null, &json!(0.0)));
    gnomon.get("/user/2");
    v2.wait_for(1);
    let back = wait_for_shadow(&gnomon, "the change has ended", |shadow| shadow["rate"] == 0.0);
    assert_eq!((&back["max_rps"], &back["overrides"]), (&json!(50.0), &json!({})));
    gnomon.get("/user/3");
    assert_eq!((skipped(&gnomon, "not_sampled"), v2.seen().len()), (2, 1));
    assert_eq!(metric(&gnomon, "gnomon_shadow_sample_rate", ""), Some(0.0));
    let audit = client::get(gnomon.admin(), "/__shadow/audit").json();
    let changes = audit["changes"].as_array().unwrap();
    let told: Vec<_> = changes.iter().map(|one| (one["by"].as_str().unwrap(), one["what"].as_str().unwrap())).collect();
    assert_eq!(told, [("admin", "rate"), ("admin", "max_rps"), ("clock", "rate"), ("clock", "max_rps")]);
    assert_eq!((&changes[0]["reason"], &changes[0]["lasts_seconds"]), (&json!("a look"), &json!(5)));
    gnomon.finish();
}

#[test]
fn a_reset_ends_what_was_asked_for() {
    let (v1, v2) = both();
    let gnomon = gateway(&json!({}), &v1, &v2);
    gnomon.changed("PATCH", PATH, &json!({ "rate": 0.5, "sticky": true }));
    gnomon.changed("POST", &format!("{PATH}/dry-run"), &json!({ "on": true }));
    let paused = gnomon.changed("POST", &format!("{PATH}/pause"), &json!({ "ttl": "5m" }));
    assert_eq!(paused["overrides"]["rate"], json!({ "value": 0.5, "seconds_left": null }));
    let reset = gnomon.changed("POST", &format!("{PATH}/reset"), &json!({}));
    assert_eq!((&reset["state"], &reset["rate"], &reset["overrides"]), (&json!("running"), &json!(1.0), &json!({})));
}

#[test]
fn a_dry_run_decides_and_sends_nothing() {
    let (v1, v2) = both();
    let gnomon = gateway(&json!({ "dry_run": true }), &v1, &v2);
    assert_eq!(gnomon.get("/user/1").status, 200);
    gnomon.wait_until("the copy was not sent", |stats| stats.the_books().dropped_for("dry_run") == 1);
    assert_eq!(
        (&shadow(&gnomon)["state"], &shadow(&gnomon)["why"]),
        (&json!("dry_run"), &json!("its policy is a dry run"))
    );
    assert_eq!(metric(&gnomon, "gnomon_shadow_dry_run", ""), Some(1.0));
    gnomon.changed("POST", &format!("{PATH}/dry-run"), &json!({ "on": false }));
    gnomon.get("/user/2");
    v2.wait_for(1);
    gnomon.changed("POST", &format!("{PATH}/dry-run"), &json!({ "on": true }));
    gnomon.get("/user/3");
    gnomon.wait_until("nor is another", |stats| stats.the_books().dropped_for("dry_run") == 2);
    assert_eq!(v2.seen().len(), 1);
    gnomon.finish();
}

#[test]
fn a_ramp_that_began_long_ago_is_at_its_top_and_a_time_that_is_over_copies_nothing() {
    let (v1, v2) = both();
    let ramp = json!({ "start": "2020-01-01T00:00:00Z", "steps": [{ "rate": 0, "for": "1h" }, { "rate": 0.25 }] });
    let gnomon = gateway(&json!({ "ramp": ramp }), &v1, &v2);
    let at_top = shadow(&gnomon);
    assert_eq!((&at_top["rate"], &at_top["state"]), (&json!(0.25), &json!("running")));
    assert_eq!(at_top["why"], "at the step of its ramp");
    gnomon.replace(&file(&json!({ "until": "2020-01-01T00:00:00Z" }), &v1, &v2));
    assert_eq!(shadow(&gnomon)["state"], "expired");
    assert_eq!(metric(&gnomon, "gnomon_shadow_paused", "cause=\"expired\""), Some(1.0));
    gnomon.get("/user/1");
    assert_eq!(skipped(&gnomon, "expired"), 1);
    gnomon.replace(&file(&json!({ "ttl": "1s" }), &v1, &v2));
    wait_for_shadow(&gnomon, "its second is over", is("expired"));
    gnomon.finish();
    assert!(v2.seen().is_empty());
}

/// Asks for one user after the other on some connections until told to stop, while `meanwhile` runs, which gets the number
/// of the next one.
pub(crate) fn under_load<T>(gnomon: &Gnomon, meanwhile: impl FnOnce(&AtomicU64) -> T) -> T {
    let (stop, next) = (AtomicBool::new(false), AtomicU64::new(1_000));
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let mut connection = gnomon.connect();
                while !stop.load(Ordering::Acquire) {
                    let user = next.fetch_add(1, Ordering::AcqRel);
                    connection.ask("GET", &format!("/user/{user}"), &[], b"");
                    assert_eq!(connection.receive().expect("the connection is kept").status, 200);
                }
            });
        }
        // Also when it panics, or the test would never end.
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| meanwhile(&next)));
        stop.store(true, Ordering::Release);
        outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

#[test]
fn a_kill_under_load_ends_every_copy_and_no_request() {
    let (v1, v2) = (Upstream::answers(json!({})), Upstream::hangs());
    let policy = json!({ "holdout": 0, "breaker": "off", "limits": { "max_concurrent": 8 } });
    let backends = [
        live(&v1, "/v1/{id}"),
        with(
            shadow_for(&v2, "/v2/{id}", "1h"),
            &json!({ "extra_config": { "proxy": { "shadow": true, "shadow_timeout": "1h", "@shadow_policy": policy } } }),
        ),
    ];
    let gnomon = Gnomon::run(&service(&[endpoint("/user/{id}", &backends)]));
    let after = under_load(&gnomon, |begun| {
        gnomon.wait_until("copies hang and others wait", |stats| {
            let books = stats.the_books();
            books.in_flight == 8 && books.waiting > 0
        });
        let killed = gnomon.changed("POST", "/__shadow/kill", &json!({ "reason": "it smokes" }));
        // Whatever begins from here on was offered after the kill was answered.
        let next = begun.load(Ordering::Acquire);
        assert!(killed["killed"]["by"].as_str().unwrap().starts_with("admin"), "{killed:#}");
        let after = gnomon.wait_until("no copy is left", |stats| {
            let books = stats.the_books();
            (books.in_flight, books.waiting, books.buffered_bytes) == (0, 0, 0)
        });
        let sent = after.the_books().sent;
        assert!(after.the_books().abandoned >= 8);
        let later =
            gnomon.wait_until("requests go on", |stats| stats.the_books().offered > after.the_books().offered + 20);
        assert_eq!(later.the_books().sent, sent, "nothing is sent after the kill");
        next
    });
    let number = |target: &str| target.rsplit('/').next().and_then(|user| user.parse::<u64>().ok()).unwrap();
    assert!(v2.seen().iter().all(|seen| number(&seen.target) < after), "{:#?}", v2.seen());
    assert_eq!((metric(&gnomon, "gnomon_shadow_killed", ""), &shadow(&gnomon)["state"]), (Some(1.0), &json!("killed")));
    v2.change("/v2/2", json!({}));
    let seen = v2.seen().len();
    assert_eq!(gnomon.changed("POST", "/__shadow/revive", &json!({}))["killed"], Value::Null);
    gnomon.get("/user/2");
    v2.wait_for(seen + 1);
    gnomon.finish();
}

#[test]
fn the_kill_file_and_the_signal_switch_off_and_on() {
    let (v1, v2) = both();
    let folder = Folder::new();
    let path = folder.path("kill");
    let off = json!({ "extra_config": { "@shadow": { "kill_file": path.to_str().unwrap() } } });
    folder.file("kill", "");
    let gnomon = Gnomon::run(&with(file(&json!({}), &v1, &v2), &off));
    assert_eq!(shadow(&gnomon)["state"], "killed", "from the first request on");
    gnomon.get("/user/1");
    let revived = gnomon.changed("POST", "/__shadow/revive", &json!({}));
    assert_eq!(revived["killed"]["kill_file"], true, "the file stays the stronger one");
    std::fs::remove_file(&path).unwrap();
    wait_for_shadow(&gnomon, "the file is gone", is("running"));
    gnomon.signal("USR2");
    let killed = wait_for_shadow(&gnomon, "the signal has killed", is("killed"));
    assert_eq!(killed["why"], "all shadows are switched off by signal");
    folder.file("kill", "");
    let both = || client::get(gnomon.admin(), "/__shadow").json()["killed"]["kill_file"] == true;
    assert!(wait_for(|| both().then_some(())).is_some(), "the file is seen as well");
    std::fs::remove_file(&path).unwrap();
    assert!(wait_for(|| (!both()).then_some(())).is_some(), "and that it is gone");
    assert_eq!(shadow(&gnomon)["state"], "killed", "what the signal killed the file does not revive");
    gnomon.signal("USR2");
    wait_for_shadow(&gnomon, "the signal has revived", is("running"));
    gnomon.get("/user/2");
    assert_eq!(v2.wait_for(1)[0].target, "/v2/2");
    assert_eq!(skipped(&gnomon, "killed"), 1);
    gnomon.finish();
}

#[test]
fn what_can_not_be_done_is_refused_with_a_reason() {
    let (v1, v2) = both();
    let plain = endpoint("/plain", &[live(&v1, "/v1"), shadow_for(&v2, "/v2", "1s")]);
    let mut all = file(&json!({}), &v1, &v2);
    all["endpoints"].as_array_mut().unwrap().push(plain);
    let gnomon = Gnomon::run(&all);
    for (method, path, body, status, said) in [
        ("PATCH", PATH.to_owned(), json!({ "rate": 7 }), 400, "rate: 7 is not a share"),
        ("PATCH", PATH.to_owned(), json!({ "speed": 7 }), 400, "unknown field `speed`"),
        ("PATCH", PATH.to_owned(), json!([]), 400, "not a JSON object"),
        ("PATCH", "/__shadow/GET:/plain:0".to_owned(), json!({ "rate": 0.1 }), 400, "plain mode"),
        ("POST", format!("{PATH}/dry-run"), json!({}), 400, "{\\\"on\\\": true}"),
        ("POST", format!("{PATH}/explode"), json!({}), 400, "pause, resume, dry-run, reset and restart"),
        ("POST", "/__shadow/kill".to_owned(), json!({ "rate": 1 }), 400, "unknown field `rate`"),
        ("POST", "/__shadow/GET:/nowhere:0/pause".to_owned(), json!({}), 404, ID),
        ("GET", "/__shadow/GET:/nowhere:0".to_owned(), json!({}), 404, "GET:/plain:0"),
        ("POST", "/__shadow".to_owned(), json!({}), 405, ""),
        ("DELETE", PATH.to_owned(), json!({}), 405, ""),
        ("GET", "/__shadow/kill".to_owned(), json!({}), 405, ""),
        ("POST", format!("{PATH}/pause"), json!({ "reason": "x".repeat(70_000) }), 413, "64 KiB"),
    ] {
        let answer = gnomon.change(method, &path, &body);
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text());
        assert!(answer.text().contains(said), "{method} {path}: {}", answer.text());
    }
    let form = client::ask(gnomon.admin(), "POST", "/__shadow/kill", &[client::MEANT], b"reason=x");
    assert_eq!((form.status, client::get(gnomon.admin(), "/__shadow").json()["killed"].is_null()), (415, true));
    assert_eq!(client::get(gnomon.admin(), "/__shadow/audit").json()["changes"], json!([]));
    gnomon.finish();
}

#[test]
fn who_may_not_change_anything_is_refused() {
    let (v1, v2) = both();
    let gnomon = gateway(&json!({}), &v1, &v2);
    let from_page = [("Content-Type", "application/json"), client::MEANT, ("Origin", "http://localhost")];
    let by_chance = [("Content-Type", "application/json")];
    for path in ["/__shadow/kill", &format!("{PATH}/pause")] {
        assert_eq!(client::ask(gnomon.admin(), "POST", path, &from_page, b"{}").status, 403, "{path}");
        assert_eq!(client::ask(gnomon.admin(), "POST", path, &by_chance, b"{}").status, 403, "{path}");
    }
    assert_eq!(shadow(&gnomon)["state"], "running");
    let guarded = with(file(&json!({}), &v1, &v2), &json!({ "extra_config": { "@admin": { "token": TOKEN } } }));
    let gnomon = Gnomon::run(&guarded);
    assert_eq!(gnomon.change("POST", "/__shadow/kill", &json!({})).status, 401);
    assert_eq!(shadow(&gnomon)["state"], "running", "whoever may read the figures may read this");
    let bearer = format!("Bearer {TOKEN}");
    let answer = client::ask(gnomon.admin(), "POST", "/__shadow/kill", &[("Authorization", &bearer)], b"");
    assert_eq!(answer.status, 200);
    assert!(shadow(&gnomon)["why"].as_str().unwrap().ends_with(" with the token"));
    assert!(!gnomon.output().contains(TOKEN) && !client::get(gnomon.admin(), "/__shadow/audit").text().contains(TOKEN));
}

#[test]
fn clients_do_not_find_the_controls() {
    let (v1, v2) = both();
    let gnomon = gateway(&json!({}), &v1, &v2);
    for (method, path) in [
        ("GET", "/__shadow"),
        ("GET", "/__shadow/audit"),
        ("POST", "/__shadow/kill"),
        ("PATCH", PATH),
        ("POST", &format!("{PATH}/pause")),
    ] {
        let answer = gnomon.ask(method, path, &[("Content-Type", "application/json")], b"{}");
        assert_eq!(answer.status, 404, "{method} {path}");
    }
    assert_eq!(shadow(&gnomon)["state"], "running");
    gnomon.finish();
}

#[test]
fn a_reload_keeps_a_change_of_a_shadow_that_stays() {
    let (v1, v2) = both();
    let gnomon = gateway(&json!({}), &v1, &v2);
    gnomon.changed("PATCH", PATH, &json!({ "rate": 0.5, "sticky": true }));
    let mut more = file(&json!({}), &v1, &v2);
    more["endpoints"].as_array_mut().unwrap().insert(0, endpoint("/other", &[live(&v1, "/v1")]));
    gnomon.replace(&more);
    assert_eq!(shadow(&gnomon)["rate"], 0.5);
    gnomon.replace(&file(&json!({ "sample": { "rate": 0.25 } }), &v1, &v2));
    assert_eq!((&shadow(&gnomon)["rate"], &shadow(&gnomon)["overrides"]), (&json!(0.25), &json!({})));
    gnomon.finish();
}

/// `gnomon shadow` for this gateway.
fn terminal(gnomon: &Gnomon, arguments: &[&str]) -> Output {
    let admin = gnomon.admin().to_string();
    complete(&[&["shadow"], arguments, &["--admin", &admin]].concat())
}

fn printed(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn everything_can_be_done_from_a_terminal() {
    let (v1, v2) = both();
    let guarded = json!({ "extra_config": { "@admin": { "token": TOKEN } } });
    let gnomon = Gnomon::run(&with(file(&json!({}), &v1, &v2), &guarded));
    for (arguments, shown) in [
        (&["status"][..], "running  100%"),
        (&["rate", "12.5%", ID, "--ttl", "15m", "--reason", "a look", "--token", TOKEN], "running  12.5%"),
        (&["limit", "7", ID, "--sticky", "--token", TOKEN], "max_rps until a restart"),
        (&["dry-run", "on", "--all", "--token", TOKEN], "dry_run"),
        (&["pause", ID, "--token", TOKEN], "paused by admin"),
        (&["resume", ID, "--token", TOKEN], "dry_run"),
        (&["reset", "--all", "--token", TOKEN], "running  100%"),
        (&["kill", "--token", TOKEN], "ALL SHADOWS ARE SWITCHED OFF by admin"),
        (&["status", ID], "killed"),
        (&["revive", "--token", TOKEN, "--json"], "\"killed\": null"),
        (&["audit"], "a look"),
    ] {
        let output = terminal(&gnomon, arguments);
        let text = printed(&output);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {text}");
        assert!(text.contains(shown), "{arguments:?}: {text}");
    }
    for (arguments, code, shown) in [
        (&["pause", ID][..], 1, "refused (401)"),
        (&["pause", "GET:/nowhere:0", "--token", TOKEN], 1, ID),
        (&["rate", "7", ID, "--token", TOKEN], 1, "not a share"),
        (&["pause", "--token", TOKEN], 2, "--all"),
        (&["limit", "fast", ID], 2, "none"),
    ] {
        let output = terminal(&gnomon, arguments);
        let text = printed(&output);
        assert!(output.status.code() == Some(code) && text.contains(shown), "{arguments:?}: {text}");
    }
    gnomon.finish();
    let nobody = Upstream::refuses();
    let output = complete(&["shadow", "status", "--admin", &nobody.host()]);
    assert!(output.status.code() == Some(1) && printed(&output).contains("no answer"), "{}", printed(&output));
    assert_eq!(complete(&["shadow", "status", "--admin", "https://127.0.0.1:1"]).status.code(), Some(2));
}

#[test]
fn live_replies_are_timed_in_two_groups() {
    let (v1, v2) = both();
    let gnomon = gateway(&json!({ "holdout": 0.5 }), &v1, &v2);
    for id in 0..60 {
        assert_eq!(gnomon.get(&format!("/user/{id}")).status, 200);
    }
    let held_out = skipped(&gnomon, "holdout");
    assert!(held_out > 0 && held_out < 60);
    let overhead = shadow(&gnomon)["overhead"].clone();
    assert_eq!(overhead["holdout"]["count"], held_out);
    assert_eq!(overhead["shadowed"]["count"], 60 - held_out);
    assert!(overhead["p50"]["interval"].is_array() && overhead["p99"]["interval"].is_null(), "{overhead:#}");
    let name = "gnomon_shadow_live_duration_seconds_count";
    assert_eq!(metric(&gnomon, name, "arm=\"holdout\""), Some(held_out as f64));
    assert_eq!(metric(&gnomon, name, "arm=\"shadowed\""), Some((60 - held_out) as f64));
    let stats = gnomon.finish();
    assert_eq!(stats.0["endpoints"][0]["backends"][1]["standing"]["overhead"]["holdout"]["count"], held_out);
}

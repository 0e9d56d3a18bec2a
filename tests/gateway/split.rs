//! Canaries between real processes: who is sent to one stays with it, shares change while it runs, and one that fails is
//! stopped.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    client,
    files::{endpoint, live, service, with},
    gnomon::{Gnomon, complete},
    patience::{LIMIT, wait_for},
    selection::shadow_under,
    upstream::{Reply, Seen, Upstream},
};

const ID: &str = "GET:/user/{id}:0";
/// The same as a client writes it.
const PATH: &str = "/__split/GET:%2Fuser%2F%7Bid%7D:0";

/// A backend at `v1` of which others take a part.
fn split(v1: &Upstream, split: &Value) -> Value {
    with(live(v1, "/v1/{id}"), &json!({ "extra_config": { "proxy": { "@split": split } } }))
}

/// By cookie, `rate` of all go to `v2`.
fn canary(v2: &Upstream, rate: f64) -> Value {
    let to = json!([{ "rate": rate, "host": [v2.host()], "url_pattern": "/v2/{id}" }]);
    json!({ "key": "cookie:sid", "salt": "u2026", "to": to })
}

fn file(v1: &Upstream, of: &Value) -> Value {
    service(&[endpoint("/user/{id}", &[split(v1, of)])])
}

fn both() -> (Upstream, Upstream) {
    (Upstream::answers(json!({ "v": 1 })), Upstream::answers(json!({ "v": 2 })))
}

fn version(gnomon: &Gnomon, user: &str) -> Value {
    let answer = gnomon.ask("GET", "/user/1", &[("Cookie", &format!("theme=dark; sid={user}"))], b"");
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["v"].clone()
}

/// The users that are sent to the canary, of so many.
fn chosen(gnomon: &Gnomon, users: u32) -> BTreeSet<u32> {
    (0..users).filter(|user| version(gnomon, &user.to_string()) == 2).collect()
}

/// What the gateway says about the canary.
fn part(gnomon: &Gnomon) -> Value {
    client::get(gnomon.admin(), PATH).json()["parts"][1].clone()
}

fn wait_for_part(gnomon: &Gnomon, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let found = wait_for(|| Some(part(gnomon)).filter(&wanted));
    found.unwrap_or_else(|| panic!("not within {LIMIT:?}: {what}\n{:#}\n{}", part(gnomon), gnomon.output()))
}

fn metric(gnomon: &Gnomon, name: &str, label: &str) -> Option<f64> {
    let text = client::get(gnomon.admin(), "/metrics").text();
    let mut samples = text.lines().filter(|line| line.starts_with(&format!("{name}{{")) && line.contains(label));
    samples.next()?.rsplit_once(' ')?.1.parse().ok()
}

/// Users whose hash the golden values say, and whether a tenth of all includes them.
fn golden_users() -> Vec<(String, bool)> {
    let golden: Vec<Value> = serde_json::from_str(include_str!("../../src/shadow/selection/golden.json")).unwrap();
    let users = golden.iter().filter(|row| row["salt"] == "u2026" && row["key_times"].is_null());
    users.filter_map(|row| Some((row["key"].as_str()?.to_owned(), row["in_10_percent"] == true))).collect()
}

#[test]
fn two_gateways_send_the_same_users_to_the_canary_those_that_a_shadow_was_copied() {
    let users = golden_users();
    assert!(users.iter().filter(|(_, chosen)| *chosen).count() >= 3);
    for _process in 0..2 {
        let (v1, v2, shadow) = (Upstream::answers(json!({ "v": 1 })), Upstream::answers(json!({ "v": 2 })), both().0);
        let policy = json!({ "sample": { "rate": "10%", "key": "cookie:sid", "salt": "u2026" }, "holdout": 0 });
        let backends = [split(&v1, &canary(&v2, 0.1)), shadow_under(&policy, &shadow, "/copy/{id}")];
        let gnomon = Gnomon::run(&service(&[endpoint("/user/{id}", &backends)]));
        for (user, is_chosen) in &users {
            assert_eq!(version(&gnomon, user) == 2, *is_chosen, "{user}");
        }
        let count = users.iter().filter(|(_, chosen)| *chosen).count();
        assert_eq!((v2.seen().len(), v1.seen().len()), (count, users.len() - count));
        assert!(v2.seen().iter().all(|seen| seen.target == "/v2/1"));
        assert_eq!(shadow.wait_for(count).len(), count);
        gnomon.finish();
    }
}

#[test]
fn who_is_with_the_canary_stays_there_while_it_grows_and_shrinks() {
    let (v1, v2) = both();
    let gnomon = Gnomon::run(&file(&v1, &canary(&v2, 0.1)));
    let before = chosen(&gnomon, 60);
    assert_eq!(chosen(&gnomon, 60), before, "the same users each time");
    let status = gnomon.changed("PATCH", PATH, &json!({ "rate": "50%", "reason": "it does well" }));
    assert_eq!((&status["parts"][0]["rate"], &status["parts"][1]["rate"]), (&json!(0.5), &json!(0.5)));
    let more = chosen(&gnomon, 60);
    assert!(before.is_subset(&more) && before.len() < more.len() && more.len() < 60, "{before:?} {more:?}");
    gnomon.changed("PATCH", PATH, &json!({ "rate": 1 }));
    assert_eq!(chosen(&gnomon, 20).len(), 20);
    gnomon.changed("POST", &format!("{PATH}/reset"), &json!({}));
    assert_eq!(chosen(&gnomon, 60), before);
    let without_cookie = gnomon.get("/user/1");
    assert_eq!(without_cookie.json()["v"], 1, "who lacks the key is with the base");
    assert!(without_cookie.header("x-gnomon-variant").is_none());
    gnomon.finish();
}

#[test]
fn another_rate_ends_by_itself_and_is_in_the_audit_of_shadows() {
    let (v1, v2) = both();
    let gnomon = Gnomon::run(&file(&v1, &canary(&v2, 0.0)));
    assert_eq!(version(&gnomon, "7"), 1);
    gnomon.changed("PATCH", PATH, &json!({ "rate": 1, "ttl": "3s", "reason": "a look" }));
    assert_eq!(version(&gnomon, "7"), 2);
    wait_for_part(&gnomon, "the change has ended", |part| part["rate"] == 0.0);
    assert_eq!(version(&gnomon, "7"), 1);
    let audit = client::get(gnomon.admin(), "/__shadow/audit").json();
    let told: Vec<_> = audit["changes"].as_array().unwrap().iter().map(|one| one["by"].as_str().unwrap()).collect();
    assert_eq!(told, ["admin", "clock"]);
    assert_eq!(audit["changes"][0]["target"], format!("split {ID} canary"));
    assert!(gnomon.output().contains("canary: rate 0% → 100% for 3 s, by admin 127.0.0.1:"), "{}", gnomon.output());
    // The switch over all shadows is none over clients.
    gnomon.changed("PATCH", PATH, &json!({ "rate": 1 }));
    gnomon.changed("POST", "/__shadow/kill", &json!({}));
    assert_eq!(version(&gnomon, "7"), 2);
    gnomon.finish();
}

#[test]
fn a_canary_that_fails_is_stopped_and_its_clients_go_back() {
    let (v1, v2) = both();
    let mut of = canary(&v2, 0.5);
    of["stop_on"] = json!({ "error_delta": 0.1, "min_requests": 10, "window": "1m" });
    of["key"] = json!("random");
    let gnomon = Gnomon::run(&file(&v1, &of));
    for _ in 0..60 {
        assert_eq!(gnomon.get("/user/1").status, 200);
    }
    v2.change("/v2/1", Reply::new(503, "application/json", b"{}"));
    let stopped = wait_for(|| {
        (0..10).for_each(|_| drop(gnomon.get("/user/1")));
        Some(part(&gnomon)).filter(|part| part["state"] == "stopped")
    });
    let stopped = stopped.unwrap_or_else(|| panic!("it was not stopped\n{}", gnomon.output()));
    assert!(stopped["why"].as_str().unwrap().starts_with("stopped by rule error_delta: "), "{stopped:#}");
    assert_eq!(
        (metric(&gnomon, "gnomon_split_rate", "\"canary\""), metric(&gnomon, "gnomon_split_rate", "\"base\"")),
        (Some(0.0), Some(1.0))
    );
    for _ in 0..20 {
        assert_eq!(gnomon.get("/user/1").status, 200, "nobody is sent there any more");
    }
    let output = gnomon.output();
    assert!(output.contains("split GET:/user/{id}:0: canary is stopped: "), "{output}");
    assert!(output.contains("canary: rate 50% → 0%, by rule error_delta: "), "{output}");
    // No rule begins anything, and no time that passes.
    v2.change("/v2/1", json!({ "v": 2 }));
    gnomon.changed("PATCH", PATH, &json!({ "rate": 1 }));
    assert_eq!(gnomon.get("/user/1").json()["v"], 2);
    gnomon.finish();
}

#[test]
fn a_reload_keeps_what_was_asked_for_and_what_was_counted() {
    let (v1, v2) = both();
    let of = canary(&v2, 0.0);
    let gnomon = Gnomon::run(&file(&v1, &of));
    gnomon.changed("PATCH", PATH, &json!({ "rate": 1, "sticky": true }));
    assert_eq!(chosen(&gnomon, 5).len(), 5);
    wait_for_part(&gnomon, "the calls are counted", |part| part["recent"]["requests"] == 5);
    let mut more = file(&v1, &of);
    more["endpoints"].as_array_mut().unwrap().insert(0, endpoint("/other", &[live(&v1, "/v1")]));
    gnomon.replace(&more);
    assert_eq!((&part(&gnomon)["rate"], &part(&gnomon)["recent"]["requests"]), (&json!(1.0), &json!(5)));
    assert_eq!(version(&gnomon, "7"), 2);
    gnomon.changed("POST", &format!("{PATH}/stop"), &json!({}));
    gnomon.replace(&file(&v1, &canary(&v2, 0.9)));
    assert_eq!((&part(&gnomon)["rate"], &part(&gnomon)["state"]), (&json!(0.0), &json!("stopped")));
    gnomon.changed("POST", &format!("{PATH}/reset"), &json!({}));
    assert_eq!(part(&gnomon)["rate"].as_f64().map(|rate| (rate * 10.0).round()), Some(9.0), "what the file says");
    assert_eq!(metric(&gnomon, "gnomon_split_requests_total", "\"canary\""), Some(6.0), "no counter falls");
    gnomon.finish();
}

/// The headers in order of their names, without the one that says which gateway was asked.
fn sent(seen: &Seen) -> Vec<&(String, String)> {
    let mut headers: Vec<_> = seen.headers.iter().filter(|(name, _)| name != "x-forwarded-host").collect();
    headers.sort();
    headers
}

#[test]
fn without_a_part_to_take_a_split_changes_no_byte() {
    let (v1, v2) = both();
    let bare = Gnomon::run(&service(&[endpoint("/user/{id}", &[live(&v1, "/v1/{id}")])]));
    let idle = Gnomon::run(&file(&v1, &canary(&v2, 0.0)));
    for target in ["/user/1", "/user/a%20b?x=1", "/user/", "/nowhere"] {
        let asked = |gnomon: &Gnomon| gnomon.ask("GET", target, &[("Cookie", "sid=7")], b"").timeless();
        let (one, other) = (asked(&bare), asked(&idle));
        assert_eq!((one.status, one.headers, one.body), (other.status, other.headers, other.body), "{target}");
    }
    for pair in v1.seen().chunks(2) {
        let [one, other] = pair else { panic!("each asked as often") };
        assert_eq!((&one.method, &one.target, sent(one)), (&other.method, &other.target, sent(other)));
    }
    assert!(v2.seen().is_empty());
    bare.finish();
    idle.finish();
}

#[test]
fn bytes_pass_through_a_variant_as_they_are_and_uploads_reach_it() {
    let (v1, v2) = (Upstream::answers(json!({ "v": 1 })), Upstream::weighs());
    let backend = split(&v1, &canary(&v2, 1.0));
    let shape = json!({ "method": "POST", "output_encoding": "no-op" });
    let gnomon = Gnomon::run(&service(&[with(endpoint("/user/{id}", &[backend]), &shape)]));
    let body = crate::bodies::body(300_000);
    let answer = gnomon.ask("POST", "/user/1", &[("Cookie", "sid=1")], body);
    assert!(answer.status == 200 && answer.text().contains("\"bytes\":300000,\"intact\":true"), "{}", answer.text());
    assert!(v1.seen().is_empty());
    gnomon.finish();
}

#[test]
fn what_can_not_be_done_is_refused_with_a_reason() {
    let (v1, v2) = both();
    let gnomon = Gnomon::run(&file(&v1, &canary(&v2, 0.5)));
    for (method, path, body, status, said) in [
        ("PATCH", PATH.to_owned(), json!({ "rate": 7 }), 400, "rate: 7 is not a share"),
        ("PATCH", PATH.to_owned(), json!({ "rate": 0.1, "variant": "blue" }), 400, "there are canary"),
        ("PATCH", PATH.to_owned(), json!({ "speed": 7 }), 400, "unknown field `speed`"),
        ("POST", format!("{PATH}/pause"), json!({}), 400, "stop and reset"),
        ("POST", "/__split/GET:/nowhere:0/stop".to_owned(), json!({}), 404, ID),
        ("POST", "/__split".to_owned(), json!({}), 405, ""),
        ("DELETE", PATH.to_owned(), json!({}), 405, ""),
        ("POST", format!("{PATH}/stop"), json!({ "reason": "x".repeat(70_000) }), 413, "64 KiB"),
    ] {
        let answer = gnomon.change(method, &path, &body);
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text());
        assert!(answer.text().contains(said), "{method} {path}: {}", answer.text());
    }
    let by_chance = [("Content-Type", "application/json")];
    assert_eq!(client::ask(gnomon.admin(), "POST", &format!("{PATH}/stop"), &by_chance, b"{}").status, 403);
    assert_eq!(gnomon.get("/__split").status, 404, "clients don't find it");
    assert_eq!(part(&gnomon)["state"], "running");
    gnomon.finish();
}

#[test]
fn everything_can_be_done_from_a_terminal() {
    let (v1, v2) = both();
    let gnomon = Gnomon::run(&file(&v1, &canary(&v2, 0.05)));
    let admin = gnomon.admin().to_string();
    let terminal = |arguments: &[&str]| complete(&[&["split"], arguments, &["--admin", &admin]].concat());
    for (arguments, shown) in [
        (&["status"][..], "running  5%"),
        (&["rate", "12.5%", ID, "--ttl", "15m", "--reason", "a look"], "another rate was asked for (for 900 s more)"),
        (&["stop", ID, "--variant", "canary", "--reason", "smoke"], "(until a restart)"),
        (&["status", ID], "stopped by admin"),
        (&["reset", ID, "--json"], "\"running\""),
    ] {
        let output = terminal(arguments);
        let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.code() == Some(0) && text.contains(shown), "{arguments:?}: {text}");
    }
    let output = terminal(&["rate", "10%", "GET:/nowhere:0"]);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(1) && text.contains(ID), "{text}");
    gnomon.finish();
}

#[test]
fn a_shadow_is_held_against_what_the_base_answers() {
    const USERS: u32 = 60;
    let (v1, v2) = both();
    let shadow = shadow_under(&json!({ "compare": {}, "holdout": 0 }), &v1, "/v1/{id}");
    let file = service(&[endpoint("/user/{id}", &[split(&v1, &canary(&v2, 0.5)), shadow])]);
    let gnomon = Gnomon::run(&file);
    let of_canary = chosen(&gnomon, USERS).len();
    assert!((10..50).contains(&of_canary), "{of_canary} of {USERS}");
    let count = |name: &str, label: &str| metric(&gnomon, name, label).unwrap_or_default();
    let is_settled = || {
        let void = count("gnomon_shadow_compare_void_total", "");
        let alike = count("gnomon_shadow_compare_total", "\"match\"");
        (void + alike >= f64::from(USERS)).then_some((void, alike))
    };
    let (void, alike) = wait_for(is_settled).unwrap_or_else(|| panic!("{}", gnomon.output()));
    let void_for_variants = count("gnomon_shadow_compare_variant_total", "");
    assert_eq!((void, void_for_variants), (of_canary as f64, of_canary as f64), "v2 is compared with nobody");
    assert_eq!((alike, count("gnomon_shadow_compare_total", "\"mismatch\"")), (f64::from(USERS) - void, 0.0));
    gnomon.finish();
}

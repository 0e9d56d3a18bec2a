//! Shadows that rules stop, webhooks that are told, and judgements of readiness, all over real answers.

use std::process::Output;

use serde_json::{Value, json};

use crate::{
    client::{self, Answer},
    files::{endpoint, live, service, with},
    gnomon::{Gnomon, complete},
    patience::{LIMIT, wait_for},
    selection::shadow_under,
    upstream::{Reply, Upstream},
};

const ID: &str = "GET:/user/{id}:0";
const PATH: &str = "/__shadow/GET:%2Fuser%2F%7Bid%7D:0";

fn gateway(policy: &Value, v1: &Upstream, v2: &Upstream) -> Gnomon {
    let policy = with(json!({ "holdout": 0 }), policy);
    Gnomon::run(&service(&[endpoint("/user/{id}", &[live(v1, "/v1/{id}"), shadow_under(&policy, v2, "/v2/{id}")])]))
}

fn read(gnomon: &Gnomon, below: &str) -> Answer {
    client::get(gnomon.admin(), &format!("{PATH}{below}"))
}

fn change(gnomon: &Gnomon, below: &str, body: &Value) -> Answer {
    gnomon.change("POST", &format!("{PATH}{below}"), body)
}

fn wait_for_answer(gnomon: &Gnomon, below: &str, wanted: impl Fn(&Answer) -> bool) -> Answer {
    let found = wait_for(|| Some(read(gnomon, below)).filter(&wanted));
    found
        .unwrap_or_else(|| panic!("not within {LIMIT:?}: {below}\n{}\n{}", read(gnomon, below).text(), gnomon.output()))
}

fn ask(gnomon: &Gnomon, times: usize) {
    let mut connection = gnomon.connect();
    for turn in 0..times {
        connection.ask("GET", ["/user/7", "/user/8"][turn % 2], &[], b"");
        assert_eq!(connection.receive().expect("an answer").status, 200);
    }
}

fn report(gnomon: &Gnomon, arguments: &[&str]) -> Output {
    let admin = gnomon.admin().to_string();
    complete(&[&["shadow", "report"], arguments, &["--admin", &admin]].concat())
}

fn printed(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn a_shadow_that_differs_is_paused_and_the_webhook_is_told() {
    let (v1, v2) = (Upstream::answers(json!({ "a": 1 })), Upstream::answers(json!({ "a": 2 })));
    let hook = Upstream::answers(json!({}));
    let rules = json!({ "mismatch_rate": 0.01, "min_pairs": 20, "webhook": format!("{}/told", hook.host()) });
    let gnomon = gateway(&json!({ "compare": {}, "stop_on": rules }), &v1, &v2);
    ask(&gnomon, 40);
    let stopped = wait_for_answer(&gnomon, "", |answer| answer.json()["state"] == "paused").json();
    assert_eq!(stopped["stopped"]["rule"], "mismatch_rate");
    assert!(stopped["why"].as_str().unwrap().starts_with("stopped by a rule: mismatch_rate is 1.0000 (surely "));
    let told: Value = serde_json::from_slice(&hook.wait_for(1)[0].body).unwrap();
    assert_eq!((&told["decision"], &told["target"]), (&json!("paused"), &json!(ID)));
    assert_eq!((&told["rule"]["rule"], &told["rule"]["limit"]), (&json!("mismatch_rate"), &json!(0.01)));
    assert!(told["rule"]["pairs"].as_u64() >= Some(20), "{told}");

    let readiness = read(&gnomon, "/readiness");
    assert_eq!((readiness.status, &readiness.json()["verdict"]), (409, &json!("not_ready")));
    assert_eq!(readiness.json()["reasons"][0]["code"], "state");
    let metrics = client::get(gnomon.admin(), "/metrics").text();
    let of_rule = |line: &&str| line.starts_with("gnomon_shadow_paused{") && line.contains("cause=\"rule\"");
    assert!(metrics.lines().find(of_rule).is_some_and(|line| line.ends_with(" 1")), "{metrics}");
    let output = report(&gnomon, &[]);
    assert!(output.status.code() == Some(3) && printed(&output).contains("not ready"), "{}", printed(&output));

    assert_eq!(change(&gnomon, "/resume", &json!({})).status, 200);
    assert_eq!(read(&gnomon, "").json()["state"], "running");
    ask(&gnomon, 40);
    wait_for_answer(&gnomon, "", |answer| answer.json()["state"] == "paused");
    assert_eq!(hook.wait_for(2).len(), 2);
    gnomon.finish();
}

#[test]
fn a_webhook_that_fails_is_tried_three_times_and_holds_nobody_up() {
    let (v1, v2) = (Upstream::answers(json!({ "a": 1 })), Upstream::answers(json!({ "a": 2 })));
    let hook = Upstream::answers_500();
    let rules = json!({ "mismatch_rate": 0.01, "min_pairs": 5, "webhook": format!("{}/secret", hook.host()) });
    let gnomon = gateway(&json!({ "compare": {}, "stop_on": rules }), &v1, &v2);
    ask(&gnomon, 10);
    wait_for_answer(&gnomon, "", |answer| answer.json()["state"] == "paused");
    ask(&gnomon, 10);
    assert_eq!(hook.wait_for(3).len(), 3);
    let is_told =
        || gnomon.output().contains("a decision could not be told to the webhook: it answers 500").then_some(());
    assert!(wait_for(is_told).is_some(), "{}", gnomon.output());
    assert!(!gnomon.output().contains("/secret"), "its address may hold a secret: {}", gnomon.output());
    gnomon.finish();
}

#[test]
fn equal_answers_are_ready_once_there_are_enough_and_a_pipeline_can_tell() {
    let (v1, v2) = (Upstream::answers(json!({ "a": 1 })), Upstream::answers(json!({ "a": 1 })));
    let rules = json!({ "mismatch_rate": 0.01, "p99_ratio": 1000, "min_pairs": 50 });
    let gnomon = gateway(&json!({ "compare": {}, "stop_on": rules }), &v1, &v2);
    let early = read(&gnomon, "/readiness");
    assert_eq!((early.status, &early.json()["verdict"]), (425, &json!("not_enough_data")));
    let output = report(&gnomon, &["--json"]);
    assert!(output.status.code() == Some(4) && printed(&output).contains("not_enough_data"), "{}", printed(&output));
    ask(&gnomon, 900);
    wait_for_answer(&gnomon, "/readiness", |answer| answer.status == 200);
    let output = report(&gnomon, &[ID]);
    assert!(output.status.code() == Some(0) && printed(&output).contains("  ready "), "{}", printed(&output));
    let unknown = report(&gnomon, &["GET:/nowhere:0"]);
    assert!(unknown.status.code() == Some(1) && printed(&unknown).contains(ID), "{}", printed(&unknown));
    gnomon.finish();
}

#[test]
fn fields_and_differences_are_handed_out_redacted_and_a_field_can_be_ignored() {
    let answer = |secret: &str| Upstream::answers(json!({ "price": secret.len(), "password": secret }));
    let (v1, v2) = (answer("correct-horse"), answer("battery-staple"));
    let gnomon = gateway(&json!({ "compare": {} }), &v1, &v2);
    ask(&gnomon, 20);
    let fields = wait_for_answer(&gnomon, "/fields", |answer| answer.text().contains("$.price"));
    assert_eq!(fields.status, 200);
    for below in ["/fields", "/clusters", "/diffs", "/diffs.ndjson", "/readiness"] {
        let text = read(&gnomon, below).text();
        assert!(!text.contains("correct-horse") && !text.contains("battery-staple"), "{below}: {text}");
    }
    let lines = wait_for_answer(&gnomon, "/diffs.ndjson", |answer| !answer.text().is_empty());
    assert_eq!(lines.header("content-type"), Some("application/x-ndjson"));
    assert!(lines.text().lines().all(|line| serde_json::from_str::<Value>(line).is_ok_and(|line| line.is_object())));
    let refused = client::ask(gnomon.admin(), "POST", &format!("{PATH}/fields/ignore"), &[], b"{}");
    assert_eq!(refused.status, 403);
    for (body, status, said) in [
        (json!({}), 400, "either path or id"),
        (json!({ "path": "$.price", "kind": "taste" }), 400, "none of status, header"),
        (json!({ "path": "$.nowhere" }), 404, "no such field"),
        (json!({ "path": "$.price", "reason": "rounded" }), 200, "$.price"),
    ] {
        let answer = change(&gnomon, "/fields/ignore", &body);
        assert!(answer.status == status && answer.text().contains(said), "{body}: {} {}", answer.status, answer.text());
    }
    let fields = read(&gnomon, "/fields").json();
    let price = fields["fields"].as_array().unwrap().iter().find(|field| field["path"] == "$.price").unwrap();
    assert_eq!(price["ignored"], true);
    let audit = client::get(gnomon.admin(), "/__shadow/audit").json();
    assert_eq!((&audit["changes"][0]["what"], &audit["changes"][0]["reason"]), (&json!("ignore"), &json!("rounded")));
    gnomon.finish();
}

#[test]
fn a_shadow_that_is_not_compared_has_no_results_and_is_never_ready() {
    let (v1, v2) = (Upstream::answers(json!({})), Upstream::answers(json!({})));
    let gnomon = gateway(&json!({}), &v1, &v2);
    ask(&gnomon, 5);
    let readiness = read(&gnomon, "/readiness");
    assert_eq!((readiness.status, &readiness.json()["reasons"][0]["code"]), (425, &json!("state")));
    for below in ["/fields", "/clusters", "/diffs", "/diffs.ndjson"] {
        assert_eq!(read(&gnomon, below).status, 404, "{below}");
        assert_eq!(change(&gnomon, below, &json!({})).status, 405, "{below}");
    }
    assert_eq!(change(&gnomon, "/fields/ignore", &json!({ "path": "$.a" })).status, 404);
    assert_eq!(client::get(gnomon.admin(), "/__shadow/GET:/nowhere:0/readiness").status, 404);
    let output = report(&gnomon, &[]);
    assert!(output.status.code() == Some(4) && printed(&output).contains("no shadow"), "{}", printed(&output));
    gnomon.finish();
}

#[test]
fn a_shadow_that_fails_may_switch_all_off() {
    let (v1, v2) = (Upstream::answers(json!({})), Upstream::answers(json!({})));
    for path in ["/v2/7", "/v2/8"] {
        v2.change(path, Reply::new(503, "application/json", b"{}"));
    }
    let rules = json!({ "error_delta": 0.1, "min_pairs": 10, "action": "kill" });
    let gnomon = gateway(&json!({ "compare": {}, "stop_on": rules, "breaker": "off" }), &v1, &v2);
    ask(&gnomon, 30);
    wait_for_answer(&gnomon, "", |answer| answer.json()["state"] == "killed");
    let all = client::get(gnomon.admin(), "/__shadow").json();
    assert_eq!(all["killed"]["by"], "rule error_delta");
    gnomon.finish();
}

#[test]
fn another_share_of_the_answers_is_compared_while_it_is_asked_for() {
    let (v1, v2) = (Upstream::answers(json!({ "a": 1 })), Upstream::answers(json!({ "a": 1 })));
    let gnomon = gateway(&json!({ "compare": { "sample": 0 } }), &v1, &v2);
    let sample = || read(&gnomon, "").json()["compare_sample"].clone();
    let pairs = || {
        let metrics = client::get(gnomon.admin(), "/metrics").text();
        let line = metrics.lines().find(|line| line.starts_with("gnomon_shadow_compare_begun_total{"));
        line.and_then(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).expect("pairs are counted")
    };
    ask(&gnomon, 5);
    assert_eq!((sample(), pairs()), (json!(0.0), 0));
    let admin = gnomon.admin().to_string();
    let output = complete(&["shadow", "compare", "100%", ID, "--reason", "a look", "--admin", &admin]);
    assert!(output.status.success(), "{}", printed(&output));
    ask(&gnomon, 7);
    let status = read(&gnomon, "").json();
    assert_eq!((&status["compare_sample"], &status["base"]["compare_sample"]), (&json!(1.0), &json!(0.0)));
    assert_eq!((&status["overrides"]["compare_sample"]["value"], pairs()), (&json!(1.0), 7));
    assert_eq!(change(&gnomon, "/reset", &json!({})).status, 200);
    ask(&gnomon, 5);
    assert_eq!((sample(), pairs()), (json!(0.0), 7));
    let audit = client::get(gnomon.admin(), "/__shadow/audit").json();
    let told = audit["changes"].as_array().unwrap().iter().filter(|entry| entry["what"] == "compare_sample");
    let told: Vec<_> = told.map(|entry| (&entry["before"], &entry["after"], &entry["reason"])).collect();
    let (none, all) = (json!("0%"), json!("100%"));
    assert_eq!(told, [(&none, &all, &json!("a look")), (&all, &none, &Value::Null)]);
    gnomon.finish();
}

#[test]
fn where_nothing_is_compared_no_share_can_be() {
    let (v1, v2) = (Upstream::answers(json!({ "a": 1 })), Upstream::answers(json!({ "a": 1 })));
    let gnomon = gateway(&json!({}), &v1, &v2);
    let output = complete(&["shadow", "compare", "0.1", ID, "--admin", &gnomon.admin().to_string()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(printed(&output).contains("are not compared: its policy has no \"compare\""), "{}", printed(&output));
    assert_eq!(read(&gnomon, "").json()["compare_sample"], Value::Null);
    gnomon.finish();
}

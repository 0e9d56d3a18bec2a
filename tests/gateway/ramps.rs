//! A ramp that stop rules hold back and let go, and the webhook that is told both.

use chrono::{SecondsFormat, Utc};
use serde_json::{Value, json};

use crate::{
    client,
    comparison::{counted, path_of, wait_for_pairs},
    files::{endpoint, live, service, with},
    gnomon::Gnomon,
    patience::wait_for,
    selection::shadow_under,
    upstream::{Seen, Upstream},
};

const ID: &str = "GET:/user/{id}:0";
/// Pairs that must be compared before a step may end.
const PAIRS: u64 = 20;

fn file(v1: &Upstream, v2: &Upstream, policy: &Value) -> Value {
    let policy = with(json!({ "holdout": 0, "compare": { "baseline": "off" } }), policy);
    let file = service(&[endpoint("/user/{id}", &[live(v1, "/v1/{id}"), shadow_under(&policy, v2, "/v2/{id}")])]);
    with(file, &json!({ "extra_config": { "@shadow": { "overload": "off" } } }))
}

/// A ramp whose first step ends after four seconds by the clock.
fn ramp(hook: &Upstream) -> Value {
    let start = Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true);
    json!({
        "ramp": { "start": start, "steps": [{ "rate": 1, "for": "4s" }, { "rate": 0.5 }] },
        "stop_on": { "mismatch_rate": 0.01, "min_pairs": PAIRS, "webhook": format!("{}/told", hook.host()) },
    })
}

fn status(gnomon: &Gnomon) -> Value {
    client::get(gnomon.admin(), &path_of(ID)).json()
}

fn body(seen: &Seen) -> Value {
    serde_json::from_slice(&seen.body).expect("it is told JSON")
}

/// A gateway that stands on the first step of its ramp: it begins with a reload, which takes a moment.
fn on_the_first_step(v1: &Upstream, v2: &Upstream, hook: &Upstream) -> Gnomon {
    let gnomon = Gnomon::run(&file(v1, v2, &json!({})));
    let stands = wait_for(|| {
        gnomon.replace(&file(v1, v2, &ramp(hook)));
        let told = status(&gnomon);
        (told["ramp"]["step"] == 1 && told["ramp"]["held"] == false).then_some(())
    });
    assert!(stands.is_some(), "{:#}", status(&gnomon));
    gnomon
}

#[test]
fn a_ramp_that_is_held_and_one_that_goes_on_are_told_to_the_webhook() {
    let (v1, v2) = (Upstream::answers(json!({ "a": 1 })), Upstream::answers(json!({ "a": 1 })));
    let hook = Upstream::answers(json!({}));
    let gnomon = on_the_first_step(&v1, &v2, &hook);
    let held = body(&hook.wait_for(1)[0]);
    assert_eq!(
        (&held["decision"], &held["target"], &held["rule"]),
        (&json!("held"), &json!(ID), &Value::Null),
        "{held:#}"
    );
    let ramp = &held["ramp"];
    assert_eq!((&ramp["step"], &ramp["steps"], &ramp["held"]), (&json!(1), &json!(2), &json!(true)), "{held:#}");
    assert_eq!((&ramp["pairs"], &ramp["min_pairs"]), (&json!(0), &json!(PAIRS)), "{held:#}");
    assert!(held["at"].as_str().is_some_and(|at| at.ends_with('Z')) && held["says"].is_string(), "{held:#}");
    let told = status(&gnomon);
    assert_eq!((&told["rate"], &told["ramp"]["held"]), (&json!(1.0), &json!(true)), "{told:#}");
    assert_eq!(hook.seen().len(), 1, "it is told once");

    (0..PAIRS).for_each(|user| assert_eq!(gnomon.get(&format!("/user/{user}")).status, 200));
    wait_for_pairs(&gnomon, "enough pairs", |figures| counted(figures, "verdicts", "match") == PAIRS);
    let seen = hook.wait_for(2);
    let advanced = body(&seen[1]);
    assert_eq!((&advanced["decision"], &advanced["target"]), (&json!("advanced"), &json!(ID)), "{advanced:#}");
    let ramp = &advanced["ramp"];
    assert_eq!(
        (&ramp["step"], &ramp["held"], &ramp["next_at"]),
        (&json!(2), &json!(false), &Value::Null),
        "{advanced:#}"
    );
    assert!(seen.iter().all(|one| one.method == "POST" && one.target == "/told"), "{seen:?}");
    let told = status(&gnomon);
    assert_eq!((&told["rate"], &told["state"]), (&json!(0.5), &json!("running")), "{told:#}");
    assert_eq!(hook.seen().len(), 2, "nothing else was decided");
    gnomon.finish();
}

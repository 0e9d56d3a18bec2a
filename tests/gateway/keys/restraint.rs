//! `limits`, `dispatch`, `breaker` and `ramp` of policies, `overload` and `kill_file`: how much is copied, and when.

use gnomon::config::known::Scope as At;
use serde_json::json;

use super::{
    case::Case,
    copies::{GET, POST, fate_after, fate_after_story, fate_of, policed, posted, sees_copies},
    observe::happens,
    policy::{FUTURE, PAST},
    walk::walk,
};
use crate::upstream::Behaviour;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = limits();
    cases.extend(breaker());
    cases.extend(ramp());
    cases.extend(together());
    cases
}

fn limits() -> Vec<Case> {
    let at = |key, value| policed(At::PolicyLimits, key, value);
    vec![
        at("max_concurrent", json!(1)).on("/shadow", Behaviour::Hangs).sees(sees_copies(2, 2), false),
        at("queue", json!(0))
            .with(At::PolicyLimits, json!({ "max_concurrent": 1 }))
            .on("/shadow", Behaviour::Hangs)
            .sees(
                |scene| {
                    GET.by(scene);
                    GET.by(scene);
                    let stats = scene.gateway().wait_until("both are offered", |stats| stats.the_books().offered == 2);
                    stats.the_books().dropped_for("concurrency").into()
                },
                1,
            ),
        at("max_rps", json!(0.001)).sees(fate_after_story("g"), "rate"),
        posted(At::PolicyLimits, "max_bytes_per_s", json!(1)).sees(
            |scene| {
                fate_after(scene, |scene| POST.by(scene));
                fate_after(scene, |scene| POST.by(scene)).into()
            },
            "bytes_rate",
        ),
        at("multiplier", json!(3)).sees(sees_copies(3, 1), true),
        policed(At::PolicyDispatch, "delayed", json!(["1h", "1h"]))
            .otherwise(json!(["1ms", "2ms"]))
            .sees(sees_copies(1, 1), false),
    ]
}

fn breaker() -> Vec<Case> {
    let others = json!({ "consecutive": 1000, "ratio": 1, "minimum": 1000 });
    let at = |key, value, story, fate: &str| {
        policed(At::PolicyBreaker, key, value)
            .with(At::PolicyBreaker, others.clone())
            .sees(fate_after_story(story), fate)
    };
    // The key itself is not among the others when it is left out.
    let alone = |case: Case, key| case.without(At::PolicyBreaker, key);
    let soon = || json!({ "consecutive": 1 });
    vec![
        alone(at("consecutive", json!(1), "b", "breaker_open"), "consecutive"),
        alone(at("ratio", json!(0.3), "ggb", "breaker_open"), "ratio").with(At::PolicyBreaker, json!({ "minimum": 3 })),
        alone(at("minimum", json!(2), "bb", "breaker_open"), "minimum"),
        at("window", json!("1s"), "bpb", "sent").with(At::PolicyBreaker, json!({ "minimum": 2 })),
        at("open", json!("200ms"), "bp", "sent").with(At::PolicyBreaker, soon()),
        // Without it the third time is 2.4 s, give or take a fifth.
        at("max_open", json!("600ms"), "bpbpbp", "sent")
            .with(At::PolicyBreaker, soon())
            .with(At::PolicyBreaker, json!({ "open": "600ms" })),
    ]
}

fn ramp() -> Vec<Case> {
    let always = || json!({ "start": PAST, "steps": [{ "rate": 1 }] });
    vec![
        policed(At::PolicyRamp, "start", json!(FUTURE))
            .otherwise(json!(PAST))
            .with(At::PolicyRamp, always())
            .sees(fate_of(GET), "expired"),
        policed(At::PolicyRamp, "steps", json!([{ "rate": 0 }]))
            .otherwise(json!([{ "rate": 1 }]))
            .with(At::PolicyRamp, always())
            .sees(fate_of(GET), "not_sampled"),
        policed(At::PolicyStep, "rate", json!(0))
            .otherwise(json!(1))
            .with(At::PolicyRamp, always())
            .sees(fate_of(GET), "not_sampled"),
        policed(At::PolicyStep, "for", json!("876000h"))
            .otherwise(json!("1s"))
            .with(At::PolicyRamp, json!({ "start": PAST, "steps": [{ "rate": 0 }, { "rate": 1 }] }))
            .sees(fate_of(GET), "not_sampled"),
    ]
}

/// All shadows at once. Every thread is late by a nanosecond, and none by an hour.
fn together() -> Vec<Case> {
    let sheds =
        |case: Case| case.sees(|scene| happens(|| fate_after(scene, |scene| GET.by(scene)) == "overload"), true);
    let switched_off = |scene: &_| happens(|| fate_after(scene, |scene| GET.by(scene)) == "killed");
    vec![
        policed(At::Shadow, "kill_file", json!("{folder}/kill")).file("kill", "").sees(switched_off, true),
        sheds(policed(At::Shadow, "overload", json!({ "lag": "1ns" })).otherwise(json!("off"))),
        sheds(
            policed(At::Overload, "lag", json!("1ns"))
                .otherwise(json!("1h"))
                .with(At::Shadow, json!({ "overload": {} })),
        ),
    ]
}

#[test]
fn every_key_of_the_restraint_counts() {
    walk(&cases());
}

//! A shadow whose answers are compared, and what comes of its pairs.

use gnomon::config::known::Scope as At;
use serde_json::{Value, json};

use super::{
    case::Case,
    copies::{GET, fate_after, policed},
    scene::Scene,
};
use crate::{
    client,
    comparison::{figures, outcomes, path_of, read},
    patience::wait_for,
    upstream::Behaviour,
};

/// By which the only shadow of these cases is addressed.
const ID: &str = "GET:/a:0";

/// A case about the shadow of `/a`, whose answers are compared; these are the live one and its own.
pub(super) fn compared(
    scope: At,
    key: &'static str,
    value: Value,
    live: impl Into<Behaviour>,
    shadow: impl Into<Behaviour>,
) -> Case {
    policed(scope, key, value).with(At::PolicyCompare, json!({})).on("/b", live).on("/shadow", shadow)
}

/// What has come of all pairs once none is on its way: counts by outcome, null where nothing is compared.
pub(super) fn outcome_after(scene: &Scene, ask: impl FnOnce(&Scene)) -> Value {
    fate_after(scene, ask);
    let settled = || match figures(scene.gateway()) {
        None => Some(Value::Null),
        Some(figures) => (figures["waiting"] == 0).then(|| outcomes(&figures)),
    };
    wait_for(settled).expect("every pair is judged")
}

/// What comes of the pair of `GET /a`.
pub(super) fn outcome(scene: &Scene) -> Value {
    outcome_after(scene, |scene| GET.by(scene))
}

/// How often the live backend is called for so many `GET /a`, one after the other.
pub(super) fn live_calls_of(requests: usize) -> impl Fn(&Scene) -> Value {
    move |scene| {
        for _ in 0..requests {
            outcome(scene);
        }
        scene.upstream.seen().iter().filter(|seen| seen.target == "/b").count().into()
    }
}

/// Everything about the shadow.
pub(super) fn told(scene: &Scene) -> Value {
    client::get(scene.gateway().admin(), &path_of(ID)).json()
}

/// How many clusters there are now.
pub(super) fn clusters(scene: &Scene) -> usize {
    read(scene.gateway(), ID, "clusters")["clusters"].as_array().map_or(0, Vec::len)
}

/// The text that is kept of the live value of the only difference; null if it is replaced.
pub(super) fn kept_text(scene: &Scene) -> Value {
    assert_eq!(outcome(scene), json!({ "mismatch": 1 }));
    let value = read(scene.gateway(), ID, "diffs")["diffs"][0]["differences"][0]["live"].take();
    assert_ne!(value["text"].is_null(), value["mark"].is_null(), "a value is shown or marked: {value}");
    value["text"].clone()
}

/// What becomes of the shadow, as soon as its first rule was measured over this many pairs.
pub(super) fn state_after(pairs: u64) -> impl Fn(&Scene) -> Value {
    move |scene| {
        for _ in 0..pairs {
            outcome(scene);
        }
        let look = || {
            let told = told(scene);
            let Some(rule) = told["rules"].as_array()?.first() else { return Some(told["state"].clone()) };
            let is_measured = rule["pairs"].as_u64() >= Some(pairs) && rule["holds"] != false;
            (is_measured || told["state"] != "running").then(|| told["state"].clone())
        };
        wait_for(look).expect("rules are measured")
    }
}

//! What happens to shadows while requests are under way: policies, reloads, kills, pauses and ramps, drawn by a seed.

use std::{rc::Rc, time::Duration};

use serde_json::{Value, json};
use tokio::time::sleep;

use super::{
    simulation::Chance,
    stage::{Order, Stage},
};
use crate::{
    config::shadow::Share,
    shadow::{Running, overload},
};

/// Something that an operator, a file or the clock does.
#[derive(Clone, Copy, Debug)]
pub(super) enum Upheaval {
    /// Switches all shadows off, also copies under way.
    Kill,
    /// Switches them on again.
    Revive,
    Pause(usize),
    Resume(usize),
    /// A step of a ramp, in percent.
    Rate(usize, u32),
    /// The file changes this shadow.
    Reload(usize),
    /// The thread that serves clients is late, or on time again.
    Behind(bool),
}

/// A policy for a shadow. In sequences only what decides before anything is sent makes sense.
pub(super) fn policy(chance: &mut Chance, order: Order) -> Value {
    let anywhere = [
        Value::Null,
        Value::Null,
        json!({"sample": {"rate": 0.5}, "holdout": 0.2}),
        json!({"limits": {"max_rps": 5}, "holdout": 0}),
        json!({"breaker": {"consecutive": 2, "open": "200ms", "max_open": "500ms"}, "holdout": 0}),
    ];
    let apart = [
        json!({"dispatch": "after_primary", "holdout": 0}),
        json!({"when_primary_status": ["2xx"], "holdout": 0}),
        json!({"dispatch": {"delayed": ["5ms", "300ms"]}, "holdout": 0}),
        json!({"limits": {"max_bytes_per_s": 60}, "holdout": 0}),
        json!({"body": {"mode": "none"}, "holdout": 0}),
        json!({"limits": {"multiplier": 3}, "holdout": 0}),
        json!({"body": {"mode": "stream", "stream_window": 12}, "holdout": 0}),
        json!({"body": {"mode": "stream", "max_request": 40}, "limits": {"multiplier": 2}, "holdout": 0}),
    ];
    let choices: Vec<&Value> = match order {
        Order::AtOnce => anywhere.iter().chain(&apart).collect(),
        Order::InSequence => anywhere.iter().collect(),
    };
    chance.one_of(&choices).clone()
}

/// What a shadow compares. In sequences there is no whole to put its answer into.
pub(super) fn comparison(chance: &mut Chance, order: Order) -> Value {
    let second = json!({"mode": "dual_primary", "sample": 1});
    let anywhere = [
        json!({"against": "backend:0", "baseline": "off"}),
        json!({"against": "backend:0", "sample": 0.5, "baseline": second}),
        json!({"against": "backend:0", "baseline": second}),
        json!({"against": "backend:0", "max_body": 20, "baseline": second}),
    ];
    let apart = [
        json!({"against": "merged:0", "baseline": second}),
        json!({"against": "merged:0", "baseline": {"mode": "learned", "sample": 0.5}}),
    ];
    let choices: Vec<&Value> = match order {
        Order::AtOnce => anywhere.iter().chain(&apart).collect(),
        Order::InSequence => anywhere.iter().collect(),
    };
    chance.one_of(&choices).clone()
}

/// The same policy, under which answers are compared; plain mode knows no comparison.
pub(super) fn comparing(policy: &Value, comparison: &Value) -> Value {
    let mut policy = if policy.is_null() { json!({"holdout": 0}) } else { policy.clone() };
    policy["compare"] = comparison.clone();
    policy
}

/// What happens, and when, in order.
pub(super) fn all(chance: &mut Chance, shadows: usize) -> Vec<(u64, Upheaval)> {
    let mut all: Vec<(u64, Upheaval)> = (0..chance.below(12))
        .map(|_| {
            let shadow = usize::try_from(chance.below(shadows as u64)).unwrap();
            let percent = u32::try_from(chance.below(101)).unwrap();
            let upheaval = chance.one_of(&[
                Upheaval::Kill,
                Upheaval::Revive,
                Upheaval::Revive,
                Upheaval::Pause(shadow),
                Upheaval::Resume(shadow),
                Upheaval::Rate(shadow, percent),
                Upheaval::Reload(shadow),
                Upheaval::Reload(shadow),
                Upheaval::Behind(true),
                Upheaval::Behind(false),
            ]);
            (chance.below(2000), upheaval)
        })
        .collect();
    all.sort_by_key(|(at, _)| *at);
    all
}

/// Lets it happen.
pub(super) async fn happen(stage: Rc<Stage>, upheavals: Vec<(u64, Upheaval)>) {
    for (at, upheaval) in upheavals {
        sleep(Duration::from_millis(at.saturating_sub(stage.log.now()))).await;
        let gates = stage.gates_now();
        match upheaval {
            Upheaval::Kill => stage.kill.set(true),
            Upheaval::Revive => stage.kill.set(false),
            Upheaval::Pause(shadow) => gates[shadow].dial().set_running(Running::Paused),
            Upheaval::Resume(shadow) => gates[shadow].dial().set_running(Running::On),
            Upheaval::Rate(shadow, percent) => {
                gates[shadow].dial().set_rate(Share::of_ratio(f64::from(percent) / 100.0).unwrap());
            }
            Upheaval::Reload(shadow) => stage.reload(shadow),
            Upheaval::Behind(is_behind) => overload::set_behind(is_behind),
        }
    }
}

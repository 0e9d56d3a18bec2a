//! Controls of splits under a clock that the tests turn.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use serde_json::{Value, json};

use super::*;
use crate::{
    control::{Audit, Moment, Post, Refusal, Who},
    split::{Splitter, tests::plan},
    stats::{Portion, latency::Latencies, tally::Tally},
};

const ID: &str = "GET:/user/{id}:0";
const MINUTE: Duration = Duration::from_secs(60);

struct Scene {
    control: Control,
    audit: Audit,
    splitter: Arc<Splitter>,
    start: Moment,
}

impl Scene {
    fn new(split: &Value) -> Self {
        let audit = Audit::default();
        let scene = Self {
            control: Control::new(audit.clone(), Post::default()),
            audit,
            splitter: Arc::new(Splitter::new(plan(split))),
            start: Moment::now(),
        };
        scene.seat(&scene.splitter, None, scene.start);
        scene
    }

    fn seat(&self, splitter: &Arc<Splitter>, former: Option<&Arc<Splitter>>, now: Moment) {
        let seat = Seat {
            method: "GET".into(),
            path: "/user/{id}".into(),
            backends: vec!["GET /old".into(), "GET /new".into()],
            splitter: Arc::clone(splitter),
            former: former.cloned(),
        };
        self.control.settle(vec![seat], now);
    }

    fn order(&self, verb: &str, body: &Value) -> Result<SplitStatus, Refusal> {
        let asked = Asked::read(verb, body.to_string().as_bytes())?;
        self.control.order(ID, &asked, Who::Signal, self.start)
    }

    /// The rates after a time, base first.
    fn after(&self, time: Duration) -> Vec<f64> {
        let now = self.start.after(time);
        self.control.tick(now);
        rates(&self.control.target(ID, now).unwrap())
    }

    /// Who changed what, to what.
    fn told(&self) -> Vec<(&'static str, String, String)> {
        let entries = self.audit.entries().into_iter();
        entries.map(|entry| (entry.by, entry.target.unwrap_or_default(), entry.after)).collect()
    }
}

fn rates(status: &SplitStatus) -> Vec<f64> {
    status.parts.iter().map(|part| (part.rate * 1e6).round() / 1e6).collect()
}

fn calls(count: u64, failed: u64) -> Tally {
    let mut tally = Tally::default();
    tally.counts.finished = count;
    tally.counts.failed = vec![("status", failed)];
    tally
}

#[test]
fn a_change_ends_by_itself_and_both_ends_are_written_down() {
    let scene = Scene::new(&json!({ "to": [{ "rate": 0.05 }] }));
    let status = scene.order("", &json!({ "rate": 0.5, "ttl": "10m" })).unwrap();
    assert_eq!(rates(&status), [0.5, 0.5]);
    assert_eq!(scene.after(MINUTE * 9), [0.5, 0.5]);
    assert_eq!(scene.after(MINUTE * 10), [0.95, 0.05]);
    let canary = || format!("split {ID} canary");
    assert_eq!(scene.told(), [("signal", canary(), "50%".into()), ("clock", canary(), "5%".into())]);
}

#[test]
fn a_stop_stays_until_somebody_resets_it() {
    let scene = Scene::new(&json!({ "to": [{ "rate": 0.05 }] }));
    let status = scene.order("stop", &json!({ "reason": "smoke" })).unwrap();
    assert_eq!((rates(&status), status.parts[1].state), (vec![1.0, 0.0], "stopped"));
    assert_eq!(status.parts[1].why, "stopped by signal: smoke");
    assert_eq!(scene.after(MINUTE * 100_000), [1.0, 0.0]);
    assert_eq!(rates(&scene.order("reset", &json!({})).unwrap()), [0.95, 0.05]);
    scene.order("stop", &json!({ "ttl": "1m" })).unwrap();
    assert_eq!(scene.after(MINUTE), [0.95, 0.05]);
}

#[test]
fn variants_share_what_there_is() {
    let scene = Scene::new(&json!({ "to": [{ "rate": 0.25, "name": "blue" }, { "rate": 0.5, "name": "green" }] }));
    let refused = |body: Value| match scene.order("", &body) {
        Err(Refusal::Wrong(message)) => message,
        other => panic!("{other:?}"),
    };
    assert!(refused(json!({ "rate": 0.1 })).contains("there are blue, green"));
    assert!(refused(json!({ "rate": 0.1, "variant": "red" })).contains("no \"red\""));
    assert!(refused(json!({ "rate": 0.6, "variant": "blue" })).contains("leave 50%"));
    scene.order("", &json!({ "rate": 0.1, "variant": "blue", "ttl": "1m" })).unwrap();
    scene.order("", &json!({ "rate": 0.9, "variant": "green", "sticky": true })).unwrap();
    assert_eq!(scene.after(Duration::ZERO), [0.0, 0.1, 0.9]);
    assert_eq!(scene.after(MINUTE), [0.0, 0.25, 0.75], "the earlier one has its part, the later what is left");
    assert_eq!(rates(&scene.order("stop", &json!({})).unwrap()), [1.0, 0.0, 0.0]);
    assert!(matches!(scene.control.target("GET:/b:0", scene.start), Err(Refusal::Unknown(ids)) if ids == [ID]));
}

#[test]
fn a_ramp_climbs_by_the_clock_and_begins_with_nothing() {
    let start = SystemTime::now() + MINUTE * 5;
    let text = crate::control::audit::text_of(start);
    let steps = json!([{ "rate": 0.01, "for": "1h" }, { "rate": 1 }]);
    let scene = Scene::new(&json!({ "to": [{}], "ramp": { "start": text, "steps": steps } }));
    for (minutes, canary) in [(0, 0.0), (6, 0.01), (60, 0.01), (66, 1.0)] {
        assert_eq!(scene.after(MINUTE * minutes)[1], canary, "after {minutes} minutes");
    }
    let told: Vec<_> = scene.told().into_iter().map(|(by, _, after)| (by, after)).collect();
    assert_eq!(told, [("clock", "1%".to_owned()), ("clock", "100%".to_owned())]);
}

#[test]
fn a_variant_that_breaks_a_rule_is_stopped_and_stays_so() {
    let rules = json!({ "error_delta": 0.1, "min_requests": 50, "window": "1m" });
    let scene = Scene::new(&json!({ "to": [{ "rate": 0.5 }], "stop_on": rules }));
    let at = |seconds: u64| scene.start.after(Duration::from_secs(seconds));
    scene.splitter.base().book(&calls(100, 0), at(1).steady);
    scene.splitter.arms()[0].book(&calls(49, 49), at(1).steady);
    assert_eq!(scene.after(Duration::from_secs(2)), [0.5, 0.5], "too few to tell");
    scene.splitter.arms()[0].book(&calls(1, 1), at(2).steady);
    assert_eq!(scene.after(Duration::from_secs(3)), [1.0, 0.0]);
    let stopped = scene.control.target(ID, at(3)).unwrap();
    assert!(stopped.parts[1].why.starts_with("stopped by rule error_delta: 100.00% of its calls fail"), "{stopped:#?}");
    assert_eq!(scene.after(MINUTE * 100_000), [1.0, 0.0]);
    let entry = scene.audit.entries().pop().unwrap();
    assert_eq!((entry.by, entry.after.as_str()), ("rule", "0%"));
    assert!(entry.reason.unwrap().contains("10% more are allowed"));
    // What it did before somebody set it going again is not held against it.
    assert_eq!(rates(&scene.order("", &json!({ "rate": 0.2 })).unwrap()), [0.8, 0.2]);
    assert_eq!(scene.after(Duration::from_secs(4)), [0.8, 0.2]);
}

#[test]
fn a_rule_that_only_tells_changes_nothing() {
    let rules = json!({ "error_delta": 0.1, "min_requests": 50, "window": "1m", "action": "log" });
    let scene = Scene::new(&json!({ "to": [{ "rate": 0.5 }], "stop_on": rules }));
    scene.splitter.base().book(&calls(100, 0), scene.start.steady);
    scene.splitter.arms()[0].book(&calls(100, 50), scene.start.steady);
    assert_eq!(scene.after(Duration::from_secs(1)), [0.5, 0.5]);
    assert_eq!(scene.splitter.arms()[0].figures(None, scene.start.steady).requests, 0, "it is told once");
    assert!(scene.told().is_empty());
}

#[test]
fn a_reload_keeps_what_was_asked_for_where_nothing_changed_and_never_starts_what_was_stopped() {
    let scene = Scene::new(&json!({ "to": [{ "rate": 0.05 }] }));
    scene.order("", &json!({ "rate": 0.5, "sticky": true })).unwrap();
    scene.seat(&scene.splitter, Some(&scene.splitter), scene.start);
    assert_eq!(scene.after(Duration::ZERO), [0.5, 0.5]);
    let next = Arc::new(Splitter::new(plan(&json!({ "to": [{ "rate": 0.25 }] }))));
    scene.seat(&next, Some(&scene.splitter), scene.start);
    assert_eq!(scene.after(Duration::ZERO), [0.75, 0.25], "the file has the last word on how much");
    scene.order("stop", &json!({})).unwrap();
    let last = Arc::new(Splitter::new(plan(&json!({ "to": [{ "rate": 0.3 }, { "rate": 0.1 }] }))));
    scene.seat(&last, Some(&next), scene.start);
    assert_eq!(scene.after(Duration::ZERO), [0.9, 0.0, 0.1]);
    let told: Vec<_> = scene.told().into_iter().map(|(by, _, after)| (by, after)).collect();
    let wanted = [("signal", "50%"), ("reload", "25%"), ("signal", "0%")];
    assert_eq!(told, wanted.map(|(by, after)| (by, after.to_owned())));
}

/// A split whose ramp rules hold back: an hour at 1 %, an hour at 50 %, then 95 %.
fn ramp(scene_start: SystemTime, min_requests: u64) -> Value {
    let steps = json!([{ "rate": 0.01, "for": "1h" }, { "rate": 0.5, "for": "1h" }, { "rate": 0.95 }]);
    let start = crate::control::audit::text_of(scene_start);
    json!({
        "to": [{}],
        "ramp": { "start": start, "steps": steps },
        "stop_on": { "error_delta": 0.1, "p99_ratio": 3, "min_requests": min_requests },
    })
}

/// A scene whose ramp began a minute ago.
fn ramped() -> Scene {
    Scene::new(&ramp(SystemTime::now() - MINUTE, 50))
}

impl Scene {
    /// Calls of base and variant that end after a time; so many of the variant's fail.
    fn calls(&self, time: Duration, count: u64, failed: u64) {
        let now = self.start.after(time).steady;
        self.splitter.base().book(&calls(count, 0), now);
        self.splitter.arms()[0].book(&calls(count, failed), now);
    }

    fn canary(&self, time: Duration) -> PartStatus {
        self.control.target(ID, self.start.after(time)).unwrap().parts.pop().unwrap()
    }
}

#[test]
fn a_ramp_with_rules_is_held_until_both_sides_have_shown_enough() {
    let scene = ramped();
    assert_eq!(scene.after(MINUTE)[1], 0.01);
    scene.splitter.base().book(&calls(1000, 0), scene.start.after(MINUTE).steady);
    scene.splitter.arms()[0].book(&calls(49, 0), scene.start.after(MINUTE).steady);
    assert_eq!(scene.after(MINUTE * 60)[1], 0.01, "its step is due, and 49 calls are no 50");
    let held = scene.canary(MINUTE * 60);
    assert_eq!(held.why, "its ramp is held: 49 of 50 calls of the variant ended in it");
    let ramp = held.ramp.unwrap();
    assert_eq!((ramp.step, ramp.steps, ramp.held, ramp.requests, ramp.base_requests), (1, 3, true, 49, 1000));
    assert_eq!(scene.after(MINUTE * 1000)[1], 0.01, "no time moves it");
    assert!(scene.told().is_empty());
    scene.splitter.arms()[0].book(&calls(1, 0), scene.start.after(MINUTE * 1000).steady);
    assert_eq!(scene.after(MINUTE * 1000)[1], 0.5);
    assert_eq!(scene.canary(MINUTE * 1000).why, "at the step of its ramp");
    assert_eq!(scene.told(), [("clock", format!("split {ID} canary"), "50%".to_owned())]);
    scene.calls(MINUTE * 1001, 50, 0);
    assert_eq!(scene.after(MINUTE * 1059)[1], 0.5, "each later step comes as much later");
    assert_eq!(scene.after(MINUTE * 1060)[1], 0.95);
}

#[test]
fn a_ramp_that_shows_enough_goes_by_the_clock() {
    let scene = ramped();
    for (minutes, canary) in [(58, 0.01), (60, 0.5), (118, 0.5), (120, 0.95), (6000, 0.95)] {
        scene.calls(MINUTE * (minutes - 1), 50, 0);
        assert_eq!(scene.after(MINUTE * minutes)[1], canary, "after {minutes} minutes");
    }
}

#[test]
fn a_ramp_climbs_no_step_that_failed_more_often_or_was_too_slow() {
    let scene = ramped();
    // Too many to go on, and too few to be sure of.
    scene.calls(MINUTE, 50, 6);
    assert_eq!(scene.after(MINUTE * 60)[1], 0.01);
    let held = scene.canary(MINUTE * 60);
    assert_eq!(held.why, "its ramp is held: 12.00% of its calls in it fail, 0.00% of the base's");
    scene.calls(MINUTE * 61, 50, 0);
    assert_eq!(scene.after(MINUTE * 61)[1], 0.5, "6 of 100 are allowed");

    let slow = |us: u32| {
        let mut tally = calls(50, 0);
        tally.latency = Latencies::from_sorted([(us, 50)], u64::from(us) * 50, us);
        tally
    };
    let now = scene.start.after(MINUTE * 119).steady;
    scene.splitter.base().book(&slow(1000), now);
    scene.splitter.arms()[0].book(&slow(5000), now);
    assert_eq!(scene.after(MINUTE * 122)[1], 0.5);
    assert!(
        scene.canary(MINUTE * 122).why.starts_with("its ramp is held: its p99 is 5."),
        "the base's is too unsure to stop it"
    );
}

#[test]
fn a_stopped_variant_climbs_no_step_and_shows_enough_anew_after_a_reset() {
    let scene = ramped();
    scene.calls(MINUTE, 50, 0);
    scene.order("stop", &json!({})).unwrap();
    assert_eq!(scene.after(MINUTE * 60)[1], 0.0);
    assert!(scene.canary(MINUTE * 60).ramp.unwrap().held);
    scene.order("reset", &json!({})).unwrap();
    assert_eq!(scene.after(MINUTE * 61)[1], 0.01);
    assert_eq!(scene.canary(MINUTE * 61).why, "its ramp is held: 0 of 50 calls of the variant ended in it");
    scene.calls(MINUTE * 61, 50, 0);
    assert_eq!(scene.after(MINUTE * 62)[1], 0.5);
}

#[test]
fn a_reload_that_leaves_the_ramp_as_it_is_leaves_it_where_it_is_held() {
    let start = SystemTime::now() - MINUTE;
    let scene = Scene::new(&ramp(start, 50));
    assert_eq!(scene.after(MINUTE * 100)[1], 0.01);
    let next = Arc::new(Splitter::new(plan(&ramp(start, 10))));
    scene.seat(&next, Some(&scene.splitter), scene.start.after(MINUTE * 100));
    assert_eq!(scene.after(MINUTE * 101)[1], 0.01);
    next.base().book(&calls(10, 0), scene.start.steady);
    next.arms()[0].book(&calls(10, 0), scene.start.steady);
    assert_eq!(scene.after(MINUTE * 102)[1], 0.5, "the file has the last word on how many are enough");
}

#[test]
fn what_becomes_of_a_ramp_is_told_as_held_or_advanced_without_a_breach() {
    let told = |is_up| Decision::of_ramp(ID, "canary", is_up, "why".into(), SystemTime::UNIX_EPOCH);
    let [held, advanced] = [false, true].map(|is_up| serde_json::to_value(told(is_up)).unwrap());
    assert_eq!(
        (&held["action"], &held["breach"], &advanced["action"]),
        (&json!("held"), &Value::Null, &json!("advanced"))
    );
}

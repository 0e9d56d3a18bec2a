//! Controls under a clock that the tests turn.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::*;
use crate::{
    config::shadow::Share,
    control::tick_until_gone,
    plan::ShadowPlan,
    shadow::{Gate, MemoryBudget, Running, fixture::plan},
};

const ID: &str = "GET:/user/{id}:0";
const MINUTE: Duration = Duration::from_secs(60);

/// Controls of one shadow.
struct Scene {
    control: Arc<Control>,
    gate: Arc<Gate>,
    start: Moment,
}

impl Scene {
    fn new(policy: &Value) -> Self {
        Self::at(policy, Moment::now())
    }

    fn at(policy: &Value, start: Moment) -> Self {
        let control = Arc::new(Control::default());
        let plan = plan(policy);
        let gate = Arc::new(Gate::of(&plan, Arc::new(MemoryBudget::new(1 << 20)), control.kill_switch(), false));
        let scene = Self { control, gate, start };
        scene.seat(&plan, &scene.gate, None, start);
        scene
    }

    fn seat(&self, plan: &Arc<ShadowPlan>, gate: &Arc<Gate>, former: Option<&Arc<Gate>>, now: Moment) {
        let seat = Seat {
            method: "GET".into(),
            path: "/user/{id}".into(),
            backend: "GET /new".into(),
            hosts: "http://127.0.0.1:80".into(),
            summary: None,
            plan: Arc::clone(plan),
            gate: Arc::clone(gate),
            former: former.cloned(),
            comparison: None,
        };
        self.control.settle(vec![seat], None, now);
    }

    fn order(&self, verb: &str, body: &Value) -> Result<TargetStatus, Refusal> {
        let (order, terms) = Order::read(verb, body.to_string().as_bytes())?;
        self.control.order(ID, &order, &terms, Who::Signal, self.start)
    }

    /// What holds after a time.
    fn after(&self, time: Duration) -> (Running, f64) {
        self.control.tick(self.start.after(time));
        let dial = self.gate.dial();
        (dial.running(), (dial.dialed().rate.ratio() * 1e6).round() / 1e6)
    }

    /// Author, setting, before and after of each change.
    fn audit(&self) -> Vec<[String; 4]> {
        let entries = self.control.audit().into_iter();
        entries.map(|entry| [entry.by.to_owned(), entry.what.to_owned(), entry.before, entry.after]).collect()
    }
}

fn entry(words: [&str; 4]) -> [String; 4] {
    words.map(str::to_owned)
}

#[test]
fn a_change_ends_by_itself_and_both_ends_are_written_down() {
    let scene = Scene::new(&json!({ "sample": { "rate": 0.1 }, "limits": { "max_rps": 5 } }));
    scene.order("", &json!({ "rate": "50%", "max_rps": null, "ttl": "15m" })).unwrap();
    assert_eq!(scene.gate.pace().unwrap().per_second(), None);
    assert_eq!(scene.after(MINUTE * 15 - Duration::from_millis(1)), (Running::On, 0.5));
    assert_eq!(scene.after(MINUTE * 15), (Running::On, 0.1));
    assert_eq!(scene.gate.pace().unwrap().per_second(), Some(5.0));
    assert_eq!(
        scene.audit(),
        [
            entry(["signal", "rate", "10%", "50%"]),
            entry(["signal", "max_rps", "5", "no limit"]),
            entry(["clock", "rate", "50%", "10%"]),
            entry(["clock", "max_rps", "no limit", "5"]),
        ]
    );
}

#[test]
fn an_hour_is_the_usual_time_and_sticky_changes_stay() {
    let scene = Scene::new(&json!({}));
    scene.order("pause", &json!({})).unwrap();
    assert_eq!(scene.after(MINUTE * 59).0, Running::Paused);
    assert_eq!(scene.after(MINUTE * 60).0, Running::On);
    scene.order("", &json!({ "rate": 0.5, "sticky": true })).unwrap();
    assert_eq!(scene.after(MINUTE * 60 * 24 * 365), (Running::On, 0.5));
}

#[test]
fn a_pause_wins_over_the_end_of_a_policy_and_the_switch_over_all() {
    let start = Moment::now();
    let at = |time| chrono::DateTime::<chrono::Utc>::from(start.wall + time).to_rfc3339();
    let ramp = json!({ "start": at(MINUTE), "steps": [{ "rate": 0.01, "for": "1m" }, { "rate": 0.2 }] });
    let scene = Scene::at(&json!({ "ramp": ramp, "until": at(MINUTE * 10) }), start);
    assert_eq!(scene.gate.dial().running(), Running::Expired, "before its ramp begins");
    assert_eq!(scene.after(MINUTE), (Running::On, 0.01));
    assert_eq!(scene.after(MINUTE * 2), (Running::On, 0.2));
    scene.order("", &json!({ "rate": 0.7 })).unwrap();
    assert_eq!(scene.after(MINUTE * 3), (Running::On, 0.7));
    assert_eq!(scene.after(MINUTE * 10).0, Running::Expired);
    scene.order("pause", &json!({})).unwrap();
    assert_eq!(scene.after(MINUTE * 11).0, Running::Paused);
    let state = || scene.control.target(ID, start).unwrap().state;
    assert_eq!(state(), "paused");
    scene.control.kill(Who::Signal, None, start);
    assert_eq!(state(), "killed");
    scene.control.revive(Who::Signal, None, start);
    scene.order("reset", &json!({})).unwrap();
    assert_eq!(scene.after(MINUTE * 12).0, Running::Expired);
}

#[test]
fn until_in_the_past_copies_nothing_from_the_start() {
    let scene = Scene::new(&json!({ "until": "2020-01-01T00:00:00Z" }));
    assert_eq!(scene.gate.dial().running(), Running::Expired);
    assert_eq!(scene.control.target(ID, scene.start).unwrap().why, "its time is over");
}

#[test]
fn a_dry_run_of_the_policy_can_be_ended_for_a_while() {
    let scene = Scene::new(&json!({ "dry_run": true }));
    assert!(scene.gate.dial().is_dry_run());
    scene.order("dry-run", &json!({ "on": false, "ttl": "1m" })).unwrap();
    assert!(!scene.gate.dial().is_dry_run());
    scene.control.tick(scene.start.after(MINUTE));
    assert!(scene.gate.dial().is_dry_run());
}

#[test]
fn a_shadow_in_plain_mode_can_be_paused_and_not_sampled() {
    let scene = Scene::new(&Value::Null);
    assert!(matches!(scene.order("", &json!({ "rate": 0.5 })), Err(Refusal::Wrong(why)) if why.contains("plain mode")));
    assert_eq!(scene.order("pause", &json!({})).unwrap().state, "paused");
    assert_eq!(scene.order("resume", &json!({})).unwrap().state, "running");
}

#[test]
fn an_unknown_shadow_is_answered_with_those_that_exist() {
    let scene = Scene::new(&json!({}));
    let refused = scene.control.order("GET:/x:0", &Order::Pause, &Terms::default(), Who::Signal, scene.start);
    assert_eq!(refused.unwrap_err(), Refusal::Unknown(vec![ID.to_owned()]));
}

#[test]
fn the_kill_file_revives_only_what_it_killed() {
    let scene = Scene::new(&json!({}));
    let (control, kill, now) = (&scene.control, scene.control.kill_switch(), scene.start);
    for (by_hand, there, is_killed) in [
        (false, true, true),
        (false, false, false),
        (true, false, true),
        (true, true, true),
        (true, false, true),
        (true, true, true),
        (false, true, true),
        (false, false, false),
    ] {
        let is_by_hand = kill.is_killed() && control.status(now).killed.is_some_and(|killed| killed.by != "kill_file");
        if by_hand != is_by_hand {
            control.toggle(Who::Signal, now);
        }
        control.see_kill_file(there, now);
        assert_eq!(kill.is_killed(), is_killed, "by hand {by_hand}, file {there}");
    }
    control.see_kill_file(true, now);
    assert!(control.revive(Who::Signal, None, now).killed.is_some_and(|killed| killed.kill_file));
    let count = control.audit().len();
    control.see_kill_file(true, now);
    assert_eq!(control.audit().len(), count, "what stays is no news");
}

#[test]
fn a_reload_keeps_what_was_asked_for_a_shadow_that_stays() {
    let scene = Scene::new(&json!({ "ttl": "1h" }));
    scene.order("", &json!({ "rate": 0.5 })).unwrap();
    let later = scene.start.after(MINUTE * 30);
    scene.seat(&plan(&json!({ "ttl": "1h" })), &scene.gate, Some(&scene.gate), later);
    assert_eq!(scene.after(MINUTE * 31), (Running::On, 0.5));
    assert_eq!(scene.after(MINUTE * 60).0, Running::Expired, "its time runs from when it was loaded first");
}

#[test]
fn a_reload_that_changes_a_shadow_has_the_last_word_and_starts_nothing_that_was_paused() {
    let scene = Scene::new(&json!({ "sample": { "rate": 0.1 } }));
    scene.order("", &json!({ "rate": 0.5, "sticky": true })).unwrap();
    scene.order("pause", &json!({ "sticky": true })).unwrap();
    let changed = plan(&json!({ "sample": { "rate": 0.2 } }));
    let gate = Arc::new(scene.gate.successor(&changed, false));
    scene.seat(&changed, &gate, Some(&scene.gate), scene.start);
    assert_eq!(gate.dial().running(), Running::Paused);
    assert_eq!(Some(gate.dial().dialed().rate), Share::of_ratio(0.2));
    assert_eq!(scene.audit().last(), Some(&entry(["reload", "rate", "50%", "20%"])));
}

#[test]
fn a_reload_that_changes_a_shadow_ends_no_dry_run_that_its_policy_wants() {
    for (on, kept) in [(false, json!(null)), (true, json!(true))] {
        let scene = Scene::new(&json!({ "dry_run": true }));
        let ordered = scene.order("dry-run", &json!({ "on": on, "sticky": true })).unwrap();
        assert_eq!(ordered.dry_run, on);
        let changed = plan(&json!({ "dry_run": true, "headers": { "host": "new.example" } }));
        let gate = Arc::new(scene.gate.successor(&changed, false));
        scene.seat(&changed, &gate, Some(&scene.gate), scene.start);
        assert!(gate.dial().is_dry_run());
        let status = scene.control.target(ID, scene.start).unwrap();
        assert_eq!(json!(status.overrides.dry_run.map(|held| held.value)), kept);
        let audit = entry(["reload", "dry_run", "off", "on"]);
        assert_eq!(scene.audit().contains(&audit), !on);
    }
}

#[test]
fn a_step_of_a_ramp_is_written_down() {
    let scene = Scene::new(&json!({
        "ramp": { "start": "2020-01-01T00:00:00Z", "steps": [{ "rate": 0.1, "for": "1h" }, { "rate": 0.5 }] },
    }));
    assert_eq!(scene.gate.dial().dialed().rate, Share::of_ratio(0.5).unwrap(), "a start in the past");
    let long_ago = Moment { wall: SystemTime::UNIX_EPOCH, steady: Instant::now() };
    scene.control.tick(long_ago);
    assert_eq!(
        scene.audit(),
        [entry(["clock", "state", "running", "expired"]), entry(["clock", "rate", "50%", "100%"])]
    );
}

#[tokio::test(start_paused = true)]
async fn the_clock_is_looked_at_by_itself_until_the_controls_are_gone() {
    let scene = Scene::new(&json!({}));
    let ticking = tokio::spawn(tick_until_gone(Arc::downgrade(&scene.control), Control::tick));
    scene.order("pause", &json!({ "ttl": "2s" })).unwrap();
    sleep(Duration::from_millis(1900)).await;
    assert_eq!(scene.gate.dial().running(), Running::Paused);
    sleep(Duration::from_millis(400)).await;
    assert_eq!(scene.gate.dial().running(), Running::On);
    drop(scene);
    ticking.await.unwrap();
}

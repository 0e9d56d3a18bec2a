//! Stop rules and ramps that they hold back, under a clock and with pairs that the tests make up.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::*;
use crate::{
    compare::{
        DifferenceKind, Ending, LegOutcome, Outside, PairRecord, Readiness, Results, Sums, Tally, Verdict, Watched,
        WhichField,
    },
    config::shadow::{Ramp, RampStep, Share, StopAction, StopOn},
    control::TICK,
    plan::ShadowPlan,
    shadow::{Arm, Gate, MemoryBudget, Running},
    stats::{Compared, ComparisonFigures},
};

const ID: &str = "GET:/user/{id}:0";
const MINUTE: Duration = Duration::from_secs(60);

/// A comparison whose pairs the test makes up.
#[derive(Debug)]
struct Probe(Mutex<Tally>, Mutex<Option<Share>>);

impl Watched for Probe {
    fn recent(&self, now: Instant) -> Sums {
        self.0.lock().unwrap().recent(now)
    }

    fn total(&self) -> Sums {
        self.0.lock().unwrap().total().clone()
    }

    fn restart(&self, now: Instant) {
        self.0.lock().unwrap().restart(now);
    }
}

impl Compared for Probe {
    fn comparison(&self) -> ComparisonFigures {
        ComparisonFigures::default()
    }
}

impl Results for Probe {
    fn told(&self, _: Instant) -> Value {
        Value::Null
    }

    fn readiness(&self, _outside: &Outside<'_>) -> Readiness {
        unreachable!("rules don't judge")
    }

    fn fields(&self) -> Value {
        Value::Null
    }

    fn set_sample(&self, sample: Share) {
        *self.1.lock().unwrap() = Some(sample);
    }

    fn clusters(&self) -> Value {
        Value::Null
    }

    fn diffs(&self) -> Value {
        Value::Null
    }

    fn diffs_by_line(&self) -> String {
        String::new()
    }

    fn forget(&self, now: Instant) {
        self.restart(now);
    }

    fn ignore(&self, _field: WhichField<'_>, _kind: Option<DifferenceKind>) -> Option<Value> {
        None
    }

    fn heed(&self, _field: WhichField<'_>, _kind: Option<DifferenceKind>) -> Option<Value> {
        None
    }
}

fn rules() -> StopOn {
    StopOn {
        mismatch_rate: Some(0.01),
        error_delta: Some(0.02),
        p99_ratio: None,
        overhead_p99: None,
        min_pairs: 100,
        window: MINUTE * 10,
        action: StopAction::Pause,
        webhook: None,
    }
}

fn ramp(start: SystemTime) -> Ramp {
    let step = |ratio, minutes| RampStep {
        rate: Share::of_ratio(ratio).unwrap(),
        lasts: (minutes > 0).then_some(MINUTE * minutes),
    };
    Ramp { start, steps: vec![step(0.01, 10), step(0.1, 20), step(1.0, 0)] }
}

/// The shadow that the other tests control, with rules.
fn plan(rules: StopOn, ramp: Option<Ramp>) -> Arc<ShadowPlan> {
    let plain = crate::shadow::fixture::plan(&json!({}));
    let mut policy = (**plain.policy.as_ref().unwrap()).clone();
    policy.stop_on = Some(rules);
    policy.schedule.ramp = ramp;
    Arc::new(ShadowPlan {
        backend: Arc::clone(&plain.backend),
        key: plain.key.clone(),
        timeout: plain.timeout,
        bounds: plain.bounds,
        policy: Some(Arc::new(policy)),
        baseline: None,
    })
}

/// Controls of one shadow that is compared.
struct Scene {
    control: Arc<Control>,
    gate: Arc<Gate>,
    probe: Arc<Probe>,
    now: Moment,
}

impl Scene {
    fn new(rules: StopOn, ramp_from: Option<SystemTime>) -> Self {
        Self::of(&plan(rules, ramp_from.map(ramp)), Moment::now())
    }

    fn of(plan: &Arc<ShadowPlan>, now: Moment) -> Self {
        let control = Arc::new(Control::default());
        let gate = Arc::new(Gate::of(plan, Arc::new(MemoryBudget::new(1 << 20)), control.kill_switch(), false));
        let window = plan.policy.as_ref().unwrap().stop_on.as_ref().unwrap().window;
        let probe = Arc::new(Probe(Mutex::new(Tally::new(window, now.steady)), Mutex::default()));
        let scene = Self { control, gate, probe, now };
        scene.settle(plan, None);
        scene
    }

    fn settle(&self, plan: &Arc<ShadowPlan>, former: Option<&Arc<Gate>>) {
        let seat = Seat {
            method: "GET".into(),
            path: "/user/{id}".into(),
            backend: "GET /new".into(),
            hosts: "http://127.0.0.1:80".into(),
            summary: None,
            plan: Arc::clone(plan),
            gate: Arc::clone(&self.gate),
            former: former.cloned(),
            comparison: Some(Arc::clone(&self.probe) as _),
        };
        self.control.settle(vec![seat], None, self.now);
    }

    fn pairs(&self, verdict: Verdict, count: usize) {
        let answer = LegOutcome { ending: Ending::Status(200), took: Duration::from_millis(10) };
        let record = PairRecord { verdict, live: answer, shadow: answer, baseline: None, baseline_differs: None };
        self.records(&record, count);
    }

    fn records(&self, record: &PairRecord, count: usize) {
        let mut tally = self.probe.0.lock().unwrap();
        (0..count).for_each(|_| tally.record(record, self.now.steady));
    }

    /// Lets time pass and looks at the clock.
    fn pass(&mut self, time: Duration) -> Running {
        self.now = self.now.after(time);
        self.control.tick(self.now);
        self.gate.dial().running()
    }

    fn order(&self, verb: &str, body: &Value) -> TargetStatus {
        let (order, terms) = Order::read(verb, body.to_string().as_bytes()).unwrap();
        self.control.order(ID, &order, &terms, Who::Signal, self.now).unwrap()
    }

    fn status(&self) -> TargetStatus {
        self.control.target(ID, self.now).unwrap()
    }

    fn rate(&self) -> f64 {
        (self.gate.dial().dialed().rate.ratio() * 1e6).round() / 1e6
    }

    /// Entries of the audit by rules: setting, before, after, reason.
    fn by_rules(&self) -> Vec<(&'static str, String, String, String)> {
        let entries = self.control.audit().into_iter().filter(|entry| entry.by == "rule");
        entries.map(|entry| (entry.what, entry.before, entry.after, entry.reason.unwrap())).collect()
    }
}

#[test]
fn a_broken_rule_pauses_once_and_says_why() {
    let mut scene = Scene::new(rules(), None);
    scene.pairs(Verdict::Match, 960);
    scene.pairs(Verdict::Mismatch, 40);
    assert_eq!(scene.pass(TICK), Running::Stopped);
    for _ in 0..20 {
        assert_eq!(scene.pass(TICK), Running::Stopped);
    }
    let surely = scene.status().stopped.unwrap().measure.at_least.unwrap();
    assert!(0.01 < surely && surely < 0.04, "{surely}");
    let reason = format!("mismatch_rate is 0.0400 (surely {surely:.4}) of 1000 pairs, 0.01 is allowed");
    assert_eq!(scene.by_rules(), [("state", "running".to_owned(), "paused".to_owned(), reason.clone())]);
    let status = scene.status();
    assert_eq!((status.state, status.books.state), ("paused", "paused"));
    assert_eq!(status.why, format!("stopped by a rule: {reason}"));
    let stopped = status.stopped.unwrap();
    assert_eq!((stopped.measure.rule, stopped.measure.pairs), (Rule::MismatchRate, 1000));
    assert_eq!(crate::stats::Ledgered::standing(&*scene.gate).paused, Some("rule"));
}

#[test]
fn too_few_pairs_break_no_rule() {
    let mut scene = Scene::new(rules(), None);
    scene.pairs(Verdict::Mismatch, 99);
    assert_eq!(scene.pass(TICK), Running::On);
    let measures = scene.status().rules;
    assert_eq!((measures[0].measured, measures[0].holds, measures[0].pairs), (Some(1.0), None, 99));
    scene.pairs(Verdict::Mismatch, 1);
    assert_eq!(scene.pass(TICK), Running::Stopped);
}

#[test]
fn a_rule_that_was_broken_stays_so_until_somebody_resumes_and_old_pairs_do_not_stop_it_again() {
    let mut scene = Scene::new(rules(), None);
    scene.pairs(Verdict::Mismatch, 200);
    assert_eq!(scene.pass(TICK), Running::Stopped);
    assert_eq!(scene.pass(MINUTE * 60 * 24 * 30), Running::Stopped, "no time ends it");
    scene.order("pause", &json!({ "ttl": "1m" }));
    assert_eq!(scene.pass(MINUTE * 2), Running::Stopped, "nor does a pause that ends");
    scene.pairs(Verdict::Mismatch, 150);
    scene.order("resume", &json!({}));
    for _ in 0..40 {
        assert_eq!(scene.pass(TICK), Running::On);
    }
    assert!(scene.status().stopped.is_none());
    scene.pairs(Verdict::Mismatch, 100);
    assert_eq!(scene.pass(TICK), Running::Stopped, "new pairs count");
    scene.order("reset", &json!({}));
    assert_eq!(scene.pass(TICK), Running::On);
    assert_eq!(scene.by_rules().len(), 2);
}

#[test]
fn a_shadow_that_fails_more_often_than_the_live_side_is_stopped() {
    let answer = LegOutcome { ending: Ending::Status(200), took: Duration::from_millis(10) };
    let failing = LegOutcome { ending: Ending::Status(502), ..answer };
    let with =
        |live, shadow| PairRecord { verdict: Verdict::Match, live, shadow, baseline: None, baseline_differs: None };
    let mut scene = Scene::new(StopOn { mismatch_rate: None, ..rules() }, None);
    scene.records(&with(failing, failing), 100);
    scene.records(&with(answer, answer), 100);
    scene.records(&with(answer, failing), 4);
    assert_eq!(scene.pass(TICK), Running::On, "both fail, and four of two hundred are below 2 %");
    assert_eq!(scene.status().rules[0].holds, Some(true));
    scene.records(&with(answer, failing), 8);
    assert_eq!(scene.pass(TICK), Running::On, "above 2 %, and chance may have made that");
    scene.records(&with(answer, failing), 12);
    assert_eq!(scene.pass(TICK), Running::Stopped);
}

/// One that is as often wrong as it may be, looked at all the time, for as many pairs as a window has.
#[test]
fn chance_alone_stops_no_shadow() {
    let mut random = fastrand::Rng::with_seed(5);
    let answer = LegOutcome { ending: Ending::Status(200), took: Duration::from_millis(10) };
    let failing = LegOutcome { ending: Ending::Status(502), ..answer };
    let equal =
        PairRecord { verdict: Verdict::Match, live: answer, shadow: answer, baseline: None, baseline_differs: None };
    for _ in 0..40 {
        let mut tally = Tally::new(MINUTE * 10, Instant::now());
        for _ in 0..150 {
            for _ in 0..10 {
                let (differs, live_fails, shadow_fails) = (random.f64(), random.f64(), random.f64());
                let record = PairRecord {
                    verdict: if differs < 0.01 { Verdict::Mismatch } else { Verdict::Match },
                    live: if live_fails < 0.03 { failing } else { answer },
                    shadow: if shadow_fails < 0.05 { failing } else { answer },
                    ..equal
                };
                tally.record(&record, Instant::now());
            }
            let measures = rules::measure(&rules(), Some(tally.total()), None);
            assert!(measures.iter().all(|measure| !measure.is_broken()), "{measures:?}");
        }
    }
}

#[test]
fn latencies_that_chance_alone_tells_apart_stop_no_shadow() {
    let mut random = fastrand::Rng::with_seed(6);
    let slow =
        StopOn { mismatch_rate: None, error_delta: None, p99_ratio: Some(1.5), overhead_p99: Some(0.1), ..rules() };
    for _ in 0..10 {
        let mut scene = Scene::new(slow.clone(), None);
        scene.pass(TICK);
        let mut took = || Duration::from_secs_f64(0.004 - 0.003 * (1.0 - random.f64()).ln());
        for _ in 0..3000 {
            let leg = |took| LegOutcome { ending: Ending::Status(200), took };
            let (live, shadow) = (leg(took()), leg(took()));
            let record = PairRecord { verdict: Verdict::Match, live, shadow, baseline: None, baseline_differs: None };
            scene.records(&record, 1);
            scene.gate.arms().unwrap().record(Arm::Shadowed, took());
            scene.gate.arms().unwrap().record(Arm::Holdout, took());
        }
        assert_eq!(scene.pass(TICK), Running::On, "{:?}", scene.status().rules);
        assert!(scene.status().rules.iter().all(|measure| measure.holds == Some(true)), "there was enough to tell");
    }
}

#[test]
fn where_nothing_may_differ_one_difference_stops_it() {
    let mut scene = Scene::new(StopOn { mismatch_rate: Some(0.0), ..rules() }, None);
    scene.pairs(Verdict::Match, 5000);
    assert_eq!(scene.pass(TICK), Running::On);
    scene.pairs(Verdict::Mismatch, 1);
    assert_eq!(scene.pass(TICK), Running::Stopped);
}

#[test]
fn a_ramp_climbs_no_step_in_which_a_rule_did_not_hold_nor_one_that_was_stopped() {
    let start = Moment::now();
    let mut scene = Scene::of(&plan(rules(), Some(ramp(start.wall))), start);
    scene.pairs(Verdict::Match, 196);
    scene.pairs(Verdict::Mismatch, 4);
    assert_eq!(scene.pass(MINUTE * 10), Running::On, "2 % of two hundred is not sure to be more than 1 %");
    assert!((scene.rate() - 0.01).abs() < 1e-9, "and is too much to climb");
    assert_eq!(scene.status().why, "its ramp is held: a rule does not hold for its pairs");
    scene.pairs(Verdict::Match, 300);
    scene.pass(TICK);
    assert!((scene.rate() - 0.1).abs() < 1e-9);
    scene.pairs(Verdict::Mismatch, 100);
    assert_eq!(scene.pass(TICK), Running::Stopped);
    scene.pass(MINUTE * 60);
    assert!((scene.rate() - 0.1).abs() < 1e-9, "nothing climbs while it is stopped");
}

#[test]
fn a_ramp_does_not_climb_over_mismatches_that_are_as_many_as_turned_out_to_be_noise() {
    let start = Moment::now();
    let mut scene = Scene::of(&plan(rules(), Some(ramp(start.wall))), start);
    scene.pairs(Verdict::Match, 1000);
    scene.pairs(Verdict::Mismatch, 5);
    scene.pass(MINUTE * 10);
    assert!((scene.rate() - 0.1).abs() < 1e-9);
    scene.pairs(Verdict::Mismatch, 5);
    scene.probe.0.lock().unwrap().reappraise(5);
    scene.pairs(Verdict::Match, 195);
    assert_eq!(scene.pass(MINUTE * 20), Running::On, "five of two hundred are not sure to be more than 1 %");
    assert!((scene.rate() - 0.1).abs() < 1e-9, "and are too many to climb");
    scene.pairs(Verdict::Match, 300);
    scene.pass(TICK);
    assert!((scene.rate() - 1.0).abs() < 1e-9);
}

#[test]
fn a_ramp_does_not_wait_for_what_turned_out_to_be_noise_in_its_first_step() {
    let start = Moment::now();
    let mut scene = Scene::of(&plan(rules(), Some(ramp(start.wall))), start);
    scene.pairs(Verdict::Mismatch, 90);
    scene.probe.0.lock().unwrap().reappraise(90);
    scene.pairs(Verdict::Match, 10);
    scene.pass(MINUTE * 10);
    assert!((scene.rate() - 0.1).abs() < 1e-9);
}

#[test]
fn beside_second_live_answers_what_only_the_shadow_differs_by_stops_it() {
    let answer = LegOutcome { ending: Ending::Status(200), took: Duration::from_millis(10) };
    let with = |verdict, second_differs| PairRecord {
        verdict,
        live: answer,
        shadow: answer,
        baseline: None,
        baseline_differs: Some(second_differs),
    };
    let mut silent = Scene::new(rules(), None);
    silent.records(&with(Verdict::Match, false), 180);
    silent.records(&with(Verdict::Mismatch, false), 20);
    assert_eq!(silent.pass(TICK), Running::Stopped, "{:?}", silent.status().rules);

    let mut noisy = Scene::new(rules(), None);
    noisy.records(&with(Verdict::Match, false), 700);
    noisy.records(&with(Verdict::Mismatch, true), 240);
    noisy.records(&with(Verdict::Mismatch, false), 30);
    noisy.records(&with(Verdict::Match, true), 30);
    assert_eq!(noisy.pass(TICK), Running::On, "both differ alike");
    noisy.records(&with(Verdict::Mismatch, false), 70);
    assert_eq!(noisy.pass(TICK), Running::Stopped, "{:?}", noisy.status().rules);
}

/// A live side that differs from itself as often as the shadow does, looked at all the time, with few second answers.
#[test]
fn noise_that_is_not_known_yet_stops_no_shadow() {
    let mut random = fastrand::Rng::with_seed(8);
    let answer = LegOutcome { ending: Ending::Status(200), took: Duration::from_millis(10) };
    for round in 0..30 {
        let second_calls = [1.0, 0.3, 0.1][round % 3];
        let mut tally = Tally::new(MINUTE * 10, Instant::now());
        for number in 0..1500 {
            let (shadow, second, has_second) = (random.f64(), random.f64(), random.f64());
            let record = PairRecord {
                verdict: if shadow < 0.2 { Verdict::Mismatch } else { Verdict::Match },
                live: answer,
                shadow: answer,
                baseline: None,
                baseline_differs: (number == 0 || has_second < second_calls).then_some(second < 0.2),
            };
            tally.record(&record, Instant::now());
            if number % 10 == 0 {
                let measures = rules::measure(&rules(), Some(tally.total()), None);
                assert!(measures.iter().all(|measure| !measure.is_broken()), "{measures:?}");
            }
        }
    }
}

#[test]
fn a_slow_shadow_is_stopped_when_that_is_sure() {
    let slow_from = StopOn { mismatch_rate: None, error_delta: None, p99_ratio: Some(2.0), ..rules() };
    let mut scene = Scene::new(slow_from, None);
    let answer = |millis| LegOutcome { ending: Ending::Status(200), took: Duration::from_millis(millis) };
    let pair = PairRecord {
        verdict: Verdict::Match,
        live: answer(10),
        shadow: answer(25),
        baseline: None,
        baseline_differs: None,
    };
    scene.records(&pair, 400);
    assert_eq!(scene.pass(TICK), Running::On, "a few of four hundred make the 99th percentile");
    assert_eq!(scene.status().rules[0].holds, None);
    scene.records(&pair, 600);
    assert_eq!(scene.pass(TICK), Running::Stopped);
}

#[test]
fn what_live_replies_lose_stops_it_and_counts_anew_after_a_resume() {
    let costs = StopOn { mismatch_rate: None, error_delta: None, overhead_p99: Some(0.1), ..rules() };
    let mut scene = Scene::new(costs, None);
    scene.pass(TICK);
    let replies = |scene: &Scene, arm, millis, count| {
        (0..count).for_each(|_| scene.gate.arms().unwrap().record(arm, Duration::from_millis(millis)));
    };
    replies(&scene, Arm::Holdout, 10, 800);
    replies(&scene, Arm::Shadowed, 15, 9000);
    assert_eq!(scene.pass(TICK), Running::On, "eight hundred replies are not sure enough");
    replies(&scene, Arm::Holdout, 10, 1000);
    assert_eq!(scene.pass(TICK), Running::Stopped);
    scene.order("resume", &json!({}));
    for _ in 0..20 {
        assert_eq!(scene.pass(TICK), Running::On);
    }
    replies(&scene, Arm::Holdout, 10, 2000);
    replies(&scene, Arm::Shadowed, 10, 9000);
    assert_eq!(scene.pass(MINUTE), Running::On, "what was before is not held against it");
    assert_eq!(scene.status().rules[0].holds, Some(true));
}

#[test]
fn a_rule_may_switch_all_shadows_off_and_a_revival_lets_its_window_begin_anew() {
    let mut scene = Scene::new(StopOn { action: StopAction::Kill, ..rules() }, None);
    scene.pairs(Verdict::Mismatch, 200);
    scene.pass(TICK);
    assert!(scene.control.kill_switch().is_killed());
    assert_eq!(scene.control.status(scene.now).killed.unwrap().by, "rule mismatch_rate");
    scene.pass(TICK);
    let by_rules = scene.by_rules();
    let [("kill", off, on, reason)] = by_rules.as_slice() else { panic!("{by_rules:?}") };
    assert_eq!((off.as_str(), on.as_str()), ("off", "on"));
    assert!(reason.starts_with(&format!("{ID}: mismatch_rate is 1.0000 (surely 0.9")), "{reason}");
    scene.control.revive(Who::Signal, None, scene.now);
    for _ in 0..20 {
        scene.pass(TICK);
        assert!(!scene.control.kill_switch().is_killed());
    }
}

#[test]
fn a_reload_starts_nothing_that_a_rule_stopped() {
    let mut scene = Scene::new(rules(), None);
    scene.pairs(Verdict::Mismatch, 200);
    scene.pass(TICK);
    let changed = plan(StopOn { mismatch_rate: Some(0.5), ..rules() }, None);
    let former = Arc::clone(&scene.gate);
    scene.gate = Arc::new(former.successor(&changed, false));
    scene.settle(&changed, Some(&former));
    assert_eq!(scene.gate.dial().running(), Running::Stopped);
}

#[test]
fn a_ramp_climbs_by_the_clock_while_enough_is_seen() {
    let start = Moment::now();
    let mut scene = Scene::of(&plan(rules(), Some(ramp(start.wall))), start);
    assert!((scene.rate() - 0.01).abs() < 1e-9);
    scene.pairs(Verdict::Match, 100);
    scene.pass(MINUTE * 10 - Duration::from_millis(1));
    assert!((scene.rate() - 0.01).abs() < 1e-9);
    scene.pass(Duration::from_millis(1));
    assert!((scene.rate() - 0.1).abs() < 1e-9);
    scene.pairs(Verdict::Match, 100);
    scene.pass(MINUTE * 20);
    assert!((scene.rate() - 1.0).abs() < 1e-9);
    let ramp = scene.status().ramp.unwrap();
    assert_eq!((ramp.step, ramp.steps, ramp.held, ramp.next_at), (3, 3, false, None));
    assert!(ramp.behind_seconds.abs() < 1e-9);
}

#[test]
fn a_ramp_is_held_until_its_step_has_seen_enough_and_later_steps_come_later() {
    let start = Moment::now();
    let mut scene = Scene::of(&plan(rules(), Some(ramp(start.wall))), start);
    scene.pairs(Verdict::Match, 40);
    scene.pass(MINUTE * 10);
    scene.pass(MINUTE * 5);
    assert!((scene.rate() - 0.01).abs() < 1e-9);
    let status = scene.status();
    assert!(status.ramp.is_some_and(|ramp| ramp.held && ramp.pairs == Some(40) && ramp.min_pairs == Some(100)));
    assert_eq!(status.why, "its ramp is held: 40 of 100 pairs were compared in it");
    scene.pairs(Verdict::Match, 60);
    scene.pass(TICK);
    assert!((scene.rate() - 0.1).abs() < 1e-9);
    let behind = scene.status().ramp.unwrap().behind_seconds;
    assert!((behind - 300.25).abs() < 1e-6, "{behind}");
    scene.pairs(Verdict::Match, 100);
    scene.pass(MINUTE * 20 - TICK);
    assert!((scene.rate() - 0.1).abs() < 1e-9, "twenty minutes from when it came");
    scene.pass(TICK);
    assert!((scene.rate() - 1.0).abs() < 1e-9);
}

#[test]
fn a_ramp_waits_while_its_shadow_seems_too_slow_and_says_so() {
    let start = Moment::now();
    let slow_from = StopOn { p99_ratio: Some(2.0), ..rules() };
    let mut scene = Scene::of(&plan(slow_from, Some(ramp(start.wall))), start);
    let answer = |millis| LegOutcome { ending: Ending::Status(200), took: Duration::from_millis(millis) };
    let of = |verdict, millis| PairRecord {
        verdict,
        live: answer(10),
        shadow: answer(millis),
        baseline: None,
        baseline_differs: None,
    };
    scene.pass(MINUTE * 9);
    scene.records(&of(Verdict::Match, 25), 200);
    assert_eq!(scene.pass(MINUTE), Running::On, "too few to be sure");
    assert!((scene.rate() - 0.01).abs() < 1e-9);
    let why = scene.status().why;
    assert!(why.starts_with("its ramp is held: p99_ratio is 2.") && why.ends_with("2 is allowed"), "{why}");
    scene.pass(MINUTE * 20);
    scene.records(&of(Verdict::Match, 10), 200);
    scene.pass(TICK);
    assert!((scene.rate() - 0.1).abs() < 1e-9);
}

#[test]
fn pairs_that_nobody_looked_at_hide_no_errors_from_a_ramp() {
    let start = Moment::now();
    let mut scene = Scene::of(&plan(rules(), Some(ramp(start.wall))), start);
    scene.probe.0.lock().unwrap().turn_away(10_000, scene.now.steady);
    let answer = |status| LegOutcome { ending: Ending::Status(status), took: Duration::from_millis(10) };
    let (live, verdict) = (answer(200), Verdict::Match);
    let of = |status| PairRecord { verdict, live, shadow: answer(status), baseline: None, baseline_differs: None };
    scene.records(&of(200), 190);
    scene.records(&of(500), 10);
    scene.pass(MINUTE * 10);
    assert!((scene.rate() - 0.01).abs() < 1e-9, "5% of those that were looked at fail, and 2% may");
}

#[test]
fn a_long_sleep_climbs_one_step_and_a_pause_holds_the_ramp() {
    let start = Moment::now();
    let mut scene = Scene::of(&plan(rules(), Some(ramp(start.wall))), start);
    scene.pairs(Verdict::Match, 200);
    scene.order("pause", &json!({ "sticky": true }));
    scene.pass(MINUTE * 600);
    assert!((scene.rate() - 0.01).abs() < 1e-9 && scene.status().ramp.unwrap().held);
    scene.order("resume", &json!({}));
    scene.pass(TICK);
    assert!((scene.rate() - 0.1).abs() < 1e-9);
    scene.pass(MINUTE * 19);
    assert!((scene.rate() - 0.1).abs() < 1e-9);
}

#[test]
fn a_reload_that_leaves_the_ramp_as_it_is_leaves_it_where_it_stands() {
    let start = Moment::now();
    let mut scene = Scene::of(&plan(rules(), Some(ramp(start.wall))), start);
    scene.pass(MINUTE * 15);
    assert!(scene.status().ramp.unwrap().held);
    let changed = plan(StopOn { min_pairs: 10, ..rules() }, Some(ramp(start.wall)));
    let former = Arc::clone(&scene.gate);
    scene.gate = Arc::new(former.successor(&changed, false));
    scene.settle(&changed, Some(&former));
    assert!((scene.rate() - 0.01).abs() < 1e-9, "{}", scene.rate());
}

proptest! {
    /// Whatever pairs come and whatever is asked for: each stop had enough pairs of its own, nothing starts by itself,
    /// and after each resume at least `min_pairs` new pairs come before the next stop.
    #[test]
    fn no_shadow_flaps(steps in prop::collection::vec((0_u8..6, 0_usize..80), 1..120)) {
        let mut scene = Scene::new(rules(), None);
        let (mut since, mut was) = (0, Running::On);
        let mut stops = 0;
        for (what, count) in steps {
            let mut is_resumed = false;
            match what {
                0 => scene.pairs(Verdict::Mismatch, count),
                1 | 2 => scene.pairs(Verdict::Match, count),
                3 => {
                    scene.order("resume", &json!({}));
                    is_resumed = true;
                }
                4 => { scene.pass(MINUTE); }
                _ => {}
            }
            since = match what { 0..=2 => since + count, 3 if was == Running::Stopped => 0, _ => since };
            let now = scene.pass(TICK);
            prop_assert!(was != Running::Stopped || now == Running::Stopped || is_resumed);
            if now == Running::Stopped && was != Running::Stopped {
                prop_assert!(since >= 100, "stopped after {} pairs", since);
                stops += 1;
            }
            was = now;
        }
        prop_assert_eq!(scene.by_rules().len(), stops);
        prop_assert!(crate::stats::Ledgered::books(&*scene.gate).balanced());
    }
}

#[test]
fn another_share_of_pairs_is_compared_until_its_time_ends() {
    let policy = json!({ "compare": { "sample": 0.25 }, "stop_on": { "mismatch_rate": 0.5 } });
    let mut scene = Scene::of(&crate::shadow::fixture::plan(&policy), Moment::now());
    let sample = |scene: &Scene| scene.probe.1.lock().unwrap().map(Share::ratio);
    assert_eq!(sample(&scene), Some(0.25));
    let told = scene.order("", &json!({ "compare": { "sample": 0.5 }, "ttl": "10m" }));
    assert_eq!((told.compare_sample, told.base.compare_sample, told.rate), (Some(0.5), Some(0.25), 1.0));
    assert_eq!(sample(&scene), Some(0.5));
    scene.pass(MINUTE * 9);
    assert_eq!(sample(&scene), Some(0.5));
    scene.pass(MINUTE);
    assert_eq!(sample(&scene), Some(0.25));
    let changes = scene.control.audit();
    let words: Vec<_> = changes.iter().map(|entry| (entry.what, entry.before.as_str(), entry.after.as_str())).collect();
    assert_eq!(words, [("compare_sample", "25%", "50%"), ("compare_sample", "50%", "25%")]);
}

//! Laws of splits: who is where stays there while rates grow, shares are what they say, and a sample of the same key and
//! salt is the same people.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{
    config::{Environment, Source, load, shadow::Share},
    model::{Headers, Request},
    plan::{SplitPlan, compile},
};

/// How many users are looked at.
const USERS: u32 = 4000;

/// The split of a file.
pub(super) fn plan(split: &Value) -> Arc<SplitPlan> {
    let backend = json!({ "url_pattern": "/old", "extra_config": { "proxy": { "@split": split } } });
    let endpoint = json!({ "endpoint": "/user/{id}", "backend": [backend] });
    let file = json!({ "version": 3, "name": "s", "host": ["http://127.0.0.1:80"], "endpoints": [endpoint] });
    let loaded = load(&Source::Text { name: "krakend.json".into(), text: file.to_string() }, &Environment::default());
    let service = loaded.service.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics));
    Arc::clone(&compile(&service).0.endpoints[0].splits[0])
}

/// A splitter by user with so many variants.
fn splitter(salt: &str, count: usize) -> Splitter {
    let to: Vec<_> = (0..count).map(|_| json!({ "rate": 0 })).collect();
    Splitter::new(plan(&json!({ "key": "param:id", "salt": salt, "to": to })))
}

pub(super) fn of_user(user: &str) -> Request {
    Request {
        method: http::Method::GET,
        headers: Headers::new(),
        trace_number: None,
        query: String::new(),
        params: vec![user.to_owned()],
        claims: None,
        origin: None,
        trace: None,
    }
}

fn share(ratio: f64) -> Share {
    Share::of_ratio(ratio).unwrap()
}

/// Where each user goes at these rates.
fn places(splitter: &Splitter, rates: &[f64]) -> Vec<Option<usize>> {
    splitter.set(&rates.iter().map(|rate| share(*rate)).collect::<Vec<_>>());
    (0..USERS).map(|user| splitter.choose(&of_user(&user.to_string()), 0)).collect()
}

/// Whether chance gives such a count in one of a million cases: five standard deviations and a little.
fn is_plausible(count: usize, rate: f64) -> bool {
    let wanted = f64::from(USERS) * rate;
    (count as f64 - wanted).abs() <= 5.0 * (wanted * (1.0 - rate)).sqrt() + 3.0
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whoever_is_with_the_canary_stays_while_it_grows(salt: String, one in 0.0..=1.0f64, other in 0.0..=1.0f64) {
        let splitter = splitter(&salt, 1);
        let small = places(&splitter, &[one.min(other)]);
        let large = places(&splitter, &[one.max(other)]);
        prop_assert!(small.iter().zip(&large).all(|(small, large)| small.is_none() || large.is_some()));
    }

    #[test]
    fn each_part_is_as_large_as_it_says(salt: String, weights in proptest::collection::vec(0.0..1.0f64, 1..7), all in 0.0..=1.0f64) {
        let sum: f64 = weights.iter().sum::<f64>().max(f64::MIN_POSITIVE);
        let rates: Vec<f64> = weights.iter().map(|weight| weight / sum * all).collect();
        let places = places(&splitter(&salt, rates.len()), &rates);
        let count = |place: Option<usize>| places.iter().filter(|found| **found == place).count();
        for (place, rate) in rates.iter().enumerate() {
            prop_assert!(is_plausible(count(Some(place)), *rate), "{place}: {} of {rate}", count(Some(place)));
        }
        prop_assert!(is_plausible(count(None), 1.0 - rates.iter().sum::<f64>()));
    }

    #[test]
    fn the_first_two_never_take_anybody_from_each_other(salt: String, first in 0.0..=0.5f64, more in 0.0..=0.5f64, second in 0.0..=0.5f64) {
        let splitter = splitter(&salt, 2);
        let before = places(&splitter, &[first.min(more), second]);
        let after = places(&splitter, &[first.max(more), second]);
        for (before, after) in before.iter().zip(&after) {
            prop_assert!(before == after || (*before, *after) == (None, Some(0)));
        }
        let back = places(&splitter, &[first.min(more), second / 2.0]);
        prop_assert!(before.iter().zip(&back).all(|(before, back)| before == back || (*before, *back) == (Some(1), None)));
    }

    #[test]
    fn one_that_grows_only_moves_the_border_of_those_behind_it(salt: String, grown in 0.1..=0.4f64) {
        let splitter = splitter(&salt, 3);
        let before = places(&splitter, &[0.1, 0.2, 0.2]);
        let after = places(&splitter, &[grown, 0.2, 0.2]);
        for (before, after) in before.iter().zip(&after) {
            let is_allowed = matches!((before, after), (Some(2), Some(0)) | (None, Some(0 | 2)));
            prop_assert!(before == after || is_allowed, "{before:?} {after:?}");
        }
    }

    #[test]
    fn every_number_has_its_place_whatever_the_rates(rates in proptest::collection::vec(any::<u64>(), 0..9), number: u64) {
        let rates: Vec<Share> = rates.into_iter().map(Share::of_threshold).collect();
        let place = Dial::new(&rates).pick(number);
        prop_assert!(place.is_none_or(|place| rates[place] != Share::NONE || place >= 2));
    }

    #[test]
    fn the_same_request_goes_to_the_same_place_at_every_node(salt: String, user in "[ -~]{1,40}", rate in 0.0..=1.0f64, drawn: u64) {
        let nodes = [splitter(&salt, 1), splitter(&salt, 1)];
        nodes.iter().for_each(|node| node.set(&[share(rate)]));
        let [one, other] = nodes.map(|node| node.choose(&of_user(&user), drawn));
        prop_assert_eq!(one, other);
    }
}

#[test]
fn a_canary_gets_those_that_a_sample_of_the_same_key_and_salt_gets() {
    let golden: Vec<Value> = serde_json::from_str(include_str!("../shadow/selection/golden.json")).unwrap();
    let mut count = 0;
    for row in golden.iter().filter(|row| row["key_times"].is_null() && row["salt_times"].is_null()) {
        let salt = row["salt"].as_str().unwrap();
        let split = |key: &str| Splitter::new(plan(&json!({ "key": key, "salt": salt, "to": [{ "rate": "10%" }] })));
        let chosen = match (row["key"].as_str(), row["drawn"].as_str()) {
            (Some(key), _) => split("param:id").choose(&of_user(key), 0),
            (_, Some(drawn)) => split("random").choose(&of_user("x"), drawn.parse().unwrap()),
            _ => panic!("{row}"),
        };
        assert_eq!(chosen.is_some(), row["in_10_percent"] == true, "{row}");
        count += 1;
    }
    assert!(count > 20, "the golden values were not read right: {count}");
}

#[test]
fn without_the_key_the_base_takes_it_unless_chance_is_asked_for() {
    let split = |missing: &str| {
        let to = json!([{ "rate": 0.999999 }]);
        Splitter::new(plan(&json!({ "key": "header:X-User", "on_missing_key": missing, "to": to })))
    };
    assert_eq!(split("skip").choose(&of_user("1"), 7), None);
    assert_eq!(split("random").choose(&of_user("1"), 7), Some(0));
}

#[test]
fn a_choice_costs_no_allocation() {
    let splitter = Splitter::new(plan(&json!({ "key": "param:id", "to": [{ "rate": 0.5 }, { "rate": 0.1 }] })));
    let request = of_user("4711");
    let mut chosen = None;
    let allocated = allocation_counter::measure(|| chosen = Some(splitter.choose(&request, 7)));
    assert_eq!((allocated.count_total, chosen.is_some()), (0, true));
}

mod rules {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::super::*;
    use crate::{
        config::{SplitAction, SplitStop},
        stats::{Portion, latency::Latencies, tally::Tally},
    };

    fn rules(error_delta: Option<f64>, p99_ratio: Option<f64>) -> SplitStop {
        SplitStop {
            error_delta,
            p99_ratio,
            min_requests: 100,
            window: Duration::from_secs(60),
            action: SplitAction::Stop,
            webhook: None,
        }
    }

    fn figures(requests: u64, failed: u64, us: u32) -> Figures {
        let latency = Latencies::from_sorted([(us, requests)], requests * u64::from(us), us);
        Figures { requests, failed, latency }
    }

    #[test]
    fn a_rule_is_broken_by_what_is_surely_above_its_limit_and_not_by_less() {
        for (rules, base, variant, broken) in [
            (rules(Some(0.02), None), figures(1000, 10, 1), figures(1000, 40, 1), false),
            (rules(Some(0.02), None), figures(1000, 10, 1), figures(1000, 120, 1), true),
            (rules(Some(0.02), None), figures(1000, 500, 1), figures(100, 60, 9000), false),
            (rules(None, Some(2.0)), figures(1000, 0, 1000), figures(100, 90, 2000), false),
            (rules(None, Some(2.0)), figures(1000, 0, 1000), figures(100, 0, 2100), true),
            (rules(None, Some(2.0)), figures(500, 0, 1000), figures(1000, 0, 9000), false),
            (rules(Some(0.5), Some(2.0)), figures(1000, 0, 1000), figures(100, 0, 2100), true),
            (rules(Some(0.02), Some(2.0)), figures(99, 0, 1), figures(1000, 900, 90), false),
            (rules(Some(0.02), Some(2.0)), figures(1000, 0, 1), figures(99, 99, 90), false),
        ] {
            assert_eq!(judge(&rules, &base, &variant).is_some(), broken, "{rules:?} {base:?} {variant:?}");
        }
    }

    /// After how many calls of each a canary is stopped that is looked at after every 100, up to 6000.
    fn stopped_after(
        seed: u64,
        mut call: impl FnMut(&mut fastrand::Rng, bool) -> (bool, f64),
        is_stopped: impl Fn(&Figures, &Figures) -> bool,
    ) -> Option<u64> {
        let mut random = fastrand::Rng::with_seed(seed);
        let arms = ["base", "canary"].map(|name| Arm::new("GET:/a:0".into(), name.into(), 0.5, None));
        let now = Instant::now();
        (1..=60).map(|look| look * 100).find(|calls| {
            for (arm, is_variant) in arms.iter().zip([false, true]) {
                let ended: Vec<_> = (0..100).map(|_| call(&mut random, is_variant)).collect();
                let mut durations: Vec<_> = ended.iter().map(|(_, us)| *us as u32).collect();
                durations.sort_unstable();
                let sum = durations.iter().map(|us| u64::from(*us)).sum();
                let failed = ended.iter().filter(|(fails, _)| *fails).count() as u64;
                let mut tally = tally(100, &[("status", failed)], 1);
                tally.latency = Latencies::from_sorted(durations.iter().map(|us| (*us, 1)), sum, durations[99]);
                arm.book(&tally, now);
            }
            let [base, variant] = [0, 1].map(|place| arms[place].figures(None, now));
            *calls >= 500 && is_stopped(&base, &variant)
        })
    }

    /// How long a call takes, with a long tail: in microseconds.
    fn duration(random: &mut fastrand::Rng) -> f64 {
        1000.0 - 3000.0 * (1.0 - random.f64()).ln()
    }

    fn is_stopped(base: &Figures, variant: &Figures) -> bool {
        judge(&rules(Some(0.02), Some(1.5)), base, variant).is_some()
    }

    #[test]
    fn chance_never_stops_a_canary_that_does_as_its_base_does() {
        let as_the_base = |random: &mut fastrand::Rng, _| (random.f64() < 0.05, duration(random));
        let seeds = || 0..16;
        let stopped = seeds().filter(|seed| stopped_after(*seed, as_the_base, is_stopped).is_some()).count();
        assert_eq!(stopped, 0, "of 16 canaries that were looked at 56 times");
        // Plain shares would stop some: so this test can fail.
        let is_above = |base: &Figures, variant: &Figures| variant.failed_share() - base.failed_share() > 0.02;
        assert!(seeds().any(|seed| stopped_after(seed, as_the_base, is_above).is_some()));
    }

    #[test]
    fn a_canary_that_fails_too_often_or_is_too_slow_is_stopped_soon() {
        let fails = |random: &mut fastrand::Rng, is_variant| {
            (random.f64() < if is_variant { 0.15 } else { 0.05 }, duration(random))
        };
        let is_slow = |random: &mut fastrand::Rng, is_variant| {
            (random.f64() < 0.05, duration(random) * if is_variant { 3.0 } else { 1.0 })
        };
        for seed in 0..8 {
            let after = [stopped_after(seed, fails, is_stopped), stopped_after(seed, is_slow, is_stopped)];
            assert!(after.iter().all(|calls| calls.is_some_and(|calls| calls <= 3000)), "{seed}: {after:?}");
        }
    }

    #[test]
    fn what_is_broken_is_told_with_both_figures() {
        let breach = judge(&rules(Some(0.02), None), &figures(10_000, 100, 1), &figures(2000, 200, 1)).unwrap();
        let text = breach.to_string();
        assert!(text.starts_with("10.00% of its calls fail, 1.00% of the base's, surely "), "{text}");
        assert!(text.ends_with("% more; 2% more are allowed"), "{text}");
        let breach = judge(&rules(None, Some(2.0)), &figures(1000, 0, 1500), &figures(200, 0, 4000)).unwrap();
        let text = breach.to_string();
        assert!(text.starts_with("its p99 is 4.0 ms, the base's 1.5 ms, surely 2.6"), "{text}");
        assert!(text.ends_with(" times that; 2 times that is allowed"), "{text}");
    }

    fn tally(finished: u64, failed: &[(&'static str, u64)], us: u32) -> Tally {
        let mut tally = Tally::default();
        tally.counts.finished = finished;
        tally.counts.failed = failed.to_vec();
        tally.latency = Latencies::from_sorted([(us, finished)], finished * u64::from(us), us);
        tally
    }

    #[test]
    fn figures_leave_the_window_and_clients_that_leave_are_nobody_s_failure() {
        let arm = Arm::new("GET:/a:0".into(), "canary".into(), 0.5, Some(Duration::from_secs(60)));
        let start = Instant::now();
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        arm.book(&tally(10, &[("cancelled", 2), ("timeout", 3), ("upload", 1)], 5), at(0));
        arm.book(&tally(4, &[], 50), at(30));
        let all = arm.figures(None, at(40));
        assert_eq!((all.requests, all.failed, all.latency.count()), (11, 3, 14));
        assert_eq!(arm.figures(Some(at(10)), at(40)), arm.figures(None, at(80)));
        assert_eq!(arm.figures(None, at(80)).requests, 4);
        assert_eq!(arm.figures(None, at(91)), Figures::default());
    }

    #[test]
    fn what_was_counted_before_a_new_begin_is_forgotten() {
        let arm = Arm::new("GET:/a:0".into(), "canary".into(), 0.5, None);
        let start = Instant::now();
        arm.book(&tally(10, &[], 5), start);
        arm.begin_anew(start + Duration::from_secs(1));
        assert_eq!((arm.figures(None, start + Duration::from_secs(2)).requests, arm.since().is_some()), (0, true));
        arm.book(&tally(3, &[], 5), start + Duration::from_secs(3));
        assert_eq!(arm.figures(None, start + Duration::from_secs(4)).requests, 3);
    }

    #[test]
    fn a_window_holds_no_more_slots_than_it_has() {
        let arm = Arm::new("GET:/a:0".into(), "canary".into(), 0.5, Some(Duration::from_secs(60)));
        let start = Instant::now();
        for second in 0..1000 {
            arm.book(&tally(1, &[], 5), start + Duration::from_secs(second));
        }
        assert_eq!(arm.figures(Some(start), start + Duration::from_secs(1000)).requests, 60);
    }
}

//! Judgements of evidence that is made up.

use std::time::Duration;

use proptest::prelude::*;
use tokio::time::Instant;

use super::*;
use crate::{
    compare::{Ending, Incomparable, LegOutcome, Outside, PairRecord, Sums, Tally, Verdict, variety::AskedFor},
    config::shadow::{StopAction, StopOn},
    stats::{Overhead, overhead::Difference},
};

const fn answer(status: u16, millis: u64) -> LegOutcome {
    LegOutcome { ending: Ending::Status(status), took: Duration::from_millis(millis) }
}

const EQUAL: PairRecord = PairRecord {
    verdict: Verdict::Match,
    live: answer(200, 10),
    shadow: answer(200, 11),
    baseline: None,
    baseline_differs: None,
};

static NOTHING_LOST: Losses = Losses { of_shadow: Vec::new(), of_gateway: Vec::new() };

/// Pairs, each so often.
fn sums(pairs: &[(PairRecord, usize)]) -> Sums {
    let now = Instant::now();
    let mut tally = Tally::new(Duration::from_secs(600), now);
    for (record, times) in pairs {
        (0..*times).for_each(|_| tally.record(record, now));
    }
    tally.total().clone()
}

fn outside(sums: &Sums) -> Outside<'static> {
    Outside {
        situation: Situation::Running,
        losses: &NOTHING_LOST,
        sent: sums.pairs(),
        path: "/user/{id}",
        offered: sums.pairs(),
        kept_out: &[],
        overhead: None,
        limits: ReadinessLimits::default(),
    }
}

fn evidence(sums: &Sums) -> Evidence<'_> {
    let asked_for = AskedFor { paths: 7, queries: 1 };
    Evidence { outside: outside(sums), sums, different_fields: &[], different: 0, field_patterns: 12, asked_for }
}

/// The same, of what is seen of it from outside.
fn seen<'a>(sums: &'a Sums, outside: Outside<'a>) -> Evidence<'a> {
    Evidence { outside, ..evidence(sums) }
}

/// The verdict, and the codes of what does not speak for it.
fn judged(evidence: &Evidence<'_>) -> (ReadinessVerdict, Vec<(Code, Holding)>) {
    let readiness = readiness(evidence);
    assert_eq!(readiness.reasons.len() + readiness.holds.len(), Code::ALL.len());
    let reasons = readiness.reasons.iter().map(|reason| (reason.code, reason.holding)).collect();
    (readiness.verdict, reasons)
}

const fn mismatch() -> PairRecord {
    PairRecord { verdict: Verdict::Mismatch, ..EQUAL }
}

#[test]
fn four_thousand_equal_pairs_are_ready_with_a_bound() {
    let sums = sums(&[(EQUAL, 4000)]);
    let readiness = readiness(&evidence(&sums));
    assert_eq!((readiness.verdict, readiness.reasons.as_slice()), (ReadinessVerdict::Ready, [].as_slice()));
    assert!((readiness.figures.mismatch_bound - 3.5 / 4000.0).abs() < 2e-5, "{:?}", readiness.figures);
    let said = readiness.holds.iter().find(|reason| reason.code == Code::Mismatches).unwrap();
    assert!(said.says.starts_with("0 of 4000 pairs differ: at most 0.08"), "{said:?}");
}

#[test]
fn too_few_pairs_are_never_ready() {
    let nothing = sums(&[]);
    assert_eq!(judged(&evidence(&nothing)).0, ReadinessVerdict::NotEnoughData);
    let few = sums(&[(EQUAL, 1000)]);
    let readiness = readiness(&evidence(&few));
    assert_eq!(readiness.verdict, ReadinessVerdict::NotEnoughData);
    assert_eq!(readiness.reasons.iter().map(|reason| reason.code).collect::<Vec<_>>(), [Code::Mismatches]);
    assert!(readiness.reasons[0].says.contains("without another difference that takes about 35"), "{readiness:?}");
}

#[test]
fn differences_surely_above_the_limit_are_not_ready_and_a_single_one_is_undecided() {
    let many = sums(&[(EQUAL, 3000), (mismatch(), 30)]);
    assert_eq!(judged(&evidence(&many)), (ReadinessVerdict::NotReady, vec![(Code::Mismatches, Holding::Fails)]));
    let one = sums(&[(EQUAL, 3000), (mismatch(), 1)]);
    assert_eq!(judged(&evidence(&one)), (ReadinessVerdict::NotEnoughData, vec![(Code::Mismatches, Holding::Unknown)]));
}

#[test]
fn each_thing_that_speaks_against_it_is_named() {
    let good = sums(&[(EQUAL, 4000)]);
    let names = ["$.price".to_owned(), "$.name".to_owned()];
    let fields = Evidence { different: 2, different_fields: &names, ..evidence(&good) };
    assert_eq!(judged(&fields), (ReadinessVerdict::NotReady, vec![(Code::Fields, Holding::Fails)]));
    assert_eq!(readiness(&fields).reasons[0].names, names);
    let failing =
        PairRecord { verdict: Verdict::Incomparable(Incomparable::ShadowError), shadow: answer(503, 1), ..EQUAL };
    let errors = sums(&[(EQUAL, 4000), (failing, 100)]);
    assert_eq!(judged(&evidence(&errors)), (ReadinessVerdict::NotReady, vec![(Code::Errors, Holding::Fails)]));
    let slow = sums(&[(PairRecord { shadow: answer(200, 16), ..EQUAL }, 4000)]);
    assert_eq!(judged(&evidence(&slow)), (ReadinessVerdict::NotReady, vec![(Code::Latency, Holding::Fails)]));
    let large = PairRecord { verdict: Verdict::Incomparable(Incomparable::TooLarge), ..EQUAL };
    let large = sums(&[(EQUAL, 4000), (large, 400)]);
    let undecided = |code| (ReadinessVerdict::NotEnoughData, vec![(code, Holding::Unknown)]);
    assert_eq!(judged(&evidence(&large)), undecided(Code::Comparable));
    let missing = PairRecord { verdict: Verdict::Incomparable(Incomparable::TooLarge), live: answer(404, 10), ..EQUAL };
    let missing = sums(&[(EQUAL, 4000), (missing, 100)]);
    assert_eq!(judged(&evidence(&missing)), undecided(Code::Coverage));
    assert_eq!(readiness(&evidence(&missing)).reasons[0].names, ["404"]);
}

#[test]
fn what_the_shadow_has_no_room_for_speaks_against_it_and_what_the_gateway_sheds_is_only_missing() {
    let good = sums(&[(EQUAL, 4000)]);
    for (shadow, gateway, verdict) in [
        (100, 0, ReadinessVerdict::NotReady),
        (100, 900, ReadinessVerdict::NotReady),
        (0, 100, ReadinessVerdict::NotEnoughData),
        (30, 30, ReadinessVerdict::NotEnoughData),
        (10, 10, ReadinessVerdict::Ready),
    ] {
        let losses = Losses { of_shadow: vec![("queue_full", shadow)], of_gateway: vec![("overload", gateway)] };
        let evidence = seen(&good, Outside { losses: &losses, ..outside(&good) });
        let found = readiness(&evidence);
        assert_eq!(found.verdict, verdict, "{shadow} {gateway}");
        assert!(found.dropped >= found.dropped_by_shadow);
        let told = found.reasons.iter().chain(&found.holds).find(|reason| reason.code == Code::Drops).unwrap();
        let said = format!("because of the shadow: queue_full {shadow}; because of the gateway: overload {gateway}");
        assert!(told.says.ends_with(&said) && told.names == ["queue_full", "overload"], "{told:?}");
    }
}

#[test]
fn a_shadow_that_fails_now_and_then_as_the_live_side_does_is_neither_ready_nor_not() {
    let failing = |live, shadow| PairRecord {
        verdict: Verdict::Incomparable(Incomparable::ShadowError),
        live: answer(live, 10),
        shadow: answer(shadow, 10),
        ..EQUAL
    };
    let errors = |lone_shadow, lone_live| {
        let all = [(EQUAL, 4000), (failing(200, 503), lone_shadow), (failing(503, 200), lone_live)];
        let sums = sums(&all);
        let found = readiness(&evidence(&sums));
        let reason = found.reasons.iter().chain(&found.holds).find(|reason| reason.code == Code::Errors).unwrap();
        (reason.holding, reason.says.clone())
    };
    assert_eq!(errors(0, 0).0, Holding::Holds);
    assert_eq!(errors(4, 3).0, Holding::Holds);
    assert_eq!(errors(18, 0).0, Holding::Unknown, "0.45 % were seen, and the true share may be above 0.5 %");
    assert_eq!(errors(30, 0).0, Holding::Unknown, "0.75 % were seen, and the true share may be below 0.5 %");
    assert_eq!(errors(60, 0).0, Holding::Fails);
    let said = errors(60, 1).1;
    assert_eq!(said, "the shadow failed in 60 of 4061 pairs, the live side in 1: more than 0.5% more, 95 times of 100");
    // Failing together says nothing.
    let both = sums(&[(EQUAL, 4000), (failing(503, 503), 300)]);
    assert_eq!(both.lone_errors(), [0, 0]);
}

/// A pipeline that asks and asks until it hears a yes hears a wrong one in less than 5 of 100 cases.
#[test]
fn who_asks_until_a_shadow_is_ready_is_seldom_told_so_of_one_that_is_not() {
    let mut random = fastrand::Rng::with_seed(3);
    let limits =
        ReadinessLimits { min_pairs: 40, mismatch_bound: 0.06, error_delta: 0.06, ..ReadinessLimits::default() };
    let failing = PairRecord { shadow: answer(503, 10), ..EQUAL };
    for (wrong, code) in [(mismatch(), Code::Mismatches), (failing, Code::Errors)] {
        let (runs, mut misled) = (150, 0);
        for _ in 0..runs {
            let now = Instant::now();
            let mut tally = Tally::new(Duration::from_secs(600), now);
            let is_told = (0..60).any(|_| {
                (0..6).for_each(|_| tally.record(if random.f64() < 0.06 { &wrong } else { &EQUAL }, now));
                let sums = tally.total();
                let found = readiness(&seen(sums, Outside { limits, ..outside(sums) }));
                !found.reasons.iter().any(|reason| reason.code == code)
            });
            misled += usize::from(is_told);
        }
        assert!(misled * 20 <= runs, "{misled} of {runs}: {code:?}");
    }
}

/// The same for how long its answers take.
#[test]
fn who_asks_until_a_shadow_is_quick_enough_is_seldom_told_so_of_one_that_is_not() {
    let mut random = fastrand::Rng::with_seed(5);
    let limits = ReadinessLimits { min_pairs: 500, p99_ratio: 1.25, ..ReadinessLimits::default() };
    for (slower, wrong) in [(1.3, Holding::Holds), (1.2, Holding::Fails)] {
        let (runs, mut misled) = (60, 0);
        for _ in 0..runs {
            let mut took = |times: f64| Duration::from_secs_f64((0.004 - 0.003 * (1.0 - random.f64()).ln()) * times);
            let now = Instant::now();
            let mut tally = Tally::new(Duration::from_secs(600), now);
            let is_told = (0..20).any(|_| {
                for _ in 0..150 {
                    let [live, shadow] = [1.0, slower].map(&mut took);
                    let record = PairRecord {
                        live: LegOutcome { took: live, ..EQUAL.live },
                        shadow: LegOutcome { took: shadow, ..EQUAL.shadow },
                        ..EQUAL
                    };
                    tally.record(&record, now);
                }
                let sums = tally.total();
                let found = readiness(&seen(sums, Outside { limits, ..outside(sums) }));
                found.reasons.iter().chain(&found.holds).any(|told| told.code == Code::Latency && told.holding == wrong)
            });
            misled += usize::from(is_told);
        }
        assert!(misled * 20 <= runs, "{misled} of {runs}: {wrong:?}");
    }
}

#[test]
fn what_it_costs_the_clients_counts_when_it_is_sure() {
    let good = sums(&[(EQUAL, 4000)]);
    let with = |interval| {
        let overhead = Overhead {
            p99: Some(Difference { difference: 1.0, interval }),
            holdout_p99: Some([9.0, 10.0]),
            ..Overhead::default()
        };
        judged(&seen(&good, Outside { overhead: Some(&overhead), ..outside(&good) })).0
    };
    assert_eq!(with(None), ReadinessVerdict::Ready);
    assert_eq!(with(Some([0.4, 2.0])), ReadinessVerdict::Ready, "half a millisecond is allowed");
    assert_eq!(with(Some([0.6, 2.0])), ReadinessVerdict::NotReady);
}

#[test]
fn one_path_says_nothing_of_the_others_that_an_endpoint_has() {
    let good = sums(&[(EQUAL, 4000)]);
    let asked = |path, paths| {
        let asked_for = AskedFor { paths, queries: 1 };
        let found = readiness(&Evidence { asked_for, ..seen(&good, Outside { path, ..outside(&good) }) });
        let told = found.reasons.iter().chain(&found.holds).find(|told| told.code == Code::Variety).unwrap();
        (found.verdict, told.says.clone())
    };
    let (verdict, says) = asked("/user/{id}", 1);
    assert_eq!(verdict, ReadinessVerdict::NotEnoughData);
    assert_eq!(says, "one path and one query were asked for, and /user/{id} has more of them");
    assert_eq!(asked("/files/*", 1).0, ReadinessVerdict::NotEnoughData);
    assert_eq!(asked("/user/{id}", 2), (ReadinessVerdict::Ready, "2 paths and one query were asked for".to_owned()));
    assert_eq!(asked("/status", 1).0, ReadinessVerdict::Ready);
    assert!(asked("/user/{id}", 1024).1.starts_with("1024 or more paths"));
}

#[test]
fn what_the_policy_keeps_out_is_told_and_not_held_against_it() {
    let good = sums(&[(EQUAL, 4000)]);
    let kept_out = [("write_denied", 40), ("unmatched", 2)];
    let found = readiness(&seen(&good, Outside { kept_out: &kept_out, offered: 5000, ..outside(&good) }));
    assert_eq!((found.verdict, found.coverage.requests), (ReadinessVerdict::Ready, 5000));
    assert_eq!(found.coverage.kept_out["write_denied"], 40);
    let told = found.holds.iter().find(|told| told.code == Code::Variety).unwrap();
    assert!(told.says.ends_with("of 5000 requests the policy keeps out: write_denied 40, unmatched 2"), "{told:?}");
}

#[test]
fn what_the_shadow_does_counts() {
    let good = sums(&[(EQUAL, 4000)]);
    for (situation, verdict) in [
        (Situation::Running, ReadinessVerdict::Ready),
        (Situation::Expired, ReadinessVerdict::Ready),
        (Situation::Paused, ReadinessVerdict::NotEnoughData),
        (Situation::DryRun, ReadinessVerdict::NotEnoughData),
        (Situation::NotCompared, ReadinessVerdict::NotEnoughData),
        (Situation::Stopped, ReadinessVerdict::NotReady),
        (Situation::Killed, ReadinessVerdict::NotReady),
    ] {
        assert_eq!(judged(&seen(&good, Outside { situation, ..outside(&good) })).0, verdict, "{situation:?}");
    }
}

#[test]
fn what_speaks_against_it_comes_before_what_is_unknown() {
    let few = sums(&[(EQUAL, 10)]);
    let losses = Losses { of_shadow: vec![("queue_full", 5)], ..Losses::default() };
    let (verdict, reasons) =
        judged(&seen(&few, Outside { situation: Situation::Killed, losses: &losses, ..outside(&few) }));
    assert_eq!(verdict, ReadinessVerdict::NotReady);
    let codes: Vec<_> = reasons.iter().map(|(code, _)| *code).collect();
    assert_eq!(codes, [Code::State, Code::Drops, Code::Pairs, Code::Mismatches, Code::Errors, Code::Latency]);
}

#[test]
fn stop_rules_are_the_limits_where_there_are_any() {
    let stop_on = StopOn {
        mismatch_rate: Some(0.02),
        error_delta: None,
        p99_ratio: Some(3.0),
        overhead_p99: None,
        min_pairs: 100,
        window: Duration::from_secs(600),
        action: StopAction::Pause,
        webhook: None,
    };
    let limits = ReadinessLimits::new(Some(&stop_on));
    let wanted = ReadinessLimits { mismatch_bound: 0.02, p99_ratio: 3.0, min_pairs: 100, ..ReadinessLimits::default() };
    assert_eq!(limits, wanted);
    assert_eq!(ReadinessLimits::new(None), ReadinessLimits::default());
}

#[test]
fn a_judgement_is_json_with_codes_and_sentences() {
    let few = sums(&[(EQUAL, 10)]);
    let json = serde_json::to_value(readiness(&evidence(&few))).unwrap();
    assert_eq!(json["verdict"], "not_enough_data");
    assert_eq!(json["reasons"][0]["code"], "pairs");
    assert_eq!(json["reasons"][0]["holding"], "unknown");
    assert_eq!(json["reasons"][0]["says"], "10 pairs were compared, 500 are wanted");
    assert_eq!((&json["reasons"][0]["measured"], &json["reasons"][0]["limit"]), (&10.0.into(), &500.0.into()));
    assert_eq!(json["figures"]["match"], 10);
}

proptest! {
    #[test]
    fn arbitrary_evidence_is_never_ready_with_differences_above_the_limit(
        equal in 0_usize..5000, different in 0_usize..60, dropped in 0_u64..50, shed in 0_u64..50, named: bool,
    ) {
        let sums = sums(&[(EQUAL, equal), (mismatch(), different)]);
        let losses = Losses { of_shadow: vec![("concurrency", dropped)], of_gateway: vec![("overload", shed)] };
        let evidence = Evidence {
            different: u64::from(named),
            ..seen(&sums, Outside { losses: &losses, ..outside(&sums) })
        };
        let readiness = readiness(&evidence);
        let is_ready = readiness.verdict == ReadinessVerdict::Ready;
        prop_assert!(!is_ready || (sums.mismatch_rate() <= 0.001 && !named && sums.compared() >= 500));
        prop_assert!(!is_ready || dropped + shed <= sums.pairs() / 50);
        prop_assert_eq!(is_ready, readiness.reasons.is_empty());
    }
}

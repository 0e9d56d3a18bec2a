//! Tallies under a clock that the tests turn.

use std::time::Duration;

use proptest::prelude::*;
use tokio::time::Instant;

use super::*;
use crate::{
    compare::{Incomparable, Verdict, counting::statuses::STATUSES_MAX},
    model::Kind,
    stats::anytime::OF_VERDICTS,
};

const SECOND: Duration = Duration::from_secs(1);

fn answer(status: u16, millis: u64) -> LegOutcome {
    LegOutcome { ending: Ending::Status(status), took: Duration::from_millis(millis) }
}

fn failed(kind: Kind) -> LegOutcome {
    LegOutcome { ending: Ending::Failed(kind), took: Duration::from_secs(3) }
}

fn pair(verdict: Verdict) -> PairRecord {
    PairRecord { verdict, live: answer(200, 10), shadow: answer(200, 20), baseline: None, baseline_differs: None }
}

#[test]
fn ignored_and_noise_are_no_matches() {
    let now = Instant::now();
    let mut tally = Tally::new(SECOND, now);
    let unpacked = Verdict::Incomparable(Incomparable::Encoding);
    for verdict in [Verdict::Match, Verdict::Ignored, Verdict::Noise, Verdict::Mismatch, Verdict::Mismatch, unpacked] {
        tally.record(&pair(verdict), now);
    }
    let figures = tally.total().figures();
    assert_eq!((figures.matches, figures.ignored, figures.noise, figures.mismatch), (1, 1, 1, 2));
    assert_eq!((figures.pairs, figures.compared, figures.incomparable["encoding"]), (6, 5, 1));
    assert!((figures.mismatch_rate - 0.4).abs() < 1e-12);
}

#[test]
fn failures_and_5xx_are_errors_and_calls_given_up_are_not() {
    let now = Instant::now();
    let mut tally = Tally::new(SECOND, now);
    for (live, shadow) in [
        (answer(200, 1), answer(503, 1)),
        (answer(500, 1), failed(Kind::Timeout)),
        (answer(404, 1), failed(Kind::Cancelled)),
        (failed(Kind::Cancelled), answer(200, 1)),
        (answer(999, 1), answer(204, 1)),
    ] {
        tally.record(&PairRecord { live, shadow, ..pair(Verdict::Match) }, now);
    }
    let figures = tally.total().figures();
    assert_eq!((figures.live_errors, figures.shadow_errors), (1, 2));
    assert!((figures.error_delta - 0.2).abs() < 1e-12);
    let cells: Vec<_> = figures.matrix.iter().map(|cell| (cell.live, cell.shadow, cell.pairs)).collect();
    assert_eq!(cells, [("2xx", "5xx", 1), ("4xx", "failed", 1), ("5xx", "failed", 1), ("failed", "2xx", 2)]);
}

#[test]
fn only_answers_are_timed_and_the_baseline_has_the_shadow_of_its_own_pairs() {
    let now = Instant::now();
    let mut tally = Tally::new(SECOND, now);
    tally.record(&PairRecord { shadow: failed(Kind::Timeout), ..pair(Verdict::Match) }, now);
    tally.record(&PairRecord { shadow: answer(200, 50), ..pair(Verdict::Match) }, now);
    tally.record(&PairRecord { shadow: answer(200, 30), baseline: Some(answer(200, 15)), ..pair(Verdict::Match) }, now);
    let latency = tally.total().figures().latency;
    assert_eq!((latency.live.count, latency.shadow.count, latency.baseline.count), (3, 2, 1));
    assert!((latency.shadow_beside_baseline.max - 30.0).abs() < 1e-9, "{latency:?}");
}

#[test]
fn the_window_forgets_what_is_older_and_the_total_does_not() {
    let start = Instant::now();
    let mut tally = Tally::new(SECOND * 20, start);
    for second in 0..30 {
        tally.record(&pair(Verdict::Match), start + SECOND * second);
    }
    let at_29 = tally.recent(start + SECOND * 29);
    assert_eq!((at_29.pairs(), at_29.live.count(), at_29.shadow.count()), (20, 20, 20));
    assert_eq!(tally.recent(start + SECOND * 39).pairs(), 10);
    assert_eq!(tally.recent(start + SECOND * 3600), Sums::default());
    assert_eq!((tally.total().pairs(), tally.total().live.count()), (30, 30));
}

#[test]
fn a_window_that_begins_anew_has_no_old_pairs() {
    let start = Instant::now();
    let mut tally = Tally::new(SECOND * 20, start);
    tally.record(&pair(Verdict::Mismatch), start + SECOND);
    tally.restart(start + SECOND * 2);
    assert_eq!(tally.recent(start + SECOND * 2), Sums::default());
    tally.record(&pair(Verdict::Match), start + SECOND * 3);
    let recent = tally.recent(start + SECOND * 3);
    assert_eq!((recent.matches, recent.mismatches, recent.live.count()), (1, 0, 1));
    assert_eq!(tally.total().mismatches, 1);
}

#[test]
fn what_turns_out_to_be_noise_leaves_errors_and_durations_in_the_window() {
    let start = Instant::now();
    let mut tally = Tally::new(SECOND * 20, start);
    let second = PairRecord { baseline: Some(answer(200, 15)), ..pair(Verdict::Mismatch) };
    for (differs, at) in [(false, 1), (true, 2), (false, 3)] {
        let record = PairRecord { baseline_differs: Some(differs), shadow: answer(500, 20), ..second };
        tally.record(&record, start + SECOND * at);
        tally.record(&PairRecord { verdict: Verdict::Match, ..record }, start + SECOND * at);
    }
    let now = start + SECOND * 3;
    let before = tally.recent(now);
    assert_eq!((before.baseline_mismatches, before.only_shadow_differs, before.only_baseline_differs), (2, 2, 1));
    tally.reappraise(2);
    let wanted = Sums {
        noise: 3,
        mismatches: 0,
        reappraised: 3,
        baseline_pairs: 0,
        baseline_mismatches: 0,
        only_shadow_differs: 0,
        only_baseline_differs: 0,
        ..before
    };
    assert_eq!(tally.recent(now), wanted);
    let total = tally.total();
    assert_eq!((total.mismatches, total.noise, total.reappraised, total.pairs()), (1, 2, 2, 6));
}

#[test]
fn statuses_that_are_made_up_take_no_memory() {
    let now = Instant::now();
    let mut tally = Tally::new(SECOND, now);
    for status in 100..=999 {
        tally.record(&PairRecord { live: answer(status, 1), ..pair(Verdict::Match) }, now);
    }
    let statuses = &tally.total().statuses;
    assert_eq!((statuses.told_apart().len(), statuses.pairs()), (STATUSES_MAX, 900));
    assert_eq!(statuses.others(), 900 - STATUSES_MAX as u64);
}

#[test]
fn the_second_live_answer_is_the_reference_once_there_are_enough() {
    let now = Instant::now();
    let mut tally = Tally::new(SECOND, now);
    assert_eq!(tally.total().p99_ratio(OF_VERDICTS), None);
    let with_baseline = PairRecord { baseline: Some(answer(200, 20)), ..pair(Verdict::Match) };
    for _ in 0..450 {
        tally.record(&pair(Verdict::Match), now);
        tally.record(&with_baseline, now);
    }
    let ratio = tally.total().p99_ratio(OF_VERDICTS).unwrap();
    assert_eq!((ratio.to, ratio.answers), (Reference::Live, 900));
    assert!(ratio.interval.is_some_and(|[low, high]| low <= 2.0 && 2.0 <= high) && (ratio.ratio - 2.0).abs() < 0.03);
    for _ in 0..450 {
        tally.record(&with_baseline, now);
    }
    let ratio = tally.total().p99_ratio(OF_VERDICTS).unwrap();
    assert_eq!((ratio.to, ratio.answers), (Reference::Baseline, 900));
    assert!((ratio.ratio - 1.0).abs() < 0.02, "{ratio:?}");
}

fn any_leg() -> impl Strategy<Value = LegOutcome> {
    let ending = prop_oneof![
        any::<u16>().prop_map(Ending::Status),
        (100_u16..600).prop_map(Ending::Status),
        prop::sample::select(&Kind::ALL[..]).prop_map(Ending::Failed),
    ];
    (ending, any::<u32>()).prop_map(|(ending, us)| LegOutcome { ending, took: Duration::from_micros(us.into()) })
}

fn any_record() -> impl Strategy<Value = PairRecord> {
    let verdict = prop_oneof![
        Just(Verdict::Match),
        Just(Verdict::Ignored),
        Just(Verdict::Noise),
        Just(Verdict::Mismatch),
        prop::sample::select(&Incomparable::ALL[..]).prop_map(Verdict::Incomparable),
    ];
    (verdict, any_leg(), any_leg(), prop::option::of(any_leg())).prop_map(|(verdict, live, shadow, baseline)| {
        PairRecord { verdict, live, shadow, baseline, baseline_differs: None }
    })
}

proptest! {
    /// What a naive list says: every pair has one verdict and one place, and the window has those of its slots.
    #[test]
    fn a_tally_is_what_a_list_of_its_pairs_says(records in prop::collection::vec((any_record(), 0_u64..3000), 0..80)) {
        let start = Instant::now();
        let mut tally = Tally::new(SECOND * 20, start);
        let (mut now, mut list) = (0, Vec::new());
        for (record, pause) in &records {
            now += pause;
            tally.record(record, start + Duration::from_millis(now));
            list.push(now / 1000);
        }
        let recent = tally.recent(start + Duration::from_millis(now));
        let wanted = list.iter().filter(|slot| now / 1000 - **slot < 20).count() as u64;
        prop_assert_eq!(recent.pairs(), wanted);
        let answers = |sums: &Sums| sums.statuses.pairs();
        prop_assert_eq!(recent.live.count(), answers(&recent));
        let total = tally.total();
        prop_assert_eq!(total.pairs(), records.len() as u64);
        prop_assert_eq!(total.matrix.as_flattened().iter().sum::<u64>(), total.pairs());
        prop_assert_eq!(total.live.count(), answers(total));
        prop_assert_eq!(total.baseline.count() , records.iter().filter(|(record, _)| matches!(record.baseline, Some(LegOutcome { ending: Ending::Status(_), .. }))).count() as u64);
    }

    #[test]
    fn moments_in_any_order_never_panic(moments in prop::collection::vec(0_u64..100_000, 0..60), window in 0_u64..100_000) {
        let start = Instant::now();
        let mut tally = Tally::new(Duration::from_millis(window), start + SECOND);
        for (number, millis) in moments.iter().enumerate() {
            let now = start + Duration::from_millis(*millis);
            if number % 7 == 0 { tally.restart(now) } else { tally.record(&pair(Verdict::Match), now) }
            prop_assert!(tally.recent(now).pairs() <= tally.total().pairs());
        }
    }
}

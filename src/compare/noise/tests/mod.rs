//! Claims about the decisions: first on what single fields become, then on how often that is wrong.

mod simulation;

use std::{
    collections::BTreeMap,
    iter,
    time::{Duration, SystemTime},
};

use proptest::prelude::*;
use simulation::{Outcome, Scene, play};

use super::{Decision, FIELDS_MAX, Fields, PATH_BYTES_MAX};
use crate::{
    compare::{Comparison, Difference, DifferenceKind, Incomparable, Verdict},
    config::shadow::{Baseline, BaselineMode, Share},
};

const VALUE: DifferenceKind = DifferenceKind::Value;
const DAY: Duration = Duration::from_secs(24 * 3600);
const LEARNED: BaselineMode = BaselineMode::Learned { lasts: Duration::from_secs(3600), pairs: 2000 };
const NONE: Option<iter::Empty<(&str, DifferenceKind)>> = None;

fn at(since: Duration) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000) + since
}

fn start() -> SystemTime {
    at(Duration::ZERO)
}

fn fields(mode: BaselineMode) -> Fields {
    Fields::new(&Baseline { mode, sample: Share::ALL })
}

/// Records pairs with a second live answer, in `$.x`: whether the shadow differs, whether the baseline does, how often.
fn record(fields: &mut Fields, pairs: &[(bool, bool, u64)]) {
    for (shadow, baseline, times) in pairs {
        let of = |differs: &bool| differs.then_some(("$.x", VALUE));
        for _ in 0..*times {
            fields.record(of(shadow), Some(of(baseline)), start());
        }
    }
}

fn decision(fields: &Fields) -> Option<Decision> {
    fields.decision("$.x", VALUE)
}

#[test]
fn differences_count_until_there_is_evidence() {
    let mut fields = fields(BaselineMode::DualPrimary);
    record(&mut fields, &[(true, true, 49)]);
    assert_eq!((decision(&fields), fields.is_noise("$.x", VALUE)), (Some(Decision::Undecided), false));
    record(&mut fields, &[(true, true, 1)]);
    assert_eq!((decision(&fields), fields.is_noise("$.x", VALUE)), (Some(Decision::Noise), true));
    assert!(!fields.is_noise("$.x", DifferenceKind::Missing), "another way to differ is another field");
    assert!(!fields.is_noise("$.y", VALUE), "nobody has seen it");
}

#[test]
fn a_field_that_only_the_shadow_changes_is_real_at_the_first_look_that_can_tell() {
    let mut few = fields(BaselineMode::DualPrimary);
    record(&mut few, &[(true, false, 5), (false, false, 45)]);
    assert_eq!(decision(&few), Some(Decision::Undecided), "5 : 0 is one of 32");
    let mut enough = fields(BaselineMode::DualPrimary);
    record(&mut enough, &[(true, false, 6), (false, false, 44)]);
    assert_eq!(decision(&enough), Some(Decision::Different), "6 : 0 is one of 64, below 1/40");
    assert!(enough.rows()[0].p_value.is_some_and(|found| (found * 64.0 - 1.0).abs() < 1e-9));
}

#[test]
fn a_baseline_that_never_differs_makes_nothing_noise() {
    let mut fields = fields(BaselineMode::DualPrimary);
    record(&mut fields, &[(true, false, 1), (false, false, 3199)]);
    assert_eq!(decision(&fields), Some(Decision::Undecided));
}

#[test]
fn noise_becomes_a_difference_when_the_shadow_gets_worse() {
    let mut fields = fields(BaselineMode::DualPrimary);
    record(&mut fields, &[(true, false, 10), (false, true, 10), (true, true, 10), (false, false, 70)]);
    assert_eq!(decision(&fields), Some(Decision::Noise));
    record(&mut fields, &[(true, false, 40), (false, true, 10), (false, false, 50)]);
    assert_eq!(decision(&fields), Some(Decision::Different));
    // And back, once what is seen says so for long enough.
    record(&mut fields, &[(true, false, 300), (false, true, 320), (false, false, 2580)]);
    assert_eq!(decision(&fields), Some(Decision::Noise));
}

#[test]
fn an_excess_below_one_in_two_thousand_is_never_called_different() {
    for (excess, expected) in [(49, Decision::Undecided), (52, Decision::Different)] {
        let mut fields = fields(BaselineMode::DualPrimary);
        record(&mut fields, &[(false, false, 102_400 - excess), (true, false, excess)]);
        assert_eq!(decision(&fields), Some(expected), "{excess}");
    }
}

#[test]
fn looking_changes_nothing() {
    let mut fields = fields(BaselineMode::DualPrimary);
    record(&mut fields, &[(false, false, 51), (true, false, 40)]);
    for _ in 0..100 {
        assert_eq!((fields.rows()[0].decision, fields.rows()[0].p_value), (Decision::Undecided, None));
    }
    let summary = fields.summary();
    assert_eq!((summary.looks, summary.next_look, summary.pairs), (1, Some(100), 91));
    record(&mut fields, &[(false, false, 9)]);
    assert_eq!(decision(&fields), Some(Decision::Different));
}

#[test]
fn a_pair_counts_once_however_often_a_place_occurs_in_it() {
    let mut fields = fields(BaselineMode::DualPrimary);
    fields.record([("$.x", VALUE); 5], Some([("$.x", VALUE); 3]), start());
    fields.record([("$.x", VALUE); 5], Some([]), start());
    fields.record([], Some([("$.x", VALUE); 3]), start());
    fields.record([("$.x", VALUE); 2], NONE, start() + DAY);
    let row = &fields.rows()[0];
    assert_eq!((row.raw, row.raw_rate, row.noise, row.noise_rate), (3, Some(0.75), 2, Some(2.0 / 3.0)));
    assert_eq!((row.c10, row.c01), (1, 1));
    assert_eq!(row.last_seen_ms - row.first_seen_ms, 86_400_000);
}

#[test]
fn the_table_is_bounded_and_says_what_it_lost() {
    let mut fields = fields(BaselineMode::DualPrimary);
    let paths: Vec<String> = (0..FIELDS_MAX + 7).map(|number| format!("$.{number}")).collect();
    fields.record(paths.iter().map(|path| (&**path, VALUE)), Some([]), start());
    assert_eq!((fields.summary().fields, fields.summary().overflow), (2000, 7));
    fields.record([("$.0", VALUE), ("$.0", DifferenceKind::Type), ("$.2001", VALUE)], NONE, start());
    assert_eq!((fields.summary().fields, fields.summary().overflow), (2001, 8));
    assert_eq!((fields.rows()[0].path.as_ref(), fields.rows()[0].raw), ("$.0", 2));
    assert_eq!(fields.decision("$.2001", VALUE), None);
}

#[test]
fn long_places_find_no_room() {
    let mut fields = fields(BaselineMode::DualPrimary);
    let (long, longer) = ("x".repeat(PATH_BYTES_MAX), "x".repeat(PATH_BYTES_MAX + 1));
    fields.record([(&*long, VALUE), (&*longer, VALUE)], NONE, start());
    assert_eq!((fields.summary().fields, fields.summary().overflow), (1, 1));
}

#[test]
fn people_can_ignore_what_they_know_and_take_it_back() {
    for mode in [BaselineMode::Off, BaselineMode::DualPrimary, BaselineMode::Diffy, LEARNED] {
        let mut fields = fields(mode);
        assert!(!fields.ignore("$.x", None), "nothing is known yet");
        record(&mut fields, &[(true, false, 10)]);
        fields.record([("$.x", DifferenceKind::Missing)], NONE, start());
        assert!(!fields.ignore("$.x", Some(DifferenceKind::Type)));
        assert!(fields.ignore("$.x", Some(VALUE)));
        assert_eq!((fields.is_noise("$.x", VALUE), fields.is_noise("$.x", DifferenceKind::Missing)), (true, false));
        record(&mut fields, &[(true, false, 90)]);
        assert!(fields.is_noise("$.x", VALUE), "a look does not undo it");
        assert!(fields.ignore("$.x", None) && fields.is_noise("$.x", DifferenceKind::Missing));
        assert!(fields.heed("$.x", None) && !fields.is_noise("$.x", VALUE));
    }
}

#[test]
fn without_a_baseline_every_field_is_different() {
    let mut fields = fields(BaselineMode::Off);
    assert!(!fields.wants_baseline(start()));
    fields.record([("$.x", VALUE)], NONE, start());
    assert_eq!(decision(&fields), Some(Decision::Different));
    assert_eq!((fields.rows()[0].noise_rate, fields.summary().next_look), (None, None));
}

#[test]
fn diffys_limits_are_a_fifth_of_the_sum_and_three_of_ten_thousand() {
    let different = |shadow, baseline, pairs: u64| {
        let mut fields = fields(BaselineMode::Diffy);
        record(&mut fields, &[(true, false, shadow), (false, true, baseline)]);
        record(&mut fields, &[(false, false, pairs - shadow - baseline)]);
        decision(&fields) == Some(Decision::Different)
    };
    assert!(!different(60, 40, 1000), "20 of 100 are not more than a fifth");
    assert!(different(61, 40, 1000));
    assert!(different(1, 0, 1000), "what chance may have added is not asked");
    assert!(!different(3, 0, 10_000));
    assert!(different(4, 0, 10_000));
}

#[test]
fn what_is_learned_is_judged_without_second_answers() {
    let mut fields = fields(LEARNED);
    record(&mut fields, &[(true, false, 40), (false, true, 40), (true, true, 20), (false, false, 1899)]);
    assert!(fields.wants_baseline(start()) && fields.summary().learning);
    record(&mut fields, &[(false, false, 1)]);
    assert!(!fields.wants_baseline(start()) && !fields.summary().learning);
    assert_eq!(decision(&fields), Some(Decision::Noise));
    // A baseline that comes late is not learned from.
    record(&mut fields, &[(true, true, 100)]);
    assert_eq!((fields.rows()[0].noise, fields.summary().baseline_pairs), (60, 2000));
    for pair in 0..10_700 {
        fields.record((pair % 15 == 0).then_some(("$.x", VALUE)), NONE, start());
    }
    assert_eq!(decision(&fields), Some(Decision::Different), "6.9 % where 3 % were learned");
}

#[test]
fn learning_ends_by_the_clock_too() {
    let mut fields = fields(LEARNED);
    let late = at(Duration::from_secs(3600));
    assert!(fields.wants_baseline(late), "it begins with the first pair");
    record(&mut fields, &[(true, true, 60)]);
    assert!(fields.wants_baseline(at(Duration::from_secs(3599))) && !fields.wants_baseline(late));
    fields.record([("$.x", VALUE)], NONE, late);
    assert!(!fields.wants_baseline(start()) && !fields.summary().learning);
    assert_eq!(decision(&fields), Some(Decision::Noise));
}

#[test]
fn what_was_learned_long_ago_makes_nothing_noise() {
    for (days, expected) in [(7, Decision::Noise), (120, Decision::Undecided)] {
        let mut fields = fields(LEARNED);
        record(&mut fields, &[(true, false, 20), (false, true, 20), (true, true, 20), (false, false, 1940)]);
        assert_eq!(decision(&fields), Some(Decision::Noise));
        for pair in 0..1200 {
            fields.record((pair % 50 == 0).then_some(("$.x", VALUE)), NONE, start() + days * DAY);
        }
        assert_eq!(decision(&fields), Some(expected), "after {days} days");
    }
}

#[test]
fn a_pair_is_noise_only_if_all_that_differs_is() {
    let mut fields = fields(BaselineMode::DualPrimary);
    record(&mut fields, &[(true, true, 50)]);
    let difference =
        |path: &str| Difference { path: path.into(), at: path.into(), kind: VALUE, live: None, shadow: None };
    let of = |verdict, paths: &[&str], is_truncated| {
        let differences = paths.iter().map(|path| difference(path)).collect();
        fields.verdict(&Comparison { verdict, differences, further: Vec::new(), is_truncated, ignored: 0 })
    };
    assert_eq!(of(Verdict::Mismatch, &["$.x", "$.x"], false), Verdict::Noise);
    assert_eq!(of(Verdict::Mismatch, &["$.x", "$.y"], false), Verdict::Mismatch);
    let unknown = Verdict::Incomparable(Incomparable::TooLarge);
    assert_eq!(of(Verdict::Mismatch, &["$.x"], true), unknown, "there are others that nobody knows");
    assert_eq!(of(Verdict::Mismatch, &["$.x", "$.y"], true), Verdict::Mismatch);
    assert_eq!(of(Verdict::Mismatch, &[], false), Verdict::Mismatch);
    assert_eq!(of(Verdict::Match, &[], false), Verdict::Match);
    assert_eq!(of(Verdict::Ignored, &[], false), Verdict::Ignored);
}

#[test]
fn rows_show_the_worst_first() {
    let mut fields = fields(BaselineMode::DualPrimary);
    for pair in 0..50 {
        let rare = (pair < 2).then_some(("$.rare", VALUE));
        let real = (pair % 2 == 0).then_some(("$.real", VALUE));
        fields.record(rare.into_iter().chain(real).chain([("$.time", VALUE)]), Some([("$.time", VALUE)]), start());
    }
    let shown = serde_json::to_value(fields.rows()).unwrap();
    let of = |name: &str| shown.as_array().unwrap().iter().map(|row| row[name].clone()).collect::<Vec<_>>();
    assert_eq!(of("path"), ["$.real", "$.rare", "$.time"]);
    assert_eq!(of("decision"), ["different", "undecided", "noise"]);
    assert_eq!(of("c10"), [25, 2, 0]);
}

proptest! {
    /// The table agrees with a count by hand, whatever comes.
    #[test]
    fn counts_are_those_of_the_pairs(pairs in proptest::collection::vec(
        (proptest::collection::vec(0_u8..4, 0..6), proptest::option::of(proptest::collection::vec(0_u8..4, 0..6))), 0..300
    )) {
        let names = ["$.a", "$.b", "$.c", "$.d"];
        let named = |places: &[u8]| places.iter().map(|place| (names[usize::from(*place)], VALUE)).collect::<Vec<_>>();
        let mut fields = fields(BaselineMode::DualPrimary);
        let mut expected = BTreeMap::<&str, [u64; 4]>::new();
        for (shadow, baseline) in &pairs {
            fields.record(named(shadow), baseline.as_deref().map(named), start());
            for place in 0..4_u8 {
                let (c, b) = (shadow.contains(&place), baseline.as_ref().is_some_and(|all| all.contains(&place)));
                if c || b {
                    let counts = expected.entry(names[usize::from(place)]).or_default();
                    let told = [c, b, c && !b && baseline.is_some(), b && !c];
                    counts.iter_mut().zip(told).for_each(|(count, one)| *count += u64::from(one));
                }
            }
        }
        let rows = fields.rows();
        let found = rows.iter().map(|row| (&*row.path, [row.raw, row.noise, row.c10, row.c01])).collect();
        prop_assert_eq!(expected, found);
    }
}

/// Plays a scene so often, with seeds of its own.
fn runs(scene: Scene, mode: BaselineMode, runs: u64) -> Vec<Outcome> {
    (0..runs).flat_map(|seed| play(scene, &[mode], seed)).collect()
}

fn count(outcomes: &[Outcome], of: impl Fn(&Outcome) -> bool) -> usize {
    outcomes.iter().filter(|outcome| of(outcome)).count()
}

/// What is asserted is the promise itself, in so many runs that a procedure well above it can't pass: with a true rate of
/// 10 %, 20 or fewer of 400 runs would raise an alarm once in 4700 times with other seeds. One that forgets that there are
/// ten fields raises one in every fifth run of the first scene. (That levels of looks add up to no more is claimed in `looks`.)
#[test]
fn false_alarms_are_rare_though_somebody_looks_all_the_time() {
    for (mode, noise, pairs, times) in [
        (BaselineMode::DualPrimary, 0.5, 400, 400),
        (BaselineMode::DualPrimary, 0.1, 800, 400),
        (BaselineMode::DualPrimary, 0.01, 800, 200),
        (BaselineMode::DualPrimary, 0.001, 1600, 60),
        (BaselineMode::Learned { lasts: DAY, pairs: 200 }, 0.1, 800, 200),
        (BaselineMode::Learned { lasts: DAY, pairs: 400 }, 0.01, 1600, 100),
    ] {
        let outcomes = runs(Scene { noise, regression: 0.0, pairs }, mode, times);
        let alarms = count(&outcomes, |outcome| outcome.alarm_ever) as u64;
        assert!(alarms * 20 <= times, "{alarms} of {times} at {noise} in {mode:?}");
    }
}

/// If only 95 % were found, 60 runs would all find it once in 22 times with other seeds.
#[test]
fn a_regression_of_one_percent_is_found() {
    for (noise, times) in [(0.001, 10), (0.01, 60)] {
        let scene = Scene { noise, regression: 0.01, pairs: 12_800 };
        let learned = BaselineMode::Learned { lasts: DAY, pairs: 6400 };
        let outcomes: Vec<_> =
            (0..times).map(|seed| play(scene, &[BaselineMode::DualPrimary, learned], seed)).collect();
        let found = |mode: usize| outcomes.iter().filter(|both| both[mode].found_at_end).count() as u64;
        assert_eq!([found(0), found(1)], [times; 2], "at {noise}");
    }
}

/// What the fixed limits do in the same scenes; without it the table of the docs would have nothing to compare with.
#[test]
fn fixed_limits_give_false_alarms_where_the_test_gives_none() {
    let scene = Scene { noise: 0.01, regression: 0.0, pairs: 1600 };
    let modes = [BaselineMode::Diffy, BaselineMode::DualPrimary];
    let outcomes: Vec<Vec<Outcome>> = (0..40).map(|seed| play(scene, &modes, seed)).collect();
    let alarms = |mode: usize| outcomes.iter().filter(|both| both[mode].alarm_ever).count();
    assert!(alarms(0) >= 38 && alarms(1) <= 6, "{} and {} of 40", alarms(0), alarms(1));
}

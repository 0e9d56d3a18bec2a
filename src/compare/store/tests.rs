//! What clusters count, keep and give back.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use proptest::prelude::*;

use crate::{
    compare::{Difference, DifferenceKind, Excerpt, ValueKind},
    config::shadow::{Store, StoredValues},
};

use super::*;

pub(super) fn excerpt(kind: ValueKind, text: &str) -> Excerpt {
    let kept = value::beginning(text, crate::compare::difference::EXCERPT_BYTES_MAX);
    Excerpt { kind, text: kept.into(), bytes: text.len(), hash: xxhash_rust::xxh3::xxh3_64(text.as_bytes()) }
}

pub(super) fn difference(path: &str, live: Excerpt, shadow: Excerpt) -> Difference {
    Difference {
        path: path.into(),
        at: path.replace("[*]", "[3]").into(),
        kind: DifferenceKind::Value,
        live: Some(live),
        shadow: Some(shadow),
    }
}

pub(super) fn store(values: StoredValues) -> Store {
    Store { values, ..Store::default() }
}

fn numbers(path: &str) -> Difference {
    difference(path, excerpt(ValueKind::Number, "1"), excerpt(ValueKind::Number, "2"))
}

fn clusters(budget: &Arc<StoreBudget>) -> Clusters {
    let store = store(StoredValues::Redacted);
    Clusters::new(&store, Arc::clone(budget), Redactor::new(&store, MarkKey::random())).with_seed(7)
}

fn after(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + seconds)
}

pub(super) fn found<'a>(pair: u64, path: &'a str, differences: &'a [Difference]) -> Found<'a> {
    let (live_status, shadow_status) = (Some(200), Some(200));
    Found { at: after(0), pair, method: "GET", path, live_status, shadow_status, differences, is_noise: false }
}

fn add(clusters: &mut Clusters, path: &str, seconds: u64) -> Added {
    let differences = [numbers(path)];
    let found = Found { at: after(seconds), ..found(seconds, "/", &differences) };
    clusters.add(&found, after(seconds))
}

#[test]
fn pairs_that_differ_alike_fall_together_in_any_order() {
    let mut clusters = clusters(&Arc::default());
    let (a, b) = (numbers("$.a[*].x"), numbers("$.b"));
    let Added::New(begun) = clusters.add(&found(1, "/", &[a.clone(), b.clone(), a.clone()]), after(0)) else {
        panic!("the first is new")
    };
    let turned = [b.clone(), a.clone()];
    let noise = Found { is_noise: true, ..found(2, "/", &turned) };
    assert!(matches!(clusters.add(&noise, after(0)), Added::Known));
    assert!(matches!(clusters.add(&found(3, "/", &[a]), after(0)), Added::New(_)));
    assert!(matches!(clusters.add(&found(4, "/", &[]), after(0)), Added::Nothing));
    let rows = clusters.list(after(0));
    let fields: Vec<&str> = rows[0].fields.iter().map(|field| &*field.path).collect();
    assert_eq!((fields, rows[0].count, rows[0].noise), (vec!["$.a[*].x", "$.b"], 2, 1));
    assert_eq!((rows.len(), &rows[0].id, rows[0].samples.len()), (2, &begun.id, 2));
    assert_eq!(rows[0].samples[0].differences[0].at, "$.a[3].x".into());
    assert_eq!(clusters.find(&begun.id, after(0)).unwrap().count, 2);
    assert!(clusters.find("other", after(0)).is_none() && clusters.find("x", after(0)).is_none());
}

#[test]
fn the_same_way_has_the_same_id_in_every_process() {
    let ids = [clusters(&Arc::default()), clusters(&Arc::default())].map(|mut clusters| {
        add(&mut clusters, "$.price", 0);
        clusters.list(after(0))[0].id.clone()
    });
    assert_eq!(ids[0], ids[1]);
    assert_eq!(ids[0].len(), 16);
}

#[test]
fn the_cluster_after_the_last_is_that_of_all_others() {
    let budget = Arc::default();
    let mut clusters = clusters(&budget);
    for number in 0..CLUSTERS_MAX {
        assert!(matches!(add(&mut clusters, &format!("$.f{number}"), 0), Added::New(_)));
    }
    for path in ["$.x", "$.y", "$.x"] {
        assert!(matches!(add(&mut clusters, path, 1), Added::Other));
    }
    assert!(matches!(add(&mut clusters, "$.f0", 1), Added::Known));
    let rows = clusters.list(after(1));
    let other = rows.last().unwrap();
    assert_eq!((&*other.id, other.count, other.fields.len(), other.samples.len()), ("other", 3, 0, 3));
    assert_eq!(clusters.find("other", after(1)).unwrap().count, 3);
    assert_eq!((rows.len(), clusters.len()), (CLUSTERS_MAX + 1, CLUSTERS_MAX));
    // An hour later all are over but the one that was seen since, and there is a place again.
    assert!(matches!(add(&mut clusters, "$.x", 3600), Added::New(_)));
    assert_eq!(clusters.len(), 2);
    assert_eq!(clusters.list(after(3600)).len(), 3);
}

#[test]
fn what_is_too_old_is_neither_shown_nor_kept() {
    let budget = Arc::default();
    let mut clusters = clusters(&budget);
    add(&mut clusters, "$.old", 0);
    add(&mut clusters, "$.a", 0);
    add(&mut clusters, "$.a", 1800);
    assert_eq!(clusters.list(after(3599)).len(), 2);
    let rows = clusters.list(after(3600));
    assert_eq!((rows.len(), rows[0].count, rows[0].samples.len()), (1, 2, 1));
    assert_eq!(clusters.export(after(3600)).count(), 1);
    assert_eq!(budget.samples(), 3);
    drop(rows);
    clusters.sweep(after(3600));
    assert_eq!((budget.samples(), clusters.len()), (1, 1));
    assert_eq!(budget.bytes(), clusters.bytes());
    // A clock that goes back makes nothing old.
    clusters.sweep(SystemTime::UNIX_EPOCH);
    assert_eq!(clusters.len(), 1);
    clusters.sweep(after(1_000_000));
    assert!(clusters.is_empty());
    assert_eq!((budget.samples(), budget.bytes()), (0, 0));
}

#[test]
fn a_cluster_that_comes_back_after_its_time_is_new() {
    let mut clusters = clusters(&Arc::default());
    add(&mut clusters, "$.a", 0);
    assert!(matches!(add(&mut clusters, "$.a", 3600), Added::New(_)));
    assert_eq!(clusters.list(after(3600))[0].count, 1);
}

#[test]
fn the_budget_comes_back_when_the_last_who_holds_it_is_gone() {
    let budget = Arc::default();
    let mut clusters = clusters(&budget);
    (0..20).for_each(|second| drop(add(&mut clusters, "$.a", second)));
    assert_eq!((budget.samples(), budget.bytes()), (5, clusters.bytes()));
    let rows = clusters.list(after(20));
    drop(clusters);
    assert_eq!(budget.samples(), 5);
    drop(rows);
    assert_eq!((budget.samples(), budget.bytes()), (0, 0));
}

#[test]
fn clear_gives_everything_back() {
    let budget = Arc::default();
    let mut clusters = clusters(&budget);
    (0..20).for_each(|second| drop(add(&mut clusters, &format!("$.f{second}"), second)));
    clusters.clear();
    assert_eq!((budget.samples(), budget.bytes(), clusters.list(after(20)).len()), (0, 0, 0));
}

#[test]
fn a_used_up_budget_is_shared_by_clusters_and_what_is_lost_is_counted() {
    let budget = Arc::new(StoreBudget::new(6, 1 << 20));
    let mut clusters = clusters(&budget);
    (0..9).for_each(|second| drop(add(&mut clusters, "$.a", second)));
    (0..9).for_each(|second| drop(add(&mut clusters, "$.b", second)));
    (0..9).for_each(|second| drop(add(&mut clusters, "$.c", second)));
    let rows = clusters.list(after(9));
    assert!(rows.iter().all(|row| row.count == 9 && !row.samples.is_empty()), "{rows:?}");
    assert!(rows.iter().any(|row| row.unkept > 0));
    assert_eq!(budget.samples(), 6);
    drop(clusters);
    // Not even a cluster fits: all are others, of which only the count is kept.
    let mut none = super::tests::clusters(&Arc::new(StoreBudget::new(6, 10)));
    assert!(matches!(add(&mut none, "$.a", 0), Added::Other));
    let rows = none.list(after(0));
    assert_eq!((&*rows[0].id, rows[0].count, rows[0].unkept, none.bytes()), ("other", 1, 1, 0));
}

#[test]
fn every_pair_has_the_same_chance_to_be_kept() {
    const PAIRS: u64 = 50;
    const ROUNDS: u64 = 500;
    let mut kept = [0_f64; PAIRS as usize];
    for round in 0..ROUNDS {
        let mut clusters = clusters(&Arc::default()).with_seed(round);
        (0..PAIRS).for_each(|pair| drop(add(&mut clusters, "$.a", pair)));
        let rows = clusters.list(after(PAIRS));
        rows[0].samples.iter().for_each(|sample| kept[usize::try_from(sample.pair).unwrap()] += 1.0);
    }
    let expected = 5.0 * 500.0 / 50.0;
    let chi_square: f64 = kept.iter().map(|kept| (kept - expected).powi(2) / expected).sum();
    // 49 degrees of freedom: 85.4 is passed once in a thousand times. The seeds are fixed.
    assert!(chi_square < 85.4, "{chi_square}");
}

#[test]
fn each_sample_is_a_line_of_json() {
    let mut clusters = clusters(&Arc::default());
    let text = excerpt(ValueKind::Text, "a\nb\u{2028}\"</script>");
    let differences = [difference("body", text, excerpt(ValueKind::Null, "null"))];
    for pair in 0..3 {
        clusters.add(&found(pair, "/a\n?b=1", &differences), after(0));
    }
    let lines: Vec<String> = clusters.export(after(0)).collect();
    assert_eq!(lines.len(), 3);
    for line in lines {
        assert!(!line.contains('\n'));
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(line["cluster"].as_str().unwrap(), &*clusters.list(after(0))[0].id);
        assert_eq!(line["differences"][0]["live"]["text"], "a\nb\u{2028}\"</script>");
        assert_eq!((&line["at"], &line["method"]), (&"2023-11-14T22:13:20.000Z".into(), &"GET".into()));
        assert_eq!(line["differences"][0]["shadow"]["type"], "null");
    }
}

#[test]
fn a_sample_never_takes_more_than_its_share() {
    let mut clusters = clusters(&Arc::default());
    let long = "word ".repeat(200);
    let differences: Vec<Difference> = (0..100)
        .map(|number| {
            let path = format!("$.f{number}{}", ".name".repeat(500));
            difference(&path, excerpt(ValueKind::Text, &long), excerpt(ValueKind::Text, &long))
        })
        .collect();
    clusters.add(&found(1, &format!("/{}", "a/".repeat(5_000)), &differences), after(0));
    let rows = clusters.list(after(0));
    let sample = &rows[0].samples[0];
    assert!(sample.bytes() <= sample::SAMPLE_BYTES_MAX);
    assert!(sample.left_out > 0 && sample.left_out + sample.differences.len() == 100);
    assert_eq!(rows[0].fields.len() + rows[0].more_fields, 100);
    assert!(sample.path.len() <= 1024 && rows[0].fields.iter().all(|field| field.path.len() <= 512));
}

proptest! {
    #[test]
    fn the_budget_is_never_exceeded_and_what_is_held_is_what_was_taken(
        steps in prop::collection::vec((0_u8..3, 0_u8..30, 0_u64..20_000), 0..120), samples in 0_usize..20, bytes in 0_usize..8_000,
    ) {
        let budget = Arc::new(StoreBudget::new(samples, bytes));
        let mut both = [clusters(&budget), clusters(&budget)];
        for (which, field, second) in steps {
            match both.get_mut(usize::from(which)) {
                Some(clusters) => drop(add(clusters, &format!("$.f{field}"), second)),
                None => both[0].sweep(after(second)),
            }
            prop_assert!(budget.samples() <= samples && budget.bytes() <= bytes);
            prop_assert_eq!(budget.bytes(), both.iter().map(Clusters::bytes).sum::<usize>());
        }
        drop(both);
        prop_assert_eq!((budget.samples(), budget.bytes()), (0, 0));
    }
}

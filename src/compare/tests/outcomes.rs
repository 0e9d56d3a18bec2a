//! What an experiment says of many pairs: whether the shadow is ready, and which of them differ alike.

use serde_json::json;

use crate::compare::{
    Losses, Outside, Pair, Readiness, ReadinessLimits, ReadinessVerdict, Results, Situation, WhichField,
    readiness::Code,
};

use super::pairs::{Laboratory, show};

/// A pair of answers, compared.
fn compare(laboratory: &Laboratory, live: &str, shadow: &str) {
    let pair: Pair = laboratory.begin();
    show(&*pair.live(0).expect("it is watched"), live);
    show(&*pair.shadow(), shadow);
    drop(pair);
    assert!(laboratory.desk.attend(true));
}

/// What comes of so many pairs of which nothing was lost.
fn readiness(laboratory: &Laboratory, pairs: u64) -> Readiness {
    laboratory.experiment.readiness(&Outside {
        situation: Situation::Running,
        losses: &Losses::default(),
        sent: pairs,
        path: "/a",
        offered: pairs,
        kept_out: &[],
        overhead: None,
        limits: ReadinessLimits::default(),
    })
}

#[test]
fn without_a_baseline_one_difference_in_many_pairs_leaves_a_shadow_ready() {
    let laboratory = Laboratory::new(&json!({ "against": "backend:0", "baseline": "off" }));
    compare(&laboratory, r#"{"a":1}"#, r#"{"a":2}"#);
    for _ in 1..20_000 {
        compare(&laboratory, r#"{"a":1}"#, r#"{"a":1}"#);
    }
    let found = readiness(&laboratory, 20_000);
    assert_eq!((found.verdict, found.figures.mismatch), (ReadinessVerdict::Ready, 1), "{:?}", found.reasons);
    assert!(found.holds.iter().any(|reason| reason.code == Code::Fields));
}

#[test]
fn a_pair_with_more_differences_than_are_kept_is_filed_alike_with_noise_beside_them() {
    let laboratory = Laboratory::new(&json!({ "against": "backend:0", "baseline": "off" }));
    let body = |noise: u8, others: u8| json!({ "a": noise, "p": vec![others; 110], "z": others }).to_string();
    compare(&laboratory, &body(1, 1), &body(2, 1));
    assert!(laboratory.experiment.ignore(WhichField::Path("$.a"), None).is_some());
    compare(&laboratory, &body(1, 1), &body(1, 2));
    compare(&laboratory, &body(1, 1), &body(2, 2));
    let told = laboratory.experiment.clusters();
    let clusters = told["clusters"].as_array().expect("a list");
    let differing: Vec<_> = clusters.iter().filter(|cluster| cluster["count"] == 2).collect();
    assert_eq!((clusters.len(), differing.len()), (2, 1), "{told:#}");
    let paths: Vec<_> = differing[0]["fields"].as_array().expect("a list").iter().map(|field| &field["path"]).collect();
    assert_eq!(paths, ["$.p[*]", "$.z"]);
}

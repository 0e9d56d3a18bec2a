//! What an experiment says of many pairs: whether the shadow is ready.

use serde_json::json;

use crate::compare::{
    Losses, Outside, Pair, Readiness, ReadinessLimits, ReadinessVerdict, Results, Situation, readiness::Code,
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

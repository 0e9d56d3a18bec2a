//! The books of an experiment: what was begun is void, waits, or was judged, at every moment and whatever happens.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::json;
use tokio::time::Instant;

use crate::{
    compare::{Merging, Pair, Results, desk::tests::IdleDesk},
    model::{Data, Kind, Sight, Witness},
};

use super::pairs::{Laboratory, judged, show};

#[expect(clippy::needless_pass_by_value, reason = "a pair settles when it is dropped")]
fn settle(pair: Pair, live: &str, shadow: &str) {
    show(&*pair.live(0).expect("it is watched"), live);
    show(&*pair.shadow(), shadow);
}

#[test]
fn pairs_that_find_the_desk_full_are_counted_and_give_back_what_they_held() {
    let against = json!({ "against": "backend:0", "baseline": "off" });
    let laboratory = Laboratory::with(&against, IdleDesk::new(2), Merging::new(Data::Array));
    for _ in 0..5 {
        settle(laboratory.begin(), "1", "2");
    }
    assert_eq!((laboratory.count("budget"), laboratory.figures().waiting), (3, 2));
    assert_eq!(laboratory.memory.held(), 10, "the others are given back where pairs are compared");
    while laboratory.desk.attend(true) {}
    assert_eq!((laboratory.count("budget"), laboratory.figures().waiting), (3, 0));
    assert_eq!(laboratory.memory.held(), 0);
}

#[test]
fn settling_never_waits_for_who_reads_or_compares() {
    let laboratory = Laboratory::with(
        &json!({ "against": "backend:0", "baseline": "off" }),
        IdleDesk::new(1),
        Merging::new(Data::Array),
    );
    // A thread that waited for this would wait for ever: it is the one that holds it.
    let held = laboratory.experiment.found();
    for _ in 0..3 {
        settle(laboratory.begin(), "1", "2");
    }
    drop(laboratory.begin());
    drop(held);
    assert_eq!((laboratory.count("budget"), laboratory.figures().void), (2, 1));
}

#[test]
fn a_pair_that_makes_comparing_panic_costs_that_pair() {
    let merging = Merging::new(|parts: Vec<Data>| match parts.first() {
        // Unlike `panic!`, this does not write to the test's output.
        Some(Data::Raw(text)) if &text[..] == b"13" => std::panic::resume_unwind(Box::new("unlucky")),
        _ => Data::Array(parts),
    });
    let laboratory = Laboratory::with(&json!({ "against": "merged:0", "baseline": "off" }), IdleDesk::new(10), merging);
    for live in ["12", "13", "14"] {
        settle(laboratory.begin(), live, live);
        assert!(laboratory.desk.attend(true));
    }
    assert_eq!((laboratory.count("match"), laboratory.count("panic")), (2, 1));
    assert_eq!((laboratory.figures().waiting, laboratory.memory.held()), (0, 0));
}

#[test]
fn a_pair_for_which_there_is_no_time_counts_as_such() {
    let laboratory = Laboratory::new(&json!({ "against": "backend:0", "baseline": "off" }));
    settle(laboratory.begin(), "1", "2");
    assert!(laboratory.desk.attend(false));
    assert_eq!((laboratory.count("budget"), laboratory.count("mismatch")), (1, 0));
}

#[test]
fn pairs_of_before_it_began_anew_count_no_more() {
    let laboratory = Laboratory::new(&json!({ "against": "backend:0", "baseline": "off" }));
    settle(laboratory.begin(), "1", "2");
    laboratory.desk.attend(true);
    drop(laboratory.begin());
    let under_way = laboratory.begin();
    settle(laboratory.begin(), "1", "2");
    laboratory.experiment.forget(Instant::now());
    let figures = laboratory.figures();
    assert_eq!((figures.begun, figures.void, figures.waiting, judged(&figures)), (2, 0, 2, 0));
    settle(under_way, "1", "2");
    settle(laboratory.begin(), "1", "1");
    while laboratory.desk.attend(true) {}
    let figures = laboratory.figures();
    assert_eq!((figures.begun, laboratory.count("match"), judged(&figures)), (1, 1, 1));
    assert!(laboratory.experiment.diffs()["diffs"].as_array().unwrap().is_empty());
}

#[test]
fn an_experiment_ends_where_pairs_are_compared_and_not_where_its_last_pair_does() {
    let Laboratory { experiment, desk, memory } =
        Laboratory::new(&json!({ "against": "backend:0", "baseline": "off" }));
    desk.desk.look_after(&experiment);
    let (watched, laboratory) = (Arc::downgrade(&experiment), Laboratory { experiment, desk, memory });
    let pair = laboratory.begin();
    laboratory.desk.sweep();
    let Laboratory { experiment, desk, .. } = laboratory;
    drop(experiment);
    desk.sweep();
    assert!(watched.upgrade().is_some(), "a pair is under way");
    drop(pair);
    assert!(watched.upgrade().is_some(), "it does not end here");
    desk.sweep();
    assert!(watched.upgrade().is_none());
}

/// Something that happens.
#[derive(Clone, Debug)]
enum Event {
    /// A request comes, which a variant of a split may answer.
    Begin {
        is_of_variant: bool,
    },
    /// A leg of a pair under way sees something, or nothing more.
    Leg {
        pair: usize,
        side: usize,
        fate: Fate,
    },
    /// The comparing thread attends to a pair.
    Attend {
        has_time: bool,
    },
    Forget,
}

#[derive(Clone, Copy, Debug)]
enum Fate {
    Answers(usize),
    Fails(Kind),
    Vanishes,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let fate = prop_oneof![
        4 => (0_usize..300).prop_map(Fate::Answers),
        1 => prop_oneof![Just(Kind::Timeout), Just(Kind::Connect), Just(Kind::Decode), Just(Kind::TooLarge)]
            .prop_map(Fate::Fails),
        1 => Just(Fate::Vanishes),
    ];
    let event = prop_oneof![
        3 => proptest::bool::weighted(0.2).prop_map(|is_of_variant| Event::Begin { is_of_variant }),
        9 => (0_usize..4, 0_usize..3, fate).prop_map(|(pair, side, fate)| Event::Leg { pair, side, fate }),
        2 => any::<bool>().prop_map(|has_time| Event::Attend { has_time }),
        1 => Just(Event::Forget),
    ];
    proptest::collection::vec(event, 1..80)
}

type Legs = [Option<Arc<dyn Witness>>; 3];

/// One side of a pair under way does this, and is gone.
fn end(legs: &mut Legs, side: usize, fate: Fate) {
    let Some(leg) = legs[side].take() else { return };
    match fate {
        Fate::Answers(length) => show(&*leg, &format!("\"{}\"", "x".repeat(length))),
        Fate::Fails(kind) => leg.saw(Sight::Failed(kind)),
        Fate::Vanishes => {}
    }
}

proptest! {
    #[test]
    fn the_books_of_pairs_balance_under_random_fates(events in events()) {
        let compare = json!({ "against": "backend:0", "baseline": { "mode": "dual_primary", "sample": 0.5 } });
        let laboratory = Laboratory::with(&compare, IdleDesk::new(3), Merging::new(Data::Array));
        let mut under_way: Vec<Legs> = Vec::new();
        for event in events {
            match event {
                Event::Begin { is_of_variant } => {
                    let pair = laboratory.begin();
                    let live = if is_of_variant { pair.of_variant(0) } else { pair.live(0) };
                    under_way.push([live, Some(pair.shadow()), pair.baseline()]);
                }
                Event::Leg { pair, side, fate } => {
                    if let Some(legs) = under_way.get_mut(pair) {
                        end(legs, side, fate);
                    }
                    under_way.retain(|legs| legs.iter().any(Option::is_some));
                }
                Event::Attend { has_time } => drop(laboratory.desk.attend(has_time)),
                Event::Forget => laboratory.experiment.forget(Instant::now()),
            }
            let figures = laboratory.figures();
            prop_assert!(figures.waiting >= under_way.len() as u64, "{figures:?}");
        }
        under_way.clear();
        while laboratory.desk.attend(true) {}
        prop_assert_eq!(laboratory.figures().waiting, 0);
        prop_assert_eq!(laboratory.memory.held(), 0);
    }
}

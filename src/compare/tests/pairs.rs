//! What becomes of the sights of one pair, in whatever order its legs go, and of the memory that they hold.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::StatusCode;
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{
    compare::{Experiment, Merging, Pair, desk::tests::IdleDesk, experiment::Setup},
    config::{Environment, Source, load},
    model::{Data, Headers, Kind, MemoryBudget, Origin, Request, Seen, SeenBody, Sight, Unkept, Witness},
    stats::{Compared, ComparisonFigures},
};

/// What all pairs of a test may hold.
const MEMORY: usize = 1000;

/// An experiment whose desk compares when it is told to.
pub(super) struct Laboratory {
    pub(super) experiment: Arc<Experiment>,
    pub(super) desk: IdleDesk,
    pub(super) memory: Arc<MemoryBudget>,
}

impl Laboratory {
    pub(super) fn new(compare: &Value) -> Self {
        Self::with(compare, IdleDesk::new(100), Merging::new(Data::Array))
    }

    /// The shadow of one of two live backends, whose policy compares so.
    pub(super) fn with(compare: &Value, desk: IdleDesk, merging: Merging) -> Self {
        let proxy = json!({ "shadow": true, "@shadow_policy": { "holdout": 0, "compare": compare } });
        let shadow = json!({ "url_pattern": "/b", "group": "one", "extra_config": { "proxy": proxy } });
        let live = ["one", "two"].map(|group| json!({ "url_pattern": "/b", "group": group }));
        let [one, two] = live;
        let endpoint = json!({ "endpoint": "/a", "backend": [one, two, shadow] });
        let text = json!({ "version": 3, "host": ["h"], "endpoints": [endpoint] }).to_string();
        let loaded = load(&Source::Text { name: "k.json".into(), text }, &Environment::default());
        let service = loaded.service.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics));
        let shadow = service.endpoints[0].backends[2].shadow.as_ref().expect("a shadow");
        let memory = Arc::new(MemoryBudget::new(MEMORY));
        let setup = Setup {
            key: "GET:/a:0".into(),
            policy: shadow.policy.clone().expect("policy mode"),
            live_is_safe: true,
            memory: Arc::clone(&memory),
            desk: desk.desk.clone(),
        };
        let experiment = Experiment::new(setup, merging, Instant::now()).expect("it compares");
        Self { experiment: Arc::new(experiment), desk, memory }
    }

    pub(super) fn begin(&self) -> Pair {
        Pair::begin(&self.experiment, &request("/a")).expect("all are compared")
    }

    /// The figures, whose books balance.
    pub(super) fn figures(&self) -> ComparisonFigures {
        let figures = self.experiment.comparison();
        assert_eq!(figures.begun, figures.void + figures.waiting + judged(&figures), "{figures:?}");
        figures
    }

    pub(super) fn count(&self, name: &str) -> u64 {
        let figures = self.figures();
        let all = figures.verdicts.iter().chain(&figures.incomparable);
        all.filter(|(one, _)| *one == name).map(|(_, count)| count).sum()
    }
}

/// Pairs with a verdict or a reason for none.
pub(super) fn judged(figures: &ComparisonFigures) -> u64 {
    figures.verdicts.iter().chain(&figures.incomparable).map(|(_, count)| count).sum()
}

fn request(path: &str) -> Request {
    Request {
        method: http::Method::GET,
        headers: Headers::new(),
        trace_number: None,
        query: String::new(),
        params: Vec::new(),
        claims: None,
        trace: None,
        origin: Some(Arc::new(Origin {
            path: path.to_owned(),
            query: String::new(),
            address: std::net::Ipv4Addr::LOCALHOST.into(),
            headers: Headers::new(),
            hops: 0,
            pair: 7,
        })),
    }
}

/// An answer with this text.
pub(super) fn answer(text: &str) -> Sight {
    let data = Data::parse(&Bytes::copy_from_slice(text.as_bytes())).expect("it is JSON");
    Sight::Answer(Seen {
        status: StatusCode::OK,
        headers: Headers::new(),
        body: SeenBody::Data(data),
        took: Duration::from_millis(1),
    })
}

/// Shows a whole answer to a witness, as a call does.
pub(super) fn show(witness: &dyn Witness, text: &str) {
    if witness.reserve(text.len()) {
        witness.saw(answer(text));
    } else {
        let Sight::Answer(seen) = answer("0") else { return };
        witness.saw(Sight::Answer(Seen { body: SeenBody::Unkept(Unkept::NoRoom), ..seen }));
    }
}

fn two_calls() -> Laboratory {
    Laboratory::new(&json!({ "against": "backend:0", "baseline": { "mode": "dual_primary", "sample": 1 } }))
}

#[test]
fn only_calls_that_matter_are_watched() {
    let laboratory = two_calls();
    let pair = laboratory.begin();
    assert!(pair.live(0).is_some() && pair.live(1).is_none() && pair.baseline().is_some());
    let without = Laboratory::new(&json!({ "against": "backend:0", "baseline": "off" }));
    assert!(without.begin().baseline().is_none());
    let whole = Laboratory::new(&json!({ "against": "merged:0", "baseline": "off" }));
    let pair = whole.begin();
    assert!(pair.live(0).is_some() && pair.live(1).is_some());
}

#[test]
fn a_pair_is_settled_when_its_last_leg_is_gone_and_not_before() {
    let laboratory = two_calls();
    let pair = laboratory.begin();
    let (live, shadow, second) = (pair.live(0).unwrap(), pair.shadow(), pair.baseline().unwrap());
    drop(pair);
    show(&*live, "1");
    drop(live);
    show(&*shadow, "1");
    drop(shadow);
    assert!(!laboratory.desk.attend(true), "the second live call is still under way");
    assert_eq!((laboratory.figures().waiting, laboratory.memory.held()), (1, 2));
    drop(second);
    assert!(laboratory.desk.attend(true));
    assert_eq!((laboratory.count("match"), laboratory.figures().waiting), (1, 0));
    assert_eq!(laboratory.memory.held(), 0);
}

#[test]
fn a_pair_without_a_shadows_answer_is_void_and_gives_back_what_it_held() {
    let laboratory = two_calls();
    let pair = laboratory.begin();
    show(&*pair.live(0).unwrap(), "[1,2,3]");
    drop(pair.shadow());
    assert_eq!(laboratory.memory.held(), 7);
    drop(pair);
    assert_eq!((laboratory.figures().void, laboratory.memory.held()), (1, 7));
    assert!(!laboratory.desk.attend(true), "nothing is to be compared");
    assert_eq!(laboratory.memory.held(), 0, "given back where pairs are compared, not here");
}

#[test]
fn what_has_no_room_is_not_kept_and_says_so() {
    let laboratory = two_calls();
    assert!(laboratory.memory.reserve(MEMORY - 3));
    let pair = laboratory.begin();
    show(&*pair.live(0).unwrap(), "100");
    show(&*pair.shadow(), "100");
    drop(pair);
    assert!(laboratory.desk.attend(true));
    assert_eq!((laboratory.count("memory"), laboratory.memory.held()), (1, MEMORY - 3));
}

#[test]
fn of_calls_that_race_the_one_that_ended_the_race_counts() {
    let laboratory = two_calls();
    let pair = laboratory.begin();
    let (live, shadow) = (pair.live(0).unwrap(), pair.shadow());
    live.saw(Sight::Failed(Kind::Connect));
    show(&*live, "1");
    // Given up at the moment when the time was over.
    live.saw(Sight::Failed(Kind::Timeout));
    shadow.saw(Sight::Failed(Kind::Status));
    show(&*shadow, "1");
    drop((pair, live, shadow));
    laboratory.desk.attend(true);
    assert_eq!(laboratory.count("match"), 1, "{:?}", laboratory.figures());
}

#[test]
fn a_failure_that_no_answer_follows_counts() {
    let laboratory = two_calls();
    let pair = laboratory.begin();
    show(&*pair.live(0).unwrap(), "1");
    let shadow = pair.shadow();
    shadow.saw(Sight::Failed(Kind::Connect));
    shadow.saw(Sight::Failed(Kind::Timeout));
    drop((pair, shadow));
    laboratory.desk.attend(true);
    assert_eq!(laboratory.count("shadow_timeout"), 1, "{:?}", laboratory.figures());
}

#[test]
fn what_came_from_traffic_is_not_shown_by_debug() {
    let laboratory = two_calls();
    let pair = Pair::begin(&laboratory.experiment, &request("/reset/hunter2")).unwrap();
    for text in [r#"{"a":"hunter2"}"#, "\"hunter2\""] {
        show(&*pair.live(0).unwrap(), text);
        let Sight::Answer(seen) = answer(text) else { continue };
        let body = SeenBody::Bytes(Bytes::copy_from_slice(text.as_bytes()));
        let mut headers = Headers::new();
        headers.append(http::header::SET_COOKIE, http::HeaderValue::from_static("a=hunter2"));
        pair.shadow().saw(Sight::Answer(Seen { body, headers, ..seen }));
    }
    let shown = format!("{pair:?}");
    assert!(shown.contains("14 bytes of path"), "{shown}");
    assert!(shown.contains("Seen(200") && !shown.contains("hunter2"), "{shown}");
}

proptest! {
    /// Whatever the legs see and in whatever order they go, the pair is settled once and holds nothing afterwards.
    #[test]
    fn legs_may_go_in_any_order(
        order in Just(vec![0_usize, 1, 2, 3]).prop_shuffle(),
        seen in proptest::collection::vec(proptest::option::of(0_usize..600), 3),
    ) {
        let laboratory = two_calls();
        let pair = laboratory.begin();
        let mut legs = [pair.live(0), Some(pair.shadow()), pair.baseline()];
        let mut pair = Some(pair);
        for place in order {
            let Some(leg) = legs.get_mut(place) else {
                pair = None;
                continue;
            };
            let leg = leg.take().unwrap();
            if let Some(length) = seen[place] {
                show(&*leg, &format!("\"{}\"", "x".repeat(length)));
            }
            prop_assert!(laboratory.memory.held() <= MEMORY);
            laboratory.figures();
        }
        drop(pair);
        let is_void = seen[1].is_none();
        prop_assert_eq!(laboratory.figures().void, u64::from(is_void));
        prop_assert_eq!(laboratory.desk.attend(true), !is_void);
        prop_assert_eq!(laboratory.figures().waiting, 0);
        prop_assert_eq!(laboratory.memory.held(), 0);
    }
}

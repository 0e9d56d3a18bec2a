//! The gate of a shadow in policy mode: every reason has its place in the books, and what a refusal took is given back.

use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::stats::Ledgered;
use crate::{
    model::Kind,
    shadow::{
        Running,
        fixture::{plan, plan_at},
    },
};

/// The gate of a shadow with this policy, and a request it may like.
struct Scene {
    gate: Arc<Gate>,
    request: Request,
    kill: KillSwitch,
}

impl Scene {
    fn new(policy: &Value) -> Self {
        let plan = plan(policy);
        let (kill, memory) = (KillSwitch::default(), Arc::new(MemoryBudget::new(1 << 20)));
        let gate = Arc::new(Gate::of(&plan, memory, kill.clone(), false));
        let request = Request {
            method: http::Method::GET,
            headers: crate::model::Headers::new(),
            trace_number: None,
            query: String::new(),
            params: Vec::new(),
            claims: None,
            origin: None,
            trace: None,
        };
        Self { gate, request, kill }
    }

    fn offer(&self, body_bytes: usize) -> Option<Ticket> {
        match self.gate.offer(Asked {
            request: &self.request,
            drawn: fastrand::u64(..),
            size: Size { body: body_bytes, ..Size::default() },
        }) {
            Offered::Admitted(ticket) => Some(ticket),
            Offered::Skipped(_) | Offered::Dropped(_) => None,
        }
    }

    /// Sends a copy that ends so; whether it was let through.
    fn send(&self, end: impl FnOnce(Ticket)) -> bool {
        let Some(mut ticket) = self.offer(0) else { return false };
        match ticket.clear() {
            Ok(_cleared) => {
                ticket.send();
                end(ticket);
                true
            }
            Err(reason) => {
                ticket.drop_for(reason);
                false
            }
        }
    }

    fn losses(&self) -> Vec<(&'static str, u64)> {
        let books = self.gate.books();
        assert!(books.balanced(), "{books:?}");
        [books.skipped, books.dropped].concat()
    }
}

fn all(more: &Value) -> Value {
    let mut policy = json!({"holdout": 0});
    policy.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
    policy
}

#[test]
fn beyond_the_calls_and_the_queue_nothing_is_taken() {
    let scene = Scene::new(&all(&json!({"limits": {"max_concurrent": 2, "queue": 3}})));
    let tickets: Vec<_> = (0..9).filter_map(|_| scene.offer(10)).collect();
    assert_eq!((tickets.len(), scene.losses()), (5, vec![("queue_full", 4)]));
    let scene = Scene::new(&all(&json!({"limits": {"max_concurrent": 2, "queue": 0}})));
    let tickets: Vec<_> = (0..9).filter_map(|_| scene.offer(10)).collect();
    assert_eq!((tickets.len(), scene.losses()), (2, vec![("concurrency", 7)]));
}

#[tokio::test(start_paused = true)]
async fn a_rate_of_copies_and_one_of_bytes_hold_over_time() {
    let scene = Scene::new(&all(&json!({"limits": {"max_rps": 5}})));
    assert_eq!((0..20).filter(|_| scene.offer(0).is_some()).count(), 5);
    tokio::time::advance(Duration::from_millis(400)).await;
    assert_eq!((0..20).filter(|_| scene.offer(0).is_some()).count(), 2);
    assert_eq!(scene.losses(), [("client_aborted", 7), ("rate", 33)]);

    let scene = Scene::new(&all(&json!({"limits": {"max_bytes_per_s": 1000}})));
    assert_eq!((0..20).filter(|_| scene.offer(250).is_some()).count(), 4);
    let mut growing = scene.offer(0).expect("no bytes cost nothing");
    assert_eq!(growing.grow(1), Err(DropReason::BytesRate));
    assert_eq!(scene.gate.books().buffered_bytes, 0, "what was refused is given back");
}

#[tokio::test(start_paused = true)]
async fn a_shadow_that_does_not_answer_is_left_alone_and_found_again() {
    let scene = Scene::new(&all(&json!({"breaker": {"consecutive": 3, "open": "5s"}})));
    assert!((0..3).all(|_| scene.send(|ticket| ticket.fail(Kind::Connect))));
    assert!(!scene.send(|ticket| ticket.complete(200)));
    tokio::time::advance(Duration::from_secs(7)).await;
    assert!((0..3).all(|_| scene.send(|ticket| ticket.complete(500))), "answers with errors are answers");
    assert!(scene.send(|ticket| ticket.complete(200)));
    assert_eq!(scene.losses(), [("breaker_open", 1)]);
}

#[tokio::test(start_paused = true)]
async fn probes_that_are_never_sent_do_not_close_the_way() {
    let scene = Scene::new(&all(&json!({"breaker": {"consecutive": 1}, "limits": {"max_concurrent": 1, "queue": 0}})));
    assert!(scene.send(|ticket| ticket.fail(Kind::Timeout)));
    tokio::time::advance(Duration::from_secs(7)).await;
    for _ in 0..9 {
        let probe = scene.offer(0).expect("a probe may go");
        assert!(scene.offer(0).is_none(), "there is only one place");
        probe.drop_for(DropReason::ClientAborted);
    }
    assert!(scene.send(drop), "an abandoned probe decides nothing");
    assert!(scene.send(|ticket| ticket.complete(200)));
}

#[test]
fn whoever_stops_it_is_named_and_comes_first() {
    let scene = Scene::new(&json!({"sample": {"rate": 0}}));
    assert!(scene.offer(0).is_none());
    scene.gate.dial().set_rate(Share::ALL);
    scene.gate.dial().set_holdout(Share::ALL);
    assert!(scene.offer(0).is_none());
    scene.gate.dial().set_running(Running::Paused);
    assert!(scene.offer(0).is_none());
    scene.kill.set(true);
    assert!(scene.offer(0).is_none());
    assert_eq!(scene.losses(), [("killed", 1), ("paused", 1), ("not_sampled", 1), ("holdout", 1)]);
    assert_eq!(scene.gate.books().state, "killed");
}

#[test]
fn what_waits_when_all_is_switched_off_is_booked_so() {
    let scene = Scene::new(&all(&json!({})));
    let (waiting, mut sent) = (scene.offer(5).expect("it may"), scene.offer(5).expect("it may"));
    sent.send();
    scene.kill.set(true);
    drop((waiting, sent));
    let books = scene.gate.books();
    assert_eq!((books.dropped, books.abandoned, books.buffered_bytes), (vec![("killed", 1)], 1, 0));
}

#[tokio::test(start_paused = true)]
async fn what_waited_is_sent_only_if_it_still_may_be() {
    let scene = Scene::new(&all(&json!({"breaker": {"consecutive": 1}})));
    let mut waiting: Vec<_> = (0..7).map(|_| scene.offer(0).expect("it may")).collect();
    let mut asked = || waiting.pop().expect("enough wait").clear();
    assert_eq!(asked(), Ok(Cleared::ToSend));
    scene.gate.dial().set_running(Running::Paused);
    assert_eq!(asked(), Err(DropReason::Paused));
    scene.gate.dial().set_running(Running::Expired);
    assert_eq!(asked(), Err(DropReason::Expired));
    scene.gate.dial().set_running(Running::On);
    scene.gate.dial().set_dry_run(true);
    assert_eq!(asked(), Ok(Cleared::DryRun));
    scene.gate.dial().set_dry_run(false);
    assert!(scene.send(|ticket| ticket.fail(Kind::Timeout)));
    assert_eq!(asked(), Err(DropReason::BreakerOpen));
    scene.kill.set(true);
    scene.kill.set(false);
    assert_eq!(asked(), Err(DropReason::Killed));
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_waits_for_long_keeps_no_place_of_a_probe() {
    let scene = Scene::new(&all(&json!({"breaker": {"consecutive": 1}})));
    assert!(scene.send(|ticket| ticket.fail(Kind::Timeout)));
    tokio::time::advance(Duration::from_secs(7)).await;
    let waiting: Vec<_> = (0..9).filter_map(|_| scene.offer(0)).collect();
    assert_eq!(waiting.len(), 9, "they wait for hours");
    assert!((0..3).all(|_| scene.send(|ticket| ticket.complete(200))));
    let state = scene.gate.breaker().map(Breaker::state);
    assert_eq!(state.map(|state| state.label()), Some("closed"));
}

#[tokio::test(start_paused = true)]
async fn calls_that_never_reached_the_shadow_decide_no_probe() {
    let scene = Scene::new(&all(&json!({"breaker": {"consecutive": 1}})));
    assert!(scene.send(|ticket| ticket.fail(Kind::Timeout)));
    tokio::time::advance(Duration::from_secs(7)).await;
    for kind in [Kind::Refused, Kind::Cancelled, Kind::Upload] {
        assert!((0..3).all(|_| scene.send(|ticket| ticket.fail(kind))), "{kind:?} gives its place back");
        assert_eq!(scene.gate.breaker().map(Breaker::state).map(|state| state.label()), Some("half_open"));
    }
    assert!((0..3).all(|_| scene.send(|ticket| ticket.fail(Kind::Decode))));
    assert_eq!(scene.gate.breaker().map(Breaker::state).map(|state| state.label()), Some("closed"));
}

#[test]
fn requests_without_a_body_are_never_too_many_bytes() {
    let scene = Scene::new(&all(&json!({"limits": {"max_bytes_per_s": 10}})));
    assert!(scene.offer(1000).is_some() && scene.offer(0).is_some());
    assert_eq!(scene.offer(1).map(drop), None);
}

#[tokio::test]
async fn calls_under_way_keep_their_turns_over_a_reload() {
    let limited = |calls: usize, queue: usize| all(&json!({"limits": {"max_concurrent": calls, "queue": queue}}));
    let scene = Scene::new(&limited(2, 1));
    let tickets: Vec<_> = (0..9).filter_map(|_| scene.offer(10)).collect();
    let turns = (scene.gate.turn().await, scene.gate.turn().await);
    let next = Arc::new(scene.gate.successor(&plan(&limited(2, 1)), false));
    assert!(futures_util::FutureExt::now_or_never(next.turn()).is_none());
    let scene = Scene { gate: next, ..scene };
    assert!(scene.offer(10).is_none(), "the queue is as full as it was");
    assert_eq!(scene.gate.books().buffered_bytes, 30);
    drop((tickets, turns));
    assert_eq!((scene.gate.concurrent(), scene.gate.books().buffered_bytes), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn what_stops_a_shadow_after_a_reload_stops_copies_from_before_it() {
    let scene = Scene::new(&all(&json!({})));
    let mut waiting: Vec<_> = (0..4).map(|_| scene.offer(0).expect("it may")).collect();
    let mut asked = || waiting.pop().expect("enough wait").clear();
    let second = scene.gate.successor(&plan(&all(&json!({"limits": {"queue": 9}}))), false);
    let third = second.successor(&plan(&all(&json!({"limits": {"queue": 8}}))), false);
    drop(second);
    assert_eq!(asked(), Ok(Cleared::ToSend));
    third.dial().set_dry_run(true);
    assert_eq!(asked(), Ok(Cleared::DryRun));
    third.dial().set_running(Running::Paused);
    assert_eq!(asked(), Err(DropReason::Paused));
    scene.gate.dial().set_running(Running::Expired);
    assert_eq!(asked(), Err(DropReason::Expired), "its own word comes first");
}

#[tokio::test(start_paused = true)]
async fn a_reload_forgets_neither_failures_nor_rates_of_the_same_machines() {
    let policy = |consecutive: u32, queue: u32| json!({"holdout": 0, "breaker": {"consecutive": consecutive}, "limits": {"max_rps": 2, "queue": queue}});
    let mut scene = Scene::new(&policy(1, 5));
    assert!(scene.send(|ticket| ticket.fail(Kind::Timeout)));
    let is_open = |gate: &Gate| gate.breaker().map(Breaker::state).map(|state| state.label()) == Some("open");
    assert!(is_open(&scene.gate));
    scene.gate = Arc::new(scene.gate.successor(&plan(&policy(1, 6)), false));
    assert!(is_open(&scene.gate) && !scene.send(|ticket| ticket.complete(200)));
    scene.gate = Arc::new(scene.gate.successor(&plan(&policy(2, 6)), false));
    assert!(!is_open(&scene.gate), "another breaker begins anew");
    assert!(scene.offer(0).is_some() && scene.offer(0).is_none(), "one of two was sent in this second");
    let elsewhere = plan_at("http://127.0.0.2:80", &policy(2, 6));
    scene.gate = Arc::new(scene.gate.successor(&elsewhere, false));
    assert!(scene.offer(0).is_some() && scene.offer(0).is_some(), "other machines owe nothing");
}

proptest::proptest! {
    #[test]
    fn copies_stay_within_the_bounds_over_any_number_of_reloads(
        steps in proptest::collection::vec((0..4u8, 0..4usize), 0..60),
    ) {
        let plans = [1, 2, 3, 5].map(|calls| plan(&all(&json!({"limits": {"max_concurrent": calls, "queue": 1}}))));
        let mut scene = Scene::new(&all(&json!({"limits": {"max_concurrent": 2, "queue": 1}})));
        let (mut most, mut tickets) = (3, Vec::new());
        for (step, number) in steps {
            match step {
                0 => {
                    scene.gate = Arc::new(scene.gate.successor(&plans[number], false));
                    most = [2, 3, 4, 6][number];
                }
                1 if number < tickets.len() => drop(tickets.swap_remove(number)),
                _ => {
                    let ticket = scene.offer(7);
                    proptest::prop_assert_eq!(ticket.is_some(), tickets.len() < most);
                    tickets.extend(ticket);
                }
            }
            let books = scene.gate.books();
            proptest::prop_assert!(books.balanced(), "{:?}", books);
            proptest::prop_assert_eq!(books.waiting, tickets.len() as u64);
            proptest::prop_assert_eq!(books.buffered_bytes, 7 * tickets.len() as u64);
            proptest::prop_assert_eq!(scene.gate.concurrent(), tickets.len());
        }
    }
}

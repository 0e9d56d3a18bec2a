//! The gate of a shadow in policy mode: every reason has its place in the books, and what a refusal took is given back.

use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::{
    config::{Environment, Source, load},
    model::Kind,
    plan::compile,
    shadow::Running,
};

/// The gate of a shadow with this policy, and a request it may like.
struct Scene {
    gate: Arc<Gate>,
    request: Request,
    kill: KillSwitch,
}

impl Scene {
    fn new(policy: &Value) -> Self {
        let text = json!({"version": 3, "host": ["http://127.0.0.1:80"], "endpoints": [{
            "endpoint": "/x",
            "backend": [
                {"url_pattern": "/live"},
                {"url_pattern": "/new", "extra_config": {"proxy": {"shadow": true, "@shadow_policy": policy}}}
            ]
        }]})
        .to_string();
        let loaded = load(&Source::Text { name: "krakend.json".into(), text }, &Environment::default());
        let service = loaded.service.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics));
        let plan = Arc::clone(&compile(&service).0.endpoints[0].shadows[0]);
        let (kill, memory) = (KillSwitch::default(), Arc::new(MemoryBudget::new(1 << 20)));
        let gate = Arc::new(Gate::of(&plan, memory, kill.clone(), false));
        let request = Request {
            method: http::Method::GET,
            headers: crate::model::Headers::new(),
            query: String::new(),
            params: Vec::new(),
            claims: None,
            origin: None,
        };
        Self { gate, request, kill }
    }

    fn offer(&self, body_bytes: usize) -> Option<Ticket> {
        match self.gate.offer(Asked { request: &self.request, drawn: fastrand::u64(..), body_bytes }) {
            Offered::Admitted(ticket) => Some(ticket),
            Offered::Skipped(_) | Offered::Dropped(_) => None,
        }
    }

    /// Sends a copy that ends so; whether it was let through.
    fn send(&self, end: impl FnOnce(Ticket)) -> bool {
        self.offer(0)
            .map(|mut ticket| {
                ticket.send();
                end(ticket);
            })
            .is_some()
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

//! The shadow actor with a component around its backend that does what a test says.

use std::{
    cell::RefCell,
    collections::VecDeque,
    rc::Rc,
    sync::{Arc, Mutex},
};

use actix::{Actor, Addr};
use bytes::Bytes;
use futures_util::future::LocalBoxFuture;
use serde_json::{Value, json};

use super::*;
use crate::{
    backend::{Caller, Client, transport::Secure},
    component::{BackendCall, Layer, Layers, Next},
    config::{Environment, Source, load},
    model::{Body, BodyError, Data, Failure, Headers, Payload, Request, Response, body::transit},
    plan::{BackendPlan, ShadowBounds, ShadowPlan, compile},
    stats::{Books, Ledgered, Recorder},
};

type Called = Result<Response, Failure>;

/// A component that never asks the backend: each call takes the next of these.
struct Scripted {
    answers: Mutex<VecDeque<fn() -> Called>>,
    bodies: Arc<Mutex<Vec<usize>>>,
}

impl std::fmt::Debug for Scripted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Scripted")
    }
}

impl Layer<BackendCall, Called> for Scripted {
    fn call<'a>(&'a self, call: BackendCall, _next: Next<'a, BackendCall, Called>) -> LocalBoxFuture<'a, Called> {
        self.bodies.lock().unwrap().push(if let Body::Held(held) = &call.body { held.len() } else { 0 });
        let answer = self.answers.lock().unwrap().pop_front().expect("no more calls than the test says");
        Box::pin(async move { answer() })
    }
}

struct Stage {
    shadow: Addr<ShadowActor>,
    gate: Arc<Gate>,
    memory: Arc<MemoryBudget>,
    recorder: Rc<RefCell<Recorder>>,
    /// How long the bodies of the calls were.
    bodies: Arc<Mutex<Vec<usize>>>,
    /// The body of every request.
    text: &'static str,
}

const BOUNDS: ShadowBounds = ShadowBounds {
    concurrent_max: 9,
    queue_max: 0,
    buffered_bytes_max: 10,
    request_bytes_max: 10,
    response_bytes_max: 100,
};

impl Stage {
    fn new(script: &[fn() -> Called]) -> Self {
        Self::under(&json!(null), script)
    }

    /// The same under a policy; `null` is plain mode.
    fn under(policy: &Value, script: &[fn() -> Called]) -> Self {
        let text = json!({"version": 3, "host": ["http://127.0.0.1:80"], "endpoints": [{
            "endpoint": "/x",
            "backend": [
                {"url_pattern": "/live"},
                {"url_pattern": "/shadow", "extra_config": {"proxy": {"shadow": true, "@shadow_policy": policy}}}
            ]
        }]})
        .to_string();
        let loaded = load(&Source::Text { name: "krakend.json".into(), text }, &Environment::default());
        let mut plan = compile(&loaded.service.expect("a sound file")).0;
        let recorder = Rc::new(RefCell::new(Recorder::new(Arc::clone(&plan.names))));
        let endpoint = Arc::into_inner(plan.endpoints.remove(0)).expect("nobody else has it");
        let shadow = endpoint.shadows.into_iter().next().and_then(Arc::into_inner).expect("one shadow");
        let backend = Arc::into_inner(shadow.backend).expect("nobody else has it");
        let bodies = Arc::default();
        let answers = Mutex::new(script.iter().copied().collect());
        let layer = Arc::new(Scripted { answers, bodies: Arc::clone(&bodies) });
        let backend = Arc::new(BackendPlan { calls_through: Layers::new(vec![layer as _]), ..backend });
        let shadow = Arc::new(ShadowPlan { backend, bounds: BOUNDS, ..shadow });
        let caller = Caller::new(Client::new(plan.service.pool, Secure::new(None)), 0);
        let memory = Arc::new(MemoryBudget::new(1000));
        let gate = Arc::new(Gate::of(&shadow, Arc::clone(&memory), KillSwitch::default(), false));
        let shadow = ShadowActor::new(shadow, caller, Some(Rc::clone(&recorder))).start();
        Self { shadow, gate, memory, recorder, bodies, text: "12345" }
    }

    /// Mirrors a request through a sequence of so many calls of the shadow, and waits for its end.
    async fn mirror(&self, calls: usize) {
        self.mirror_while(&vec![false; calls], |_gate| ()).await;
    }

    /// Mirrors a request through a sequence of calls, some of which take the body, lets something happen before the
    /// first is sent, and waits for its end.
    async fn mirror_while(&self, take_body: &[bool], meanwhile: impl FnOnce(&Gate)) {
        let ticket = admitted(&self.gate);
        let rest = take_body.iter().skip(1).map(|takes_body| Chained {
            recipient: self.shadow.clone().recipient(),
            ticket: waiting(&self.gate),
            witness: None,
            takes_body: *takes_body,
            lookups: Vec::new(),
        });
        let body = || Body::Held(crate::model::body::Held::new(vec![Bytes::from_static(self.text.as_bytes())]));
        let request = Request {
            method: http::Method::GET,
            headers: Headers::new(),
            trace_number: None,
            query: String::new(),
            params: Vec::new(),
            claims: None,
            origin: None,
            trace: None,
        };
        let mirror = Mirror {
            request: Arc::new(request),
            earlier: Vec::new(),
            body: if take_body.first() == Some(&true) { body() } else { Body::Empty },
            loss: None,
            body_of_rest: body(),
            ticket,
            witness: None,
            not_before: None,
            rest: rest.collect(),
            answers: Vec::new(),
        };
        let turns = futures_util::future::join_all((0..BOUNDS.concurrent_max).map(|_| self.gate.turn())).await;
        self.shadow.send(Mirrors::from(mirror)).await.expect("the actor lives");
        meanwhile(&self.gate);
        drop(turns);
        while self.gate.concurrent() > 0 {
            tokio::task::yield_now().await;
        }
    }

    /// The books, when nothing is held or under way any more.
    fn books(&self) -> Books {
        let books = self.gate.books();
        assert!(books.balanced(), "{books:?}");
        assert_eq!((books.in_flight, books.buffered_bytes, self.memory.held()), (0, 0, 0), "{books:?}");
        let report = self.recorder.borrow_mut().take().expect("something was counted");
        let in_flight: Vec<u64> = report.backends.iter().map(|(_, tally)| tally.counts.in_flight()).collect();
        assert_eq!(in_flight, [0], "{report:?}");
        books
    }
}

/// The right to a later call of a sequence.
fn waiting(gate: &Arc<Gate>) -> Ticket {
    let mut ticket = admitted(gate);
    ticket.expect_drop_for(DropReason::ChainBroken);
    ticket
}

fn admitted(gate: &Arc<Gate>) -> Ticket {
    match gate.admit_more(Size::default()) {
        Offered::Admitted(ticket) => ticket,
        refused => panic!("there is room, yet {refused:?}"),
    }
}

fn answers() -> Called {
    Ok(Response::data(Data::empty_object(), true))
}

fn answers_with_nine_bytes() -> Called {
    Ok(Response::data(Data::Raw(Bytes::from_static(b"{\"a\":123}")), true))
}

fn panics() -> Called {
    panic!("a component goes wrong")
}

/// An answer that passes through and ends as it is told after so many bytes.
fn passes_through(bytes: usize, end: Option<BodyError>) -> Called {
    let (sender, receiver) = transit(None);
    actix::spawn(async move {
        for _ in 0..bytes {
            if sender.send(Bytes::from_static(b"x")).await.is_err() {
                return;
            }
        }
        match end {
            None => sender.finish().await,
            Some(error) => sender.break_off(error).await,
        }
    });
    answers().map(|response| Response { payload: Payload::Transit(receiver), ..response })
}

#[test]
fn a_panic_costs_one_mirror_and_is_booked_everywhere() {
    actix::System::new().block_on(async {
        let stage = Stage::new(&[panics, answers]);
        stage.mirror(1).await;
        stage.mirror(1).await;
        let books = stage.books();
        assert_eq!((books.failed, books.completed), (vec![("panic", 1)], vec![("2xx", 1)]));
    });
}

#[test]
fn a_panic_in_a_sequence_breaks_its_chain() {
    actix::System::new().block_on(async {
        let stage = Stage::new(&[panics]);
        stage.mirror(3).await;
        let books = stage.books();
        assert_eq!((books.failed, books.dropped), (vec![("panic", 1)], vec![("chain_broken", 2)]));
    });
}

#[test]
fn an_answer_that_passes_through_is_read_to_its_end_before_it_counts() {
    actix::System::new().block_on(async {
        let stage = Stage::new(&[
            || passes_through(100, None),
            || passes_through(101, None),
            || passes_through(50, Some(BodyError::BrokenOff)),
            || passes_through(50, Some(BodyError::TimedOut)),
        ]);
        for _ in 0..4 {
            stage.mirror(1).await;
        }
        let books = stage.books();
        assert_eq!(books.completed, [("2xx", 1)]);
        assert_eq!(books.failed, [("timeout", 1), ("io", 1), ("too_large", 1)]);
    });
}

#[test]
fn answers_kept_for_a_sequence_are_held_within_the_budget() {
    actix::System::new().block_on(async {
        let stage = Stage::new(&[answers_with_nine_bytes, answers_with_nine_bytes, answers_with_nine_bytes]);
        stage.mirror(2).await;
        stage.mirror(1).await;
        let books = stage.books();
        assert_eq!((books.completed, books.dropped), (vec![("2xx", 3)], vec![]));
    });
    actix::System::new().block_on(async {
        let stage = Stage::new(&[answers_with_nine_bytes, answers_with_nine_bytes]);
        stage.mirror(4).await;
        let books = stage.books();
        assert_eq!((books.completed, books.dropped), (vec![("2xx", 2)], vec![("memory", 2)]));
    });
}

#[test]
fn each_call_of_a_sequence_has_the_body_that_it_takes() {
    for (take_body, bodies) in [([false, true, false], [0, 5, 0]), ([true, false, true], [5, 0, 5])] {
        actix::System::new().block_on(async {
            let stage = Stage::new(&[answers, answers, answers]);
            stage.mirror_while(&take_body, |_gate| ()).await;
            assert_eq!(*stage.bodies.lock().unwrap(), bodies);
            assert_eq!(stage.books().completed, [("2xx", 3)]);
        });
    }
}

#[test]
fn what_stops_a_shadow_stops_copies_that_wait_for_their_turn() {
    type Stop = fn(&Gate);
    let stops: [(&str, Stop); 4] = [
        ("paused", |gate| gate.dial().set_running(Running::Paused)),
        ("expired", |gate| gate.dial().set_running(Running::Expired)),
        ("dry_run", |gate| gate.dial().set_dry_run(true)),
        ("killed", |gate| {
            gate.dial().kill_switch().set(true);
            gate.dial().kill_switch().set(false);
        }),
    ];
    for (reason, stop) in stops {
        actix::System::new().block_on(async {
            let stage = Stage::new(&[]);
            stage.mirror_while(&[false], stop).await;
            let books = stage.gate.books();
            assert!(books.balanced(), "{books:?}");
            assert_eq!((books.dropped, books.sent), (vec![(reason, 1)], 0));
        });
    }
}

#[test]
fn a_dry_run_tells_which_copies_can_not_be_made() {
    let policy = json!({"dry_run": true, "holdout": 0, "body_patch": {"a": 1}});
    for (text, reason) in [("12345", "dry_run"), ("{nope", "body_patch")] {
        actix::System::new().block_on(async {
            let stage = Stage { text, ..Stage::under(&policy, &[]) };
            stage.mirror_while(&[true], |_gate| ()).await;
            let books = stage.gate.books();
            assert_eq!((books.dropped, books.sent, stage.memory.held()), (vec![(reason, 1)], 0, 0));
        });
    }
}

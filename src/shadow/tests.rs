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
use serde_json::json;

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
struct Scripted(Mutex<VecDeque<fn() -> Called>>);

impl std::fmt::Debug for Scripted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Scripted")
    }
}

impl Layer<BackendCall, Called> for Scripted {
    fn call<'a>(&'a self, _call: BackendCall, _next: Next<'a, BackendCall, Called>) -> LocalBoxFuture<'a, Called> {
        let answer = self.0.lock().unwrap().pop_front().expect("no more calls than the test says");
        Box::pin(async move { answer() })
    }
}

struct Stage {
    shadow: Addr<ShadowActor>,
    gate: Arc<Gate>,
    memory: Arc<MemoryBudget>,
    recorder: Rc<RefCell<Recorder>>,
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
        let text = json!({"version": 3, "host": ["http://127.0.0.1:80"], "endpoints": [{
            "endpoint": "/x",
            "backend": [
                {"url_pattern": "/live"},
                {"url_pattern": "/shadow", "extra_config": {"proxy": {"shadow": true}}}
            ]
        }]})
        .to_string();
        let loaded = load(&Source::Text { name: "krakend.json".into(), text }, &Environment::default());
        let mut plan = compile(&loaded.service.expect("a sound file")).0;
        let recorder = Rc::new(RefCell::new(Recorder::new(Arc::clone(&plan.names))));
        let endpoint = Arc::into_inner(plan.endpoints.remove(0)).expect("nobody else has it");
        let shadow = endpoint.shadows.into_iter().next().and_then(Arc::into_inner).expect("one shadow");
        let backend = Arc::into_inner(shadow.backend).expect("nobody else has it");
        let layer = Arc::new(Scripted(Mutex::new(script.iter().copied().collect())));
        let backend = Arc::new(BackendPlan { calls_through: Layers::new(vec![layer as _]), ..backend });
        let shadow = Arc::new(ShadowPlan { backend, bounds: BOUNDS, ..shadow });
        let caller = Caller::new(Client::new(plan.service.pool, Secure::new(None)), 0);
        let memory = Arc::new(MemoryBudget::new(1000));
        let gate = Arc::new(Gate::new(BOUNDS, Arc::clone(&memory)));
        let shadow = ShadowActor::new(shadow, caller, Rc::clone(&recorder)).start();
        Self { shadow, gate, memory, recorder }
    }

    /// Mirrors a request through a sequence of so many calls of the shadow, and waits for its end.
    async fn mirror(&self, calls: usize) {
        let ticket = admitted(&self.gate);
        let rest = (1..calls).map(|_| Chained {
            recipient: self.shadow.clone().recipient(),
            ticket: waiting(&self.gate),
            lookups: Vec::new(),
        });
        let request = Request {
            method: http::Method::GET,
            headers: Headers::new(),
            query: String::new(),
            params: Vec::new(),
            claims: None,
            origin: None,
        };
        let mirror = Mirror {
            request: Arc::new(request),
            earlier: Vec::new(),
            body: Body::Empty,
            ticket,
            not_before: None,
            rest: rest.collect(),
            answers: Vec::new(),
        };
        self.shadow.send(mirror).await.expect("the actor lives");
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
    match gate.admit_more(0) {
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

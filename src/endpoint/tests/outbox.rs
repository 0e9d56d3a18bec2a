//! Copies on their way to another thread: when they go, and how many together.

use std::{cell::RefCell, rc::Rc, sync::Arc, time::Duration};

use actix::{Actor, Context, Handler};
use tokio::time::sleep;

use super::{
    super::outbox::Outbox,
    stage::{ROOMY, on_virtual_time},
};
use crate::{
    model::{Body, Headers, Request},
    shadow::{Gate, MemoryBudget, Mirror, Mirrors, Offered, Size},
};

/// What happened, in order.
type Log = Rc<RefCell<Vec<String>>>;

/// Writes down what it hears.
struct Listener(Log);

impl Actor for Listener {
    type Context = Context<Self>;

    fn stopped(&mut self, _ctx: &mut Self::Context) {
        self.0.borrow_mut().push("forgotten".into());
    }
}

impl Handler<Mirrors> for Listener {
    type Result = ();

    fn handle(&mut self, Mirrors(mirrors): Mirrors, _ctx: &mut Self::Context) {
        self.0.borrow_mut().push(format!("{} copies", mirrors.len()));
    }
}

/// Plays with an outbox, and gives what happened until nothing more did.
fn happened(play: impl FnOnce(Rc<Outbox>, &Arc<Gate>, &Log)) -> Vec<String> {
    on_virtual_time(async {
        let log = Log::default();
        let gate = Arc::new(Gate::new(ROOMY, Arc::new(MemoryBudget::new(1 << 20))));
        let outbox = Outbox::to(Listener(Rc::clone(&log)).start().recipient());
        play(outbox, &gate, &log);
        // The clock goes on when nothing is ready any more.
        sleep(Duration::from_secs(1)).await;
        let happened = log.borrow().clone();
        assert_eq!(gate.concurrent(), 0, "nothing is left behind");
        happened
    })
}

fn copy(gate: &Arc<Gate>) -> Box<Mirror> {
    let Offered::Admitted(ticket) = gate.admit_more(Size::default()) else { panic!("there is room") };
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
    Box::new(Mirror {
        request: Arc::new(request),
        earlier: Vec::new(),
        body: Body::Empty,
        loss: None,
        body_of_rest: Body::Empty,
        ticket,
        witness: None,
        not_before: None,
        rest: [].into(),
        answers: Vec::new(),
    })
}

#[test]
fn copies_of_one_turn_go_in_one_message() {
    let log = happened(|outbox, gate, _log| {
        let gate = Arc::clone(gate);
        actix::spawn(async move {
            for copies in [3, 1, 2] {
                (0..copies).for_each(|_| outbox.post(copy(&gate)));
                sleep(Duration::from_millis(1)).await;
            }
        });
    });
    assert_eq!(log, ["3 copies", "1 copies", "2 copies", "forgotten"]);
}

#[test]
fn live_calls_that_are_ready_go_before_copies() {
    let log = happened(|outbox, gate, log| {
        let (gate, live) = (Arc::clone(gate), Rc::clone(log));
        actix::spawn(async move {
            // As the actor of a live backend, which was asked first and spawns the call itself.
            actix::spawn(async move {
                actix::spawn(async move { live.borrow_mut().push("live".into()) });
            });
            outbox.post(copy(&gate));
            sleep(Duration::from_millis(1)).await;
        });
    });
    assert_eq!(log, ["live", "1 copies", "forgotten"]);
}

#[test]
fn many_copies_wait_for_nothing() {
    let log = happened(|outbox, gate, _log| {
        let gate = Arc::clone(gate);
        actix::spawn(async move {
            (0..150).for_each(|_| outbox.post(copy(&gate)));
            sleep(Duration::from_millis(1)).await;
        });
    });
    assert_eq!(log, ["64 copies", "64 copies", "22 copies", "forgotten"]);
}

#[test]
fn what_waits_when_nobody_can_send_any_more_goes_then() {
    let log = happened(|outbox, gate, _log| outbox.post(copy(gate)));
    assert_eq!(log, ["1 copies", "forgotten"]);
}

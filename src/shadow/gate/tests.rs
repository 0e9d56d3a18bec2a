//! The gate under every fate a ticket can have.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::model::Kind;
use crate::shadow::Missed;
use crate::stats::Ledgered;

/// An admitted copy of a request that a gate in plain mode never asks about.
trait Admits {
    fn admits(&self, body_bytes: usize) -> Option<Ticket>;
}

impl Admits for Arc<Gate> {
    fn admits(&self, body_bytes: usize) -> Option<Ticket> {
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
        match self.offer(Asked { request: &request, drawn: 0, size: Size { body: body_bytes, ..Size::default() } }) {
            Offered::Admitted(ticket) => Some(ticket),
            Offered::Skipped(_) | Offered::Dropped(_) => None,
        }
    }
}

fn gate(concurrent_max: usize, buffered_bytes_max: usize, memory: &Arc<MemoryBudget>) -> Arc<Gate> {
    let bounds = ShadowBounds {
        concurrent_max,
        queue_max: 0,
        buffered_bytes_max,
        request_bytes_max: 1000,
        response_bytes_max: 1000,
    };
    Arc::new(Gate::new(bounds, Arc::clone(memory)))
}

#[test]
fn a_gate_refuses_by_count_by_bytes_and_by_size_and_says_why() {
    let memory = Arc::new(MemoryBudget::new(1000));
    let gate = gate(2, 500, &memory);
    let first = gate.admits(400).expect("there is room");
    assert!(gate.admits(200).is_none());
    assert!(gate.admits(1001).is_none());
    let second = gate.admits(100).expect("there is room");
    assert!(gate.admits(0).is_none());
    let dropped = gate.books().dropped;
    assert_eq!(dropped, [("concurrency", 1), ("memory", 1), ("body_too_large", 1)]);
    drop((first, second));
    assert_eq!((gate.concurrent(), memory.held(), gate.books().buffered_bytes), (0, 0, 0));
}

#[test]
fn one_budget_holds_for_all_gates() {
    let memory = Arc::new(MemoryBudget::new(500));
    let (one, other) = (gate(9, 900, &memory), gate(9, 900, &memory));
    let mut ticket = one.admits(300).expect("there is room");
    assert!(other.admits(300).is_none());
    assert_eq!(other.books().dropped, [("memory_budget", 1)]);
    assert!(other.admits(0).is_some(), "a copy without a body needs no memory");
    assert_eq!(ticket.grow(300), Err(DropReason::MemoryBudget));
    assert_eq!(ticket.grow(200), Ok(()));
    drop(ticket);
    assert!(other.admits(500).is_some());
}

#[test]
fn what_is_kept_beside_a_body_is_reserved_but_is_no_part_of_it() {
    let memory = Arc::new(MemoryBudget::new(2000));
    let gate = gate(9, 1500, &memory);
    let mut ticket = gate.admits(100).expect("there is room");
    assert_eq!(ticket.keep(1000), Ok(()));
    assert_eq!(ticket.grow(300), Ok(()), "a body of 400 bytes is not too large");
    assert_eq!(ticket.keep(101), Err(DropReason::Memory));
    assert_eq!((memory.held(), gate.books().buffered_bytes), (1400, 1400));
    drop(ticket);
    assert_eq!((memory.held(), gate.books().buffered_bytes), (0, 0));
}

#[test]
fn a_closed_gate_lets_nobody_in_and_those_inside_out() {
    let gate = gate(9, 900, &Arc::new(MemoryBudget::new(900)));
    let mut inside = gate.admits(1).expect("it is open");
    gate.close();
    assert!(gate.admits(0).is_none());
    inside.send();
    inside.complete(200);
    let books = gate.books();
    assert_eq!((books.completed, books.dropped), (vec![("2xx", 1)], vec![("shutdown", 1)]));
}

#[test]
fn a_ticket_that_dies_in_a_panic_is_booked_as_one() {
    let gate = gate(9, 900, &Arc::new(MemoryBudget::new(900)));
    let mut ticket = gate.admits(1).expect("it is open");
    ticket.send();
    let thread = std::thread::spawn(move || {
        let _held = ticket;
        panic!("a shadow goes wrong");
    });
    assert!(thread.join().is_err());
    assert_eq!(gate.books().failed, [("panic", 1)]);
    assert_eq!(gate.concurrent(), 0);
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Offer(usize),
    Grow(usize, usize),
    Keep(usize, usize),
    Drop(usize),
    DropFor(usize, usize),
    Send(usize),
    Complete(usize, u16),
    Fail(usize, usize),
    Miss(usize),
    Wait(u64),
    Close,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0..1200usize).prop_map(Step::Offer),
        2 => (0..8usize, 0..400usize).prop_map(|(at, bytes)| Step::Grow(at, bytes)),
        2 => (0..8usize, 0..400usize).prop_map(|(at, bytes)| Step::Keep(at, bytes)),
        2 => (0..8usize).prop_map(Step::Drop),
        2 => (0..8usize, 0..DropReason::ALL.len()).prop_map(|(at, reason)| Step::DropFor(at, reason)),
        6 => (0..8usize).prop_map(Step::Send),
        4 => (0..8usize, 0..700u16).prop_map(|(at, status)| Step::Complete(at, status)),
        2 => (0..8usize, 0..Kind::ALL.len()).prop_map(|(at, kind)| Step::Fail(at, kind)),
        3 => (0..8usize).prop_map(Step::Miss),
        2 => (0..6000u64).prop_map(Step::Wait),
        1 => Just(Step::Close),
    ]
}

fn take(tickets: &mut Vec<Ticket>, at: usize) -> Option<Ticket> {
    (at < tickets.len()).then(|| tickets.swap_remove(at))
}

proptest! {
    #[test]
    fn the_books_balance_under_random_fates(steps in proptest::collection::vec(step(), 0..200)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let _inside = runtime.enter();
        let memory = Arc::new(MemoryBudget::new(1500));
        let gate = gate(5, 1200, &memory);
        let mut tickets: Vec<Ticket> = Vec::new();
        for step in steps {
            match step {
                Step::Offer(bytes) => tickets.extend(gate.admits(bytes)),
                Step::Grow(at, bytes) => { if let Some(ticket) = tickets.get_mut(at) { let _full = ticket.grow(bytes); } }
                Step::Keep(at, bytes) => { if let Some(ticket) = tickets.get_mut(at) { let _full = ticket.keep(bytes); } }
                Step::Drop(at) => drop(take(&mut tickets, at)),
                Step::DropFor(at, reason) => { if let Some(ticket) = take(&mut tickets, at) { ticket.drop_for(DropReason::ALL[reason]); } }
                Step::Send(at) => { if let Some(ticket) = tickets.get_mut(at) { ticket.send(); } }
                Step::Complete(at, status) => { if let Some(mut ticket) = take(&mut tickets, at) { ticket.send(); ticket.complete(status); } }
                Step::Fail(at, kind) => { if let Some(mut ticket) = take(&mut tickets, at) { ticket.send(); ticket.fail(Kind::ALL[kind]); } }
                Step::Miss(at) => { if let Some(mut ticket) = take(&mut tickets, at) { ticket.send(); ticket.miss(Missed { place: 0, hosts: 1 }); } }
                Step::Wait(milliseconds) => runtime.block_on(tokio::time::advance(Duration::from_millis(milliseconds))),
                Step::Close => gate.close(),
            }
            let books = gate.books();
            prop_assert!(books.balanced(), "{books:?}");
            prop_assert_eq!(books.waiting + books.in_flight, tickets.len() as u64);
            prop_assert!(gate.concurrent() == tickets.len() && tickets.len() <= 5);
            prop_assert!(memory.held() as u64 == books.buffered_bytes && books.buffered_bytes <= 1200);
        }
        tickets.clear();
        let books = gate.books();
        prop_assert!(books.balanced() && books.waiting == 0 && books.in_flight == 0);
        prop_assert_eq!((gate.concurrent(), memory.held()), (0, 0));
    }
}

//! The gate of a shadow that refuses connections: copies are dropped and counted until somebody is there again, with a
//! policy and without.

use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::{
    model::Kind,
    shadow::{
        Missed,
        fixture::{plan, plan_at},
    },
    stats::Ledgered,
};

const NOBODY: Missed = Missed { place: 0, hosts: 1 };
/// Longer than any wait for a trial.
const LONG: Duration = Duration::from_secs(7);
/// Longer than the first wait for a trial, shorter than the second.
const SHORT: Duration = Duration::from_millis(130);

fn gate(policy: &Value) -> Arc<Gate> {
    let memory = Arc::new(MemoryBudget::new(1 << 20));
    Arc::new(Gate::of(&plan(policy), memory, KillSwitch::default(), false))
}

fn offer(gate: &Arc<Gate>) -> Result<Ticket, DropReason> {
    match gate.admit_more(Size { head: 9, ..Size::default() }) {
        Offered::Admitted(ticket) => Ok(ticket),
        Offered::Dropped(reason) => Err(reason),
        Offered::Skipped(reason) => panic!("everything is wanted, not {reason:?}"),
    }
}

/// Offers a copy and sends it; the call ends so.
fn send(gate: &Arc<Gate>, end: impl FnOnce(Ticket)) -> Result<(), DropReason> {
    let mut ticket = offer(gate)?;
    ticket.clear().expect("what is let in now may be sent now");
    ticket.send();
    end(ticket);
    Ok(())
}

fn refuse(gate: &Arc<Gate>, times: usize) {
    for _ in 0..times {
        assert_eq!(send(gate, |ticket| ticket.miss(NOBODY)), Ok(()));
    }
}

fn dropped(gate: &Gate) -> Vec<(&'static str, u64)> {
    let books = gate.books();
    assert!(books.balanced(), "{books:?}");
    books.dropped
}

#[tokio::test(start_paused = true)]
async fn a_shadow_that_refuses_is_left_alone_and_found_again_in_both_modes() {
    for policy in [json!(null), json!({"holdout": 0}), json!({"holdout": 0, "breaker": "off"})] {
        let gate = gate(&policy);
        refuse(&gate, 5);
        for _ in 0..3 {
            assert_eq!(send(&gate, |ticket| ticket.complete(200)), Err(DropReason::Unreachable));
        }
        tokio::time::advance(SHORT).await;
        refuse(&gate, 1);
        assert_eq!(send(&gate, |ticket| ticket.complete(200)), Err(DropReason::Unreachable));
        tokio::time::advance(LONG).await;
        for _ in 0..9 {
            assert_eq!(send(&gate, |ticket| ticket.complete(500)), Ok(()), "answers with errors are answers");
        }
        assert_eq!(dropped(&gate), [("unreachable", 4)]);
        assert_eq!((gate.books().failed, gate.concurrent()), (vec![("connect", 6)], 0));
    }
}

#[tokio::test(start_paused = true)]
async fn copies_that_wait_are_not_sent_to_a_shadow_that_nobody_reaches_any_more() {
    let gate = gate(&json!(null));
    let mut waiting: Vec<_> = (0..3).map(|_| offer(&gate).expect("it may")).collect();
    let mut asked = || waiting.pop().expect("enough wait");
    refuse(&gate, 5);
    let mut late = asked();
    assert_eq!(late.clear(), Err(DropReason::Unreachable));
    late.drop_for(DropReason::Unreachable);
    tokio::time::advance(LONG).await;
    let mut trial = asked();
    assert_eq!((trial.clear(), asked().clear()), (Ok(Cleared::ToSend), Err(DropReason::Unreachable)));
    trial.send();
    trial.complete(200);
    assert_eq!(send(&gate, |ticket| ticket.complete(200)), Ok(()));
    assert_eq!(dropped(&gate), [("client_aborted", 1), ("unreachable", 1)]);
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_finds_no_room_spends_no_trial() {
    let gate = gate(&json!({"holdout": 0, "limits": {"max_concurrent": 1, "queue": 0}}));
    refuse(&gate, 5);
    tokio::time::advance(SHORT).await;
    let trial = offer(&gate).expect("it is time");
    tokio::time::advance(LONG).await;
    assert_eq!(offer(&gate).map(drop), Err(DropReason::Concurrency));
    drop(trial);
    assert_eq!(send(&gate, |ticket| ticket.complete(200)), Ok(()), "this is the next trial");
}

#[tokio::test(start_paused = true)]
async fn what_was_reserved_for_a_trial_that_another_thread_took_is_given_back() {
    let gate = gate(&json!(null));
    refuse(&gate, 5);
    tokio::time::advance(LONG).await;
    let threads: Vec<_> = (0..4).map(|_| Arc::clone(&gate)).collect();
    let trials: Vec<_> = threads.iter().filter_map(|gate| offer(gate).ok()).collect();
    assert_eq!((trials.len(), gate.concurrent(), gate.books().buffered_bytes), (1, 1, 9));
    drop(trials);
    assert_eq!((gate.concurrent(), gate.buffered_bytes(), gate.memory().held()), (0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn whoever_accepts_connections_is_not_left_alone_however_it_fails() {
    for kind in [Kind::Timeout, Kind::Tls, Kind::Io, Kind::Protocol, Kind::TooLarge, Kind::Status, Kind::Decode] {
        let gate = gate(&json!(null));
        for _ in 0..9 {
            refuse(&gate, 4);
            assert_eq!(send(&gate, |ticket| ticket.fail(kind)), Ok(()), "{kind:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn calls_that_tell_nothing_of_the_shadow_neither_begin_nor_end_it() {
    for kind in [Kind::Connect, Kind::Refused, Kind::Cancelled, Kind::Upload, Kind::Lag, Kind::NoHost, Kind::Panic] {
        let gate = gate(&json!(null));
        refuse(&gate, 4);
        for _ in 0..9 {
            assert_eq!(send(&gate, |ticket| ticket.fail(kind)), Ok(()), "{kind:?}");
        }
        refuse(&gate, 1);
        assert_eq!(offer(&gate).map(drop), Err(DropReason::Unreachable), "{kind:?}");
        tokio::time::advance(LONG).await;
        assert_eq!(send(&gate, |ticket| ticket.fail(kind)), Ok(()), "{kind:?}");
        assert_eq!(offer(&gate).map(drop), Err(DropReason::Unreachable), "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_reload_forgets_it_only_with_the_hosts() {
    let former = gate(&json!(null));
    refuse(&former, 5);
    let policy = json!({"holdout": 0});
    let same = Arc::new(former.successor(&plan(&policy), false));
    assert_eq!(offer(&same).map(drop), Err(DropReason::Unreachable));
    let elsewhere = Arc::new(same.successor(&plan_at("http://127.0.0.2:80", &policy), false));
    assert_eq!(send(&elsewhere, |ticket| ticket.complete(200)), Ok(()));
    assert_eq!(dropped(&elsewhere), [("unreachable", 1)], "the books go on");
}

//! `qos/circuit-breaker`: spares a backend that keeps failing, and those who wait for it.
//!
//! Promises: everything that fails inside counts, timeouts too; a client that hangs up counts neither way. Its state
//! belongs to one backend of one endpoint and is shared by all threads. Calls beside live ones are let through while it is
//! closed, and change nothing about it: they neither try whether an open one may close, nor count.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::future::LocalBoxFuture;
use tokio::time::Instant;

use crate::{
    component::{
        BackendCall, Layer, Next,
        tables::{Called, Place},
    },
    config::{Node, diagnostic::Findings},
    model::{Failure, Kind},
};

use super::breaker::{Breaker, Ending, Generation, Limits, Refused, State};

const OPEN_TIME: Duration = Duration::from_secs(60);

/// The breaker of one backend.
#[derive(Debug)]
struct CircuitBreaker {
    breaker: Mutex<Breaker>,
    name: String,
    logs_changes: bool,
}

/// The layer for these settings.
pub fn layer(
    node: &Node<'_>,
    _place: Place<'_>,
    findings: &mut Findings,
) -> Option<Arc<dyn Layer<BackendCall, Called>>> {
    let mut own = Findings::default();
    let made = if node.exact_object(&mut own) { CircuitBreaker::new(node, &mut own) } else { None };
    findings.append_as_mistakes(own);
    Some(Arc::new(made?))
}

impl CircuitBreaker {
    fn new(node: &Node<'_>, findings: &mut Findings) -> Option<Self> {
        let mut number = |key: &str| node.member(key).exact_number(findings).map_or(0, |number| number as i64);
        let (interval, timeout, max_errors) = (number("interval"), number("timeout"), number("max_errors"));
        let name = node.member("name").exact_text(findings).unwrap_or_default();
        let logs_changes = node.member("log_status_change").exact_flag(findings).unwrap_or(false);
        if interval == 0 && timeout == 0 && max_errors == 0 && name.is_empty() && !logs_changes {
            findings.warning(node.pointer(), "nothing is set, so there is no breaker, as in KrakenD");
            return None;
        }
        if max_errors < 0 {
            findings.warning(node.member("max_errors").pointer(), "below zero, so the breaker never opens");
        }
        let limits = Limits {
            // Below zero wraps around to a number no backend ever reaches.
            failures_max: u32::try_from(max_errors).unwrap_or(u32::MAX),
            interval: seconds(interval),
            open_time: seconds(timeout).unwrap_or(OPEN_TIME),
        };
        Some(Self { breaker: Mutex::new(Breaker::new(limits, Instant::now())), name, logs_changes })
    }

    /// Changes the breaker, and logs what became of its state.
    fn change<T>(&self, change: impl FnOnce(&mut Breaker, Instant) -> T) -> T {
        let now = Instant::now();
        let mut breaker = self.lock();
        // The state before is looked at as it was left: time passing is a change like any other.
        let before = breaker.last_state();
        let outcome = change(&mut breaker, now);
        let after = breaker.last_state();
        drop(breaker);
        self.log(before, after);
        outcome
    }

    fn lock(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn log(&self, before: State, after: State) {
        if self.logs_changes && before != after {
            let (name, before, after) = (&self.name, before.name(), after.name());
            tracing::warn!("[CB] Circuit breaker named '{name}' went from '{before}' to '{after}'");
        }
    }
}

impl Layer<BackendCall, Called> for CircuitBreaker {
    fn call<'a>(&'a self, call: BackendCall, next: Next<'a, BackendCall, Called>) -> LocalBoxFuture<'a, Called> {
        Box::pin(async move {
            let asked = self.change(Breaker::ask).map_err(refusal)?;
            let mut booking = Booking { breaker: self, asked, deadline: call.deadline, ending: None };
            let outcome = next.run(call).await;
            booking.ending = Some(match &outcome {
                Ok(_) => Ending::Success,
                Err(failure) if failure.kind == Kind::Cancelled => Ending::Cancelled,
                Err(_) => Ending::Failure,
            });
            outcome
        })
    }

    fn beside_live(self: Arc<Self>) -> Option<Arc<dyn Layer<BackendCall, Called>>> {
        Some(Arc::new(WhileClosed(self)))
    }
}

/// The same breaker for calls beside live ones.
#[derive(Debug)]
struct WhileClosed(Arc<CircuitBreaker>);

impl WhileClosed {
    /// As it was left: to look whether its time has come would be to begin its next interval.
    fn is_closed(&self) -> bool {
        self.0.lock().last_state() == State::Closed
    }
}

impl Layer<BackendCall, Called> for WhileClosed {
    fn call<'a>(&'a self, call: BackendCall, next: Next<'a, BackendCall, Called>) -> LocalBoxFuture<'a, Called> {
        if self.is_closed() {
            return next.run(call);
        }
        Box::pin(std::future::ready(Err(refusal(Refused::Open))))
    }
}

fn refusal(refused: Refused) -> Failure {
    Failure::new(
        Kind::Refused,
        match refused {
            Refused::Open => "circuit breaker is open",
            Refused::TooMany => "too many requests",
        },
    )
}

/// Books a call when it ends, also when it ends by being dropped.
struct Booking<'a> {
    breaker: &'a CircuitBreaker,
    asked: Generation,
    deadline: Instant,
    ending: Option<Ending>,
}

impl Drop for Booking<'_> {
    fn drop(&mut self) {
        let is_failure = std::thread::panicking() || Instant::now() >= self.deadline;
        let ending = self.ending.unwrap_or(if is_failure { Ending::Failure } else { Ending::Cancelled });
        self.breaker.change(|breaker, now| breaker.book(self.asked, ending, now));
    }
}

/// Whole seconds; `None` for zero and below, which the original takes for "not set".
fn seconds(number: i64) -> Option<Duration> {
    u64::try_from(number)
        .ok()
        .filter(|seconds| *seconds > 0)
        .map(|seconds| Duration::from_secs(seconds.min(SECONDS_MAX)))
}

/// Longer than anything runs, in seconds; more would leave the range of instants.
const SECONDS_MAX: u64 = 1 << 32;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn breaker(settings: &serde_json::Value) -> Option<CircuitBreaker> {
        CircuitBreaker::new(&Node::root(settings), &mut Findings::default())
    }

    #[test]
    fn settings_that_are_all_zero_make_no_breaker() {
        assert!(breaker(&json!({})).is_none());
        assert!(breaker(&json!({"max_errors": 0, "timeout": 0})).is_none());
        assert!(breaker(&json!({"name": "a"})).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn calls_beside_live_ones_go_through_while_it_is_closed_and_never_try_it() {
        let breaker = Arc::new(breaker(&json!({"max_errors": 1, "timeout": 10, "interval": 5})).unwrap());
        let beside = WhileClosed(Arc::clone(&breaker));
        let fails =
            || breaker.change(|breaker, now| breaker.ask(now).map(|asked| breaker.book(asked, Ending::Failure, now)));
        assert!(beside.is_closed());
        assert!(fails().is_ok() && beside.is_closed());
        tokio::time::advance(Duration::from_secs(6)).await;
        assert!(beside.is_closed() && fails().is_ok() && beside.is_closed(), "the interval ended, whoever looked");
        assert!(fails().is_ok() && !beside.is_closed());
        tokio::time::advance(Duration::from_secs(11)).await;
        assert!(!beside.is_closed(), "the trial is a live call's");
        assert!(breaker.change(Breaker::ask).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_dropped_before_its_time_counts_neither_way_and_after_it_as_a_failure() {
        let breaker = breaker(&json!({"timeout": 60})).unwrap();
        let deadline = Instant::now() + Duration::from_secs(1);
        let booking = |asked| Booking { breaker: &breaker, asked, deadline, ending: None };
        drop(booking(breaker.change(Breaker::ask).unwrap()));
        assert_eq!(breaker.lock().last_state(), State::Closed);
        let late = booking(breaker.change(Breaker::ask).unwrap());
        tokio::time::advance(Duration::from_secs(1)).await;
        drop(late);
        assert_eq!(breaker.lock().last_state(), State::Open);
        assert_eq!(breaker.change(Breaker::ask), Err(Refused::Open));
    }
}

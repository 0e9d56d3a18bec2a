//! A call in the figures of its thread: begun once, and ended once however it ends.
//!
//! A call that is dropped midway, by a panic too, is booked then: what is in flight goes back to zero.

use std::cell::{Cell, RefCell};

use tokio::time::Instant;

use crate::{
    model::{Failure, Kind},
    stats::{BackendId, Ending, Outcome, Recorder, TraceNumber},
};

/// How a call without an answer ends.
const FAILED: Ending = Ending { complete: false, error: true };

/// Books a call when it ends, also when it ends by being dropped.
pub struct Measured<'a> {
    recorder: &'a RefCell<Recorder>,
    id: BackendId,
    deadline: Instant,
    trace: Option<TraceNumber>,
    started: Instant,
    booked: Cell<bool>,
}

impl<'a> Measured<'a> {
    /// Books that a call of this backend has begun; one that is dropped after `deadline` has timed out.
    #[must_use]
    pub fn start(recorder: &'a RefCell<Recorder>, id: BackendId, deadline: Instant) -> Self {
        recorder.borrow_mut().backend_started(id);
        Self { recorder, id, deadline, trace: None, started: Instant::now(), booked: Cell::new(false) }
    }

    /// The same call, of which there is the trace with this number.
    #[must_use]
    pub fn traced(mut self, trace: Option<u128>) -> Self {
        self.trace = trace.map(TraceNumber);
        self
    }

    /// Books how it ended: with this status and, in the original's words, this ending; or without an answer.
    pub fn end(&self, outcome: Result<(u16, Ending), &Failure>) {
        match outcome {
            Ok((status, ending)) => self.book(Outcome::Status(status), ending),
            Err(failure) => self.book(Outcome::Failed(failure.kind.label()), FAILED),
        }
    }

    fn book(&self, outcome: Outcome, ending: Ending) {
        self.booked.set(true);
        let (mut recorder, elapsed) = (self.recorder.borrow_mut(), self.started.elapsed());
        recorder.backend_done(self.id, outcome, elapsed);
        recorder.backend_ended(self.id, ending, elapsed);
        if let Some(trace) = self.trace {
            recorder.backend_traced(self.id, trace, elapsed);
        }
    }
}

impl Drop for Measured<'_> {
    fn drop(&mut self) {
        if self.booked.get() {
            return;
        }
        let kind = if std::thread::panicking() {
            Kind::Panic
        } else if Instant::now() >= self.deadline {
            Kind::Timeout
        } else {
            Kind::Cancelled
        };
        self.book(Outcome::Failed(kind.label()), FAILED);
    }
}

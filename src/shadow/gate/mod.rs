//! The limit on shadow work, and the right to one call.
//!
//! Runs on the live path once per shadow and request: a few atomic operations and an entry in the books, no wait for a
//! shadow, no copy, no lock that is held while anything else is done. A refusal is counted here with its reason; a ticket gives its slot and its bytes back when it is dropped, wherever that is.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use crate::{
    model::Kind,
    plan::ShadowBounds,
    stats::{Books, Ledgered},
};

use super::{DropReason, Ledger, MemoryBudget};

/// Bounds and books of one shadow backend, shared by all threads.
#[derive(Debug)]
pub struct Gate {
    bounds: ShadowBounds,
    memory: Arc<MemoryBudget>,
    closed: AtomicBool,
    concurrent: AtomicUsize,
    bytes: AtomicUsize,
    ledger: Arc<Ledger>,
}

impl Gate {
    /// An open gate.
    #[must_use]
    pub fn new(bounds: ShadowBounds, memory: Arc<MemoryBudget>) -> Self {
        Self {
            bounds,
            memory,
            closed: AtomicBool::new(false),
            concurrent: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
            ledger: Arc::default(),
        }
    }

    /// An open gate with other bounds that goes on with the books of this one, after a reload. Copies that this one let
    /// in end in the same books and count against this one's bounds.
    #[must_use]
    pub fn successor(&self, bounds: ShadowBounds) -> Self {
        Self { ledger: Arc::clone(&self.ledger), ..Self::new(bounds, Arc::clone(&self.memory)) }
    }

    /// Offers a request whose body will hold `body_bytes` (as far as that is known) and gives the right to mirror it,
    /// or counts why not.
    #[must_use]
    pub fn offer(self: &Arc<Self>, body_bytes: usize) -> Option<Ticket> {
        match self.admit(body_bytes) {
            Ok(()) => {
                self.ledger.admit();
                let stage = Stage::Held(DropReason::ClientAborted);
                Some(Ticket { gate: Arc::clone(self), body_bytes, kept_bytes: 0, stage })
            }
            Err(reason) => {
                self.ledger.refuse(reason);
                None
            }
        }
    }

    fn admit(&self, body_bytes: usize) -> Result<(), DropReason> {
        if self.closed.load(Ordering::Acquire) {
            return Err(DropReason::Shutdown);
        }
        if body_bytes > self.bounds.request_bytes_max {
            return Err(DropReason::BodyTooLarge);
        }
        if !reserve(&self.concurrent, 1, self.bounds.concurrent_max) {
            return Err(DropReason::Concurrency);
        }
        self.hold(body_bytes).inspect_err(|_reason| {
            self.concurrent.fetch_sub(1, Ordering::AcqRel);
        })
    }

    /// Reserves bytes of this gate and of the common budget.
    fn hold(&self, bytes: usize) -> Result<(), DropReason> {
        if !reserve(&self.bytes, bytes, self.bounds.buffered_bytes_max) {
            return Err(DropReason::Memory);
        }
        if !self.memory.reserve(bytes) {
            self.bytes.fetch_sub(bytes, Ordering::AcqRel);
            return Err(DropReason::Memory);
        }
        Ok(())
    }

    /// Refuses everything from now on.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }

    /// Tickets that are out now.
    #[must_use]
    pub fn concurrent(&self) -> usize {
        self.concurrent.load(Ordering::Acquire)
    }
}

fn reserve(counter: &AtomicUsize, amount: usize, limit: usize) -> bool {
    amount == 0
        || counter
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |held| {
                held.checked_add(amount).filter(|sum| *sum <= limit)
            })
            .is_ok()
}

impl Ledgered for Gate {
    fn books(&self) -> Books {
        Books {
            state: if self.closed.load(Ordering::Acquire) { "closed" } else { "running" },
            buffered_bytes: self.bytes.load(Ordering::Acquire) as u64,
            buffered_bytes_max: self.bounds.buffered_bytes_max as u64,
            concurrent_max: self.bounds.concurrent_max as u64,
            ..self.ledger.read()
        }
    }
}

/// The right to one shadow call. Dropping it, anywhere and for any reason, gives the slot back and books the fate.
#[derive(Debug)]
pub struct Ticket {
    gate: Arc<Gate>,
    body_bytes: usize,
    kept_bytes: usize,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Not sent yet; if it ends here, for this reason.
    Held(DropReason),
    /// Handed over; if it ends here, nobody saw how.
    Sent,
    /// Booked.
    Ended,
}

impl Ticket {
    /// Reserves `bytes` more, for a body that arrives without its length.
    ///
    /// # Errors
    /// With the reason when the body or a budget is full; the ticket should be dropped with it then.
    pub fn grow(&mut self, bytes: usize) -> Result<(), DropReason> {
        if self.body_bytes + bytes > self.gate.bounds.request_bytes_max {
            return Err(DropReason::BodyTooLarge);
        }
        self.gate.hold(bytes)?;
        self.body_bytes += bytes;
        Ok(())
    }

    /// Reserves `bytes` for what is kept beside the body until this ticket ends.
    ///
    /// # Errors
    /// With the reason when a budget is full; nothing is reserved then.
    pub fn keep(&mut self, bytes: usize) -> Result<(), DropReason> {
        self.gate.hold(bytes)?;
        self.kept_bytes += bytes;
        Ok(())
    }

    /// Gives the right up before anything was sent.
    pub fn drop_for(mut self, reason: DropReason) {
        self.expect_drop_for(reason);
    }

    /// Says why it would be if the ticket were dropped before anything is sent.
    pub fn expect_drop_for(&mut self, reason: DropReason) {
        if matches!(self.stage, Stage::Held(_)) {
            self.stage = Stage::Held(reason);
        }
    }

    /// The copy is handed over.
    pub fn send(&mut self) {
        if matches!(self.stage, Stage::Held(_)) {
            self.stage = Stage::Sent;
            self.gate.ledger.send();
        }
    }

    /// The shadow answered with this status, and its answer was read.
    pub fn complete(mut self, status: u16) {
        self.end_sent(|ledger| ledger.complete(status));
    }

    /// The shadow did not answer properly.
    pub fn fail(mut self, kind: Kind) {
        self.end_sent(|ledger| ledger.fail(kind));
    }

    fn end_sent(&mut self, book: impl FnOnce(&Ledger)) {
        if self.stage == Stage::Sent {
            book(&self.gate.ledger);
            self.stage = Stage::Ended;
        }
    }
}

impl std::ops::Drop for Ticket {
    fn drop(&mut self) {
        match self.stage {
            Stage::Held(reason) => self.gate.ledger.drop_for(reason),
            Stage::Sent if std::thread::panicking() => self.gate.ledger.fail(Kind::Panic),
            Stage::Sent => self.gate.ledger.abandon(),
            Stage::Ended => {}
        }
        self.gate.concurrent.fetch_sub(1, Ordering::AcqRel);
        let bytes = self.body_bytes + self.kept_bytes;
        self.gate.memory.release(bytes);
        if bytes > 0 {
            self.gate.bytes.fetch_sub(bytes, Ordering::AcqRel);
        }
    }
}

#[cfg(test)]
mod tests;

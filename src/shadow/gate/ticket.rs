//! The right to one shadow call: dropping it, anywhere and for any reason, gives the slot back and books the fate.

use std::sync::{Arc, atomic::Ordering};

use tokio::time::Instant;

use crate::{
    model::Kind,
    shadow::{DropReason, Ledger, breaker::Pass},
};

use super::Gate;

/// The right to one shadow call.
#[derive(Debug)]
pub struct Ticket {
    gate: Arc<Gate>,
    body_bytes: usize,
    kept_bytes: usize,
    stage: Stage,
    /// What the breaker let through and has not heard of yet.
    pass: Option<Pass>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Not sent yet; if it ends here, for this reason.
    Held(DropReason),
    /// Sent; if it ends here, nobody saw how.
    Sent,
    /// Booked.
    Ended,
}

impl Ticket {
    pub(super) fn new(gate: Arc<Gate>, body_bytes: usize, pass: Option<Pass>) -> Self {
        Self { gate, body_bytes, kept_bytes: 0, stage: Stage::Held(DropReason::ClientAborted), pass }
    }

    /// The gate that gave it.
    #[must_use]
    pub fn gate(&self) -> &Gate {
        &self.gate
    }

    /// Reserves `bytes` more, for a body that arrives without its length.
    ///
    /// # Errors
    /// With the reason when the body, a budget or a rate is full; the ticket should be dropped with it then.
    pub fn grow(&mut self, bytes: usize) -> Result<(), DropReason> {
        if self.body_bytes + bytes > self.gate.bounds.request_bytes_max {
            return Err(DropReason::BodyTooLarge);
        }
        if let Some(rules) = &self.gate.rules {
            rules.pay_bytes(bytes, Instant::now())?;
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

    /// The copy goes out.
    pub fn send(&mut self) {
        if matches!(self.stage, Stage::Held(_)) {
            self.stage = Stage::Sent;
            self.gate.ledger.send();
        }
    }

    /// The shadow answered with this status, and its answer was read.
    pub fn complete(mut self, status: u16) {
        self.end_sent(|ledger| ledger.complete(status), true);
    }

    /// The shadow did not answer properly.
    pub fn fail(mut self, kind: Kind) {
        self.end_sent(|ledger| ledger.fail(kind), was_answered(kind));
    }

    fn end_sent(&mut self, book: impl FnOnce(&Ledger), answered: bool) {
        if self.stage != Stage::Sent {
            return;
        }
        book(&self.gate.ledger);
        self.stage = Stage::Ended;
        if let (Some(breaker), Some(pass)) = (self.gate.breaker(), self.pass.take()) {
            let now = Instant::now();
            if answered { breaker.answered(pass, now) } else { breaker.failed(pass, now) }
        }
    }
}

/// Whether a call that failed so was answered all the same, or never reached the shadow.
const fn was_answered(kind: Kind) -> bool {
    match kind {
        Kind::Status | Kind::Decode | Kind::TooLarge | Kind::Refused | Kind::Cancelled | Kind::Upload => true,
        Kind::Timeout | Kind::Connect | Kind::Tls | Kind::Io | Kind::Protocol | Kind::NoHost | Kind::Panic => false,
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        match self.stage {
            Stage::Held(_) if self.gate.dial.kill_switch().is_killed() => self.gate.ledger.drop_for(DropReason::Killed),
            Stage::Held(reason) => self.gate.ledger.drop_for(reason),
            Stage::Sent if std::thread::panicking() => self.end_sent(|ledger| ledger.fail(Kind::Panic), false),
            Stage::Sent => self.gate.ledger.abandon(),
            Stage::Ended => {}
        }
        if let (Some(breaker), Some(pass)) = (self.gate.breaker(), self.pass) {
            breaker.forget(pass);
        }
        self.gate.concurrent.fetch_sub(1, Ordering::AcqRel);
        let bytes = self.body_bytes + self.kept_bytes;
        self.gate.memory.release(bytes);
        if bytes > 0 {
            self.gate.bytes.fetch_sub(bytes, Ordering::AcqRel);
        }
    }
}

//! The right to one shadow call: dropping it, anywhere and for any reason, gives the slot back and books the fate.

use std::sync::Arc;

use tokio::time::Instant;

use crate::{
    model::{Descriptor, Kind},
    shadow::{Attempt, DropReason, Ledger, Missed, Running, Turns, breaker::Pass},
};

use super::{Gate, Size};

/// The right to one shadow call.
#[derive(Debug)]
pub struct Ticket {
    gate: Arc<Gate>,
    body_bytes: usize,
    /// Of the request's head, and of what is kept besides.
    kept_bytes: usize,
    stage: Stage,
    /// Of the switch over all shadows, when the copy was admitted.
    turns: Turns,
    /// Whether it finds out if the shadow can be reached again.
    attempt: Attempt,
    /// What the breaker let through and has not heard of yet.
    pass: Option<Pass>,
    /// Of the socket it may open.
    _descriptor: Descriptor,
}

/// What a copy whose turn has come is cleared for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cleared {
    /// To be sent.
    ToSend,
    /// To be made and not sent; the ticket should be dropped for [`DropReason::DryRun`] then.
    DryRun,
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
    pub(super) const fn new(
        gate: Arc<Gate>,
        size: Size,
        turns: Turns,
        attempt: Attempt,
        descriptor: Descriptor,
    ) -> Self {
        let stage = Stage::Held(DropReason::ClientAborted);
        let (body_bytes, kept_bytes) = (size.body, size.head);
        Self { gate, body_bytes, kept_bytes, stage, turns, attempt, pass: None, _descriptor: descriptor }
    }

    /// The gate that gave it.
    #[must_use]
    pub fn gate(&self) -> &Arc<Gate> {
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
        self.gate.pay_bytes(bytes)?;
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

    /// Ends when all shadows were switched off since the copy was admitted, also if they are on again; holds nothing.
    pub fn killed(&self) -> impl Future<Output = ()> + 'static {
        let (switch, turns) = (self.gate.dial.kill_switch().clone(), self.turns);
        async move { switch.killed_since(turns).await }
    }

    /// Asks, when the copy's turn has come, whether it may still be sent: much may have changed while it waited.
    ///
    /// # Errors
    /// With the reason why not; the ticket should be dropped with it then.
    pub fn clear(&mut self) -> Result<Cleared, DropReason> {
        let dial = &self.gate.dial;
        if dial.kill_switch().has_killed_since(self.turns) {
            return Err(DropReason::Killed);
        }
        match dial.last_word() {
            (Running::On, true) => return Ok(Cleared::DryRun),
            (Running::On, false) => {}
            (Running::Paused | Running::Stopped, _) => return Err(DropReason::Paused),
            (Running::Expired, _) => return Err(DropReason::Expired),
        }
        if self.attempt == Attempt::Regular {
            self.attempt = self.gate.backoff.attempt().ok_or(DropReason::Unreachable)?;
        }
        if let (Some(breaker), None) = (self.gate.breaker(), self.pass) {
            self.pass = Some(breaker.pass(Instant::now()).ok_or(DropReason::BreakerOpen)?);
        }
        Ok(Cleared::ToSend)
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
        self.end_sent(|ledger| ledger.complete(status), Some(true));
        self.gate.backoff.reached(self.attempt);
    }

    /// The shadow did not answer properly.
    pub fn fail(mut self, kind: Kind) {
        self.end_sent(|ledger| ledger.fail(kind), was_answered(kind));
        if has_reached(kind) {
            self.gate.backoff.reached(self.attempt);
        }
    }

    /// The shadow could not be connected to.
    pub fn miss(mut self, missed: Missed) {
        self.end_sent(|ledger| ledger.fail(Kind::Connect), was_answered(Kind::Connect));
        self.gate.backoff.refused(self.attempt, missed, Instant::now());
    }

    /// Books the end of the call; `answered` is nothing if it does not say whether the shadow answers.
    fn end_sent(&mut self, book: impl FnOnce(&Ledger), answered: Option<bool>) {
        if self.stage != Stage::Sent {
            return;
        }
        book(&self.gate.ledger);
        self.stage = Stage::Ended;
        if let (Some(breaker), Some(pass)) = (self.gate.breaker(), self.pass.take()) {
            let now = Instant::now();
            match answered {
                Some(true) => breaker.answered(pass, now),
                Some(false) => breaker.failed(pass, now),
                None => breaker.forget(pass),
            }
        }
    }
}

/// Whether a call that failed so was answered all the same; nothing if it never reached the shadow.
const fn was_answered(kind: Kind) -> Option<bool> {
    match kind {
        Kind::Status | Kind::Decode | Kind::TooLarge => Some(true),
        Kind::Refused | Kind::Cancelled | Kind::Upload => None,
        Kind::Timeout
        | Kind::Lag
        | Kind::Connect
        | Kind::Tls
        | Kind::Io
        | Kind::Protocol
        | Kind::NoHost
        | Kind::Panic => Some(false),
    }
}

/// Whether a call that failed so has found somebody, or at least was not refused.
const fn has_reached(kind: Kind) -> bool {
    match kind {
        Kind::Status | Kind::Decode | Kind::TooLarge | Kind::Timeout | Kind::Tls | Kind::Io | Kind::Protocol => true,
        // What it could not connect to may be another: where it was sent on to, or where it gets its token.
        Kind::Connect | Kind::Refused | Kind::Cancelled | Kind::Upload | Kind::Lag | Kind::NoHost | Kind::Panic => {
            false
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        match self.stage {
            Stage::Held(_) if self.gate.dial.kill_switch().has_killed_since(self.turns) => {
                self.gate.ledger.drop_for(DropReason::Killed);
            }
            Stage::Held(reason) => self.gate.ledger.drop_for(reason),
            Stage::Sent if std::thread::panicking() => self.end_sent(|ledger| ledger.fail(Kind::Panic), Some(false)),
            Stage::Sent => self.gate.ledger.abandon(),
            Stage::Ended => {}
        }
        if let (Some(breaker), Some(pass)) = (self.gate.breaker(), self.pass) {
            breaker.forget(pass);
        }
        self.gate.room.concurrent().release(1);
        self.gate.give_back(self.body_bytes + self.kept_bytes);
    }
}

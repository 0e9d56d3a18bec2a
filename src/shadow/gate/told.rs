//! What a gate tells of itself: its books, and what it is set to do.

use std::sync::atomic::Ordering;

use crate::{
    shadow::{Breaker, Pace, Running},
    stats::{Arms, Books, Ledgered, Standing},
};

use super::Gate;

impl Ledgered for Gate {
    fn books(&self) -> Books {
        Books {
            state: self.state(),
            buffered_bytes: self.room.bytes().held() as u64,
            buffered_bytes_max: self.bounds.buffered_bytes_max as u64,
            concurrent_max: self.bounds.concurrent_max.saturating_add(self.bounds.queue_max) as u64,
            ..self.ledger.read()
        }
    }

    fn standing(&self) -> Standing {
        Standing {
            rate: self.dial.dialed().rate.ratio(),
            max_rps: self.pace().and_then(Pace::per_second),
            dry_run: self.dial.is_dry_run(),
            killed: self.dial.kill_switch().is_killed(),
            paused: match self.dial.running() {
                Running::On => None,
                Running::Paused => Some("admin"),
                Running::Stopped => Some("rule"),
                Running::Expired => Some("expired"),
            },
            breaker: self.breaker().map(|breaker| breaker.state().label()),
            breaker_transitions: self.breaker().map_or(0, Breaker::transitions),
            overhead: self.arms().map(Arms::overhead),
            comparison: None,
        }
    }
}

impl Gate {
    fn state(&self) -> &'static str {
        if self.closed.load(Ordering::Acquire) {
            return "closed";
        }
        match self.dial.stopped() {
            Some(reason) => reason.label(),
            None if self.dial.is_dry_run() => "dry_run",
            None => "running",
        }
    }
}

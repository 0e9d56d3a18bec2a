//! The books of one shadow: how every request that was offered to it ended.
//!
//! `offered = sent + Σ skipped{reason} + Σ dropped{reason} + waiting` and `sent = Σ completed{class} + Σ failed{kind} + abandoned +
//! in flight`, exactly, in every reading. Only [`super::Ticket`] and [`super::Gate`] write here. The lock is held for a
//! few additions or one copy of the counts and never while anything else is done, so nobody waits for a shadow by it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::{model::Kind, stats::Books};

use super::{DropReason, SkipReason};

const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// Counters of one shadow backend, over all threads.
#[derive(Debug, Default)]
pub struct Ledger(Mutex<Counts>);

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    offered: u64,
    /// Admitted and not yet sent.
    waiting: u64,
    sent: u64,
    /// Sent and not yet ended.
    in_flight: u64,
    abandoned: u64,
    skipped: [u64; SkipReason::ALL.len()],
    dropped: [u64; DropReason::ALL.len()],
    completed: [u64; CLASSES.len()],
    failed: [u64; Kind::ALL.len()],
}

impl Ledger {
    /// A request that nobody wanted copied.
    pub(super) fn skip(&self, reason: SkipReason) {
        let mut counts = self.lock();
        counts.offered += 1;
        bump(&mut counts.skipped, reason.index());
    }

    /// A request that got no ticket.
    pub(super) fn refuse(&self, reason: DropReason) {
        let mut counts = self.lock();
        counts.offered += 1;
        bump(&mut counts.dropped, reason.index());
    }

    /// A request that got one.
    pub(super) fn admit(&self) {
        let mut counts = self.lock();
        counts.offered += 1;
        counts.waiting += 1;
    }

    /// A ticket that was given up before anything was sent.
    pub(super) fn drop_for(&self, reason: DropReason) {
        let mut counts = self.lock();
        counts.waiting -= 1;
        bump(&mut counts.dropped, reason.index());
    }

    pub(super) fn send(&self) {
        let mut counts = self.lock();
        counts.waiting -= 1;
        counts.sent += 1;
        counts.in_flight += 1;
    }

    pub(super) fn abandon(&self) {
        let mut counts = self.lock();
        counts.in_flight -= 1;
        counts.abandoned += 1;
    }

    pub(super) fn complete(&self, status: u16) {
        let mut counts = self.lock();
        counts.in_flight -= 1;
        bump(&mut counts.completed, usize::from((status / 100).clamp(1, 5) - 1));
    }

    pub(super) fn fail(&self, kind: Kind) {
        let mut counts = self.lock();
        counts.in_flight -= 1;
        bump(&mut counts.failed, kind.index());
    }

    /// The counters as they stand, all of the same instant.
    #[must_use]
    pub fn read(&self) -> Books {
        // Copied, so that nobody on the live path waits for the formatting.
        let counts = *self.lock();
        Books {
            state: "running",
            offered: counts.offered,
            skipped: named(SkipReason::ALL.map(SkipReason::label), &counts.skipped),
            dropped: named(DropReason::ALL.map(DropReason::label), &counts.dropped),
            waiting: counts.waiting,
            sent: counts.sent,
            in_flight: counts.in_flight,
            completed: named(CLASSES, &counts.completed),
            failed: named(Kind::ALL.map(Kind::label), &counts.failed),
            abandoned: counts.abandoned,
            buffered_bytes: 0,
            buffered_bytes_max: 0,
            concurrent_max: 0,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        // Additions don't panic, so a poisoned lock guards sound numbers all the same.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn bump(counters: &mut [u64], index: usize) {
    if let Some(counter) = counters.get_mut(index) {
        *counter += 1;
    }
}

fn named<const N: usize>(names: [&'static str; N], counters: &[u64; N]) -> Vec<(&'static str, u64)> {
    names.into_iter().zip(counters.iter().copied()).filter(|(_, count)| *count > 0).collect()
}

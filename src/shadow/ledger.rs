//! The books of one shadow: how every request that was offered to it ended.
//!
//! `offered = sent + Σ dropped{reason} + uploading` and `sent = Σ completed{class} + Σ failed{kind} + abandoned +
//! in flight`, exactly, whenever nothing is moving. Only [`super::Ticket`] and [`super::Gate`] write here.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::{model::Kind, stats::Books};

use super::DropReason;

const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// Counters of one shadow backend, over all threads.
#[derive(Debug, Default)]
pub struct Ledger {
    offered: AtomicU64,
    /// Admitted and not yet sent. A gauge of its own, so that the equations check something.
    uploading: AtomicU64,
    sent: AtomicU64,
    /// Sent and not yet ended; a gauge of its own as well.
    in_flight: AtomicU64,
    abandoned: AtomicU64,
    dropped: [AtomicU64; DropReason::ALL.len()],
    completed: [AtomicU64; CLASSES.len()],
    failed: [AtomicU64; Kind::ALL.len()],
}

/// Counters here are independent totals: nothing is read by one to decide about another.
const ORDER: Ordering = Ordering::Relaxed;

impl Ledger {
    pub(super) fn offer(&self) {
        self.offered.fetch_add(1, ORDER);
    }

    /// A request that never got a ticket.
    pub(super) fn refuse(&self, reason: DropReason) {
        bump(&self.dropped, reason.index());
    }

    pub(super) fn admit(&self) {
        self.uploading.fetch_add(1, ORDER);
    }

    /// A ticket that was given up before anything was sent.
    pub(super) fn drop_for(&self, reason: DropReason) {
        self.uploading.fetch_sub(1, ORDER);
        bump(&self.dropped, reason.index());
    }

    pub(super) fn send(&self) {
        self.uploading.fetch_sub(1, ORDER);
        self.sent.fetch_add(1, ORDER);
        self.in_flight.fetch_add(1, ORDER);
    }

    pub(super) fn abandon(&self) {
        self.in_flight.fetch_sub(1, ORDER);
        self.abandoned.fetch_add(1, ORDER);
    }

    pub(super) fn complete(&self, status: u16) {
        self.in_flight.fetch_sub(1, ORDER);
        bump(&self.completed, usize::from((status / 100).clamp(1, 5) - 1));
    }

    pub(super) fn fail(&self, kind: Kind) {
        self.in_flight.fetch_sub(1, ORDER);
        bump(&self.failed, kind.index());
    }

    /// The counters as they stand. While requests are moving, the parts of one reading may be an instant apart.
    #[must_use]
    pub fn read(&self) -> Books {
        Books {
            state: "running",
            offered: self.offered.load(ORDER),
            skipped: Vec::new(),
            dropped: named(DropReason::ALL.map(DropReason::label), &self.dropped),
            uploading: self.uploading.load(ORDER),
            sent: self.sent.load(ORDER),
            in_flight: self.in_flight.load(ORDER),
            completed: named(CLASSES, &self.completed),
            failed: named(Kind::ALL.map(Kind::label), &self.failed),
            abandoned: self.abandoned.load(ORDER),
            buffered_bytes: 0,
            buffered_bytes_max: 0,
            concurrent_max: 0,
        }
    }
}

fn bump(counters: &[AtomicU64], index: usize) {
    if let Some(counter) = counters.get(index) {
        counter.fetch_add(1, ORDER);
    }
}

fn named<const N: usize>(names: [&'static str; N], counters: &[AtomicU64; N]) -> Vec<(&'static str, u64)> {
    let read = names.into_iter().zip(counters).map(|(name, counter)| (name, counter.load(ORDER)));
    read.filter(|(_, count)| *count > 0).collect()
}

//! What became of what exporters of `telemetry/opentelemetry` were to send.
//!
//! Counted in atomics by the threads that record and the one that sends.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// Why spans did not reach an exporter's receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    /// They came faster than they were taken, and found no room.
    QueueFull,
    /// Nobody could be reached, or nobody answered in time.
    Unreachable,
    /// The receiver did not want them.
    Refused,
    /// The gateway ended before they were sent.
    Shutdown,
}

impl Lost {
    /// Every reason.
    pub const ALL: [Self; 4] = [Self::QueueFull, Self::Unreachable, Self::Refused, Self::Shutdown];

    /// The metric label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::QueueFull => "queue_full",
            Self::Unreachable => "unreachable",
            Self::Refused => "refused",
            Self::Shutdown => "shutdown",
        }
    }
}

/// What the counts of one exporter say at a moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExportFigures {
    /// What the file calls it.
    pub name: String,
    /// Spans that its receiver took.
    pub spans_sent: u64,
    /// Spans that were lost, by reason.
    pub spans_lost: Vec<(&'static str, u64)>,
    /// How often figures were taken.
    pub pushes: u64,
    /// How often they were not.
    pub pushes_failed: u64,
}

/// The counts of one exporter.
#[derive(Debug, Default)]
pub struct Export {
    /// What the file calls it.
    pub name: String,
    spans_sent: AtomicU64,
    spans_lost: [AtomicU64; Lost::ALL.len()],
    pushes: AtomicU64,
    pushes_failed: AtomicU64,
}

impl Export {
    /// The counts of an exporter that has sent nothing yet.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// So many spans were taken by the receiver.
    pub fn sent(&self, spans: u64) {
        self.spans_sent.fetch_add(spans, Ordering::Relaxed);
    }

    /// So many spans are lost.
    pub fn lost(&self, why: Lost, spans: u64) {
        if let Some(count) = self.spans_lost.get(why as usize) {
            count.fetch_add(spans, Ordering::Relaxed);
        }
    }

    /// Figures were pushed, or could not be.
    pub fn pushed(&self, well: bool) {
        let count = if well { &self.pushes } else { &self.pushes_failed };
        count.fetch_add(1, Ordering::Relaxed);
    }

    /// Spans that were sent.
    #[must_use]
    pub fn spans_sent(&self) -> u64 {
        self.spans_sent.load(Ordering::Relaxed)
    }

    /// Spans that were lost, by reason.
    #[must_use]
    pub fn spans_lost(&self, why: Lost) -> u64 {
        self.spans_lost.get(why as usize).map_or(0, |count| count.load(Ordering::Relaxed))
    }

    /// What the counts say now.
    #[must_use]
    pub fn figures(&self) -> ExportFigures {
        let (pushes, pushes_failed) = self.pushes();
        ExportFigures {
            name: self.name.clone(),
            spans_sent: self.spans_sent(),
            spans_lost: Lost::ALL.map(|why| (why.label(), self.spans_lost(why))).to_vec(),
            pushes,
            pushes_failed,
        }
    }

    /// How often figures were pushed well, and how often they could not be.
    #[must_use]
    pub fn pushes(&self) -> (u64, u64) {
        (self.pushes.load(Ordering::Relaxed), self.pushes_failed.load(Ordering::Relaxed))
    }
}

/// All exporters that push.
pub type Exports = Arc<[Arc<Export>]>;

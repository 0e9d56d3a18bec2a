//! Where threads leave what they recorded: a bounded queue per exporter, and nobody who waits for it.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::sync::mpsc::{Receiver, Sender, channel, error::TrySendError};

use crate::stats::exports::{Export, Lost};

use super::{Report, Span};

/// How many spans wait for an exporter; further ones are dropped and counted.
pub const SPANS_WAITING_MAX: usize = 8192;
/// How many reports of figures wait; a thread whose report finds no room goes on counting and brings it later.
pub const REPORTS_WAITING_MAX: usize = 256;

/// The way to the exporters. Its clones lead to the same ones.
#[derive(Clone, Debug)]
pub struct Outlet(Arc<Ends>);

#[derive(Debug)]
struct Ends {
    spans: Vec<(Sender<Arc<Span>>, Arc<Export>)>,
    reports: Option<Sender<Report>>,
    /// How many record.
    probes: AtomicUsize,
}

/// The other ends.
#[derive(Debug)]
pub struct Inlet {
    /// One queue for each exporter that takes spans, in their order.
    pub spans: Vec<Receiver<Arc<Span>>>,
    /// Reports of figures, if anybody wants them.
    pub reports: Option<Receiver<Report>>,
}

impl Outlet {
    /// An outlet for these exporters of spans, and for figures if they are wanted.
    #[must_use]
    pub fn new(exports: &[Arc<Export>], metrics: bool) -> (Self, Inlet) {
        let queues = exports.iter().map(|export| {
            let (sender, receiver) = channel(SPANS_WAITING_MAX);
            ((sender, Arc::clone(export)), receiver)
        });
        let (spans, waiting) = queues.unzip();
        let (reports, waiting_reports) = metrics.then(|| channel(REPORTS_WAITING_MAX)).unzip();
        (
            Self(Arc::new(Ends { spans, reports, probes: AtomicUsize::new(0) })),
            Inlet { spans: waiting, reports: waiting_reports },
        )
    }

    /// Whether anybody takes spans.
    #[must_use]
    pub fn takes_spans(&self) -> bool {
        !self.0.spans.is_empty()
    }

    /// Whether anybody takes figures.
    #[must_use]
    pub fn takes_figures(&self) -> bool {
        self.0.reports.is_some()
    }

    /// Whether anybody records who may still have something to leave.
    #[must_use]
    pub fn is_in_use(&self) -> bool {
        self.0.probes.load(Ordering::Acquire) > 0
    }

    /// One more records.
    pub(super) fn enter(&self) {
        self.0.probes.fetch_add(1, Ordering::AcqRel);
    }

    /// One of them has left the last.
    pub(super) fn leave(&self) {
        self.0.probes.fetch_sub(1, Ordering::AcqRel);
    }

    /// Takes a span for every exporter.
    pub(super) fn take(&self, span: Span) {
        let span = Arc::new(span);
        for (queue, export) in &self.0.spans {
            match queue.try_send(Arc::clone(&span)) {
                Ok(()) => {}
                Err(TrySendError::Full(_)) => export.lost(Lost::QueueFull, 1),
                Err(TrySendError::Closed(_)) => export.lost(Lost::Shutdown, 1),
            }
        }
    }

    /// Room for one report, if there is any.
    pub(super) fn room(&self) -> Option<tokio::sync::mpsc::Permit<'_, Report>> {
        self.0.reports.as_ref()?.try_reserve().ok()
    }
}

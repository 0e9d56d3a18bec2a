//! One thread's cells: where the live path and the shadows count.
//!
//! Hot path: runs a few times per request. No lock, no string, and no memory once a series has been used a few times.
//! Bounded: however long the stats actor stays away, a recorder holds one cell per series and nothing per request.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix::Addr;
use hdrhistogram::Histogram;
use tokio::time::{MissedTickBehavior, interval};

use super::actor::StatsActor;
use super::detail::{DetailCell, Ending, Layers};
use super::event::Outcome;
use super::exemplar::{Exemplars, TraceNumber};
use super::names::{BackendId, EndpointId, Names};
use super::report::Report;
use super::samples::{Samples, rounding};
use super::tally::{Counts, Tally};

/// How many series one report may carry, so that no thread is held up by gathering ten thousand of them.
pub const SERIES_PER_REPORT_MAX: usize = 512;

/// How many different statuses of unrouted replies are told apart; the rest counts as status 0.
const UNROUTED_STATUSES_MAX: usize = 32;

/// The counting cells of one thread, for the series of one plan.
#[derive(Debug)]
pub struct Recorder {
    names: Arc<Names>,
    endpoints: Cells,
    backends: Cells,
    unrouted: Vec<(u16, u64)>,
    rounding: Histogram<u32>,
    layers: Layers,
}

impl Recorder {
    /// A recorder for these series; one that is never touched costs a pointer.
    #[must_use]
    pub fn new(names: Arc<Names>) -> Self {
        Self {
            endpoints: Cells::new(names.endpoints.len()),
            backends: Cells::new(names.backends.len()),
            unrouted: Vec::new(),
            rounding: rounding(),
            names,
            layers: Layers::default(),
        }
    }

    /// The same, counting these layers in the detail of the original's metrics.
    #[must_use]
    pub fn detailing(self, layers: Layers) -> Self {
        Self { layers, ..self }
    }

    /// Of a reply: its exact status, and its size in bytes where that is known.
    pub fn endpoint_replied(&mut self, id: EndpointId, status: u16, bytes: Option<u64>) {
        if self.layers.router {
            self.endpoints.touch(id.0, |cell| cell.detail().reply(status, bytes));
        }
    }

    /// Of a call to an endpoint that its guards let through: how it ended.
    pub fn endpoint_called(&mut self, id: EndpointId, ending: Ending, elapsed: Duration) {
        if self.layers.proxy {
            self.endpoints.touch(id.0, |cell| cell.detail().end(ending, elapsed));
        }
    }

    /// Of a call to a backend: how it ended.
    pub fn backend_ended(&mut self, id: BackendId, ending: Ending, elapsed: Duration) {
        if self.layers.backend {
            self.backends.touch(id.0, |cell| cell.detail().end(ending, elapsed));
        }
    }

    /// A request for this endpoint has come in.
    pub fn endpoint_started(&mut self, id: EndpointId) {
        self.endpoints.touch(id.0, |cell| cell.counts.started += 1);
    }

    /// Its reply has been sent; `complete` is false when parts of it were missing.
    pub fn endpoint_done(&mut self, id: EndpointId, status: u16, complete: bool, elapsed: Duration) {
        self.endpoints.touch(id.0, |cell| {
            cell.counts.incomplete += u64::from(!complete);
            cell.finish(Outcome::Status(status), elapsed);
        });
    }

    /// Of a request whose reply was sent: the trace that others have of it.
    pub fn endpoint_traced(&mut self, id: EndpointId, trace: TraceNumber, elapsed: Duration) {
        self.endpoints.touch(id.0, |cell| cell.exemplars.get_or_insert_default().record(trace, elapsed));
    }

    /// Its client has gone before the reply was sent.
    pub fn endpoint_abandoned(&mut self, id: EndpointId) {
        self.endpoints.touch(id.0, |cell| {
            cell.counts.finished += 1;
            cell.counts.abandoned += 1;
        });
    }

    /// A call to this backend has begun.
    pub fn backend_started(&mut self, id: BackendId) {
        self.backends.touch(id.0, |cell| cell.counts.started += 1);
    }

    /// It has ended.
    pub fn backend_done(&mut self, id: BackendId, outcome: Outcome, elapsed: Duration) {
        self.backends.touch(id.0, |cell| cell.finish(outcome, elapsed));
    }

    /// Of a call that has ended: the trace that others have of its request.
    pub fn backend_traced(&mut self, id: BackendId, trace: TraceNumber, elapsed: Duration) {
        self.backends.touch(id.0, |cell| cell.exemplars.get_or_insert_default().record(trace, elapsed));
    }

    /// A reply to a request that no endpoint wanted.
    pub fn unrouted(&mut self, status: u16) {
        let full = self.unrouted.len() >= UNROUTED_STATUSES_MAX;
        let known = self.unrouted.iter().position(|&(own, _)| own == status);
        let place = known.or_else(|| if full { self.unrouted.iter().position(|&(own, _)| own == 0) } else { None });
        match place.and_then(|place| self.unrouted.get_mut(place)) {
            Some((_, count)) => *count += 1,
            None => self.unrouted.push((if full { 0 } else { status }, 1)),
        }
    }

    /// What was counted since the last time, which starts again at zero; `None` when there was nothing.
    ///
    /// At most [`SERIES_PER_REPORT_MAX`] series of each sort; the rest stays for the next report.
    pub fn take(&mut self) -> Option<Report> {
        let unrouted: Vec<_> = self.unrouted.iter().copied().filter(|&(_, count)| count > 0).collect();
        self.unrouted.iter_mut().for_each(|(_, count)| *count = 0);
        let report = Report {
            names: Arc::clone(&self.names),
            endpoints: self.endpoints.take(&self.rounding, EndpointId),
            backends: self.backends.take(&self.rounding, BackendId),
            unrouted,
        };
        let empty = report.endpoints.is_empty() && report.backends.is_empty() && report.unrouted.is_empty();
        (!empty).then_some(report)
    }

    /// How many reports it takes to empty the recorder as it stands.
    fn reports_waiting(&self) -> usize {
        let most = self.endpoints.touched.len().max(self.backends.touched.len());
        most.div_ceil(SERIES_PER_REPORT_MAX).max(1)
    }
}

/// Sends what the recorder holds, one report at a time, and returns when the actor has it: at shutdown, or on a beat.
///
/// Returns whether the actor is still there. Never run two of these for one recorder, or two reports are under way.
pub async fn flush_now(recorder: &RefCell<Recorder>, stats: &Addr<StatsActor>) -> bool {
    let reports = recorder.borrow().reports_waiting();
    for _ in 0..reports {
        let Some(report) = recorder.borrow_mut().take() else { break };
        if stats.send(report).await.is_err() {
            return false;
        }
    }
    stats.connected()
}

/// Sends what the recorder holds every `period`; to be spawned once per recorder, with a clone of its `Rc`.
///
/// Ends when the actor is gone, or when nobody else holds the recorder any more: after a reload, that is when the last
/// request of the old plan has ended, and its numbers have been sent.
///
/// While a report is under way the recorder goes on counting in place; a late answer delays the next report.
pub async fn flush_every(recorder: Rc<RefCell<Recorder>>, stats: Addr<StatsActor>, period: Duration) {
    let mut beats = interval(period.max(Duration::from_millis(1)));
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        beats.tick().await;
        let last = Rc::strong_count(&recorder) == 1;
        if !flush_now(&recorder, &stats).await || last {
            return;
        }
    }
}

/// One cell per series, made when the series is first touched.
#[derive(Debug)]
struct Cells {
    cells: Vec<Option<Box<Cell>>>,
    /// The series touched since the last report, each once.
    touched: Vec<u32>,
}

/// The numbers of one series since the last report.
#[derive(Debug, Default)]
struct Cell {
    counts: Counts,
    samples: Samples,
    detail: Option<Box<DetailCell>>,
    exemplars: Option<Box<Exemplars>>,
    touched: bool,
}

impl Cell {
    fn finish(&mut self, outcome: Outcome, elapsed: Duration) {
        self.counts.finish(outcome);
        self.samples.record(elapsed);
    }

    fn detail(&mut self) -> &mut DetailCell {
        self.detail.get_or_insert_default()
    }

    fn take(&mut self, rounding: &Histogram<u32>) -> Tally {
        self.touched = false;
        Tally {
            counts: self.counts.take(),
            latency: self.samples.take(rounding),
            detail: self.detail.as_mut().map(|detail| Box::new(detail.take(rounding))),
            exemplars: self.exemplars.take(),
        }
    }
}

impl Cells {
    fn new(series: usize) -> Self {
        Self { cells: std::iter::repeat_with(|| None).take(series).collect(), touched: Vec::new() }
    }

    /// Changes the cell of a series; a number that names none is ignored.
    fn touch(&mut self, id: u32, change: impl FnOnce(&mut Cell)) {
        let Some(cell) = usize::try_from(id).ok().and_then(|place| self.cells.get_mut(place)) else {
            debug_assert!(false, "series {id} does not exist");
            return;
        };
        let cell = cell.get_or_insert_default();
        if !cell.touched {
            cell.touched = true;
            self.touched.push(id);
        }
        change(cell);
    }

    fn take<Id>(&mut self, rounding: &Histogram<u32>, id: impl Fn(u32) -> Id) -> Vec<(Id, Tally)> {
        let batch = self.touched.len().min(SERIES_PER_REPORT_MAX);
        let mut taken = Vec::with_capacity(batch);
        for series in self.touched.drain(..batch) {
            let cell = usize::try_from(series).ok().and_then(|place| self.cells.get_mut(place)?.as_mut());
            if let Some(cell) = cell {
                taken.push((id(series), cell.take(rounding)));
            }
        }
        taken
    }
}

//! What one thread records with: lots drawn, spans opened, figures counted.
//!
//! Runs a few times per request where `telemetry/opentelemetry` is set up, and not at all elsewhere.

use std::{
    cell::RefCell,
    rc::{Rc, Weak},
    sync::Arc,
    time::Duration,
};

use tokio::time::{MissedTickBehavior, interval};

use crate::model::{SpanContext, TraceScope, scope::TraceId};

use super::{
    BackendSettings, Meter, OpenSpan, Outlet, Series, Settings, context::Arrived, meter::Recording, settings::Detail,
    span::Opening,
};

/// How often a thread reports its figures.
pub const REPORT_PERIOD: Duration = Duration::from_millis(250);

/// One thread's way to record, for one plan.
#[derive(Debug)]
pub struct Probe {
    /// What is recorded.
    pub settings: Arc<Settings>,
    meter: RefCell<Meter>,
    outlet: Outlet,
}

impl Probe {
    /// A probe whose figures are not reported yet.
    #[must_use]
    pub fn new(settings: Arc<Settings>, outlet: Outlet) -> Self {
        let meter = RefCell::new(Meter::new(Arc::clone(&settings.labels)));
        outlet.enter();
        Self { settings, meter, outlet }
    }

    /// A probe that reports until nobody holds it any more; to be called where tasks can be started.
    #[must_use]
    pub fn start(settings: &Arc<Settings>, outlet: &Outlet) -> Rc<Self> {
        let probe = Rc::new(Self::new(Arc::clone(settings), outlet.clone()));
        if outlet.takes_figures() {
            tokio::task::spawn_local(report_every(Rc::downgrade(&probe)));
        }
        probe
    }

    /// Where the first span of a request belongs that came with these headers; lots are drawn for a trace that begins.
    /// `None` when nobody takes spans: then no trace goes on either, as in the original.
    #[must_use]
    pub fn arrival(&self, arrived: Arrived) -> Option<TraceScope> {
        if !self.outlet.takes_spans() {
            return None;
        }
        let Arrived { parent, state, baggage } = arrived;
        let scope = match parent {
            Some((SpanContext { trace, span }, is_recorded)) => {
                TraceScope { parent: Some(span), ..TraceScope::beginning(trace, is_recorded) }
            }
            None => {
                let trace = new_trace();
                TraceScope::beginning(trace, self.settings.sampler.records(&trace))
            }
        };
        Some(TraceScope { state, baggage, ..scope })
    }

    /// Opens a span, if its trace is recorded.
    #[must_use]
    pub fn open(&self, scope: &TraceScope, opening: Opening) -> Option<OpenSpan> {
        if !scope.is_recorded {
            return None;
        }
        let context = SpanContext { trace: scope.trace, span: fastrand::u64(1..).to_be_bytes() };
        Some(OpenSpan::open(scope, context, opening, &self.outlet))
    }

    /// Whether anything of a backend is recorded; upstreams hear of a trace also where no span of theirs is.
    #[must_use]
    pub fn records(&self, backend: &BackendSettings) -> bool {
        self.outlet.takes_spans() || (self.outlet.takes_figures() && backend.metrics != Detail::NONE)
    }

    /// Adds to a series.
    pub fn count(&self, series: Series, record: impl FnOnce(&mut Recording<'_>)) {
        if self.outlet.takes_figures() {
            self.meter.borrow_mut().record(series, record);
        }
    }

    /// Leaves a report if there is something to report and room for it.
    fn report(&self) {
        let mut meter = self.meter.borrow_mut();
        if meter.is_empty() {
            return;
        }
        if let Some(room) = self.outlet.room()
            && let Some(report) = meter.take()
        {
            room.send(report);
        }
    }
}

impl Drop for Probe {
    /// The last figures of a thread that ends, or of a plan whose last request has ended.
    fn drop(&mut self) {
        self.report();
        self.outlet.leave();
    }
}

/// The number of a trace that begins.
#[must_use]
pub fn new_trace() -> TraceId {
    fastrand::u128(1..).to_be_bytes()
}

async fn report_every(probe: Weak<Probe>) {
    let mut beats = interval(REPORT_PERIOD);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        beats.tick().await;
        let Some(probe) = probe.upgrade() else { return };
        probe.report();
    }
}

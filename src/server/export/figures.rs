//! All figures, and their pushes to one receiver.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use prost::Message;
use tokio::{
    sync::{mpsc::Receiver, watch},
    time::{Instant, MissedTickBehavior, interval_at},
};

use crate::{
    config::OtlpExporter,
    plan::ExportPlan,
    stats::exports::{Export, Lost},
    telemetry::{
        Report, Store,
        otlp::{MESSAGE_BYTES_MAX, messages::ExportMetricsServiceRequest, metrics_requests},
        probe::REPORT_PERIOD,
    },
};

use super::way::{NotTaken, Signal, Way};

/// All figures with what is still to be added to them. Threads that serve clients never come here.
#[derive(Clone)]
pub(super) struct Figures(Arc<Mutex<(Receiver<Report>, Store)>>);

impl Figures {
    pub(super) fn new(reports: Receiver<Report>) -> Self {
        Self(Arc::new(Mutex::new((reports, Store::default()))))
    }

    /// Looks at them as they are now.
    pub(super) fn with<T>(&self, look: impl FnOnce(&Store) -> T) -> T {
        // Nothing half done is left by a panic: each report is added as a whole.
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (reports, store) = &mut *held;
        while let Ok(report) = reports.try_recv() {
            store.book(&report);
        }
        look(store)
    }

    /// Adds what threads report, so that they find room, until the gateway ends.
    pub(super) async fn keep(self, mut ending: watch::Receiver<bool>) {
        let mut beats = tokio::time::interval(REPORT_PERIOD);
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !*ending.borrow_and_update() {
            tokio::select! {
                _ = beats.tick() => self.with(|_| ()),
                changed = ending.changed() => if changed.is_err() { return },
            }
        }
    }

    /// Pushes them to an exporter's receiver every period, and a last time when the gateway ends.
    pub(super) async fn push(
        self,
        (exporter, mut way): (OtlpExporter, Way),
        plan: Arc<ExportPlan>,
        export: Arc<Export>,
        mut ending: watch::Receiver<bool>,
    ) {
        let period = exporter.reporting_period.max(Duration::from_secs(1));
        let mut beats = interval_at(Instant::now() + period, period);
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut was_well = true;
        loop {
            if !*ending.borrow_and_update() {
                tokio::select! {
                    _ = beats.tick() => {}
                    _ = ending.changed() => {}
                }
            }
            let messages = self.with(|store| metrics_requests(&plan.resource, store, MESSAGE_BYTES_MAX));
            if !messages.is_empty() {
                let outcome = push_all(&mut way, &messages).await;
                if let Err(error) = &outcome
                    && was_well
                {
                    let name = &exporter.name;
                    tracing::error!("[SERVICE: OpenTelemetry] {name} takes no figures: {}", error.told);
                }
                was_well = outcome.is_ok();
                export.pushed(was_well);
            }
            if *ending.borrow() {
                return;
            }
        }
    }
}

/// Sends them one after the other; what one is refused for need not be wrong with the next.
async fn push_all(way: &mut Way, messages: &[ExportMetricsServiceRequest]) -> Result<(), NotTaken> {
    let mut outcome = Ok(());
    for message in messages {
        if let Err(error) = way.send(Signal::Metrics, message.encode_to_vec().into()).await {
            let is_last = error.why == Lost::Unreachable;
            outcome = Err(error);
            if is_last {
                break;
            }
        }
    }
    outcome
}

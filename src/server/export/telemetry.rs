//! The thread that sends, from its start to its end.

use std::{sync::Arc, time::Duration};

use actix::Arbiter;
use actix_web::dev::ServerHandle;
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, sleep, timeout_at},
};

use crate::{
    backend::transport::Secure,
    plan::ExportPlan,
    stats::exports::{Export, Exports},
    telemetry::Outlet,
};

use super::{figures::Figures, listener, spans::Spans, way::Way};

/// How long a stop waits for receivers at most; what is not sent until then is lost, and counted so.
pub(in crate::server) const FLUSH_TIME: Duration = Duration::from_secs(3);

/// How long of that the threads may take that record, to end and leave their last figures.
const LAST_WORDS_TIME: Duration = Duration::from_millis(500);
/// How often to look whether they have.
const LAST_WORDS_STEP: Duration = Duration::from_millis(5);

/// Whoever sends what is recorded.
pub(in crate::server) struct Telemetry {
    outlet: Outlet,
    exports: Exports,
    thread: Arbiter,
    listeners: Vec<ServerHandle>,
    ending: watch::Sender<bool>,
    /// Closes when everything is sent.
    sending: mpsc::Receiver<()>,
}

impl Telemetry {
    /// Starts the thread and the listeners. Must be called inside an actix system.
    #[must_use]
    pub(in crate::server) fn start(plan: &Arc<ExportPlan>, secure: &Secure) -> Self {
        let exports: Vec<Arc<Export>> =
            plan.otlp.iter().map(|exporter| Arc::new(Export::new(&exporter.name))).collect();
        let with_exports = || plan.otlp.iter().zip(&exports);
        let of_spans: Vec<_> = with_exports().filter(|(exporter, _)| exporter.traces).collect();
        let queues: Vec<_> = of_spans.iter().map(|(_, export)| Arc::clone(export)).collect();
        let (outlet, inlet) = Outlet::new(&queues, plan.wants_figures());
        let thread = Arbiter::new();
        let (ending, ends) = watch::channel(false);
        let (task, sending) = mpsc::channel::<()>(1);
        for ((exporter, export), queue) in of_spans.into_iter().zip(inlet.spans) {
            let (exporter, export, secure) = (exporter.clone(), Arc::clone(export), secure.clone());
            let (plan, ends, task) = (Arc::clone(plan), ends.clone(), task.clone());
            thread.spawn_fn(move || {
                let spans = Spans::new(queue, Way::new(&exporter, &secure), plan, export, ends);
                actix::spawn(held(task, spans.run()));
            });
        }
        let figures = inlet.reports.map(Figures::new);
        let mut listeners = Vec::new();
        if let Some(figures) = figures {
            thread.spawn(held(task.clone(), figures.clone().keep(ends.clone())));
            for (exporter, export) in with_exports().filter(|(exporter, _)| exporter.metrics) {
                let (exporter, export, secure) = (exporter.clone(), Arc::clone(export), secure.clone());
                let (plan, ends, task, figures) = (Arc::clone(plan), ends.clone(), task.clone(), figures.clone());
                thread.spawn_fn(move || {
                    let way = Way::new(&exporter, &secure);
                    actix::spawn(held(task, figures.push((exporter, way), plan, export, ends)));
                });
            }
            let readers = plan.prometheus.iter().filter(|exporter| exporter.metrics);
            listeners.extend(readers.filter_map(|exporter| listener::start(exporter, plan, &figures)));
        }
        Self { outlet, exports: exports.into(), thread, listeners, ending, sending }
    }

    /// Where threads leave what they record.
    #[must_use]
    pub(in crate::server) fn outlet(&self) -> Outlet {
        self.outlet.clone()
    }

    /// What became of it.
    #[must_use]
    pub(in crate::server) fn exports(&self) -> Exports {
        Arc::clone(&self.exports)
    }

    /// Sends what is left, and ends.
    pub(in crate::server) async fn stop(mut self) {
        let begun = Instant::now();
        // A thread that is stuck is not waited for to the end.
        while self.outlet.is_in_use() && begun.elapsed() < LAST_WORDS_TIME {
            sleep(LAST_WORDS_STEP).await;
        }
        // Nobody listens any more where every task has ended.
        let _all_ended = self.ending.send(true);
        if timeout_at(begun + FLUSH_TIME, self.sending.recv()).await.is_err() {
            tracing::warn!("[SERVICE: OpenTelemetry] not everything could be sent in time");
        }
        for listener in &self.listeners {
            listener.stop(false).await;
        }
        self.thread.stop();
    }
}

/// A task that is waited for.
async fn held(task: mpsc::Sender<()>, work: impl Future<Output = ()>) {
    work.await;
    drop(task);
}

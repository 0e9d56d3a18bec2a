//! `exporters.prometheus`: `/metrics` on a port of its own, for whoever comes and reads.
//!
//! As in the original nothing guards it: who listens on a public address has chosen to be read.

use std::{sync::Arc, time::SystemTime};

use actix_web::{
    HttpResponse,
    dev::ServerHandle,
    http::header::CONTENT_TYPE,
    web::{self, Data},
};

use crate::{
    config::PrometheusExporter, plan::ExportPlan, server::reading::listen, stats::process::Process,
    telemetry::exposition,
};

use super::figures::Figures;

const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What an answer is made of.
struct Shown {
    figures: Figures,
    plan: Arc<ExportPlan>,
    process: bool,
}

/// Starts the listener of an exporter; a port that can't be had is told, as the original does.
pub(super) fn start(exporter: &PrometheusExporter, plan: &Arc<ExportPlan>, figures: &Figures) -> Option<ServerHandle> {
    let (name, address, process) = (&exporter.name, exporter.listen, exporter.process_metrics);
    let shown = Data::new(Shown { figures: figures.clone(), plan: Arc::clone(plan), process });
    let listening = listen(address, move |config| {
        config.app_data(shown.clone()).route("/metrics", web::get().to(read));
    });
    let tell = |error: &_| tracing::error!("[SERVICE: OpenTelemetry] {name} cannot listen on {address}: {error}");
    listening.inspect_err(tell).ok()
}

async fn read(shown: Data<Shown>) -> HttpResponse {
    let mut text = shown.figures.with(|store| exposition::write(store, &shown.plan.resource));
    if shown.process {
        write_process(&mut text);
    }
    HttpResponse::Ok().insert_header((CONTENT_TYPE, TEXT)).body(text)
}

/// Under the names of Prometheus' own collectors.
fn write_process(text: &mut String) {
    let facts = Process::read(SystemTime::UNIX_EPOCH);
    let mut write = |name, kind, help, value| exposition::write_single(text, name, kind, help, value);
    let cpu = "Total user and system CPU time spent in seconds.";
    write("process_cpu_seconds_total", "counter", cpu, facts.cpu_seconds);
    write("process_open_fds", "gauge", "Number of open file descriptors.", facts.open_files as f64);
    write("process_resident_memory_bytes", "gauge", "Resident memory size in bytes.", facts.resident_bytes as f64);
}

//! `exporters.prometheus`: `/metrics` on a port of its own, for whoever comes and reads.
//!
//! As in the original nothing guards it: who listens on a public address has chosen to be read.

use std::{io, sync::Arc, time::SystemTime};

use actix_web::{
    App, HttpResponse, HttpServer,
    dev::{Server, ServerHandle},
    http::header::CONTENT_TYPE,
    web::{self, Data},
};

use crate::{
    config::PrometheusExporter,
    plan::ExportPlan,
    server::metrics::{CONNECTIONS_MAX, SHUTDOWN_TIMEOUT_SECONDS, listener},
    stats::process::Process,
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
    let shown = Shown { figures: figures.clone(), plan: Arc::clone(plan), process: exporter.process_metrics };
    match serve(exporter, shown) {
        Ok(server) => {
            let handle = server.handle();
            actix::spawn(server);
            Some(handle)
        }
        Err(error) => {
            let (name, address) = (&exporter.name, exporter.listen);
            tracing::error!("[SERVICE: OpenTelemetry] {name} cannot listen on {address}: {error}");
            None
        }
    }
}

fn serve(exporter: &PrometheusExporter, shown: Shown) -> io::Result<Server> {
    let shown = Data::new(shown);
    let app = move || App::new().app_data(shown.clone()).route("/metrics", web::get().to(read));
    let server = HttpServer::new(app)
        .workers(1)
        .max_connections(CONNECTIONS_MAX)
        .shutdown_timeout(SHUTDOWN_TIMEOUT_SECONDS)
        .disable_signals()
        .listen(listener(exporter.listen)?)?;
    Ok(server.run())
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

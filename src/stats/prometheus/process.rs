//! What is told of the whole program: the process, its configuration, and who changed what.

use super::{
    exposition::{Exposition, Label, Labelled},
    format::Kind,
};
use crate::stats::{exports::ExportFigures, reloads::ReloadResult, snapshot::Snapshot, steering::Steering};

/// Writes the series.
pub(super) fn write(text: &mut Exposition, snapshot: &Snapshot, steering: &Steering) {
    let facts = &snapshot.process;
    text.family("gnomon_build_info", Kind::Info, "The version that runs; always 1.");
    text.sample("gnomon_build_info", &[("version", snapshot.version)], None, 1);
    text.single("process_resident_memory_bytes", Kind::Gauge, "Memory in use.", facts.resident_bytes);
    text.single("process_open_fds", Kind::Gauge, "Files and sockets open.", facts.open_files);
    text.single("process_threads", Kind::Gauge, "Threads running.", facts.threads);
    text.single("process_cpu_seconds_total", Kind::Counter, "Processor time used.", facts.cpu_seconds);
    text.single("process_start_time_seconds", Kind::Gauge, "When the numbers began, since 1970.", facts.started_at);
    let name = "gnomon_unrouted_requests_total";
    text.family(name, Kind::Counter, "Replies to requests that no endpoint wanted, by status.");
    for (status, count) in &snapshot.unrouted {
        text.sample(name, &[], Some(("status", &status.to_string())), count);
    }
    write_reloads(text, snapshot);
    write_steering(text, steering);
    write_exports(text, &steering.exports);
}

fn write_reloads(text: &mut Exposition, snapshot: &Snapshot) {
    let reloads = &snapshot.reloads;
    let name = "gnomon_reloads_total";
    text.family(name, Kind::Counter, "How often the configuration was loaded again, by result.");
    for result in ReloadResult::ALL {
        text.sample(name, &[], Some(("result", result.label())), reloads.count(result));
    }
    let help = "The number of the configuration that is served, from 1.";
    text.single("gnomon_config_generation", Kind::Gauge, help, reloads.generation);
    let help = "When the configuration was last loaded again, whatever came of it; seconds since 1970, 0 before.";
    let at = reloads.last_at.unwrap_or(0.0);
    text.single("gnomon_config_last_reload_timestamp_seconds", Kind::Gauge, help, at);
}

fn write_steering(text: &mut Exposition, steering: &Steering) {
    let name = "gnomon_control_changes_total";
    text.family(name, Kind::Counter, "Changes of shadows and splits, by the kind of their author.");
    for (author, count) in &steering.changes {
        text.sample(name, &[], Some(("by", author)), count);
    }
    let help = "Decisions of stop rules that no webhook was told.";
    text.single("gnomon_webhook_lost_total", Kind::Counter, help, steering.decisions_untold);
    let help = "Lines of the log that were dropped because whoever reads them is too slow.";
    text.single("gnomon_log_lines_dropped_total", Kind::Counter, help, steering.log_lines_dropped);
    if let Some(memory) = steering.memory {
        let help = "Bytes that all shadows together hold now.";
        text.single("gnomon_shadows_buffered_bytes", Kind::Gauge, help, memory.bytes);
        let help = "The most bytes that all shadows together may hold.";
        text.single("gnomon_shadows_memory_budget_bytes", Kind::Gauge, help, memory.bytes_max);
    }
    if let Some(lag) = steering.lag {
        let help = "How late a wake-up of a thread that serves clients was of late, at worst.";
        text.single("gnomon_worker_lag_seconds", Kind::Gauge, help, lag.as_secs_f64());
    }
}

impl Labelled for ExportFigures {
    fn labels(&self) -> Vec<Label<'_>> {
        vec![("exporter", &self.name)]
    }
}

/// Nothing where nobody is sent to.
fn write_exports(text: &mut Exposition, exports: &[ExportFigures]) {
    if exports.is_empty() {
        return;
    }
    let help = "Spans that a receiver of OTLP took.";
    text.numbers("gnomon_otlp_spans_sent_total", Kind::Counter, help, exports, |one| one.spans_sent);
    let help = "Spans that no receiver got, by reason.";
    text.counts("gnomon_otlp_spans_lost_total", help, "reason", exports, |one| one.spans_lost.clone());
    let help = "How often figures were pushed to a receiver of OTLP, by outcome.";
    text.counts("gnomon_otlp_pushes_total", help, "outcome", exports, |one| {
        vec![("taken", one.pushes), ("failed", one.pushes_failed)]
    });
}

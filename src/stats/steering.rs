//! What those know who steer shadows and splits, as metrics show it beside the snapshot.

use std::time::Duration;

use super::exports::ExportFigures;

/// See the module. Counts go from the start of the program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Steering {
    /// What is thought of each shadow whose answers are compared, in the order of the file.
    pub judged: Vec<Judged>,
    /// Bytes that all shadows together hold, and may hold; `None` without shadows.
    pub memory: Option<Held>,
    /// How late threads that serve clients were of late, at worst; `None` where nobody watches.
    pub lag: Option<Duration>,
    /// Changes of shadows and splits, by the kind of their author.
    pub changes: Vec<(&'static str, u64)>,
    /// Decisions of stop rules that no webhook was told.
    pub decisions_untold: u64,
    /// Lines of the log that were dropped because whoever reads them is too slow.
    pub log_lines_dropped: u64,
    /// What became of what `telemetry/opentelemetry` recorded, by exporter.
    pub exports: Vec<ExportFigures>,
}

/// What is thought of one shadow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The method of its endpoint.
    pub method: String,
    /// The path of its endpoint.
    pub path: String,
    /// Method and pattern of its call.
    pub backend: String,
    /// One of [`VERDICTS`]; `None` if its answers are not compared.
    pub verdict: Option<&'static str>,
}

/// Bytes that are held and may be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Those that are.
    pub bytes: u64,
    /// The most that may be.
    pub bytes_max: u64,
}

/// Whether a shadow can take the live backend's place, in a word.
pub const VERDICTS: [&str; 3] = ["ready", "not_ready", "not_enough_data"];

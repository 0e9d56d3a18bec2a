//! The numbers: what each thread counts, how they come together, and who may read them.
//!
//! ```text
//! worker threads  ─► Recorder ─┐ one Report under way per thread
//! shadow threads  ─► Recorder ─┼──────────────► StatsActor ─► Snapshot ─► /__stats · /metrics · the page
//! shadow ledgers  ─► Registry ─┘ read when asked    └─► Collector ─► `telemetry/metrics`, where asked for
//! ```
//!
//! Promises: counting takes no lock and, once a series is warm, no memory; nothing here grows with traffic, only with
//! the number of series of the file; nothing here imports any other stage.

pub mod actor;
pub mod anytime;
pub mod arms;
pub mod books;
pub mod collector;
pub mod comparison;
pub mod detail;
pub mod event;
pub mod exemplar;
pub mod exports;
mod expvar;
pub mod latency;
pub mod names;
pub mod numbers;
pub mod overhead;
pub mod pieces;
pub mod portion;
pub mod process;
pub mod prometheus;
pub mod recorder;
pub mod registry;
pub mod reloads;
pub mod report;
pub mod samples;
pub mod snapshot;
pub mod standing;
pub mod steering;
pub mod tally;
pub mod window;

pub use actor::{Read, ReadMetrics, Rename, StatsActor};
pub use arms::{Arm, Arms};
pub use books::{Books, Ledgered};
pub use collector::MetricsSettings;
pub use comparison::{Compared, ComparisonFigures, Spread};
pub use detail::{Ending, Layers};
pub use event::Outcome;
pub use exemplar::{Exemplars, TraceNumber};
pub use names::{BackendId, BackendName, EndpointId, EndpointName, Names};
pub use numbers::Numbers;
pub use overhead::Overhead;
pub use pieces::Pieces;
pub use portion::{Portion, PortionStanding};
pub use recorder::Recorder;
pub use registry::Registry;
pub use reloads::{ReloadResult, Reloaded, Reloads};
pub use report::Report;
pub use snapshot::Snapshot;
pub use standing::Standing;
pub use steering::Steering;

#[cfg(test)]
mod tests;

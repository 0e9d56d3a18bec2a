//! Traces and figures of `telemetry/opentelemetry`: what is recorded, how it is kept, and in what words it is told.
//!
//! ```text
//! worker and shadow threads ─► Probe ─┬─ Span ───► Outlet, a bounded queue per exporter ─► otlp::traces
//!                                     └─ Meter ──► Report, four times a second ─► Store ─► otlp::metrics · exposition
//! ```
//!
//! Promises: without the component nothing here runs; a request that is not sampled costs a draw of lots; recording
//! takes no lock and waits for nobody: what has no room is dropped and counted; the number of series is that of the file.
//! Sends nothing itself: sockets are the server's.

pub mod context;
pub mod exposition;
pub mod instruments;
pub mod labels;
pub mod meter;
pub mod otlp;
pub mod outlet;
pub mod probe;
pub mod sampler;
pub mod settings;
pub mod span;
pub mod store;

pub use labels::Labels;
pub use meter::{Family, Meter, Report, Series};
pub use outlet::Outlet;
pub use probe::Probe;
pub use sampler::Sampler;
pub use settings::{BackendSettings, EndpointSettings, Settings};
pub use span::{OpenSpan, Span, Value};
pub use store::Store;

#[cfg(test)]
mod tests;

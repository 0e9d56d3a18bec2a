//! Sends what `telemetry/opentelemetry` records to who wants it, on a thread of its own.
//!
//! ```text
//! Outlet ─┬─ spans, a queue per exporter ─► spans ──┬─► way: http (awc) or grpc (h2)
//!         └─ figures ─► figures, every period ──────┘
//!                          └─► listener: `/metrics` of exporters.prometheus
//! ```
//!
//! Promises: no thread that serves clients waits for anything here; a receiver that is away, slow or hostile costs spans,
//! which are counted by reason; a stop sends what waits and takes no longer than [`telemetry::FLUSH_TIME`].

mod figures;
mod grpc;
mod listener;
mod spans;
mod telemetry;
mod way;

pub(super) use telemetry::Telemetry;

//! The words of OTLP: spans and figures as messages of protocol buffers.
//!
//! Only the messages that are sent and read here, written down by hand: the published crate of all of them brings a gRPC
//! stack along.

pub mod messages;
pub mod metrics;
pub mod traces;
mod words;

pub use metrics::metrics_request;
pub use traces::traces_request;

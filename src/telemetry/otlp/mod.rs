//! The words of OTLP: spans and figures as messages of protocol buffers.
//!
//! Only the messages that are sent and read here, written down by hand: the published crate of all of them brings a gRPC
//! stack along.

pub mod messages;
pub mod metrics;
pub mod traces;
mod words;

pub use metrics::metrics_requests;
pub use traces::{first_traces, traces_request};

/// A message is no larger than this, in bytes: what receivers over gRPC take, unless they are told otherwise.
pub const MESSAGE_BYTES_MAX: usize = 4 * 1024 * 1024;

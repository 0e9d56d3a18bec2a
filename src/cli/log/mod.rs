//! The log: lines on their way out, never in the way of a request.
//!
//! Lines go over a bounded queue to a thread that renders and writes them; when it is behind, lines are dropped and
//! counted, and the next one that gets through says how many. Without `telemetry/logging` they go to standard error.

mod lines;
mod record;
mod render;
mod start;
mod syslog;

pub use lines::Writer;
pub use start::start;

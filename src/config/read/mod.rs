//! From nodes to the structures of the configuration: defaults, inheritance and rules, part by part.
//!
//! Promises: every part is read to its end whatever is wrong in it, so that all findings come at once.

mod backend;
mod backends;
mod endpoint;
mod logging;
mod metrics;
pub mod opentelemetry;
mod ours;
mod policy;
mod proxy;
mod router;
mod service;
mod split;
mod split_stop;
pub mod tls;
mod transport;

pub use service::service;

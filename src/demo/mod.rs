//! The demo: a service, its rewrite, a file that mirrors one to the other, and gentle traffic between them.
//!
//! Promises: everything listens on loopback only; the same requests in the same order meet the same answers; every
//! difference between the two versions is listed in [`PLANTED`]. Nothing here is used by the gateway itself.

mod catalogue;
mod chance;
mod document;
mod planted;
mod service;
mod traffic;

pub use document::config;
pub use planted::{NOISE, PLANTED, Planted};
pub use service::{Version, start};
pub use traffic::run;

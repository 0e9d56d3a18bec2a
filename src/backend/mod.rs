//! The backend actor: one upstream call, from the rules of the file to a shaped answer.
//!
//! Promises: a call ends when nobody waits for it any more; a body is read only up to its limit; hosts and URLs
//! appear in error texts only, which clients see only when the file asks for it. Knows neither endpoints nor shadows.

pub mod actor;
pub mod aim;
pub mod balance;
pub mod client;
mod discard;
pub mod discovery;
pub mod fetch;
pub mod gzip;
pub mod key_hosts;
pub mod measured;
pub mod packed;
mod passing;
mod plain;
mod reading;
mod recorded;
pub mod redirect;
pub mod request;
pub mod status;
mod target;
pub mod transport;
mod watch;
#[cfg(test)]
mod watch_tests;

pub use actor::{BackendActor, Fetch};
pub use aim::Aim;
pub use client::Client;
pub use discovery::{Discovery, Found, FoundHosts};
pub use fetch::{Asked, Caller, DECODED_BYTES_MAX, LastTouch};
pub use key_hosts::FetchedKeys;
pub use measured::Measured;

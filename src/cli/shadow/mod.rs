//! `gnomon shadow`: looks at the shadows of a running gateway, and changes them, through its admin listener.
//!
//! Promises: exit code 0 when all that was asked for is done, 1 when the gateway can't be reached or refuses, 2 for wrong
//! usage; what came of each shadow is printed.

pub mod args;
pub(super) mod client;
pub(super) mod command;
mod promote;
mod report;
mod routes;
pub(super) mod table;

pub use command::shadow;

//! The command line: what was typed, and which command does it.
//!
//! Promises: exit code 0 when all is well, 1 for trouble at run time, 2 for wrong usage or an unusable configuration.
//! This is the only place that prints.

mod aligned;
pub mod args;
pub mod audit;
pub mod check;
pub mod demo;
mod dispatch;
pub mod dump;
pub mod log;
pub mod routes;
pub mod run;
pub mod shadow;
pub mod split;
pub mod top;
pub mod version;

pub use dispatch::main;

//! `gnomon split`: looks at the splits of a running gateway, and changes them, through its admin listener.
//!
//! Promises: those of `gnomon shadow`.

pub mod args;
mod command;
mod table;

pub use command::split;

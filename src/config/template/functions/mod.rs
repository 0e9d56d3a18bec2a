//! The functions of templates: Go's own, sprig's staples, and KrakenD's `marshal` and `include`.
//!
//! Promises: arguments are judged as Go judges them; sprig's functions that are not here are refused by name.

mod arguments;
mod basic;
mod cases;
mod compare;
mod convert;
mod dates;
mod digests;
mod host;
mod lists;
mod maps;
mod numbers;
mod pattern;
mod places;
mod table;
mod texts;
mod versions;

pub(super) use host::Host;
#[cfg(test)]
pub(super) use table::names;
pub(super) use table::{Function, find};

//! Which differences are noise: a service that answers the same request in two ways differs from its shadow without
//! anything being wrong.
//!
//! A is the live answer, B a second live answer to the same request, C the shadow's. Where B differs from A as C does, a
//! difference says nothing of the shadow. One [`Fields`] a shadow counts both for every field, a place in an answer with
//! the way it differs there, and decides which fields are noise.
//!
//! Promises:
//! - *False alarms.* If no field differs for real, the chance that one is ever called different is at most
//!   [`FALSE_ALARMS`], whatever the number of fields, however long it runs and however often somebody looks. If some do,
//!   at most that share of those that were ever called so is expected to be wrong. `judge` says why.
//! - *Noise needs evidence.* A field is noise only where B was seen to differ often enough; in doubt a difference counts.
//! - *Bounds.* At most [`FIELDS_MAX`] places are kept; what finds no room is counted and counts as a difference.
//!
//! Nothing here knows a clock, a value of an answer or where it came from.

mod count;
mod decision;
mod diffy;
mod evidence;
mod fields;
mod judge;
mod learning;
mod looks;
mod tail;

pub use decision::{Decision, FieldRow, FieldsSummary};
pub use fields::{FIELDS_MAX, Fields, PATH_BYTES_MAX};
pub use judge::FALSE_ALARMS;

#[cfg(test)]
mod tests;

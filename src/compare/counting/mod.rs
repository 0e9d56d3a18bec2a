//! What the pairs of one shadow add up to, since the start and over a sliding window.
//!
//! ```text
//! PairRecord ─► Tally ─┬─► total    Sums ─► Figures ─► pages, metrics, readiness
//!                      └─► recent   Sums ─► stop rules
//! ```
//!
//! Promises: bounded, however many pairs and statuses there are; what was counted balances (each pair has one verdict and
//! one place in the matrix); the moment is an argument.

pub mod figures;
pub mod record;
pub mod ring;
pub mod statuses;
pub mod sums;
pub mod tally;

pub use figures::{Figures, LatencyFigures, MatrixCell, Ratio, Reference};
pub use record::{Ending, LegOutcome, PairRecord};
pub use statuses::{StatusCount, Statuses};
pub use sums::{OUTCOMES, Sums};
pub use tally::Tally;

#[cfg(test)]
mod tests;

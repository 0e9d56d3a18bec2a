//! Comparing a shadow's answers with live ones: what differs, what of that is noise, and what it adds up to.
//!
//! Promises: nothing here runs on a thread that serves clients; work and memory per pair and in all are bounded, and what
//! was not compared is counted with its reason; nothing that traffic says is executed, followed or printed unescaped.

pub mod desk;
pub mod difference;
pub mod experiment;
pub mod merging;
pub mod pair;
pub mod ready;
pub mod verdict;

pub use desk::Desk;
pub use difference::{Difference, DifferenceKind, Excerpt, ValueKind};
pub use experiment::Experiment;
pub use merging::Merging;
pub use pair::Pair;
mod body;
pub mod comparator;
pub mod difference;
mod excerpt;
pub mod field_names;
mod findings;
mod headers;
mod json;
mod status;
mod text;
mod unpack;
pub mod verdict;

#[cfg(test)]
mod tests;

pub use comparator::Comparator;
pub use difference::{Difference, DifferenceKind, Excerpt, ValueKind};
pub use field_names::FieldNames;
pub mod delta;
pub mod difference;
pub mod noise;
pub mod verdict;

pub use delta::{DeltaSnapshot, Deltas, Percentiles};
pub use difference::{Difference, DifferenceKind, Excerpt, ValueKind};
pub use noise::{Decision, FieldRow, Fields, FieldsSummary};
pub mod bound;
pub mod counting;
pub mod difference;
pub mod readiness;
pub mod verdict;

pub use counting::{Ending, Figures, LegOutcome, PairRecord, Sums, Tally};
pub use difference::{Difference, DifferenceKind, Excerpt, ValueKind};
pub use readiness::{Evidence, Readiness, ReadinessLimits, ReadinessVerdict, Situation, readiness};
pub use verdict::{Comparison, Incomparable, Verdict};

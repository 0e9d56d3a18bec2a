//! Comparing a shadow's answers with live ones: what differs, what of that is noise, and what it adds up to.
//!
//! ```text
//! Pair (three legs, on the threads of the calls) ─► Desk (one thread) ─► Experiment
//!                                                                        Ready ─► Comparator ─► Comparison
//!                                                                        Fields (noise), Tally, Deltas, Clusters (store)
//! ```
//!
//! Promises: but for the legs nothing here runs on a thread that serves clients; work and memory per pair and in all are
//! bounded, and what was not compared is counted with its reason; nothing that traffic says is executed, followed or
//! printed unescaped.

mod appraisal;
mod body;
pub mod comparator;
pub mod counting;
pub mod delta;
pub mod desk;
pub mod difference;
mod excerpt;
pub mod experiment;
pub mod field_names;
mod findings;
mod found;
mod headers;
mod json;
pub mod merging;
pub mod noise;
mod outcome;
pub mod pair;
pub mod readiness;
pub mod ready;
pub mod results;
mod status;
pub mod store;
mod text;
mod unpack;
pub mod variety;
pub mod verdict;
pub mod watched;

#[cfg(test)]
mod tests;

pub use comparator::Comparator;
pub use counting::{Ending, Figures, LegOutcome, PairRecord, Sums, Tally};
pub use delta::{DeltaSnapshot, Deltas, Percentiles};
pub use desk::Desk;
pub use difference::{Difference, DifferenceKind, Excerpt, ValueKind};
pub use experiment::Experiment;
pub use field_names::FieldNames;
pub use merging::Merging;
pub use noise::{Decision, FieldRow, Fields, FieldsSummary};
pub use pair::Pair;
pub use readiness::{Evidence, Losses, Readiness, ReadinessLimits, ReadinessVerdict, Situation, readiness};
pub use results::{Outside, Results, WhichField};
pub use store::{Clusters, Redactor, StoreBudget};
pub use verdict::{Comparison, Incomparable, Verdict};
pub use watched::Watched;

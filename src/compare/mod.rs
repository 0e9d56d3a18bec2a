//! Comparing a shadow's answers with live ones: what differs, what of that is noise, and what it adds up to.
//!
//! Promises: nothing here runs on a thread that serves clients; work and memory per pair and in all are bounded, and what
//! was not compared is counted with its reason; nothing that traffic says is executed, followed or printed unescaped.

pub mod bound;
pub mod counting;
pub mod difference;
pub mod readiness;
pub mod results;
pub mod verdict;
pub mod watched;

pub use counting::{Ending, Figures, LegOutcome, PairRecord, Sums, Tally};
pub use difference::{Difference, DifferenceKind, Excerpt, ValueKind};
pub use readiness::{Evidence, Readiness, ReadinessLimits, ReadinessVerdict, Situation, readiness};
pub use results::{Outside, Results};
pub use verdict::{Comparison, Incomparable, Verdict};
pub use watched::Watched;

//! Comparing a shadow's answers with live ones: what differs, what of that is noise, and what it adds up to.
//!
//! Promises: nothing here runs on a thread that serves clients; work and memory per pair and in all are bounded, and what
//! was not compared is counted with its reason; nothing that traffic says is executed, followed or printed unescaped.

pub mod difference;
pub mod store;
pub mod verdict;

pub use difference::{Difference, DifferenceKind, Excerpt, ValueKind};
pub use verdict::{Comparison, Incomparable, Verdict};

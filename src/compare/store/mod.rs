//! What is kept of the differences that were found: clusters of pairs that differ alike, a few samples of each, redacted.
//!
//! Promises: what is secret is replaced before anything is kept, so that it stands in no list, export or `Debug`; equal
//! values that were replaced can be told to be equal; clusters, samples and bytes have limits, and what found no room is
//! counted; nothing stays longer than the file's `ttl` once somebody sweeps, nor is shown longer when nobody does.
//!
//! Pure: the time is an argument, and nothing here waits, logs or locks.

mod budget;
mod cluster;
mod clusters;
mod container;
mod looks;
mod mark;
mod minutes;
mod names;
mod place;
mod redactor;
mod reservoir;
mod row;
mod sample;
mod target;
mod value;

#[cfg(test)]
mod redaction_tests;
#[cfg(test)]
mod tests;

pub use budget::{Room, SAMPLES_MAX, STORE_BYTES_MAX, StoreBudget};
pub use clusters::{Added, CLUSTERS_MAX, Clusters, NewCluster};
pub use mark::{Mark, MarkKey};
pub use minutes::MINUTES;
pub use redactor::Redactor;
pub use row::{ClusterField, ClusterRow};
pub use sample::{Found, Sample, StoredDifference};
pub use value::{LengthClass, StoredValue};

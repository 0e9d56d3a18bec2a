//! What is insecure or wasteful in a configuration that works: KrakenD's audit, with its rule numbers, and 8.x of ours.
//!
//! Promises: judges the document as it was read, whether a component is carried out here or not. Rules about Go
//! plugins and about components of old versions (7.1.x, 7.2.x) are not judged.

mod facts;
mod report;
mod rules;

pub use report::{DEFAULT_FORMAT, Recommendation, Selection, format, recommend};

#[cfg(test)]
mod tests;

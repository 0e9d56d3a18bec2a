//! Data to data: what `target`, `allow`, `deny`, `mapping`, `group` and `flatmap_filter` of a backend do to its answer.
//!
//! Promises: the rules are compiled once; the order is KrakenD's; only the levels that a rule looks into are opened;
//! an empty list of rules hands the data through.

mod filter;
mod flatmap;
mod steps;

#[cfg(test)]
mod flatmap_tests;
#[cfg(test)]
mod tests;

pub use steps::{Op, Shape, ShapeSpec};

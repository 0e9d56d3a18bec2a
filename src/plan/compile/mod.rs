//! Config → Plan.
//!
//! A file for each noun of the plan; `whole` puts them together.

mod backend;
mod baseline;
mod endpoint;
mod routes;
mod service;
mod whole;

pub use whole::{Kept, compile};

pub(super) use whole::compile_with;

#[cfg(test)]
mod tests;

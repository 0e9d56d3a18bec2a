//! A shadow made live: what must be changed in a document so that a shadow and its live backend change places.
//!
//! Promises: nothing is written anywhere; the result can be loaded, or is refused with the reason; promoting the same
//! shadow twice says the same as before.

mod notes;
mod operation;
mod promotion;
mod status;

pub use operation::Operation;
pub use promotion::{Promotion, Refusal, promote};

#[cfg(test)]
mod tests;

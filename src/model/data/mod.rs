//! A JSON value that is parsed only where somebody looks.
//!
//! Text that nobody looks into stays the upstream's own bytes ([`Data::Raw`]), validated once: numbers keep their
//! digits, a merge splices slices, and an untouched answer costs one validation. Nothing here recurses on the depth
//! of what came from outside; only parts that were opened nest, and never deeper than [`OPENED_LEVELS_MAX`].

mod error;
pub mod figure;
mod lookup;
mod quick;
mod scan;
#[cfg(test)]
mod scan_by_steps;
mod text;
mod value;

#[cfg(test)]
pub(crate) mod tests;

pub use error::DecodeError;
pub use scan::NESTING_MAX;
pub(crate) use scan::{after_space, plain_end};
pub(crate) use text::meaning;
pub use text::write_string;
pub use value::{Data, DataKind, OPENED_LEVELS_MAX, Object};

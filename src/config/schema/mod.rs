//! The JSON Schema of the whole file, our own keys included, and checking a document against it.
//!
//! Promises: generated from the table of known keys, so that editor, linter and program know the same keys. The schema
//! is stricter than loading: it asks for the types that KrakenD's own schema asks for.

mod generate;
mod kind;
mod lint;
mod policy;

pub use generate::schema;
pub use lint::lint;

#[cfg(test)]
mod tests;

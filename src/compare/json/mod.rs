//! Two JSON documents, compared under rules about their fields.
//!
//! Promises: reading is one pass without recursion; comparing recurses no deeper than [`document::DEPTH_MAX`] and counts
//! its steps, so that no pair of documents costs more than [`walk::STEPS_MAX`] of them.

mod array;
mod decimal;
pub(super) mod document;
mod matching;
mod moment;
mod place;
mod print;
mod reader;
pub(super) mod rules;
mod scalar;
mod shape;
mod text;
pub(super) mod walk;

#[cfg(test)]
mod tests;

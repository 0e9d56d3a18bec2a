//! Two JSON documents, compared under rules about their fields.
//!
//! Promises: reading is one pass without recursion; comparing recurses no deeper than a document's [`reader::Size`]
//! allows and counts its steps, so that no pair costs more of them than [`walk::steps_for`] says.

mod array;
mod decimal;
pub(super) mod document;
mod matching;
mod moment;
pub(super) mod names;
mod place;
mod print;
pub(super) mod reader;
pub(super) mod rules;
mod scalar;
mod shape;
mod text;
mod token;
mod twins;
pub(super) mod walk;

#[cfg(test)]
mod tests;

//! An endpoint: calls its backends and makes one answer of theirs.

pub mod merge;
pub mod static_data;

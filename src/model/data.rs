//! A JSON value that is parsed only where somebody looks.
//!
//! Text that nobody looks into stays the upstream's own bytes ([`Data::Raw`]), validated once: numbers keep their
//! digits, a merge splices slices, and an untouched answer costs one validation.

use std::collections::BTreeMap;

use bytes::Bytes;

/// A value: unopened JSON text, or a part that was opened to be changed.
#[derive(Clone, Debug)]
pub enum Data {
    /// The text of one JSON value, validated, without surrounding white space, never looked into.
    Raw(Bytes),
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number as it was written.
    Number(Box<str>),
    /// A string, unescaped.
    String(String),
    /// A list.
    Array(Vec<Data>),
    /// An object; keys in byte order, as KrakenD writes them.
    Object(BTreeMap<String, Data>),
}

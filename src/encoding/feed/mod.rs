//! RSS, Atom and JSON feeds as one kind of data.
//!
//! Promises: the fields of the original that readers use, under its names; what a feed does not say is left out of
//! items and empty in the feed itself. Extensions (`dcExt`, `itunesExt`, `extensions`) are not passed on, and images
//! are not looked for inside texts.

mod atom;
mod date;
mod element;
mod json;
mod rss;

#[cfg(test)]
mod tests;

pub(super) use element::decode;

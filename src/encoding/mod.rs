//! Bytes to data and data to bytes: what `encoding` and `output_encoding` name.
//!
//! Promises: which decoder or encoder applies is settled when the file is read, never by what an upstream claims; an
//! object that nobody touched is answered with the bytes it came in; no input makes any of this panic or recurse
//! without a limit.

mod decoder;
mod encoder;
mod feed;
mod json;
mod negotiate;
mod xml;
mod yaml;

#[cfg(test)]
mod tests;

pub use decoder::Decoder;
pub use encoder::{Encoded, Encoder};

//! `modifier/martian`: small changes to one exchange with an upstream, written as JSON.
//!
//! Promises: a tree that does not parse is dropped whole, as in KrakenD, and `check` fails because of it; nothing an
//! upstream or a client sends can panic here. Request modifiers see the final URL and only forwarded headers; answer
//! modifiers come before the status is judged and the body decoded.

mod cookie;
mod layer;
mod modifier;
mod parse;
mod request;
mod response;
mod static_file;
mod url;

pub use layer::make;

#[cfg(test)]
mod tests;

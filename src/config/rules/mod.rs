//! KrakenD's rules for single values and between endpoints, as pure functions and with its words.
//!
//! Promises: each rule accepts and refuses exactly what the original does.

pub mod headers;
pub mod hosts;
pub mod paths;
pub mod placeholders;
pub mod routes;

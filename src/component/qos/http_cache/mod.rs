//! `qos/http-cache`: answers of backends kept as long as their headers allow.

mod control;
mod freshness;
mod layer;
mod store;
#[cfg(test)]
mod tests;

pub use layer::layer;
pub use store::{Bounds, Entry, SharedStores, Store};

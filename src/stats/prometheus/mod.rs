//! The numbers as Prometheus reads them.

mod comparison;
mod exposition;
mod write;

pub use write::{CONTENT_TYPE, write};

//! The numbers as Prometheus reads them.

mod comparison;
mod exposition;
mod format;
mod process;
mod shadows;
mod splits;
mod write;

pub use format::Format;
pub use write::{pieces, write};

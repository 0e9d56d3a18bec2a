//! What the file says: read, checked and normalised, with every finding at once.
//!
//! Promises: loading never panics on any text; every finding names file, line, column and JSON pointer where the
//! format allows it; a configuration is returned only when no finding is an error. Nothing here knows actors,
//! threads, sockets or clocks.

pub mod backend;
pub mod endpoint;
pub mod service;

pub use backend::{Backend, Discovery, ErrorPolicy, FlatmapOp, Shadow};
pub use endpoint::{Endpoint, Pick, Static, Strategy};
pub use service::{Admin, ClientTls, KeyPair, Router, Service, ShadowDefaults, Tls, Transport};

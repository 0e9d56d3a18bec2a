//! The edge: where requests enter and replies leave, and the admin listener.
//!
//! Promises: a request is answered whatever happens behind; a client that hangs up ends its calls; what a client may
//! see is written here on purpose. The only module that names actix-web.

mod access;
mod access_json;
pub mod admin;
pub mod admin_access;
mod admin_assets;
mod admin_events;
mod admin_metrics;
mod admin_overview;
mod admin_path;
mod admin_plan;
mod admin_results;
mod admin_shadows;
mod admin_splits;
mod admin_stats;
pub mod builtin;
mod call;
pub mod changes;
pub mod clock;
mod comparing;
pub mod descriptors;
mod edge;
pub mod egress;
mod export;
mod guess;
pub mod ingress;
pub mod intake;
mod metrics;
pub mod origin;
mod reading;
mod recorded;
pub mod reload;
pub mod serve;
pub mod shadows;
pub mod signal;
pub mod splits;
pub mod start;
pub mod start_error;
pub mod tls;
pub mod tree;
mod wire;

pub use reload::{Loader, Watch};
pub use signal::{Hangups, Signals, Switches};
pub use start::{Gateway, Options, start, try_to_listen};
pub use start_error::StartError;

//! Components of the namespaces `qos/ratelimit/…`: how often an endpoint may be asked and a backend called.

mod bucket;
mod clients;
pub mod proxy;
pub mod router;

pub use bucket::{Bucket, Rate};

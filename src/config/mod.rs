//! What the file says: read, checked and normalised, with every finding at once.
//!
//! Promises: loading never panics on any text; every finding names file, line, column and JSON pointer where the
//! format allows it; a configuration is returned only when no finding is an error. Nothing here knows actors,
//! threads, sockets or clocks.

pub mod audit;
pub mod backend;
pub mod byte_size;
pub mod component;
pub mod diagnostic;
pub mod difference;
pub mod duration;
pub mod endpoint;
pub mod extra;
pub mod flexible;
pub mod known;
pub mod layout;
pub mod legacy;
mod lists_of_maps;
pub mod load;
pub mod log_pattern;
pub mod node;
pub mod opentelemetry;
pub mod position;
pub mod promote;
pub mod proxies;
pub mod read;
pub mod rules;
pub mod schema;
pub mod service;
pub mod shadow;
pub mod source;
pub mod split;
pub mod stamp;
pub mod strict;
pub mod telemetry;
pub mod template;
pub mod unknown;
pub mod weak;

pub use backend::{Backend, Discovery, ErrorPolicy, FlatmapOp, Shadow};
pub use diagnostic::{Diagnostic, Severity};
pub use endpoint::{Endpoint, Pick, Static, Strategy};
pub use extra::Extra;
pub use known::known_keys;
pub use layout::Layout;
pub use load::{Loaded, Places, load};
pub use node::Node;
pub use opentelemetry::{
    BackendDetail, BackendLayer, EndpointTelemetry, GlobalLayer, OpenTelemetry, OtlpExporter, PrometheusExporter,
    ProxyLayer, ReportedHeaders, StaticAttribute,
};
pub use service::{Admin, AdminToken, ClientTls, KeyPair, Router, Service, ShadowDefaults, Tls, Transport};
pub use source::{Environment, Source};
pub use split::{Split, SplitAction, SplitStop, Variant};
pub use telemetry::{AccessForm, LogForm, LogLevel, LogPart, LogValue, Logging, Metrics, Width};

#[cfg(test)]
mod tests;

//! One published route as configured, with what it inherits from the service filled in.

use std::time::Duration;

use super::{Backend, EndpointTelemetry, Extra, FlatmapOp};

/// One `endpoints[]` object.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// Its `extra_config`, for the components.
    pub extra: Extra,
    /// The path as written, with one leading slash: `/user/{id}`.
    pub path: String,
    /// `GET`, `POST`, `PUT`, `PATCH` or `DELETE`.
    pub method: String,
    /// Parameter names in path order.
    pub params: Vec<String>,
    /// The backends, live and shadow, in file order.
    pub backends: Vec<Backend>,
    /// Deadline of the whole endpoint.
    pub timeout: Duration,
    /// Seconds for `Cache-Control`, already truncated; `None` sends no header.
    pub cache_seconds: Option<u64>,
    /// `input_headers`.
    pub input_headers: Pick,
    /// `input_query_strings`.
    pub input_query_strings: Pick,
    /// `output_encoding` as written (KrakenD compares it case-sensitively).
    pub output_encoding: String,
    /// `concurrent_calls`, at least 1.
    pub concurrent_calls: usize,
    /// `proxy.sequential`.
    pub sequential: bool,
    /// `proxy.sequential_propagated_params`.
    pub propagated_params: Vec<String>,
    /// `proxy.static`.
    pub static_data: Option<Static>,
    /// `proxy.flatmap_filter` on the merged data.
    pub flatmap: Vec<FlatmapOp>,
    /// `telemetry/opentelemetry`.
    pub telemetry: EndpointTelemetry,
    /// Where the endpoint stands in the file, as a JSON pointer.
    pub pointer: String,
}

/// An allow-list of names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pick {
    /// `["*"]`: everything.
    All,
    /// These names; empty means nothing.
    Only(Vec<String>),
}

/// `proxy.static`.
#[derive(Clone, Debug)]
pub struct Static {
    /// The members to add, each with its value as JSON text.
    pub data: Vec<(String, String)>,
    /// When.
    pub strategy: Strategy,
}

/// When static data is added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// Always.
    Always,
    /// When there is no error.
    Success,
    /// When there is no error and nothing is missing.
    Complete,
    /// When there is any error.
    Errored,
    /// When there is no response or something is missing.
    Incomplete,
}

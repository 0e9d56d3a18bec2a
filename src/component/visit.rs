//! A request before its endpoint: what guards may look at, change, or turn away.

use std::{net::IpAddr, sync::Arc};

use bytes::Bytes;
use http::{Method, StatusCode};
use tokio::time::Instant;

use crate::model::{Body, Headers, Outbound, Request};

/// A client at the door of an endpoint. Guards run before `input_headers` and `input_query_strings` are applied, so
/// what they add is forwarded only if the file lists it.
#[derive(Debug)]
pub struct Visit {
    /// The method.
    pub method: Method,
    /// The path as it was sent.
    pub path: String,
    /// The query as it was sent, without `?`.
    pub query: String,
    /// The client's headers.
    pub headers: Headers,
    /// The path's parameters, name and value, in order.
    pub params: Vec<(String, String)>,
    /// The client's address by the router's rules.
    pub address: IpAddr,
    /// The body, whole if a guard reads it.
    pub body: Body,
    /// What a validated token says.
    pub claims: Option<Claims>,
}

/// The claims of a validated token.
pub type Claims = Arc<serde_json::Value>;

/// A request turned away: the client gets exactly this, without the gateway's own headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The status.
    pub status: StatusCode,
    /// Headers as name and value.
    pub headers: Vec<(http::HeaderName, http::HeaderValue)>,
    /// The body.
    pub body: Bytes,
}

impl Refusal {
    /// Only a status.
    #[must_use]
    pub fn status(status: StatusCode) -> Self {
        Self { status, headers: Vec::new(), body: Bytes::new() }
    }
}

/// One call of a backend, its address decided.
#[derive(Debug)]
pub struct BackendCall {
    /// The client's request.
    pub request: Arc<Request>,
    /// What will be sent.
    pub outbound: Outbound,
    /// Its body.
    pub body: Body,
    /// Values of earlier answers of a sequence, with their names.
    pub earlier: Vec<(String, String)>,
    /// When nobody waits for its answer any more.
    pub deadline: Instant,
}

/// A request inside its endpoint, before it is split between live and shadow backends.
#[derive(Debug)]
pub struct Exchange {
    /// The request as the endpoint's rules let it through.
    pub request: Request,
    /// Its body, whole if a component reads it.
    pub body: Body,
}

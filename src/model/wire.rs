//! One HTTP exchange with an upstream, as far as components around it may see it.

use bytes::Bytes;
use futures_util::stream::LocalBoxStream;
use http::{Method, StatusCode, Uri};

use super::{Body, Failure, Headers};

/// A request as it will be sent, without its body.
#[derive(Clone, Debug)]
pub struct Outbound {
    /// The method.
    pub method: Method,
    /// The full URL.
    pub uri: Uri,
    /// The headers, without those that frame the message.
    pub headers: Headers,
    /// Whether the gateway, not the client, asked for gzip; then it also decodes it.
    pub asked_for_gzip: bool,
}

/// A request with its body.
#[derive(Debug)]
pub struct WireRequest {
    /// The request.
    pub outbound: Outbound,
    /// Its body.
    pub body: Body,
}

/// An answer as it came.
pub struct WireAnswer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: Headers,
    /// Its body, still arriving or made up.
    pub body: LocalBoxStream<'static, Result<Bytes, Failure>>,
}

impl WireAnswer {
    /// An answer whose body is at hand.
    #[must_use]
    pub fn whole(status: StatusCode, headers: Headers, body: Bytes) -> Self {
        let body = futures_util::stream::iter((!body.is_empty()).then_some(Ok(body)));
        Self { status, headers, body: Box::pin(body) }
    }
}

impl std::fmt::Debug for WireAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WireAnswer").field("status", &self.status).field("headers", &self.headers).finish()
    }
}

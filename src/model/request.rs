//! A client's request as the endpoint's rules let it through, shared by everyone who sends a copy of it.

use http::Method;

use super::{Headers, claim};

/// The request without its body. Filtered once, at the edge; then immutable and shared.
#[derive(Debug)]
pub struct Request {
    /// The client's method.
    pub method: Method,
    /// The headers that `input_headers` lets through, plus those the gateway always sets.
    pub headers: Headers,
    /// The number of the trace that the client records of it; `None` where it records none.
    pub trace_number: Option<u128>,
    /// The client's query after `input_query_strings`: sorted by name, encoded, without `?`; empty if none.
    pub query: String,
    /// The values of the endpoint's `{params}` in the order the path names them, percent-decoded.
    pub params: Vec<String>,
    /// What a validated token says.
    pub claims: Option<std::sync::Arc<serde_json::Value>>,
    /// What policies of shadows look at; `None` where no shadow of the endpoint has one.
    pub origin: Option<std::sync::Arc<super::Origin>>,
    /// Where spans of calls belong; `None` where none are recorded.
    pub trace: Option<std::sync::Arc<super::TraceScope>>,
}

impl Request {
    /// Bytes that are held for it, its body not counted: of text, and of what its token says.
    #[must_use]
    pub fn head_bytes(&self) -> usize {
        let params: usize = self.params.iter().map(String::len).sum();
        let origin = self.origin.as_ref().map_or(0, |origin| origin.bytes());
        let claims = self.claims.as_deref().map_or(0, claim::bytes);
        self.headers.bytes() + self.query.len() + params + claims + origin
    }
}

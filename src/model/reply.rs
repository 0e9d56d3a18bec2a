//! What comes back from a backend, a merge or an endpoint: a response, a failure, or both at once.

use http::StatusCode;

use super::{BodyReceiver, Data, Failure, Headers};

/// The result of a call. A merge that lost a part has a response *and* a failure.
#[derive(Debug, Default)]
pub struct Reply {
    /// What there is to show.
    pub response: Option<Response>,
    /// What went wrong, in the order it went wrong.
    pub failures: Vec<Failure>,
}

/// An answer on its way to the client.
#[derive(Debug)]
pub struct Response {
    /// The status to give.
    pub status: StatusCode,
    /// The upstream's headers; only no-op endpoints show them.
    pub headers: Headers,
    /// The content.
    pub payload: Payload,
    /// Whether nothing is missing (`X-Krakend-Completed`).
    pub complete: bool,
}

/// The content of a response.
#[derive(Debug)]
pub enum Payload {
    /// Data that was decoded and may be shaped, merged and encoded.
    Data(Data),
    /// Bytes to pass on as they are (no-op), whole.
    Whole(bytes::Bytes),
    /// Bytes to pass on as they arrive (no-op).
    Transit(BodyReceiver),
}

impl Reply {
    /// A reply that went well.
    #[must_use]
    pub fn ok(response: Response) -> Self {
        Self { response: Some(response), failures: Vec::new() }
    }

    /// A reply that has nothing to show.
    #[must_use]
    pub fn failed(failure: Failure) -> Self {
        Self { response: None, failures: vec![failure] }
    }
}

impl Response {
    /// Decoded data with status 200.
    #[must_use]
    pub fn data(data: Data, complete: bool) -> Self {
        Self { status: StatusCode::OK, headers: Headers::new(), payload: Payload::Data(data), complete }
    }
}

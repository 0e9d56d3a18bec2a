//! What can go wrong with a request while it is served, in one table.
//!
//! A failure's kind is its label in every metric. Its text may reach a client, but only when the file asks for it
//! (`return_error_msg`); the texts follow KrakenD's, which users' alerts and tests match on.

use bytes::Bytes;
use http::{HeaderValue, StatusCode};

/// The class of a failure: its label in metrics and pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// The time ran out.
    Timeout,
    /// The client went away.
    Cancelled,
    /// No connection to the upstream: refused, unreachable, name not found.
    Connect,
    /// TLS with the upstream failed.
    Tls,
    /// The connection broke while the request was on it.
    Io,
    /// The upstream did not speak HTTP.
    Protocol,
    /// The upstream answered with a status that is a failure.
    Status,
    /// The upstream's body is not what `encoding` says it is.
    Decode,
    /// A body was larger than its limit.
    TooLarge,
    /// The upload ended before it was complete.
    Upload,
    /// A copy could not keep up with the upload it is a copy of.
    Lag,
    /// There is no host to call, or its address cannot be built.
    NoHost,
    /// A component of the file — a limit, a breaker, a rule — turned the request or its answer away.
    Refused,
    /// Something in the gateway panicked; the damage ended with this call.
    Panic,
}

impl Kind {
    /// Every kind, in the order of the table.
    pub const ALL: [Self; 14] = [
        Self::Timeout,
        Self::Cancelled,
        Self::Connect,
        Self::Tls,
        Self::Io,
        Self::Protocol,
        Self::Status,
        Self::Decode,
        Self::TooLarge,
        Self::Upload,
        Self::Lag,
        Self::NoHost,
        Self::Refused,
        Self::Panic,
    ];

    /// The metric label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Cancelled => "cancelled",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Io => "io",
            Self::Protocol => "protocol",
            Self::Status => "status",
            Self::Decode => "decode",
            Self::TooLarge => "too_large",
            Self::Upload => "upload",
            Self::Lag => "lag",
            Self::NoHost => "no_host",
            Self::Refused => "refused",
            Self::Panic => "panic",
        }
    }

    /// Its place in [`Kind::ALL`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// One thing that went wrong.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Its class.
    pub kind: Kind,
    /// What KrakenD says in this case; shown to clients only with `return_error_msg`.
    pub message: String,
    /// The upstream's own answer, where `return_error_code` passes it on.
    pub answer: Option<Box<UpstreamAnswer>>,
}

/// A failed answer of an upstream that the file wants passed on (`return_error_code`).
#[derive(Clone, Debug)]
pub struct UpstreamAnswer {
    /// Its status.
    pub status: StatusCode,
    /// Its `Content-Type`, if it had one.
    pub content_type: Option<HeaderValue>,
    /// Its body; shown only with `return_error_msg`.
    pub body: Bytes,
}

impl Failure {
    /// A failure with KrakenD's text for it.
    #[must_use]
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), answer: None }
    }

    /// The endpoint's or the backend's time ran out.
    #[must_use]
    pub fn timeout() -> Self {
        Self::new(Kind::Timeout, "context deadline exceeded")
    }

    /// The status the client gets: 500 for everything, as in KrakenD, unless the file passes the upstream's on.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match &self.answer {
            Some(answer) => answer.status,
            None if self.kind == Kind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            None => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_lists_every_kind_at_its_index_with_a_label_of_its_own() {
        for (index, kind) in Kind::ALL.into_iter().enumerate() {
            assert_eq!(kind.index(), index);
        }
        let labels: std::collections::BTreeSet<_> = Kind::ALL.iter().map(|kind| kind.label()).collect();
        assert_eq!(labels.len(), Kind::ALL.len());
    }
}

//! What can go wrong between a gateway and an upstream, below HTTP's meaning.

use std::{fmt, io};

/// Why an exchange with an upstream failed.
#[derive(Debug)]
pub enum TransportError {
    /// The name has no address, or the resolver failed.
    Resolve(io::Error),
    /// No connection: refused, unreachable, timed out.
    Connect {
        /// The address that was tried last.
        address: String,
        /// What the system said.
        error: io::Error,
    },
    /// TLS failed, most often in its handshake; what it says of itself.
    Tls(String),
    /// The connection broke while the request or the answer was on it.
    Io(io::Error),
    /// The upstream closed the connection instead of answering.
    Closed,
    /// What came back is not a well-formed HTTP/1 answer.
    Protocol(&'static str),
    /// The request's own body could not be read to its end.
    RequestBody,
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Resolve(error) => write!(f, "dial tcp: lookup: {error}"),
            Self::Connect { address, error } => write!(f, "dial tcp {address}: connect: {}", go_text(error)),
            Self::Tls(error) => f.write_str(error),
            Self::Io(error) => write!(f, "{}", go_text(error)),
            Self::Closed => f.write_str("EOF"),
            Self::Protocol(what) => write!(f, "net/http: HTTP/1.x transport connection broken: {what}"),
            Self::RequestBody => f.write_str("request body broken off"),
        }
    }
}

impl std::error::Error for TransportError {}

/// The words Go's library uses, which users' log alerts match on.
fn go_text(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused".into(),
        io::ErrorKind::ConnectionReset => "read: connection reset by peer".into(),
        io::ErrorKind::BrokenPipe => "write: broken pipe".into(),
        io::ErrorKind::UnexpectedEof => "unexpected EOF".into(),
        io::ErrorKind::TimedOut => "i/o timeout".into(),
        io::ErrorKind::HostUnreachable => "no route to host".into(),
        io::ErrorKind::NetworkUnreachable => "network is unreachable".into(),
        _ => error.to_string(),
    }
}

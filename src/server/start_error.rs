//! Why a gateway did not start, in words that say what to do.

use std::{fmt, io, net::SocketAddr};

use super::tls::TlsError;

/// Why a gateway did not start.
#[derive(Debug)]
pub enum StartError {
    /// The public address can't be bound.
    Listen(SocketAddr, io::Error),
    /// The admin address can't be bound, and was asked for.
    Admin(SocketAddr, io::Error),
    /// HTTPS can't be served as the file says.
    Tls(TlsError),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (address, what, remedy, error) = match self {
            Self::Listen(address, error) => (address, "requests", "-p PORT", error),
            Self::Admin(address, error) => {
                (address, "dashboard and metrics", "--admin ADDRESS:PORT or --admin off", error)
            }
            Self::Tls(error) => return write!(f, "cannot serve HTTPS: {error}"),
        };
        write!(f, "cannot listen on {address} for {what}: {error} (choose another with {remedy})")
    }
}

impl std::error::Error for StartError {}

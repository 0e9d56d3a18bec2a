//! One connection to an upstream with the buffer that lives as long as it does.

use std::{io, net::SocketAddr, time::Duration};

use bytes::BytesMut;
use tokio::net::{TcpStream, lookup_host};

use super::{Secure, TransportError, stream::Stream};

/// First size of a connection's read buffer in bytes; it grows with larger answers.
const READ_BUFFER_BYTES: usize = 4 * 1024;

/// An open connection. Dropping it closes it.
#[derive(Debug)]
pub(super) struct Connection {
    /// The socket, and TLS on it where the upstream wants it.
    pub(super) io: Stream,
    /// What was read and not yet used.
    pub(super) read: BytesMut,
    /// Whether it has carried a request before.
    pub(super) reused: bool,
}

impl Connection {
    /// Connects to `host:port`, trying each address the name has, and shakes hands if `secure` is given.
    ///
    /// # Errors
    /// When the name has no address, none of them accepts within `timeout`, or the handshake fails.
    pub(super) async fn dial(
        host: &str,
        port: u16,
        timeout: Option<Duration>,
        secure: Option<&Secure>,
    ) -> Result<Self, TransportError> {
        let dialing = dial_any(host, port);
        let tcp = match timeout {
            None => dialing.await?,
            Some(limit) => tokio::time::timeout(limit, dialing).await.unwrap_or_else(|_elapsed| {
                let address = format!("{host}:{port}");
                Err(TransportError::Connect { address, error: io::ErrorKind::TimedOut.into() })
            })?,
        };
        // Small requests and answers must not wait for the other side's acknowledgement.
        tcp.set_nodelay(true).map_err(TransportError::Io)?;
        let io = match secure {
            None => Stream::Plain(tcp),
            Some(secure) => Stream::Tls(Box::new(secure.handshake(host, tcp).await?)),
        };
        Ok(Self { io, read: BytesMut::with_capacity(READ_BUFFER_BYTES), reused: false })
    }

    /// Whether an idle connection still looks alive: nothing to read, not closed. Costs no system call while the
    /// reactor has seen nothing arrive.
    pub(super) fn is_quiet(&mut self) -> bool {
        self.io.is_quiet()
    }
}

async fn dial_any(host: &str, port: u16) -> Result<TcpStream, TransportError> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(ip) = bare.parse() {
        return dial_one(SocketAddr::new(ip, port)).await;
    }
    let mut last = None;
    for address in lookup_host((bare, port)).await.map_err(TransportError::Resolve)? {
        match dial_one(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or_else(|| TransportError::Resolve(io::Error::other("no such host"))))
}

async fn dial_one(address: SocketAddr) -> Result<TcpStream, TransportError> {
    TcpStream::connect(address).await.map_err(|error| TransportError::Connect { address: address.to_string(), error })
}

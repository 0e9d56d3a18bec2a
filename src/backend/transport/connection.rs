//! One connection to an upstream with the buffer that lives as long as it does.

use bytes::BytesMut;

use super::{PoolLimits, Secure, TransportError, dial::dial, lookups::Lookups, stream::Stream};

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
    /// Connects to `host:port` and shakes hands if `secure` is given.
    ///
    /// # Errors
    /// When nobody can be reached there within the limits, or the handshake fails.
    pub(super) async fn dial(
        host: &str,
        port: u16,
        limits: &PoolLimits,
        lookups: &Lookups,
        secure: Option<&Secure>,
    ) -> Result<Self, TransportError> {
        let tcp = dial(host, port, limits, lookups).await?;
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

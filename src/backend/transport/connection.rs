//! One connection to an upstream with the buffer that lives as long as it does.

use bytes::{Bytes, BytesMut};

use super::{
    Marks, PoolLimits, Secure, TransportError, dial::dial, heads::HEAD_ROOM_BYTES, lookups::Lookups, stream::Stream,
};

/// First size of a connection's read buffer in bytes; it grows with larger answers.
const READ_BUFFER_BYTES: usize = 4 * 1024;
/// A body that fills less than such a part of a buffer that has grown must not keep all of it alive.
const SMALL_PART: usize = 8;

/// An open connection. Dropping it closes it.
#[derive(Debug)]
pub(super) struct Connection {
    /// The socket, and TLS on it where the upstream wants it.
    pub(super) io: Stream,
    /// What was read and not yet used.
    pub(super) read: BytesMut,
    /// How many bytes of it were made room for at once, if it has grown.
    grown: usize,
    /// Whether it has carried a request before.
    pub(super) reused: bool,
}

impl Connection {
    /// Connects to `host:port` and shakes hands if `secure` is given. Whoever asks has the times in `marks`.
    ///
    /// # Errors
    /// When nobody can be reached there within the limits, or the handshake fails.
    pub(super) async fn dial(
        host: &str,
        port: u16,
        limits: &PoolLimits,
        lookups: &Lookups,
        secure: Option<&Secure>,
        marks: Option<&Marks>,
    ) -> Result<Self, TransportError> {
        let _connecting = marks.map(|marks| marks.connection.begin());
        let tcp = dial(host, port, limits, lookups, marks).await?;
        let io = match secure {
            None => Stream::Plain(tcp),
            Some(secure) => {
                let _shaking = marks.map(|marks| marks.handshake.begin());
                Stream::Tls(Box::new(secure.handshake(host, tcp).await?))
            }
        };
        Ok(Self { io, read: BytesMut::with_capacity(READ_BUFFER_BYTES), grown: 0, reused: false })
    }

    /// Makes room for a body of which so many bytes are to come, counted with what is read of it. The room is enough for
    /// the next answer of the same size with its head, which is then read in one go.
    pub(super) fn make_room(&mut self, left: u64) {
        let wanted = usize::try_from(left).unwrap_or(usize::MAX).saturating_sub(self.read.len());
        if self.read.capacity() - self.read.len() < wanted {
            self.grown = self.read.len() + wanted + HEAD_ROOM_BYTES;
            self.read.reserve(wanted + HEAD_ROOM_BYTES);
        }
    }

    /// Takes so many bytes out of the buffer, which has them.
    pub(super) fn take(&mut self, bytes: usize) -> Bytes {
        let taken = self.read.split_to(bytes);
        if bytes >= self.grown / SMALL_PART {
            return taken.freeze();
        }
        self.shrink();
        Bytes::copy_from_slice(&taken)
    }

    /// Gives up a buffer that has grown and holds nothing.
    pub(super) fn shrink(&mut self) {
        if self.grown > 0 && self.read.is_empty() {
            (self.read, self.grown) = (BytesMut::new(), 0);
        }
    }

    /// Whether an idle connection still looks alive: nothing to read, not closed. Costs no system call while the
    /// reactor has seen nothing arrive.
    pub(super) fn is_quiet(&mut self) -> bool {
        self.io.is_quiet()
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    async fn connection() -> Connection {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let tcp = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        Connection { io: Stream::Plain(tcp), read: BytesMut::new(), grown: 0, reused: false }
    }

    #[tokio::test]
    async fn a_small_body_keeps_no_large_buffer_alive() {
        let mut connection = connection().await;
        connection.make_room(60_000);
        connection.read.extend_from_slice(&[b'x'; 60_000]);
        assert_eq!(connection.take(60_000).len(), 60_000);
        assert!(connection.grown > 0, "the next one may be as large");
        connection.read.extend_from_slice(b"hello");
        assert_eq!(connection.take(5), "hello");
        assert_eq!((connection.read.capacity(), connection.grown), (0, 0));
    }

    #[tokio::test]
    async fn an_idle_connection_gives_up_only_a_buffer_that_has_grown_and_is_empty() {
        let mut connection = connection().await;
        connection.read.reserve(100);
        connection.shrink();
        assert!(connection.read.capacity() >= 100);
        connection.make_room(10_000);
        connection.read.extend_from_slice(b"not yet used");
        connection.shrink();
        assert_eq!(connection.read, "not yet used");
        connection.read.clear();
        connection.shrink();
        assert_eq!(connection.read.capacity(), 0);
    }
}

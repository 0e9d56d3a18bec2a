//! What a connection's bytes go over: a socket, or TLS on one.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::client::TlsStream;

/// The two kinds. Told apart once per request and per read, so that plain HTTP pays for nothing it does not use.
#[derive(Debug)]
pub(super) enum Stream {
    /// The socket itself.
    Plain(TcpStream),
    /// TLS, boxed because it is large and rare.
    Tls(Box<TlsStream<TcpStream>>),
}

impl Stream {
    /// Whether nothing has come and nobody has closed. Costs no system call while the reactor has seen nothing arrive.
    pub(super) fn is_quiet(&mut self) -> bool {
        match self {
            Self::Plain(tcp) => is_quiet(tcp),
            Self::Tls(tls) => {
                let (tcp, session) = tls.get_mut();
                // What was read together with the last answer may be a farewell already.
                let state = session.process_new_packets();
                let nothing_more =
                    state.is_ok_and(|state| !state.peer_has_closed() && state.plaintext_bytes_to_read() == 0);
                nothing_more && is_quiet(tcp)
            }
        }
    }
}

fn is_quiet(tcp: &TcpStream) -> bool {
    let mut byte = [0];
    matches!(tcp.try_read(&mut byte), Err(error) if error.kind() == io::ErrorKind::WouldBlock)
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, ctx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_read(ctx, into),
            Self::Tls(tls) => Pin::new(tls.as_mut()).poll_read(ctx, into),
        }
    }
}

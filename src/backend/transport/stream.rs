//! What a connection's bytes go over: a socket, or TLS on one.

use std::{
    future::poll_fn,
    io,
    mem::MaybeUninit,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
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

/// Bytes that are read at once to be thrown away.
const SKIPPED_BYTES_MAX: usize = 16 * 1024;

impl Stream {
    /// Reads at most `bytes` bytes and throws them away; gives how many, none at the end.
    pub(super) async fn skip(&mut self, bytes: usize) -> io::Result<usize> {
        poll_fn(|ctx| self.poll_skip(ctx, bytes)).await
    }

    fn poll_skip(&mut self, ctx: &mut Context<'_>, bytes: usize) -> Poll<io::Result<usize>> {
        #[cfg(target_os = "linux")]
        if bytes >= SKIPPED_BYTES_MAX
            && let Self::Plain(tcp) = self
        {
            return unseen::poll_skip(tcp, ctx, bytes);
        }
        let mut scratch = [const { MaybeUninit::uninit() }; SKIPPED_BYTES_MAX];
        let (mut buffer, longest) = (ReadBuf::uninit(&mut scratch), bytes.min(SKIPPED_BYTES_MAX));
        let mut part = buffer.take(longest);
        ready!(Pin::new(self).poll_read(ctx, &mut part))?;
        Poll::Ready(Ok(part.filled().len()))
    }
}

/// Linux throws away what a socket has received without copying it.
#[cfg(target_os = "linux")]
mod unseen {
    use std::{
        io,
        mem::MaybeUninit,
        task::{Context, Poll, ready},
    };

    use socket2::SockRef;
    use tokio::{io::Interest, net::TcpStream};

    /// `MSG_TRUNC` of `recv(2)`; see `tcp(7)`.
    const TRUNCATE: i32 = 0x20;
    /// Bytes that are thrown away at once.
    const BYTES_MAX: usize = 64 * 1024;

    pub(super) fn poll_skip(tcp: &TcpStream, ctx: &mut Context<'_>, bytes: usize) -> Poll<io::Result<usize>> {
        // Nothing is written to it; it only says how much.
        let mut untouched = [const { MaybeUninit::uninit() }; BYTES_MAX];
        let Some(part) = untouched.get_mut(..bytes.min(BYTES_MAX)) else { return Poll::Ready(Ok(0)) };
        loop {
            ready!(tcp.poll_read_ready(ctx))?;
            match tcp.try_io(Interest::READABLE, || SockRef::from(tcp).recv_with_flags(part, TRUNCATE)) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                outcome => return Poll::Ready(outcome),
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

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, ctx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_write(ctx, bytes),
            Self::Tls(tls) => Pin::new(tls.as_mut()).poll_write(ctx, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        ctx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_write_vectored(ctx, pieces),
            Self::Tls(tls) => Pin::new(tls.as_mut()).poll_write_vectored(ctx, pieces),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(tcp) => tcp.is_write_vectored(),
            Self::Tls(tls) => tls.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, ctx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_flush(ctx),
            Self::Tls(tls) => Pin::new(tls.as_mut()).poll_flush(ctx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, ctx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_shutdown(ctx),
            Self::Tls(tls) => Pin::new(tls.as_mut()).poll_shutdown(ctx),
        }
    }
}

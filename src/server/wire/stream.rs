//! A client's connection: a socket or TLS on one, that does not wait for ever to be read.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::server::TlsStream;

use super::{
    ahead::{Ahead, Basin},
    unread::{Unread, Waiting},
};

/// What both protocols are spoken over. Dropping it closes it.
#[derive(Debug)]
pub(super) struct ClientStream {
    wire: Wire,
    waiting: Waiting,
}

/// The two kinds.
#[derive(Debug)]
enum Wire {
    Plain(TcpStream, Ahead),
    /// Boxed because it is large.
    Tls(Box<TlsStream<TcpStream>>),
}

impl ClientStream {
    /// The socket itself, read by way of a basin.
    pub(super) fn plain(tcp: TcpStream, basin: Basin, unread: Rc<Unread>) -> Self {
        Self { wire: Wire::Plain(tcp, Ahead::new(basin)), waiting: Waiting::new(unread) }
    }

    /// TLS.
    pub(super) fn tls(tls: TlsStream<TcpStream>, unread: Rc<Unread>) -> Self {
        Self { wire: Wire::Tls(Box::new(tls)), waiting: Waiting::new(unread) }
    }

    /// Where requests begin.
    pub(super) fn unread(&self) -> &Rc<Unread> {
        self.waiting.unread()
    }
}

impl AsyncRead for ClientStream {
    fn poll_read(self: Pin<&mut Self>, ctx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().wire {
            Wire::Plain(tcp, ahead) => ahead.poll_read(Pin::new(tcp), ctx, into),
            Wire::Tls(tls) => Pin::new(tls.as_mut()).poll_read(ctx, into),
        }
    }
}

impl AsyncWrite for ClientStream {
    fn poll_write(self: Pin<&mut Self>, ctx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let Self { wire, waiting } = self.get_mut();
        waiting.check()?;
        let written = match wire {
            Wire::Plain(tcp, _) => Pin::new(tcp).poll_write(ctx, bytes),
            Wire::Tls(tls) => Pin::new(tls.as_mut()).poll_write(ctx, bytes),
        };
        waiting.after(written, ctx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        ctx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let Self { wire, waiting } = self.get_mut();
        waiting.check()?;
        let written = match wire {
            Wire::Plain(tcp, _) => Pin::new(tcp).poll_write_vectored(ctx, slices),
            Wire::Tls(tls) => Pin::new(tls.as_mut()).poll_write_vectored(ctx, slices),
        };
        waiting.after(written, ctx)
    }

    fn is_write_vectored(&self) -> bool {
        match &self.wire {
            Wire::Plain(tcp, _) => tcp.is_write_vectored(),
            Wire::Tls(tls) => tls.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, ctx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { wire, waiting } = self.get_mut();
        match wire {
            // A socket has nothing to flush, and must not end a wait that a write has begun.
            Wire::Plain(..) => Poll::Ready(Ok(())),
            Wire::Tls(tls) => {
                let flushed = Pin::new(tls.as_mut()).poll_flush(ctx);
                waiting.after(flushed, ctx)
            }
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, ctx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { wire, waiting } = self.get_mut();
        let closed = match wire {
            Wire::Plain(tcp, _) => Pin::new(tcp).poll_shutdown(ctx),
            Wire::Tls(tls) => Pin::new(tls.as_mut()).poll_shutdown(ctx),
        };
        waiting.after(closed, ctx)
    }
}

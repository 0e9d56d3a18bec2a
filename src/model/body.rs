//! A message body: absent, held in memory as shared chunks, or still arriving over a bounded channel.
//!
//! Promises: cloning a held body copies no bytes; a body in transit never holds more than
//! [`CHUNKS_IN_TRANSIT`] chunks; one whose sender goes away before saying [`BodySender::finish`] is an error,
//! never a shorter complete body.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_util::Stream;
use tokio::sync::mpsc;

/// How many chunks may wait between the one who reads a socket and the one who writes the other.
pub const CHUNKS_IN_TRANSIT: usize = 4;

/// Why a body in transit ended before its last chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyError {
    /// The side that sends the body went away or broke it off.
    BrokenOff,
    /// The body grew past the limit that applies to it.
    TooLarge,
    /// The time for it ran out.
    TimedOut,
}

impl std::fmt::Display for BodyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::BrokenOff => "body broken off",
            Self::TooLarge => "body too large",
            Self::TimedOut => "body timed out",
        })
    }
}

impl std::error::Error for BodyError {}

/// The body of a request on its way to an upstream.
#[derive(Debug, Default)]
pub enum Body {
    /// No body.
    #[default]
    Empty,
    /// The whole body, shared by everyone who sends it.
    Held(Held),
    /// A body that is still arriving; only one reader can have it.
    Transit(BodyReceiver),
}

impl Body {
    /// A second handle on the same bytes; `None` for a body in transit, which has one reader.
    #[must_use]
    pub fn share(&self) -> Option<Self> {
        match self {
            Self::Empty => Some(Self::Empty),
            Self::Held(held) => Some(Self::Held(held.clone())),
            Self::Transit(_) => None,
        }
    }
}

/// A whole body as the chunks it arrived in.
#[derive(Clone, Debug)]
pub struct Held {
    chunks: Arc<[Bytes]>,
    bytes: usize,
}

impl Held {
    /// Takes the chunks as they are.
    #[must_use]
    pub fn new(chunks: Vec<Bytes>) -> Self {
        let bytes = chunks.iter().map(Bytes::len).sum();
        Self { chunks: chunks.into(), bytes }
    }

    /// Length of the whole body in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes
    }

    /// Whether the body has no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    /// The chunks, in order.
    #[must_use]
    pub fn chunks(&self) -> &Arc<[Bytes]> {
        &self.chunks
    }

    /// The body in one piece; copies only when it arrived in several.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        match &*self.chunks {
            [] => Bytes::new(),
            [one] => one.clone(),
            many => many.concat().into(),
        }
    }
}

enum Piece {
    Chunk(Bytes),
    End,
    Broken(BodyError),
}

/// Where the chunks of a body in transit go in.
#[derive(Debug)]
pub struct BodySender(mpsc::Sender<Piece>);

/// Where they come out: a stream that ends cleanly only if the sender said so.
#[derive(Debug)]
pub struct BodyReceiver {
    pieces: mpsc::Receiver<Piece>,
    length: Option<u64>,
    ended: bool,
}

/// A bounded way for a body from one task to another. `length` is what the sender has promised, if it has.
#[must_use]
pub fn transit(length: Option<u64>) -> (BodySender, BodyReceiver) {
    let (sender, pieces) = mpsc::channel(CHUNKS_IN_TRANSIT);
    (BodySender(sender), BodyReceiver { pieces, length, ended: false })
}

impl BodySender {
    /// Hands a chunk on, waiting while the other side is behind.
    ///
    /// # Errors
    /// When nobody reads any more.
    pub async fn send(&self, chunk: Bytes) -> Result<(), BodyError> {
        self.0.send(Piece::Chunk(chunk)).await.map_err(|_gone| BodyError::BrokenOff)
    }

    /// Says that the body is complete.
    pub async fn finish(self) {
        let _nobody_reads = self.0.send(Piece::End).await;
    }

    /// Says that the body will not be completed.
    pub async fn break_off(self, error: BodyError) {
        let _nobody_reads = self.0.send(Piece::Broken(error)).await;
    }

    /// Resolves when nobody reads any more.
    pub async fn closed(&self) {
        self.0.closed().await;
    }
}

impl BodyReceiver {
    /// The length the sender promised, in bytes.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        self.length
    }

    /// The next chunk; `None` after a clean end.
    pub async fn next_chunk(&mut self) -> Option<Result<Bytes, BodyError>> {
        std::future::poll_fn(|ctx| Pin::new(&mut *self).poll_next(ctx)).await
    }
}

impl Stream for BodyReceiver {
    type Item = Result<Bytes, BodyError>;

    fn poll_next(mut self: Pin<&mut Self>, ctx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let Poll::Ready(piece) = self.pieces.poll_recv(ctx) else { return Poll::Pending };
        let item = match piece {
            Some(Piece::Chunk(chunk)) => Some(Ok(chunk)),
            Some(Piece::End) => None,
            Some(Piece::Broken(error)) => Some(Err(error)),
            None => Some(Err(BodyError::BrokenOff)),
        };
        self.ended = !matches!(item, Some(Ok(_)));
        Poll::Ready(item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_sender_that_vanishes_is_an_error_not_an_end() {
        let (sender, mut receiver) = transit(None);
        sender.send(Bytes::from_static(b"half")).await.unwrap();
        drop(sender);
        assert_eq!(receiver.next_chunk().await, Some(Ok(Bytes::from_static(b"half"))));
        assert_eq!(receiver.next_chunk().await, Some(Err(BodyError::BrokenOff)));
        assert_eq!(receiver.next_chunk().await, None);
    }

    #[tokio::test]
    async fn a_finished_body_ends_cleanly() {
        let (sender, mut receiver) = transit(Some(2));
        sender.send(Bytes::from_static(b"ok")).await.unwrap();
        sender.finish().await;
        assert_eq!(receiver.next_chunk().await, Some(Ok(Bytes::from_static(b"ok"))));
        assert_eq!(receiver.next_chunk().await, None);
    }

    #[test]
    fn sharing_a_held_body_copies_nothing() {
        let held = Held::new(vec![Bytes::from_static(b"a"), Bytes::from_static(b"bc")]);
        let body = Body::Held(held.clone());
        let Some(Body::Held(other)) = body.share() else { panic!("a held body can be shared") };
        assert!(Arc::ptr_eq(other.chunks(), held.chunks()));
        assert_eq!((other.len(), other.to_bytes()), (3, Bytes::from_static(b"abc")));
    }
}

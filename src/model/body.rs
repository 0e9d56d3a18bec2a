//! A message body: absent, held in memory as shared chunks, or still arriving over a bounded channel.
//!
//! Promises: cloning a held body copies no bytes; a body in transit never holds more than
//! [`CHUNKS_IN_TRANSIT`] chunks; one whose sender goes away before saying [`BodySender::finish`] is an error,
//! never a shorter complete body.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::{Bytes, BytesMut};
use futures_util::Stream;
use tokio::sync::mpsc;

/// How many chunks may wait between the one who reads a socket and the one who writes the other.
pub const CHUNKS_IN_TRANSIT: usize = 4;

/// A chunk of this many bytes or more is kept by reference; smaller ones are copied together.
pub const KEPT_AS_IT_IS_BYTES_MIN: usize = 4 * 1024;
/// Copied chunks become a piece when they have grown to this many bytes.
pub const COPIED_PIECE_BYTES: usize = 16 * 1024;

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

/// A body while it is being collected.
///
/// A kept chunk costs a few words and keeps the whole buffer alive that it was read into. So small chunks are copied
/// together: however a sender cuts its body, the memory behind it stays within a small multiple of its length.
#[derive(Debug, Default)]
pub struct Collected {
    pieces: Vec<Bytes>,
    copied: BytesMut,
}

impl Collected {
    /// Adds the next chunk.
    pub fn push(&mut self, chunk: Bytes) {
        if chunk.len() >= KEPT_AS_IT_IS_BYTES_MIN {
            self.close_copied();
            self.pieces.push(chunk);
            return;
        }
        self.copied.extend_from_slice(&chunk);
        if self.copied.len() >= COPIED_PIECE_BYTES {
            self.close_copied();
        }
    }

    /// The whole body.
    #[must_use]
    pub fn finish(mut self) -> Held {
        self.close_copied();
        Held::new(self.pieces)
    }

    fn close_copied(&mut self) {
        if !self.copied.is_empty() {
            self.pieces.push(std::mem::take(&mut self.copied).freeze());
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
    pieces: Pieces,
    length: Option<u64>,
    ended: bool,
    /// What was looked at before its time.
    peeked: Option<Option<Result<Bytes, BodyError>>>,
    /// Who sees what comes out.
    tap: Option<Box<dyn Tap>>,
}

/// Somebody who sees the chunks of a body in transit as its reader takes them, and must not wait. One that is dropped
/// before [`Tap::end`] has not seen the whole.
pub trait Tap: Send + std::fmt::Debug {
    /// The next chunk.
    fn chunk(&mut self, chunk: &Bytes);

    /// There are no more: a clean end, or what broke it.
    fn end(self: Box<Self>, broken: Option<BodyError>);
}

/// Where a receiver has its chunks from.
enum Pieces {
    Transit(mpsc::Receiver<Piece>),
    Other(Pin<Box<dyn Stream<Item = Result<Bytes, BodyError>> + Send>>),
}

impl std::fmt::Debug for Pieces {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Transit(_) => "Transit",
            Self::Other(_) => "Other",
        })
    }
}

/// A bounded way for a body from one task to another. `length` is what the sender has promised, if it has.
#[must_use]
pub fn transit(length: Option<u64>) -> (BodySender, BodyReceiver) {
    let (sender, pieces) = mpsc::channel(CHUNKS_IN_TRANSIT);
    (BodySender(sender), BodyReceiver::over(Pieces::Transit(pieces), length))
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
    /// A receiver of what somebody else hands on. The stream says itself when the body is not complete: its end is a
    /// clean one. `length` is what was promised, in bytes.
    #[must_use]
    pub fn of(stream: impl Stream<Item = Result<Bytes, BodyError>> + Send + 'static, length: Option<u64>) -> Self {
        Self::over(Pieces::Other(Box::pin(stream)), length)
    }

    const fn over(pieces: Pieces, length: Option<u64>) -> Self {
        Self { pieces, length, ended: false, peeked: None, tap: None }
    }

    /// The length the sender promised, in bytes.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        self.length
    }

    /// The same body, which somebody else sees as well.
    #[must_use]
    pub fn tapped(self, tap: Box<dyn Tap>) -> Self {
        Self { tap: Some(tap), ..self }
    }

    /// The next chunk, which stays the next one; `None` at the end, however it came.
    pub async fn peek(&mut self) -> Option<&Bytes> {
        if self.peeked.is_none() {
            let next = self.next_chunk().await;
            self.peeked = Some(next);
        }
        self.peeked.as_ref()?.as_ref()?.as_ref().ok()
    }

    /// The next chunk; `None` after a clean end.
    pub async fn next_chunk(&mut self) -> Option<Result<Bytes, BodyError>> {
        std::future::poll_fn(|ctx| Pin::new(&mut *self).poll_next(ctx)).await
    }
}

impl BodyReceiver {
    fn show(&mut self, item: Option<&Result<Bytes, BodyError>>) {
        match (item, &mut self.tap) {
            (Some(Ok(chunk)), Some(tap)) => tap.chunk(chunk),
            (ended, tap) => {
                if let Some(tap) = tap.take() {
                    tap.end(ended.and_then(|item| item.as_ref().err().copied()));
                }
            }
        }
    }
}

impl Stream for BodyReceiver {
    type Item = Result<Bytes, BodyError>;

    fn poll_next(mut self: Pin<&mut Self>, ctx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(item) = self.peeked.take() {
            return Poll::Ready(item);
        }
        if self.ended {
            return Poll::Ready(None);
        }
        let item = match &mut self.pieces {
            Pieces::Transit(pieces) => match ready!(pieces.poll_recv(ctx)) {
                Some(Piece::Chunk(chunk)) => Some(Ok(chunk)),
                Some(Piece::End) => None,
                Some(Piece::Broken(error)) => Some(Err(error)),
                None => Some(Err(BodyError::BrokenOff)),
            },
            Pieces::Other(stream) => ready!(stream.as_mut().poll_next(ctx)),
        };
        self.ended = !matches!(item, Some(Ok(_)));
        if self.tap.is_some() {
            self.show(item.as_ref());
        }
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
    async fn a_chunk_that_was_looked_at_comes_all_the_same() {
        let (sender, mut receiver) = transit(None);
        sender.send(Bytes::from_static(b"one")).await.unwrap();
        drop(sender);
        assert_eq!(receiver.peek().await, Some(&Bytes::from_static(b"one")));
        assert_eq!(receiver.peek().await, Some(&Bytes::from_static(b"one")));
        assert_eq!(receiver.next_chunk().await, Some(Ok(Bytes::from_static(b"one"))));
        assert_eq!(receiver.peek().await, None);
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

    fn collected(chunks: &[Bytes]) -> Held {
        let mut collected = Collected::default();
        chunks.iter().for_each(|chunk| collected.push(chunk.clone()));
        collected.finish()
    }

    #[test]
    fn a_body_of_single_bytes_is_collected_in_few_pieces() {
        let held = collected(&vec![Bytes::from_static(b"x"); 100_000]);
        assert_eq!((held.len(), held.chunks().len()), (100_000, 100_000_usize.div_ceil(COPIED_PIECE_BYTES)));
    }

    #[test]
    fn large_chunks_are_collected_without_copying() {
        let chunks = [Bytes::from(vec![1; KEPT_AS_IT_IS_BYTES_MIN]), Bytes::from(vec![2; 100_000])];
        let held = collected(&chunks);
        let places: Vec<_> = held.chunks().iter().map(|piece| piece.as_ptr()).collect();
        assert_eq!(places, chunks.each_ref().map(|chunk| chunk.as_ptr()));
    }

    #[test]
    fn nothing_collected_is_an_empty_body() {
        assert!(collected(&[]).is_empty());
        assert!(collected(&[Bytes::new()]).chunks().is_empty());
    }

    proptest::proptest! {
        #[test]
        fn a_collected_body_is_its_chunks_in_order(lengths in proptest::collection::vec(0..10_000usize, 0..40)) {
            let chunks: Vec<Bytes> =
                lengths.iter().enumerate().map(|(place, length)| Bytes::from(vec![place as u8; *length])).collect();
            let held = collected(&chunks);
            proptest::prop_assert_eq!(held.to_bytes(), Bytes::from(chunks.concat()));
            // Every second piece at least is a large one, or full.
            proptest::prop_assert!(held.chunks().len() <= 2 * (held.len() / KEPT_AS_IT_IS_BYTES_MIN) + 1);
        }
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

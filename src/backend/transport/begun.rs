//! A request body of which the first piece was asked for already.
//!
//! awc wraps every body in a type that cannot be named and does not say whether it is at hand. Its first piece says it:
//! a piece as long as the whole body is all of it, and can go out with the head and be sent again.

use std::{
    pin::Pin,
    task::{Context, Poll, Waker},
};

use awc::body::{BodySize, MessageBody};
use bytes::Bytes;

use super::exchange::OutgoingBody;

/// A body with its first piece, if that was there.
pub(super) struct Begun<B: MessageBody> {
    first: Poll<Option<Result<Bytes, B::Error>>>,
    size: BodySize,
    rest: B,
}

/// What a body is, as far as it can be told without waiting.
pub(super) fn begin<B: MessageBody + Unpin>(mut body: B) -> OutgoingBody<Begun<B>> {
    let size = body.size();
    let length = match size {
        BodySize::None | BodySize::Sized(0) => return OutgoingBody::None,
        BodySize::Sized(length) => Some(length),
        BodySize::Stream => None,
    };
    // Who sends the body polls it again, with a waker that wakes somebody.
    let first = Pin::new(&mut body).poll_next(&mut Context::from_waker(Waker::noop()));
    match first {
        Poll::Ready(Some(Ok(piece))) if Some(piece.len() as u64) == length => OutgoingBody::Whole(piece),
        first => OutgoingBody::Once(Begun { first, size, rest: body }),
    }
}

impl<B: MessageBody + Unpin> MessageBody for Begun<B>
where
    B::Error: Unpin,
{
    type Error = B::Error;

    fn size(&self) -> BodySize {
        self.size
    }

    fn poll_next(mut self: Pin<&mut Self>, ctx: &mut Context<'_>) -> Poll<Option<Result<Bytes, B::Error>>> {
        match std::mem::replace(&mut self.first, Poll::Pending) {
            Poll::Pending => Pin::new(&mut self.rest).poll_next(ctx),
            first => first,
        }
    }
}

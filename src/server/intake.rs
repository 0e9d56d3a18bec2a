//! The client's body on its way in: none, read whole, or passed on as it arrives.

use actix_web::{HttpRequest, http::header, web};
use bytes::Bytes;
use futures_util::StreamExt;

use crate::{
    model::{
        Body, BodyError, BodyReceiver, BodySender,
        body::{self, Collected},
    },
    plan::Intake,
};

/// A body that several backends need may be so large, in bytes; a larger one is refused with 413.
pub const HELD_BYTES_MAX: usize = 32 * 1024 * 1024;
/// A body of known length up to this is read whole: its calls go out with it in one piece.
const READ_AHEAD_BYTES_MAX: u64 = 64 * 1024;

/// How a body will be taken in.
pub(super) enum Taken {
    /// It is here.
    Ready(Body),
    /// It is to be carried from the client while the reply is being made.
    Carried(BodyReceiver, Upload),
}

/// The client's side of a body in transit.
pub(super) struct Upload {
    /// A chunk that was read to see whether there is a body at all.
    first: Option<Bytes>,
    payload: web::Payload,
    sender: BodySender,
}

/// Whether a request's head says that there is no body.
pub(super) fn has_none(request: &HttpRequest) -> bool {
    matches!(declared(request), Declared::Nothing)
}

/// Takes a request's body in.
///
/// # Errors
/// When the client breaks it off, or it is too large to be held.
pub(super) async fn take(request: &HttpRequest, payload: web::Payload, intake: Intake) -> Result<Taken, BodyError> {
    let length = match declared(request) {
        Declared::Nothing => return Ok(Taken::Ready(Body::Empty)),
        Declared::Length(bytes) => Some(bytes),
        Declared::Chunked => None,
        Declared::Unknown if intake == Intake::Streamed => return take_undeclared(payload).await,
        Declared::Unknown => None,
    };
    let limit = match (intake, length) {
        (Intake::Streamed, Some(bytes)) if bytes <= READ_AHEAD_BYTES_MAX => READ_AHEAD_BYTES_MAX as usize,
        (Intake::Streamed, _) => {
            let (sender, receiver) = body::transit(length);
            return Ok(Taken::Carried(receiver, Upload { first: None, payload, sender }));
        }
        (Intake::Held, _) => HELD_BYTES_MAX,
    };
    if length.is_some_and(|bytes| bytes > limit as u64) {
        return Err(BodyError::TooLarge);
    }
    hold(payload, limit).await.map(Taken::Ready)
}

/// Takes a body of which HTTP/2 says nothing in advance: only its first piece tells whether there is one.
async fn take_undeclared(mut payload: web::Payload) -> Result<Taken, BodyError> {
    let Some(first) = payload.next().await else { return Ok(Taken::Ready(Body::Empty)) };
    let first = first.map_err(|_broken| BodyError::BrokenOff)?;
    let (sender, receiver) = body::transit(None);
    Ok(Taken::Carried(receiver, Upload { first: Some(first), payload, sender }))
}

enum Declared {
    Nothing,
    Length(u64),
    Chunked,
    Unknown,
}

fn declared(request: &HttpRequest) -> Declared {
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    match length {
        Some(0) => Declared::Nothing,
        Some(bytes) => Declared::Length(bytes),
        None if request.headers().contains_key(header::TRANSFER_ENCODING) => Declared::Chunked,
        // HTTP/2 needs no header to announce a body.
        None if request.version() == actix_web::http::Version::HTTP_2 => Declared::Unknown,
        None => Declared::Nothing,
    }
}

async fn hold(mut payload: web::Payload, limit: usize) -> Result<Body, BodyError> {
    let mut collected = Collected::default();
    let mut bytes = 0;
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_broken| BodyError::BrokenOff)?;
        bytes += chunk.len();
        if bytes > limit {
            return Err(BodyError::TooLarge);
        }
        collected.push(chunk);
    }
    Ok(if bytes == 0 { Body::Empty } else { Body::Held(collected.finish()) })
}

impl Upload {
    /// Carries the body until its end. Dropping this breaks the body off.
    pub(super) async fn carry(mut self) {
        if let Some(first) = self.first.take()
            && self.sender.send(first).await.is_err()
        {
            return;
        }
        while let Some(chunk) = self.payload.next().await {
            match chunk {
                Ok(chunk) => {
                    if self.sender.send(chunk).await.is_err() {
                        return;
                    }
                }
                Err(_broken) => return self.sender.break_off(BodyError::BrokenOff).await,
            }
        }
        self.sender.finish().await;
    }
}

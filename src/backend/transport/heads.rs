//! Heads of answers as they come from a connection, with the interim ones before them.

use awc::http::StatusCode;
use tokio::io::{AsyncRead, AsyncReadExt};

use super::{
    TransportError,
    head::{self, AnswerHead},
    tls::of_io,
};

/// Interim answers (1xx) that are passed over; an upstream that goes on so would keep its reader for ever.
pub(super) const INTERIM_MAX: usize = 100;
/// In the words of Go, which takes fewer.
pub(super) const TOO_MANY_INTERIM: TransportError =
    TransportError::Protocol("net/http: too many 1xx informational responses");

/// Room for the next part of an answer's head, in bytes; most heads and their small bodies fit.
pub(super) const HEAD_ROOM_BYTES: usize = 2 * 1024;

/// Reads until the upstream grants leave to send the body, which is `None`, or answers instead.
pub(super) async fn read_leave(
    reader: &mut (impl AsyncRead + Unpin),
    read: &mut bytes::BytesMut,
) -> Result<Option<AnswerHead>, TransportError> {
    for _ in 0..=INTERIM_MAX {
        let answer = read_any_head(reader, read).await?;
        if answer.status == StatusCode::CONTINUE {
            return Ok(None);
        }
        if !answer.status.is_informational() {
            return Ok(Some(answer));
        }
    }
    Err(TOO_MANY_INTERIM)
}

/// Reads until an answer's head is whole, passing over interim answers (1xx).
pub(super) async fn read_head(
    reader: &mut (impl AsyncRead + Unpin),
    read: &mut bytes::BytesMut,
) -> Result<AnswerHead, TransportError> {
    for _ in 0..=INTERIM_MAX {
        let answer = read_any_head(reader, read).await?;
        if !answer.status.is_informational() {
            return Ok(answer);
        }
    }
    Err(TOO_MANY_INTERIM)
}

/// Reads until the head of an answer is whole, be it an interim one.
async fn read_any_head(
    reader: &mut (impl AsyncRead + Unpin),
    read: &mut bytes::BytesMut,
) -> Result<AnswerHead, TransportError> {
    loop {
        if !read.is_empty()
            && let Some(answer) = head::read(read).map_err(TransportError::Protocol)?
        {
            if answer.status == StatusCode::SWITCHING_PROTOCOLS {
                return Err(TransportError::Protocol("unexpected protocol switch"));
            }
            return Ok(answer);
        }
        // What former answers have left of the buffer may be a few bytes, and would cost a read for each few.
        read.reserve(HEAD_ROOM_BYTES);
        match reader.read_buf(read).await.map_err(of_io)? {
            0 if read.is_empty() => return Err(TransportError::Closed),
            0 => return Err(TransportError::Protocol("unexpected EOF in the head")),
            _more => {}
        }
    }
}

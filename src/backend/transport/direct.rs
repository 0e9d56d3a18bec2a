//! One request that is small and at hand, sent beside awc: out in one write, and of the answer's head only what is
//! wanted is kept.
//!
//! Runs once per live call and once per copy. On the wire it is what [`super::exchange`] does, with the same rules for
//! framing, for connections that may be used again and for requests that may be repeated; no map of headers is made.

use std::{io, rc::Rc};

use awc::{
    error::PayloadError,
    http::{Method, StatusCode, header},
};
use bytes::{Buf, Bytes};
use futures_util::StreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::model::{Headers, Outbound};

use super::{
    TransportError,
    connection::Connection,
    exchange::{COPIED_BYTES_MAX, ONE_WRITE_BYTES_MAX, dial, length_of_whole},
    framing::Framing,
    head::{self, Brief, Keep},
    heads::{HEAD_ROOM_BYTES, INTERIM_MAX, TOO_MANY_INTERIM},
    payload::{AnswerBody, Home},
    pool::{Origin, Pool},
    stream::Stream,
    tls::of_io,
};

/// Room for the head of most requests, in bytes.
const HEAD_BYTES: usize = 512;

/// An answer whose head has come.
#[derive(Debug)]
pub struct Arrived {
    /// Its status.
    pub status: StatusCode,
    /// Those of its headers that were to be kept.
    pub headers: Headers,
    body: Arriving,
}

/// A body as far as it has come.
#[derive(Debug)]
enum Arriving {
    /// All of it, until it is taken. Its connection is with the pool again.
    Whole(Bytes),
    /// Boxed, as it is large and most answers are small.
    Rest(Box<AnswerBody>),
}

impl Arrived {
    /// The next piece of the body; `None` after its end.
    pub async fn next_chunk(&mut self) -> Option<Result<Bytes, PayloadError>> {
        match &mut self.body {
            Arriving::Whole(bytes) if bytes.is_empty() => None,
            Arriving::Whole(bytes) => Some(Ok(std::mem::take(bytes))),
            Arriving::Rest(body) => body.next().await,
        }
    }
}

/// Whether a request can be sent so: with a body of so many bytes, to an address that is whole, and without waiting for
/// leave to send it.
pub(super) fn is_possible(pool: &Pool, outbound: &Outbound, bytes: usize) -> bool {
    let asks = || outbound.headers.contains(&header::EXPECT);
    bytes <= ONE_WRITE_BYTES_MAX
        && matches!(outbound.uri.scheme_str(), Some("http" | "https"))
        && outbound.uri.authority().is_some()
        && !(pool.limits.continue_time.is_some() && asks())
}

/// Sends a request and waits for the head of its answer, of whose headers those are kept that `keep` says.
///
/// # Errors
/// Whatever keeps an answer from coming; see [`TransportError`].
pub(super) async fn call(
    pool: &Rc<Pool>,
    outbound: &Outbound,
    body: &Bytes,
    keep: Keep,
) -> Result<Arrived, TransportError> {
    let (brief, connection) = exchange(pool, outbound, body, keep).await?;
    let is_reusable = brief.is_reusable();
    let Brief { status, headers, framing, .. } = brief;
    let home = Home::of(pool, &outbound.uri, is_reusable);
    let mut body = AnswerBody::new(connection, framing, home);
    let body = match body.take_if_whole() {
        Some(whole) => Arriving::Whole(whole),
        None => Arriving::Rest(Box::new(body)),
    };
    Ok(Arrived { status, headers, body })
}

/// Sends a request and reads the head of its answer; its body is still on the connection.
///
/// # Errors
/// Whatever keeps an answer from coming; see [`TransportError`].
pub(super) async fn exchange(
    pool: &Rc<Pool>,
    outbound: &Outbound,
    body: &Bytes,
    keep: Keep,
) -> Result<(Brief, Connection), TransportError> {
    let origin = Origin::of(&outbound.uri);
    let mut connection = match pool.take(origin) {
        Some(connection) => connection,
        // Rare, and larger than all the rest.
        None => Box::pin(dial(pool, origin, &outbound.uri)).await?,
    };
    match attempt(&mut connection, outbound, body, keep).await {
        Err(error) if may_repeat(&connection, &error) && outbound.method.is_safe() => {
            drop(connection);
            Box::pin(repeat(pool, outbound, body, keep)).await
        }
        outcome => Ok((outcome?, connection)),
    }
}

/// The same over a fresh connection.
async fn repeat(
    pool: &Pool,
    outbound: &Outbound,
    body: &Bytes,
    keep: Keep,
) -> Result<(Brief, Connection), TransportError> {
    let mut connection = dial(pool, Origin::of(&outbound.uri), &outbound.uri).await?;
    let brief = attempt(&mut connection, outbound, body, keep).await?;
    Ok((brief, connection))
}

/// Whether the upstream was just closing the connection: no byte of an answer had come.
fn may_repeat(connection: &Connection, error: &TransportError) -> bool {
    connection.reused && connection.read.is_empty() && matches!(error, TransportError::Io(_) | TransportError::Closed)
}

/// After a request that failed to go out, an answer that is already there still counts.
async fn attempt(
    connection: &mut Connection,
    outbound: &Outbound,
    body: &Bytes,
    keep: Keep,
) -> Result<Brief, TransportError> {
    let written = write(&mut connection.io, outbound, body).await;
    let answer = read_brief(connection, &outbound.method, keep).await;
    match written {
        Ok(()) => answer,
        // Part of the request is missing on this connection.
        Err(error) => answer.map(|brief| Brief { keeps_alive: false, ..brief }).map_err(|_no_answer| of_io(error)),
    }
}

/// Head and body in one write, and nothing left behind in the layers below.
async fn write(io: &mut Stream, outbound: &Outbound, body: &Bytes) -> io::Result<()> {
    let copied = if body.len() <= COPIED_BYTES_MAX { body.as_ref() } else { &[] };
    let mut wire = Vec::with_capacity(HEAD_BYTES + copied.len());
    head::write_list(&mut wire, outbound, length_of_whole(&outbound.method, body));
    if copied.len() == body.len() {
        wire.extend_from_slice(copied);
        io.write_all(&wire).await?;
    } else {
        io.write_all_buf(&mut Buf::chain(wire.as_slice(), body.as_ref())).await?;
    }
    io.flush().await
}

/// Reads until an answer's head is whole, passing over interim answers (1xx).
async fn read_brief(connection: &mut Connection, method: &Method, keep: Keep) -> Result<Brief, TransportError> {
    let Connection { io, read, .. } = connection;
    let mut interim = 0;
    loop {
        if !read.is_empty()
            && let Some(brief) = Brief::read(read, method, keep).map_err(TransportError::Protocol)?
        {
            match brief.status {
                StatusCode::SWITCHING_PROTOCOLS => return Err(TransportError::Protocol("unexpected protocol switch")),
                status if !status.is_informational() => return Ok(brief),
                _ if interim >= INTERIM_MAX => return Err(TOO_MANY_INTERIM),
                _ => interim += 1,
            }
            continue;
        }
        // What former answers have left of the buffer may be a few bytes, and would cost a read for each few.
        read.reserve(HEAD_ROOM_BYTES);
        match io.read_buf(read).await.map_err(of_io)? {
            0 if read.is_empty() => return Err(TransportError::Closed),
            0 => return Err(TransportError::Protocol("unexpected EOF in the head")),
            _more => {}
        }
    }
}

impl Brief {
    /// Whether its connection may carry another request when its body was read.
    pub(super) fn is_reusable(&self) -> bool {
        self.keeps_alive && !matches!(self.framing, Framing::UntilClose)
    }
}

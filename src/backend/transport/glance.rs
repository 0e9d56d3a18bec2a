//! One request whose answer nobody wants: its status and where it ends are looked at, and nothing of it is kept.
//!
//! Runs once per copy of a request. On the wire it is what [`super::exchange`] does, with the same rules for framing, for
//! connections that may be used again and for requests that may be repeated; no map of headers is made, and no body.
//! Only for requests that are at hand and small enough to go out in one write.

use std::{io, rc::Rc};

use awc::{
    error::PayloadError,
    http::{Method, StatusCode},
};
use bytes::{Buf, Bytes};
use http::HeaderValue;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::model::Outbound;

use super::{
    TransportError,
    chunked::{Chunked, Step},
    connection::Connection,
    exchange::{ONE_WRITE_BYTES_MAX, dial, length_of_whole},
    framing::Framing,
    head::{self, Brief},
    heads::{INTERIM_MAX, TOO_MANY_INTERIM},
    pool::{Origin, Pool},
    stream::Stream,
    tls::of_io,
};

/// Room for the head of most requests, in bytes.
const HEAD_BYTES: usize = 512;
/// Room for the head of an answer and a small body, in bytes; a connection that has less makes some.
const READ_BYTES: usize = 2 * 1024;

/// The head of an answer whose body is still on its connection. Dropping it closes the connection.
#[derive(Debug)]
pub struct Glance<'a> {
    /// The status.
    pub status: StatusCode,
    /// Where it sends the call on to.
    pub location: Option<HeaderValue>,
    connection: Connection,
    framing: Framing,
    is_reusable: bool,
    pool: &'a Rc<Pool>,
    origin: Origin<'a>,
}

/// Why the rest of an answer was not read to its end.
#[derive(Debug)]
pub enum RestError {
    /// It is larger than allowed.
    TooLarge,
    /// It broke off, or breaks the framing.
    Broken(PayloadError),
}

/// Whether a request can be sent so: with this body, and without waiting for leave to send it.
pub(super) fn is_possible(pool: &Pool, outbound: &Outbound, body: &Bytes) -> bool {
    let asks = || outbound.headers.contains(&http::header::EXPECT);
    body.len() <= ONE_WRITE_BYTES_MAX && !(pool.limits.continue_time.is_some() && asks())
}

/// Sends a request and looks at the head of its answer.
///
/// # Errors
/// Whatever keeps an answer from coming; see [`TransportError`].
pub(super) async fn glance<'a>(
    pool: &'a Rc<Pool>,
    outbound: &'a Outbound,
    body: &Bytes,
) -> Result<Glance<'a>, TransportError> {
    let origin = Origin::of(&outbound.uri);
    let mut connection = match pool.take(origin) {
        Some(connection) => connection,
        // Rare, and larger than all the rest.
        None => Box::pin(dial(pool, origin, &outbound.uri)).await?,
    };
    let brief = match attempt(&mut connection, outbound, body).await {
        Err(error) if may_repeat(&connection, &error) && outbound.method.is_safe() => {
            connection = Box::pin(dial(pool, origin, &outbound.uri)).await?;
            attempt(&mut connection, outbound, body).await?
        }
        outcome => outcome?,
    };
    let Brief { status, framing, keeps_alive, location } = brief;
    let is_reusable = keeps_alive && !matches!(framing, Framing::UntilClose);
    Ok(Glance { status, location, connection, framing, is_reusable, pool, origin })
}

/// Whether the upstream was just closing the connection: no byte of an answer had come.
fn may_repeat(connection: &Connection, error: &TransportError) -> bool {
    connection.reused && connection.read.is_empty() && matches!(error, TransportError::Io(_) | TransportError::Closed)
}

/// After a request that failed to go out, an answer that is already there still counts.
async fn attempt(connection: &mut Connection, outbound: &Outbound, body: &Bytes) -> Result<Brief, TransportError> {
    let written = write(&mut connection.io, outbound, body).await;
    let answer = read_brief(connection, &outbound.method).await;
    match written {
        Ok(()) => answer,
        // Part of the request is missing on this connection.
        Err(error) => answer.map(|brief| Brief { keeps_alive: false, ..brief }).map_err(|_no_answer| of_io(error)),
    }
}

/// Head and body in one write, and nothing left behind in the layers below.
async fn write(io: &mut Stream, outbound: &Outbound, body: &Bytes) -> io::Result<()> {
    let mut head = Vec::with_capacity(HEAD_BYTES);
    head::write_list(&mut head, outbound, length_of_whole(&outbound.method, body));
    io.write_all_buf(&mut Buf::chain(head.as_slice(), body.as_ref())).await?;
    io.flush().await
}

/// Reads until an answer's head is whole, passing over interim answers (1xx).
async fn read_brief(connection: &mut Connection, method: &Method) -> Result<Brief, TransportError> {
    let Connection { io, read, .. } = connection;
    let mut interim = 0;
    read.reserve(READ_BYTES);
    loop {
        if !read.is_empty()
            && let Some(brief) = Brief::read(read, method).map_err(TransportError::Protocol)?
        {
            match brief.status {
                StatusCode::SWITCHING_PROTOCOLS => return Err(TransportError::Protocol("unexpected protocol switch")),
                status if !status.is_informational() => return Ok(brief),
                _ if interim >= INTERIM_MAX => return Err(TOO_MANY_INTERIM),
                _ => interim += 1,
            }
            continue;
        }
        match io.read_buf(read).await.map_err(of_io)? {
            0 if read.is_empty() => return Err(TransportError::Closed),
            0 => return Err(TransportError::Protocol("unexpected EOF in the head")),
            _more => {}
        }
    }
}

impl Glance<'_> {
    /// Reads the body to its end and keeps nothing, so that the connection can be used again.
    ///
    /// # Errors
    /// When it breaks off or is longer than `limit` bytes; the connection is closed then.
    pub async fn finish(mut self, limit: usize) -> Result<(), RestError> {
        match &mut self.framing {
            Framing::Length(length) => pass_over(&mut self.connection, *length, limit).await?,
            Framing::Chunked(chunked) => pass_over_chunks(&mut self.connection, chunked, limit).await?,
            Framing::UntilClose => pass_over_all(&mut self.connection, limit).await?,
        }
        if self.is_reusable {
            self.pool.give(self.origin, self.connection);
        }
        Ok(())
    }
}

async fn pass_over(connection: &mut Connection, length: u64, limit: usize) -> Result<(), RestError> {
    let length = usize::try_from(length).ok().filter(|length| *length <= limit).ok_or(RestError::TooLarge)?;
    let Connection { io, read, .. } = connection;
    let ready = length.min(read.len());
    read.advance(ready);
    let mut left = length - ready;
    while left > 0 {
        match io.skip(left).await.map_err(broken)? {
            0 => return Err(RestError::Broken(PayloadError::Incomplete(None))),
            skipped => left = left.saturating_sub(skipped),
        }
    }
    Ok(())
}

async fn pass_over_all(connection: &mut Connection, limit: usize) -> Result<(), RestError> {
    let Connection { io, read, .. } = connection;
    let mut bytes = read.len();
    read.clear();
    while bytes <= limit {
        // One more than the limit says that there is too much.
        match io.skip(limit - bytes + 1).await.map_err(broken)? {
            0 => return Ok(()),
            skipped => bytes += skipped,
        }
    }
    Err(RestError::TooLarge)
}

async fn pass_over_chunks(connection: &mut Connection, chunked: &mut Chunked, limit: usize) -> Result<(), RestError> {
    let Connection { io, read, .. } = connection;
    let mut bytes = 0;
    loop {
        match chunked.step(read).map_err(|what| broken(io::Error::new(io::ErrorKind::InvalidData, what)))? {
            Step::Data(data) => bytes += data.len(),
            Step::End => return Ok(()),
            Step::More => {
                read.reserve(super::payload::READ_BYTES);
                if io.read_buf(read).await.map_err(broken)? == 0 {
                    return Err(RestError::Broken(PayloadError::Incomplete(None)));
                }
            }
        }
        if bytes > limit {
            return Err(RestError::TooLarge);
        }
    }
}

fn broken(error: io::Error) -> RestError {
    RestError::Broken(PayloadError::Io(error))
}

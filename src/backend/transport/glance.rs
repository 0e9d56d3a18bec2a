//! One request whose answer nobody wants: its status and where it ends are looked at, and nothing of it is kept.
//!
//! Runs once per copy of a request, over [`super::direct`]; nothing of the body is kept, or even copied where the system
//! can throw it away.

use std::{io, rc::Rc};

use awc::{
    error::PayloadError,
    http::{StatusCode, header},
};
use bytes::{Buf, Bytes};
use http::HeaderValue;
use tokio::io::AsyncReadExt;

use crate::model::Outbound;

use super::{
    TransportError,
    chunked::{Chunked, Step},
    connection::Connection,
    direct,
    framing::Framing,
    head::{Brief, Keep},
    pool::{Origin, Pool},
};

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

/// Sends a request and looks at the head of its answer.
///
/// # Errors
/// Whatever keeps an answer from coming; see [`TransportError`].
pub(super) async fn glance<'a>(
    pool: &'a Rc<Pool>,
    outbound: &'a Outbound,
    body: &Bytes,
) -> Result<Glance<'a>, TransportError> {
    let (brief, connection) = direct::exchange(pool, outbound, body, Keep::Location).await?;
    let is_reusable = brief.is_reusable();
    let Brief { status, framing, headers, .. } = brief;
    let location = headers.get(&header::LOCATION).cloned();
    Ok(Glance { status, location, connection, framing, is_reusable, pool, origin: Origin::of(&outbound.uri) })
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

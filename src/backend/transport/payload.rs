//! The body of an answer, read from its connection as it is asked for.
//!
//! When the body ends cleanly the connection goes back to its pool; when the reader stops earlier it is closed.

use std::{
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
};

use awc::error::PayloadError;
use bytes::Bytes;
use futures_util::Stream;
use http::uri::{Authority, Uri};
use tokio_util::io::poll_read_buf;

use super::{
    chunked::Step,
    connection::Connection,
    framing::Framing,
    pool::{Origin, Pool},
};

/// The read buffer grows by at least so many bytes.
pub(super) const READ_BYTES: usize = 16 * 1024;
/// A body of known length up to this is given in one piece, read into one buffer that is not copied again.
const ONE_PIECE_BYTES_MAX: u64 = 64 * 1024;

/// Where a connection goes when its answer was read.
#[derive(Debug)]
pub(super) struct Home {
    pool: Rc<Pool>,
    authority: Option<Authority>,
    secure: bool,
    is_reusable: bool,
}

impl Home {
    /// The place of connections to where `uri` leads; one that is not reusable is closed instead.
    pub(super) fn of(pool: &Rc<Pool>, uri: &Uri, is_reusable: bool) -> Self {
        let Origin { secure, .. } = Origin::of(uri);
        Self { pool: Rc::clone(pool), authority: uri.authority().cloned(), secure, is_reusable }
    }

    fn take_back(&self, connection: Connection) {
        if self.is_reusable {
            let authority = self.authority.as_ref().map(Authority::as_str).unwrap_or_default();
            self.pool.give(Origin { authority, secure: self.secure }, connection);
        }
    }
}

/// A body that is still on its connection.
#[derive(Debug)]
pub(super) struct AnswerBody {
    connection: Option<Connection>,
    framing: Framing,
    home: Home,
    /// Whether it is given as a whole.
    in_one_piece: bool,
    /// Why the body ended early, while what had come of it is with its reader.
    broken: Option<PayloadError>,
}

impl AnswerBody {
    pub(super) fn new(connection: Connection, framing: Framing, home: Home) -> Self {
        let in_one_piece = matches!(framing, Framing::Length(length) if length <= ONE_PIECE_BYTES_MAX);
        Self { connection: Some(connection), framing, home, in_one_piece, broken: None }
    }

    /// The whole body, if it is already in the buffer; most small answers are.
    ///
    /// # Errors
    /// When what is in the buffer breaks the framing.
    pub(super) fn take_if_whole(&mut self) -> Option<Bytes> {
        let Framing::Length(length) = self.framing else { return None };
        let connection = self.connection.as_mut()?;
        let length = usize::try_from(length).ok().filter(|length| *length <= connection.read.len())?;
        let body = connection.take(length);
        self.finish();
        Some(body)
    }

    fn finish(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.home.take_back(connection);
        }
    }

    /// The connection is of no use any more: what had come of a piece, and then why there is no more.
    fn break_off(&mut self, broken: PayloadError) -> Option<Result<Bytes, PayloadError>> {
        let connection = self.connection.take()?;
        if self.in_one_piece && !connection.read.is_empty() {
            self.broken = Some(broken);
            return Some(Ok(connection.read.freeze()));
        }
        Some(Err(broken))
    }

    /// What can be taken from the buffer without reading.
    fn step(&mut self) -> Result<Step, &'static str> {
        let Some(connection) = &mut self.connection else { return Ok(Step::End) };
        match &mut self.framing {
            Framing::Length(0) => Ok(Step::End),
            Framing::Length(left) => {
                let ready = usize::try_from(*left).unwrap_or(usize::MAX).min(connection.read.len());
                if self.in_one_piece && (ready as u64) < *left {
                    return Ok(Step::More);
                }
                *left -= ready as u64;
                Ok(if ready == 0 { Step::More } else { Step::Data(connection.read.split_to(ready).freeze()) })
            }
            Framing::Chunked(chunked) => chunked.step(&mut connection.read),
            Framing::UntilClose if connection.read.is_empty() => Ok(Step::More),
            Framing::UntilClose => Ok(Step::Data(connection.read.split().freeze())),
        }
    }
}

impl Stream for AnswerBody {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, ctx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(broken) = self.broken.take() {
            return Poll::Ready(Some(Err(broken)));
        }
        loop {
            match self.step() {
                Ok(Step::Data(data)) => return Poll::Ready(Some(Ok(data))),
                Ok(Step::End) => {
                    self.finish();
                    return Poll::Ready(None);
                }
                Ok(Step::More) => {}
                Err(what) => {
                    self.connection = None;
                    return Poll::Ready(Some(Err(PayloadError::Io(io::Error::new(io::ErrorKind::InvalidData, what)))));
                }
            }
            let until_close = matches!(self.framing, Framing::UntilClose);
            let piece = match self.framing {
                Framing::Length(left) if self.in_one_piece => Some(left),
                _ => None,
            };
            let Some(connection) = &mut self.connection else { return Poll::Ready(None) };
            match piece {
                Some(left) => connection.make_room(left),
                None => connection.read.reserve(READ_BYTES),
            }
            let Connection { io, read, .. } = connection;
            match ready!(poll_read_buf(Pin::new(io), ctx, read)) {
                Ok(0) if until_close => {
                    self.connection = None;
                    return Poll::Ready(None);
                }
                Ok(0) => return Poll::Ready(self.break_off(PayloadError::Incomplete(None))),
                Ok(_more) => {}
                Err(error) => return Poll::Ready(self.break_off(PayloadError::Io(error))),
            }
        }
    }
}

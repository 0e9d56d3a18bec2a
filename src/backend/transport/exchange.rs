//! One request, one answer head, on a pooled or a fresh connection.
//!
//! Runs once per upstream call. A request that met a connection which the upstream was just closing is repeated once,
//! on a fresh connection, if repeating cannot do harm: no byte of an answer had come, the whole request is at hand,
//! and its method is safe (the rule of Go's client, which KrakenD stands on).

use std::{pin::pin, rc::Rc, time::Duration};

use awc::{
    body::{BodySize, MessageBody},
    http::{Method, Uri, header::HeaderMap},
};
use bytes::{Buf, Bytes};
use futures_util::future::Either;
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt, split},
    time::timeout,
};

use super::{
    Marks, TransportError,
    connection::Connection,
    framing::{self, Framing},
    head::{self, AnswerHead, BodyLength},
    heads::{read_head, read_leave},
    payload::{AnswerBody, Home},
    pool::{Origin, Pool},
    stream::Stream,
    tls::of_io,
};

/// A body up to this size is written together with its head.
pub(super) const ONE_WRITE_BYTES_MAX: usize = 16 * 1024;
/// A body up to this size is copied behind its head for that; a larger one is written from where it is.
pub(super) const COPIED_BYTES_MAX: usize = 2 * 1024;

/// A request as awc hands it over.
pub(super) struct Outgoing<'a> {
    pub(super) method: &'a Method,
    pub(super) uri: &'a Uri,
    pub(super) headers: &'a HeaderMap,
}

/// The body of a request, as far as repeating it matters.
pub(super) enum OutgoingBody<B> {
    /// Nothing.
    None,
    /// All of it, at hand.
    Whole(Bytes),
    /// A stream that can be read once.
    Once(B),
}

/// Sends a request and reads the head of its answer; `marks` has how long it took to get a connection.
///
/// # Errors
/// Whatever keeps an answer from coming; see [`TransportError`].
pub(super) async fn exchange<B>(
    pool: &Rc<Pool>,
    request: &Outgoing<'_>,
    body: OutgoingBody<B>,
    marks: Option<&Marks>,
) -> Result<(AnswerHead, AnswerBody), TransportError>
where
    B: MessageBody + Unpin,
{
    let origin = Origin::of(request.uri);
    let again = match &body {
        OutgoingBody::None => Some(Bytes::new()),
        OutgoingBody::Whole(bytes) => Some(bytes.clone()),
        OutgoingBody::Once(_) => None,
    };
    let bodiless = matches!(body, OutgoingBody::None);
    let first = match pool.take(origin) {
        Some(connection) => connection,
        // Boxed, as what is rare further below is too: most calls need not carry the room for it.
        None => Box::pin(dial_marked(pool, origin, request.uri, marks)).await?,
    };
    let reused = first.reused;
    match attempt(pool, first, request, body).await {
        Err(Lost { error: TransportError::Io(_) | TransportError::Closed, answered: false })
            if reused && request.method.is_safe() && again.is_some() =>
        {
            let body = match again {
                Some(bytes) if !bodiless => OutgoingBody::<B>::Whole(bytes),
                _ => OutgoingBody::None,
            };
            let fresh = Box::pin(dial_marked(pool, origin, request.uri, marks)).await?;
            Box::pin(attempt(pool, fresh, request, body)).await.map_err(|lost| lost.error)
        }
        outcome => outcome.map_err(|lost| lost.error),
    }
}

/// A fresh connection to where `uri` leads.
pub(super) async fn dial(pool: &Pool, origin: Origin<'_>, uri: &Uri) -> Result<Connection, TransportError> {
    dial_marked(pool, origin, uri, None).await
}

/// The same; whoever asks has in `marks` how long it took.
async fn dial_marked(
    pool: &Pool,
    origin: Origin<'_>,
    uri: &Uri,
    marks: Option<&Marks>,
) -> Result<Connection, TransportError> {
    let host = uri.host().unwrap_or_default();
    let (port, secure) = if origin.secure { (443, Some(&pool.secure)) } else { (80, None) };
    Connection::dial(host, uri.port_u16().unwrap_or(port), &pool.limits, &pool.lookups, secure, marks).await
}

/// A failed attempt, and whether any byte of an answer had come.
struct Lost {
    error: TransportError,
    answered: bool,
}

async fn attempt<B>(
    pool: &Rc<Pool>,
    mut connection: Connection,
    request: &Outgoing<'_>,
    body: OutgoingBody<B>,
) -> Result<(AnswerHead, AnswerBody), Lost>
where
    B: MessageBody + Unpin,
{
    let mut wire = Vec::with_capacity(1024);
    head::write(&mut wire, request.method, request.uri, request.headers, length_of(request.method, &body));
    let asks = !matches!(body, OutgoingBody::None) && head::asks_leave(request.headers);
    let leave = pool.limits.continue_time.filter(|_| asks);
    if leave.is_some() {
        head::ask_leave(&mut wire);
    }
    let read = &mut connection.read;
    let (answer, sent) = match &mut connection.io {
        Stream::Plain(tcp) => {
            let (mut reader, mut writer) = tcp.split();
            send(&mut writer, &mut reader, read, wire, body, leave).await
        }
        Stream::Tls(tls) => {
            let (mut reader, mut writer) = split(tls.as_mut());
            Box::pin(send(&mut writer, &mut reader, read, wire, body, leave)).await
        }
    };
    let answer = answer.map_err(|error| Lost { error, answered: !read.is_empty() })?;
    let framing = Framing::of(request.method, answer.status, &answer.headers)
        .map_err(|what| Lost { error: TransportError::Protocol(what), answered: true })?;
    let reusable =
        sent && !matches!(framing, Framing::UntilClose) && framing::keeps_alive(answer.version, &answer.headers);
    let home = Home::of(pool, request.uri, reusable);
    Ok((answer, AnswerBody::new(connection, framing, home)))
}

/// What the head says about a body that is at hand. Of none, some methods say so.
pub(super) fn length_of_whole(method: &Method, body: &[u8]) -> BodyLength {
    let silent = !matches!(*method, Method::POST | Method::PUT | Method::PATCH);
    if body.is_empty() && silent { BodyLength::None } else { BodyLength::Known(body.len() as u64) }
}

fn length_of<B: MessageBody>(method: &Method, body: &OutgoingBody<B>) -> BodyLength {
    match body {
        OutgoingBody::None => length_of_whole(method, &[]),
        OutgoingBody::Whole(bytes) => length_of_whole(method, bytes),
        OutgoingBody::Once(body) => match body.size() {
            BodySize::Sized(bytes) => BodyLength::Known(bytes),
            BodySize::None => BodyLength::None,
            BodySize::Stream => BodyLength::Chunked,
        },
    }
}

/// The head of the answer, and whether the whole request went out before it came.
type Sent = (Result<AnswerHead, TransportError>, bool);

/// Sends a request and reads the head of its answer. With `leave`, the upstream may refuse the body before it is sent,
/// and has so long to say.
fn send<B>(
    writer: &mut (impl AsyncWrite + Unpin),
    reader: &mut (impl AsyncRead + Unpin),
    read: &mut bytes::BytesMut,
    wire: Vec<u8>,
    body: OutgoingBody<B>,
    leave: Option<Duration>,
) -> impl Future<Output = Sent>
where
    B: MessageBody + Unpin,
{
    match leave {
        None => Either::Left(send_body(writer, reader, read, wire, body)),
        Some(limit) => Either::Right(Box::pin(send_by_leave(writer, reader, read, wire, body, limit))),
    }
}

async fn send_by_leave<B>(
    writer: &mut (impl AsyncWrite + Unpin),
    reader: &mut (impl AsyncRead + Unpin),
    read: &mut bytes::BytesMut,
    mut wire: Vec<u8>,
    body: OutgoingBody<B>,
    limit: Duration,
) -> Sent
where
    B: MessageBody + Unpin,
{
    if let Err(error) = write_out(writer, &wire).await {
        return settle(Err(of_io(error)), read_head(reader, read)).await;
    }
    wire.clear();
    let is_granted = match timeout(limit, read_leave(reader, read)).await {
        Ok(Ok(None)) => true,
        Ok(Ok(Some(refusal))) => return (Ok(refusal), false),
        Ok(Err(error)) => return (Err(error), false),
        Err(_elapsed) => false,
    };
    let (answer, sent) = send_body(writer, reader, read, wire, body).await;
    // Whether the body is read or left lying nobody has said: the connection must not be used again.
    (answer, sent && is_granted)
}

async fn send_body<B>(
    writer: &mut (impl AsyncWrite + Unpin),
    reader: &mut (impl AsyncRead + Unpin),
    read: &mut bytes::BytesMut,
    wire: Vec<u8>,
    body: OutgoingBody<B>,
) -> Sent
where
    B: MessageBody + Unpin,
{
    match body {
        OutgoingBody::None => send_small(writer, reader, read, wire, Bytes::new()).await,
        OutgoingBody::Whole(bytes) if bytes.len() <= ONE_WRITE_BYTES_MAX => {
            send_small(writer, reader, read, wire, bytes).await
        }
        OutgoingBody::Whole(bytes) => Box::pin(send_large(writer, reader, read, wire, bytes)).await,
        OutgoingBody::Once(body) => Box::pin(send_stream(writer, reader, read, wire, body)).await,
    }
}

/// Sends a request that is all at hand and goes out in one write, as most do.
async fn send_small(
    writer: &mut (impl AsyncWrite + Unpin),
    reader: &mut (impl AsyncRead + Unpin),
    read: &mut bytes::BytesMut,
    mut wire: Vec<u8>,
    body: Bytes,
) -> Sent {
    let written = if body.len() <= COPIED_BYTES_MAX {
        wire.extend_from_slice(&body);
        write_out(writer, &wire).await
    } else {
        write_both(writer, &wire, body).await
    };
    let answer = read_head(reader, read).await;
    match written {
        Ok(()) => (answer, true),
        // An answer that is already there still counts.
        Err(error) => (answer.map_err(|_no_answer_either| of_io(error)), false),
    }
}

/// Sends a request that is all at hand. An answer may come before a large body is out: it is taken.
async fn send_large(
    writer: &mut (impl AsyncWrite + Unpin),
    reader: &mut (impl AsyncRead + Unpin),
    read: &mut bytes::BytesMut,
    wire: Vec<u8>,
    body: Bytes,
) -> Sent {
    let writing = async { write_both(writer, &wire, body).await.map_err(of_io) };
    race(writing, read_head(reader, read)).await
}

/// Sends a request whose body is still arriving.
async fn send_stream<B>(
    writer: &mut (impl AsyncWrite + Unpin),
    reader: &mut (impl AsyncRead + Unpin),
    read: &mut bytes::BytesMut,
    wire: Vec<u8>,
    mut body: B,
) -> Sent
where
    B: MessageBody + Unpin,
{
    let size = body.size();
    let writing = async {
        writer.write_all(&wire).await.map_err(of_io)?;
        let mut left = if let BodySize::Sized(bytes) = size { Some(bytes) } else { None };
        let mut body = pin!(&mut body);
        while let Some(chunk) = std::future::poll_fn(|ctx| body.as_mut().poll_next(ctx)).await {
            let chunk = chunk.map_err(|_broken| TransportError::RequestBody)?;
            write_chunk(writer, &chunk, &mut left).await?;
            // The next chunk may be long in coming. (A socket has nothing to flush.)
            writer.flush().await.map_err(of_io)?;
        }
        match left {
            None => write_out(writer, b"0\r\n\r\n").await.map_err(of_io),
            Some(0) => Ok(()),
            Some(_missing) => Err(TransportError::RequestBody),
        }
    };
    race(writing, read_head(reader, read)).await
}

/// Writes all of it and leaves nothing behind in the layers below.
async fn write_out(writer: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> std::io::Result<()> {
    writer.write_all(bytes).await?;
    writer.flush().await
}

/// Writes a head and its body without joining them first, where the layers below can.
async fn write_both(writer: &mut (impl AsyncWrite + Unpin), head: &[u8], body: Bytes) -> std::io::Result<()> {
    writer.write_all_buf(&mut Buf::chain(head, body)).await?;
    writer.flush().await
}

/// Writes one chunk: as it is when the length was promised, in the chunked coding otherwise.
async fn write_chunk(
    writer: &mut (impl AsyncWrite + Unpin),
    chunk: &Bytes,
    left: &mut Option<u64>,
) -> Result<(), TransportError> {
    if chunk.is_empty() {
        return Ok(());
    }
    match left {
        Some(left) => {
            *left = left.checked_sub(chunk.len() as u64).ok_or(TransportError::RequestBody)?;
            writer.write_all(chunk).await.map_err(of_io)
        }
        None => {
            let mut framed = Vec::with_capacity(chunk.len() + 16);
            framed.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            framed.extend_from_slice(chunk);
            framed.extend_from_slice(b"\r\n");
            writer.write_all(&framed).await.map_err(of_io)
        }
    }
}

/// Lets an answer overtake the rest of its request: an upstream may refuse an upload it has not read.
async fn race(
    writing: impl Future<Output = Result<(), TransportError>>,
    reading: impl Future<Output = Result<AnswerHead, TransportError>>,
) -> Sent {
    let mut reading = pin!(reading);
    let written = tokio::select! {
        biased;
        written = writing => written,
        answer = &mut reading => return (answer, false),
    };
    settle(written, reading).await
}

/// After the request is out, or failed to go out: an answer that is already there still counts.
async fn settle(
    written: Result<(), TransportError>,
    reading: impl Future<Output = Result<AnswerHead, TransportError>>,
) -> Sent {
    match written {
        Ok(()) => (reading.await, true),
        Err(TransportError::RequestBody) => (Err(TransportError::RequestBody), false),
        Err(error) => (reading.await.map_err(|_no_answer_either| error), false),
    }
}

//! HTTP/2 towards clients.
//!
//! actix-http's own dispatcher bounds neither the streams of a connection nor the time of an answer that nobody reads,
//! and does not tell when a client takes a request back. So what speaks the protocol is the `h2` crate under it, and
//! this carries requests from there to actix-web and answers back.
//!
//! Promises: no more than [`STREAMS_MAX`] calls of a connection at a time; a stream that is reset, or whose connection
//! ends, ends its call; an answer is written within its time or its stream is reset; a body that breaks off resets its
//! stream and never ends it cleanly.

use std::{
    io,
    net::SocketAddr,
    pin::{Pin, pin},
    rc::Rc,
    task::Poll,
    time::SystemTime,
};

use actix_http::{
    Payload, Request, Response,
    body::{BodySize, BoxBody, MessageBody},
};
use actix_service::Service;
use bytes::Bytes;
use h2::{
    Reason, RecvStream, SendStream,
    server::{Builder, Connection, SendResponse},
};
use http::{
    HeaderName, HeaderValue, Method, StatusCode,
    header::{CONNECTION, CONTENT_LENGTH, DATE, TRANSFER_ENCODING, UPGRADE},
};
use tokio::{
    task::JoinSet,
    time::{Instant, interval_at, timeout, timeout_at},
};

use super::{Terms, stream::ClientStream, unread::STALL_TIME};

/// Streams of a connection at a time (Go's default).
const STREAMS_MAX: u32 = 250;
/// What a client may send of one body before it is read, in bytes.
const STREAM_WINDOW_BYTES: u32 = 1 << 20;
/// What it may send of all of them together.
const CONNECTION_WINDOW_BYTES: u32 = 2 << 20;
/// An answer is sent in pieces of so many bytes, so that streams take turns.
const PIECE_BYTES: usize = 16 * 1024;

/// Serves a connection until either side ends it. Dropping this ends its calls.
///
/// # Errors
/// When the connection breaks, or its client is silent for too long at its begin.
pub(super) async fn serve<S>(
    stream: ClientStream,
    service: &Rc<S>,
    terms: &Terms,
    address: Option<SocketAddr>,
    stopping: impl Future<Output = ()>,
) -> io::Result<()>
where
    S: Service<Request, Error: Into<Response<BoxBody>>, Response: Into<Response<BoxBody>>, Future: 'static> + 'static,
{
    let mut builder = Builder::new();
    builder
        .max_concurrent_streams(STREAMS_MAX)
        .max_header_list_size(terms.header_list_bytes)
        .initial_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES);
    let mut connection: Connection<_, Bytes> =
        timeout(terms.head_time, builder.handshake(stream)).await?.map_err(io::Error::other)?;
    let mut calls = JoinSet::new();
    let mut looks = interval_at(Instant::now() + terms.idle_time, terms.idle_time);
    let mut stopping = pin!(stopping);
    let (mut is_idle, mut is_ending) = (true, false);
    loop {
        tokio::select! {
            accepted = connection.accept() => {
                let Some(accepted) = accepted else { return Ok(()) };
                let (request, respond) = accepted.map_err(io::Error::other)?;
                is_idle = false;
                let (service, deadline) = (Rc::clone(service), terms.write_time.and_then(|limit| Instant::now().checked_add(limit)));
                calls.spawn_local(async move { answer_in_time(request, respond, &*service, address, deadline).await });
            }
            _ended = calls.join_next(), if !calls.is_empty() => {}
            () = &mut stopping, if !is_ending => {
                is_ending = true;
                connection.graceful_shutdown();
            }
            _tick = looks.tick() => {
                // Nothing since the last look; the second time it has not even answered the farewell.
                if is_idle && calls.is_empty() {
                    if is_ending {
                        return Ok(());
                    }
                    is_ending = true;
                    connection.graceful_shutdown();
                }
                is_idle = true;
            }
        }
    }
}

/// Why an answer ended early.
enum Ended {
    /// The client took its request back, or is gone.
    TakenBack,
    /// The answer itself broke off, or nobody takes it.
    Broken,
}

impl From<h2::Error> for Ended {
    fn from(_error: h2::Error) -> Self {
        Self::TakenBack
    }
}

async fn answer_in_time<S>(
    request: http::Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
    service: &S,
    address: Option<SocketAddr>,
    deadline: Option<Instant>,
) where
    S: Service<Request, Error: Into<Response<BoxBody>>, Response: Into<Response<BoxBody>>>,
{
    let answering = answer(request, &mut respond, service, address);
    let outcome = match deadline {
        None => answering.await,
        Some(deadline) => timeout_at(deadline, answering).await.unwrap_or(Err(Ended::Broken)),
    };
    if let Err(Ended::Broken) = outcome {
        respond.send_reset(Reason::INTERNAL_ERROR);
    }
}

/// Carries one request in and its answer out.
async fn answer<S>(
    request: http::Request<RecvStream>,
    respond: &mut SendResponse<Bytes>,
    service: &S,
    address: Option<SocketAddr>,
) -> Result<(), Ended>
where
    S: Service<Request, Error: Into<Response<BoxBody>>, Response: Into<Response<BoxBody>>>,
{
    let is_head = *request.method() == Method::HEAD;
    let called = tokio::select! {
        biased;
        _taken_back = std::future::poll_fn(|ctx| respond.poll_reset(ctx)) => return Err(Ended::TakenBack),
        called = service.call(incoming(request, address)) => called,
    };
    let response = called.map_or_else(Into::into, Into::into);
    let (response, body) = response.into_parts();
    let size = body.size();
    let head = head(&response, size);
    let is_whole = is_head || size.is_eof() || is_bodiless(head.status());
    let stream = respond.send_response(head, is_whole)?;
    if is_whole { Ok(()) } else { send_body(stream, body).await }
}

/// A request as actix-web knows it.
fn incoming(request: http::Request<RecvStream>, address: Option<SocketAddr>) -> Request {
    let (parts, body) = request.into_parts();
    let mut request = Request::new();
    *request.payload() = Payload::from(body);
    let head = request.head_mut();
    head.method = parts.method;
    head.uri = parts.uri;
    head.version = parts.version;
    head.headers = parts.headers.into();
    head.peer_addr = address;
    request
}

fn is_bodiless(status: StatusCode) -> bool {
    status.is_informational() || status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED
}

/// The head of an answer, without what only HTTP/1.1 knows.
fn head(response: &Response<()>, size: BodySize) -> http::Response<()> {
    const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
    const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");
    let mut head = http::Response::new(());
    *head.status_mut() = response.status();
    let headers = head.headers_mut();
    for (name, value) in response.headers() {
        let is_foreign = [CONNECTION, TRANSFER_ENCODING, UPGRADE, CONTENT_LENGTH, KEEP_ALIVE, PROXY_CONNECTION];
        if !is_foreign.contains(name) {
            headers.append(name.clone(), value.clone());
        }
    }
    if let BodySize::Sized(bytes) = size
        && !is_bodiless(response.status())
    {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(bytes));
    }
    if !headers.contains_key(DATE)
        && let Ok(now) = HeaderValue::from_str(&httpdate::fmt_http_date(SystemTime::now()))
    {
        headers.insert(DATE, now);
    }
    head
}

/// Sends a body as fast as the client takes it.
async fn send_body(mut stream: SendStream<Bytes>, body: BoxBody) -> Result<(), Ended> {
    let mut body = pin!(body);
    while let Some(chunk) = next_chunk(&mut stream, body.as_mut()).await? {
        let mut chunk = chunk;
        while !chunk.is_empty() {
            let room = room(&mut stream, chunk.len().min(PIECE_BYTES)).await?;
            stream.send_data(chunk.split_to(room.min(chunk.len())), false)?;
        }
    }
    stream.send_data(Bytes::new(), true)?;
    Ok(())
}

/// The next piece of the body, unless the client takes its request back while it is waited for.
async fn next_chunk(stream: &mut SendStream<Bytes>, mut body: Pin<&mut BoxBody>) -> Result<Option<Bytes>, Ended> {
    std::future::poll_fn(|ctx| {
        if stream.poll_reset(ctx).is_ready() {
            return Poll::Ready(Err(Ended::TakenBack));
        }
        body.as_mut().poll_next(ctx).map(|chunk| chunk.transpose().map_err(|_broken| Ended::Broken))
    })
    .await
}

/// Waits until the client grants room for some of `wanted` bytes.
async fn room(stream: &mut SendStream<Bytes>, wanted: usize) -> Result<usize, Ended> {
    stream.reserve_capacity(wanted);
    let granted = std::future::poll_fn(|ctx| stream.poll_capacity(ctx));
    match timeout(STALL_TIME, granted).await {
        Ok(Some(Ok(room))) => Ok(room),
        Ok(None | Some(Err(_))) => Err(Ended::TakenBack),
        Err(_elapsed) => Err(Ended::Broken),
    }
}

//! Calls to upstreams: through awc, or beside it where they are plain. Both go over [`super::transport`].
//!
//! One client per backend and thread: a backend that hangs must not use up what another needs, and shadows never
//! share a client with the live path.

use std::{
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};

use awc::{
    ClientResponse, SendClientRequest,
    body::{BodySize, MessageBody},
    error::{PayloadError, SendRequestError},
};
use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt};
use http::{HeaderName, HeaderValue, StatusCode};
use tokio::time::timeout;

use crate::model::{Body, BodyError, BodyReceiver, Failure, Headers, Kind, Outbound, WireAnswer, body::Held};

use super::{
    reading::Reading,
    transport::{Arrived, Marks, PoolLimits, Room, Secure, Transport, TransportError, is_of_tls},
};

/// A client with connections of its own.
#[derive(Clone)]
pub struct Client {
    awc: awc::Client,
    pub(super) transport: Transport,
    pub(super) head_time: Option<Duration>,
}

/// The head of an answer; its body is still on its way.
pub struct Inbound {
    origin: Origin,
    /// Who records its reading.
    reading: Option<Box<Reading>>,
}

/// Where an answer comes from. What is rare is boxed: an answer is handed on many times until it is read.
enum Origin {
    /// From the upstream, beside awc; the common case.
    Direct(Arrived),
    /// From the upstream, as awc gives it.
    Upstream(Box<ClientResponse>),
    /// From a component around the exchange.
    Component(Box<WireAnswer>),
}

impl Client {
    /// A client whose pool has these limits, and which calls `https://` as `secure` says.
    #[must_use]
    pub fn new(limits: PoolLimits, secure: Secure) -> Self {
        Self::sharing(limits, secure, Room::default())
    }

    /// The same, where idle connections of all clients together are as many as `room` has seats.
    #[must_use]
    pub fn sharing(limits: PoolLimits, secure: Secure, room: Room) -> Self {
        let builder = awc::Client::builder().no_default_headers().disable_redirects().disable_timeout();
        let transport = Transport::new(limits, secure, room);
        Self { awc: builder.wrap(transport.clone()).finish(), transport, head_time: limits.head_time }
    }

    /// Sends a request and waits for the head of its answer. Dropping the call closes its connection.
    ///
    /// # Errors
    /// When no answer comes; the text is KrakenD's.
    pub fn send<'a>(
        &self,
        outbound: &'a Outbound,
        body: Body,
    ) -> impl Future<Output = Result<Inbound, Failure>> + use<'a> {
        answer(self.begin(outbound, body), self.head_time, outbound)
    }

    /// The same, and `marks` has how long it took to get a connection.
    ///
    /// # Errors
    /// As for [`Client::send`].
    pub fn send_marked<'a>(
        &self,
        outbound: &'a Outbound,
        body: Body,
        marks: Rc<Marks>,
    ) -> impl Future<Output = Result<Inbound, Failure>> + use<'a> {
        let sending = self.transport.marking(marks, || self.begin(outbound, body));
        answer(sending, self.head_time, outbound)
    }

    fn begin(&self, outbound: &Outbound, body: Body) -> SendClientRequest {
        let mut request = self.awc.request(outbound.method.clone(), outbound.uri.clone()).no_decompress();
        let map = request.headers_mut();
        for (name, value) in outbound.headers.iter() {
            map.append(name.clone(), value.clone());
        }
        match body {
            Body::Empty => request.send(),
            Body::Held(held) if held.chunks().len() <= 1 => request.send_body(held.to_bytes()),
            Body::Held(held) => request.send_body(Chunks { held, next: 0 }),
            Body::Transit(receiver) => request.send_body(Upload(receiver)),
        }
    }
}

/// The head of the answer to a request that awc sends, by the time that the file grants it.
async fn answer(
    sending: SendClientRequest,
    head_time: Option<Duration>,
    outbound: &Outbound,
) -> Result<Inbound, Failure> {
    let answer = match head_time {
        None => sending.await,
        // Boxed so that calls without such a limit need not carry the room for it.
        Some(limit) => Box::pin(timeout(limit, sending)).await.unwrap_or(Err(SendRequestError::Timeout)),
    };
    match answer {
        Ok(response) => Ok(Inbound { origin: Origin::Upstream(Box::new(response)), reading: None }),
        Err(error) => Err(failure(error, &call_text(outbound))),
    }
}

/// What KrakenD calls a call in error texts: `Get "http://host/path"`.
pub(super) fn call_text(outbound: &Outbound) -> String {
    let name = outbound.method.as_str().to_ascii_lowercase();
    format!("{} \"{}\"", crate::plan::template::title(&name), outbound.uri)
}

fn failure(error: SendRequestError, told: &str) -> Failure {
    if let SendRequestError::Timeout = error {
        return no_head(told);
    }
    let SendRequestError::Custom(cause, _) = error else {
        return Failure::new(Kind::Protocol, format!("{told}: {error}"));
    };
    match cause.downcast_ref::<TransportError>() {
        Some(error) => transport_failure(error, told),
        None => Failure::new(Kind::Protocol, format!("{told}: {cause}")),
    }
}

pub(super) fn transport_failure(error: &TransportError, told: &str) -> Failure {
    let kind = match error {
        TransportError::Resolve(_) | TransportError::Connect { .. } => Kind::Connect,
        TransportError::Tls(_) => Kind::Tls,
        TransportError::Io(_) | TransportError::Closed => Kind::Io,
        TransportError::RequestBody => Kind::Upload,
        TransportError::Protocol(_) => Kind::Protocol,
    };
    Failure::new(kind, format!("{told}: {error}"))
}

pub(super) fn no_head(told: &str) -> Failure {
    Failure::new(Kind::Timeout, format!("{told}: net/http: timeout awaiting response headers"))
}

impl Inbound {
    /// The status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match &self.origin {
            Origin::Direct(arrived) => arrived.status,
            Origin::Upstream(response) => response.status(),
            Origin::Component(answer) => answer.status,
        }
    }

    /// The first value of a header, if that was to be kept.
    #[must_use]
    pub fn header(&self, name: &HeaderName) -> Option<&HeaderValue> {
        match &self.origin {
            Origin::Direct(arrived) => arrived.headers.get(name),
            Origin::Upstream(response) => response.headers().get(name),
            Origin::Component(answer) => answer.headers.get(name),
        }
    }

    /// All headers that were to be kept, each with all its values.
    #[must_use]
    pub fn headers(&self) -> Headers {
        let response = match &self.origin {
            Origin::Upstream(response) => response,
            Origin::Direct(arrived) => return arrived.headers.clone(),
            Origin::Component(answer) => return answer.headers.clone(),
        };
        let mut headers = Headers::with_capacity(response.headers().len());
        for (name, value) in response.headers() {
            headers.append(name.clone(), value.clone());
        }
        headers
    }

    /// The same, and nobody asks for them again.
    #[must_use]
    pub fn take_headers(&mut self) -> Headers {
        match &mut self.origin {
            Origin::Direct(arrived) => std::mem::take(&mut arrived.headers),
            Origin::Component(answer) => std::mem::take(&mut answer.headers),
            Origin::Upstream(_) => self.headers(),
        }
    }

    /// An answer that came beside awc.
    #[must_use]
    pub(super) fn of_upstream(arrived: Arrived) -> Self {
        Self { origin: Origin::Direct(arrived), reading: None }
    }

    /// An answer that components made or changed.
    #[must_use]
    pub fn of_component(answer: WireAnswer) -> Self {
        Self { origin: Origin::Component(Box::new(answer)), reading: None }
    }

    /// The same, and `reading` hears of its body.
    #[must_use]
    pub(super) fn recorded(self, reading: Option<Box<Reading>>) -> Self {
        Self { reading, ..self }
    }

    /// Whether components around the exchange made or changed it.
    #[must_use]
    pub fn is_of_component(&self) -> bool {
        matches!(self.origin, Origin::Component(_))
    }

    /// The answer as components see it.
    #[must_use]
    pub fn into_wire(mut self) -> WireAnswer {
        let (status, headers) = (self.status(), self.take_headers());
        let body = futures_util::stream::unfold(self, async |mut inbound| {
            let chunk = inbound.next_chunk().await?;
            Some((chunk, inbound))
        });
        WireAnswer { status, headers, body: Box::pin(body) }
    }

    /// Reads the body to its end.
    ///
    /// # Errors
    /// When it breaks off or is longer than `limit` bytes.
    pub async fn read_whole(self, limit: usize) -> Result<Bytes, Failure> {
        match self.read_up_to(limit).await? {
            (whole, None) => Ok(whole),
            (_, Some(broken)) => Err(broken),
        }
    }

    /// Reads the body as far as it comes; the failure says why it ended early, if it did.
    ///
    /// # Errors
    /// When it is longer than `limit` bytes.
    pub async fn read_up_to(mut self, limit: usize) -> Result<(Bytes, Option<Failure>), Failure> {
        let mut first = Bytes::new();
        let mut rest = BytesMut::new();
        let broken = loop {
            match self.next_chunk().await {
                None => break None,
                Some(Err(failure)) => break Some(failure),
                Some(Ok(chunk)) if first.len() + rest.len() + chunk.len() > limit => return Err(too_large(limit)),
                Some(Ok(chunk)) if first.is_empty() => first = chunk,
                Some(Ok(chunk)) => rest.extend_from_slice(&chunk),
            }
        };
        if rest.is_empty() {
            return Ok((first, broken));
        }
        let mut whole = BytesMut::from(first);
        whole.unsplit(rest);
        Ok((whole.freeze(), broken))
    }

    /// Reads the body and throws it away, so that the connection can be used again.
    ///
    /// # Errors
    /// When it breaks off or is longer than `limit` bytes; the connection is closed then.
    pub async fn drain(mut self, limit: usize) -> Result<usize, Failure> {
        let mut bytes = 0;
        while let Some(chunk) = self.next_chunk().await.transpose()? {
            bytes += chunk.len();
            if bytes > limit {
                return Err(too_large(limit));
            }
        }
        Ok(bytes)
    }

    /// The next piece of the body; `None` after its end.
    pub async fn next_chunk(&mut self) -> Option<Result<Bytes, Failure>> {
        let chunk = match &mut self.origin {
            Origin::Direct(arrived) => arrived.next_chunk().await.map(|it| it.map_err(|error| body_failure(&error))),
            Origin::Upstream(response) => response.next().await.map(|it| it.map_err(|error| body_failure(&error))),
            Origin::Component(answer) => answer.body.next().await,
        };
        if let Some(reading) = &mut self.reading {
            reading.saw(chunk.as_ref());
        }
        chunk
    }
}

pub(super) fn too_large(limit: usize) -> Failure {
    Failure::new(Kind::TooLarge, format!("response body larger than {limit} bytes"))
}

pub(super) fn body_failure(error: &PayloadError) -> Failure {
    match error {
        PayloadError::Incomplete(_) => Failure::new(Kind::Io, "unexpected EOF"),
        PayloadError::Io(cause) if is_of_tls(cause) => Failure::new(Kind::Tls, cause.to_string()),
        PayloadError::Io(cause) if cause.kind() == std::io::ErrorKind::InvalidData => {
            Failure::new(Kind::Protocol, cause.to_string())
        }
        PayloadError::Io(cause) if cause.kind() == std::io::ErrorKind::UnexpectedEof => {
            Failure::new(Kind::Io, "unexpected EOF")
        }
        other => Failure::new(Kind::Io, other.to_string()),
    }
}

/// A held body of several chunks.
struct Chunks {
    held: Held,
    next: usize,
}

impl MessageBody for Chunks {
    type Error = BodyError;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.held.len() as u64)
    }

    fn poll_next(mut self: Pin<&mut Self>, _ctx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        let chunk = self.held.chunks().get(self.next).cloned();
        self.next += 1;
        Poll::Ready(chunk.map(Ok))
    }
}

/// A body that is still arriving.
struct Upload(BodyReceiver);

impl MessageBody for Upload {
    type Error = BodyError;

    fn size(&self) -> BodySize {
        self.0.length().map_or(BodySize::Stream, BodySize::Sized)
    }

    fn poll_next(mut self: Pin<&mut Self>, ctx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        Pin::new(&mut self.0).poll_next(ctx)
    }
}

//! Calls of one kind over gRPC: a message there, a message back, in the clear as the original has it.
//!
//! Promises: one connection at a time, opened when it is needed; an answer is read up to a limit.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use h2::{RecvStream, client::SendRequest};
use http::{HeaderMap, Method, Request, StatusCode, header::CONTENT_TYPE};
use tokio::net::TcpStream;

use super::way::{NotTaken, Signal};

/// Before each message: whether it is packed, and its length.
const PREFIX_BYTES: usize = 5;
/// Bytes of an answer that are kept.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// Codes that may go away: cancelled, deadline exceeded, aborted, out of range, unavailable, data loss. Resource
/// exhausted is for good unless the receiver says when to come back.
const AGAIN: [u16; 6] = [1, 4, 10, 11, 14, 15];

/// A way to one receiver.
pub(super) struct Channel {
    host: String,
    port: u16,
    connection: Option<SendRequest<Bytes>>,
}

impl Channel {
    /// A way to this receiver, which is not dialled yet.
    pub(super) fn new(host: &str, port: u16) -> Self {
        Self { host: host.to_owned(), port, connection: None }
    }

    /// Lets go of the connection.
    pub(super) fn hang_up(&mut self) {
        self.connection = None;
    }

    /// Sends a message and gives the answer.
    ///
    /// # Errors
    /// When it was not taken.
    pub(super) async fn call(&mut self, signal: Signal, message: Bytes) -> Result<Bytes, NotTaken> {
        let broken = |error: h2::Error| NotTaken::unreachable(error.to_string());
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.dial().await?,
        };
        let mut ready = connection.ready().await.map_err(broken)?;
        let (answer, mut body) = ready.send_request(self.request(signal)?, false).map_err(broken)?;
        body.send_data(framed(&message), true).map_err(broken)?;
        let answer = answer.await.map_err(broken)?;
        self.connection = Some(ready);
        let status = answer.status();
        if status != StatusCode::OK {
            return Err(NotTaken::refused(format!("it answers {}", status.as_u16()), status.is_server_error()));
        }
        // An answer without a message may have its end in the head.
        let at_once = code(answer.headers());
        let (text, trailers) = read(answer.into_body()).await?;
        match at_once.or_else(|| code(trailers.as_ref()?)) {
            Some(0) => Ok(text),
            Some(code) => Err(NotTaken::refused(format!("it answers with gRPC code {code}"), AGAIN.contains(&code))),
            None => Err(NotTaken::unreachable("its answer has no gRPC code")),
        }
    }

    async fn dial(&self) -> Result<SendRequest<Bytes>, NotTaken> {
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await;
        let stream = stream.map_err(|error| NotTaken::unreachable(error.to_string()))?;
        // The end of each window must not wait for the other side's acknowledgement.
        stream.set_nodelay(true).map_err(|error| NotTaken::unreachable(error.to_string()))?;
        let shaken = h2::client::handshake(stream).await;
        let (connection, carried) = shaken.map_err(|error| NotTaken::unreachable(error.to_string()))?;
        actix::spawn(async move {
            if let Err(error) = carried.await {
                tracing::debug!("a connection for OTLP ended: {error}");
            }
        });
        Ok(connection)
    }

    fn request(&self, signal: Signal) -> Result<Request<()>, NotTaken> {
        let service = match signal {
            Signal::Traces => "trace.v1.TraceService",
            Signal::Metrics => "metrics.v1.MetricsService",
        };
        let address = format!("{}:{}/opentelemetry.proto.collector.{service}/Export", self.host, self.port);
        let request = Request::builder()
            .method(Method::POST)
            .uri(format!("http://{address}"))
            .header(CONTENT_TYPE, "application/grpc")
            .header("te", "trailers")
            .body(());
        request.map_err(|_bad| NotTaken::refused("its address is none", false))
    }
}

fn framed(message: &Bytes) -> Bytes {
    let mut frame = BytesMut::with_capacity(PREFIX_BYTES + message.len());
    frame.put_u8(0);
    frame.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
    frame.put_slice(message);
    frame.freeze()
}

/// The first message of an answer, and what came after it.
async fn read(mut body: RecvStream) -> Result<(Bytes, Option<HeaderMap>), NotTaken> {
    let broken = |error: h2::Error| NotTaken::unreachable(error.to_string());
    let mut text = BytesMut::new();
    while let Some(chunk) = body.data().await {
        let chunk = chunk.map_err(broken)?;
        if text.len() + chunk.len() > ANSWER_BYTES_MAX {
            return Err(NotTaken::refused("its answer is too long", false));
        }
        body.flow_control().release_capacity(chunk.len()).map_err(broken)?;
        text.extend_from_slice(&chunk);
    }
    let trailers = body.trailers().await.map_err(broken)?;
    text.advance(PREFIX_BYTES.min(text.len()));
    Ok((text.freeze(), trailers))
}

fn code(headers: &HeaderMap) -> Option<u16> {
    headers.get("grpc-status")?.to_str().ok()?.parse().ok()
}

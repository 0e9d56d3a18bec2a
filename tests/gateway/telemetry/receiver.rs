//! A receiver of OTLP, over gRPC or over HTTP, that keeps what it is sent and may be as bad as receivers can be.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    thread::JoinHandle,
};

use bytes::{BufMut, Bytes, BytesMut};
use gnomon::telemetry::otlp::messages::{
    ExportMetricsServiceRequest, ExportServiceResponse, ExportTraceServiceRequest, PartialSuccess,
};
use http::{HeaderMap, HeaderValue, Request, Response};
use prost::Message;
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::Builder,
};
use tokio_util::sync::CancellationToken;

use super::told::{Series, Told, series_of, spans_of};
use crate::{
    patience::wait_for,
    upstream::{Behaviour, Reply, Upstream},
};

/// How it treats what it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// It takes everything.
    Takes,
    /// It says so many spans of each message were not wanted.
    Rejects(i64),
    /// It wants none of it, for good.
    Refuses,
    /// It takes connections and messages and never answers.
    Hangs,
}

/// A receiver; dropping it ends it.
pub(crate) struct Receiver(Kind);

enum Kind {
    Grpc(Grpc),
    Http(Upstream),
}

/// What one message was about, and its bytes.
type Kept = (String, Vec<u8>);

struct Grpc {
    address: SocketAddr,
    kept: Arc<Mutex<Vec<Kept>>>,
    stop: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

impl Receiver {
    /// One that speaks gRPC.
    pub(crate) fn grpc(manner: Manner) -> Self {
        Self(Kind::Grpc(Grpc::start(manner)))
    }

    /// One that speaks HTTP.
    pub(crate) fn http(manner: Manner) -> Self {
        let answer = |status, body| Behaviour::Answers(Reply { status, headers: Vec::new(), body });
        Self(Kind::Http(Upstream::behaving(match manner {
            Manner::Takes => answer(200, Vec::new()),
            Manner::Rejects(count) => answer(200, rejecting(count)),
            Manner::Refuses => answer(400, Vec::new()),
            Manner::Hangs => Behaviour::Hangs,
        })))
    }

    /// One of each.
    pub(crate) fn both(manner: Manner) -> [Self; 2] {
        [Self::grpc(manner), Self::http(manner)]
    }

    /// An element of `exporters.otlp` that sends to it.
    pub(crate) fn exporter(&self) -> Value {
        json!({ "name": "receiver", "host": "127.0.0.1", "port": self.port(), "use_http": matches!(self.0, Kind::Http(_)) })
    }

    pub(crate) fn port(&self) -> u16 {
        match &self.0 {
            Kind::Grpc(grpc) => grpc.address.port(),
            Kind::Http(upstream) => upstream.address().port(),
        }
    }

    /// The messages so far, by what they are about: `traces` or `metrics`.
    pub(crate) fn messages(&self, about: &str) -> Vec<Vec<u8>> {
        let is_about = |(kind, _): &Kept| kind == about;
        match &self.0 {
            Kind::Grpc(grpc) => grpc.kept().into_iter().filter(is_about).map(|(_, bytes)| bytes).collect(),
            Kind::Http(upstream) => {
                let path = format!("/v1/{about}");
                let seen = upstream.seen().into_iter().filter(|seen| seen.target == path && seen.complete);
                seen.inspect(|seen| assert_eq!(seen.header("content-type"), Some("application/x-protobuf")))
                    .map(|seen| seen.body)
                    .collect()
            }
        }
    }

    /// The spans so far, in the order they came.
    pub(crate) fn spans(&self) -> Vec<Told> {
        let decode = |bytes: &Vec<u8>| ExportTraceServiceRequest::decode(bytes.as_slice()).expect("OTLP is sent");
        self.messages("traces").iter().flat_map(|bytes| spans_of(&decode(bytes))).collect()
    }

    /// The figures as they were sent last.
    pub(crate) fn figures(&self) -> Vec<Series> {
        let messages = self.messages("metrics");
        let Some(last) = messages.last() else { return Vec::new() };
        series_of(&ExportMetricsServiceRequest::decode(last.as_slice()).expect("OTLP is sent"))
    }

    /// Waits until the spans are as wanted.
    pub(crate) fn wait_for_spans(&self, wanted: impl Fn(&[Told]) -> bool) -> Vec<Told> {
        let found = wait_for(|| Some(self.spans()).filter(|spans| wanted(spans)));
        found.unwrap_or_else(|| panic!("only these came: {:#?}", self.spans()))
    }

    /// Waits until the figures are as wanted.
    pub(crate) fn wait_for_figures(&self, wanted: impl Fn(&[Series]) -> bool) -> Vec<Series> {
        let found = wait_for(|| Some(self.figures()).filter(|figures| wanted(figures)));
        found.unwrap_or_else(|| panic!("only these came: {:#?}", self.figures()))
    }
}

impl Grpc {
    fn start(manner: Manner) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime can be had");
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).expect("some port is free");
        let address = listener.local_addr().expect("a bound socket has an address");
        let (kept, stop) = (Arc::new(Mutex::new(Vec::new())), CancellationToken::new());
        let (its, stopped) = (Arc::clone(&kept), stop.clone());
        let thread = std::thread::spawn(move || {
            runtime.block_on(async {
                loop {
                    tokio::select! {
                        () = stopped.cancelled() => return,
                        accepted = listener.accept() => {
                            let Ok((stream, _)) = accepted else { continue };
                            tokio::spawn(serve(stream, manner, Arc::clone(&its)));
                        }
                    }
                }
            });
        });
        Self { address, kept, stop, thread: Some(thread) }
    }

    fn kept(&self) -> Vec<Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Grpc {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

async fn serve(stream: TcpStream, manner: Manner, kept: Arc<Mutex<Vec<Kept>>>) {
    let Ok(mut connection) = h2::server::handshake(stream).await else { return };
    while let Some(Ok((request, respond))) = connection.accept().await {
        let kept = Arc::clone(&kept);
        tokio::spawn(answer(request, respond, manner, kept));
    }
}

/// A unary call of gRPC, as its specification has it.
async fn answer(
    request: Request<h2::RecvStream>,
    mut respond: h2::server::SendResponse<Bytes>,
    manner: Manner,
    kept: Arc<Mutex<Vec<Kept>>>,
) {
    let (head, mut body) = request.into_parts();
    let about = match head.uri.path() {
        "/opentelemetry.proto.collector.trace.v1.TraceService/Export" => "traces",
        "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export" => "metrics",
        other => panic!("nobody serves {other}"),
    };
    assert_eq!(head.headers.get("content-type").unwrap(), "application/grpc");
    assert_eq!(head.headers.get("te").unwrap(), "trailers");
    let mut frame = Vec::new();
    while let Some(chunk) = body.data().await {
        let Ok(chunk) = chunk else { return };
        body.flow_control().release_capacity(chunk.len()).ok();
        frame.extend_from_slice(&chunk);
    }
    let (prefix, message) = frame.split_at(5);
    let length = u32::from_be_bytes([prefix[1], prefix[2], prefix[3], prefix[4]]);
    assert_eq!((prefix[0], length as usize), (0, message.len()), "one message, not packed");
    kept.lock().unwrap_or_else(PoisonError::into_inner).push((about.to_owned(), message.to_vec()));
    let response = || Response::builder().header("content-type", "application/grpc");
    match manner {
        Manner::Hangs => std::future::pending().await,
        Manner::Refuses => {
            // An answer without a message ends in its head.
            let refused = response().header("grpc-status", "3").header("grpc-message", "no").body(()).unwrap();
            respond.send_response(refused, true).ok();
        }
        Manner::Takes | Manner::Rejects(_) => {
            let rejected = if let Manner::Rejects(count) = manner { count } else { 0 };
            let message = rejecting(rejected);
            let mut framed = BytesMut::new();
            framed.put_u8(0);
            framed.put_u32(u32::try_from(message.len()).unwrap());
            framed.put_slice(&message);
            let Ok(mut stream) = respond.send_response(response().body(()).unwrap(), false) else { return };
            stream.send_data(framed.freeze(), false).ok();
            let mut trailers = HeaderMap::new();
            trailers.insert("grpc-status", HeaderValue::from_static("0"));
            stream.send_trailers(trailers).ok();
        }
    }
}

fn rejecting(count: i64) -> Vec<u8> {
    let partial_success =
        (count > 0).then(|| PartialSuccess { rejected: count, error_message: "not these".to_owned() });
    ExportServiceResponse { partial_success }.encode_to_vec()
}

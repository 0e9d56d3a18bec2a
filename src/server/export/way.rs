//! How a message gets to a receiver: over HTTP or over gRPC, and what it says to it.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, Uri, header::CONTENT_TYPE};
use prost::Message;
use tokio::time::timeout;

use crate::{
    backend::{
        Client,
        transport::{PoolLimits, Secure},
    },
    config::OtlpExporter,
    model::{Body, Headers, Outbound, body::Held},
    stats::exports::Lost,
    telemetry::otlp::messages::ExportServiceResponse,
};

use super::grpc::Channel;

/// How long a receiver may take.
const ANSWER_TIME: Duration = Duration::from_secs(10);
/// Bytes of an answer that are read.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// What is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    Traces,
    Metrics,
}

/// Why a message was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NotTaken {
    pub(super) why: Lost,
    /// Whether it makes sense to send it again.
    pub(super) again: bool,
    /// What to tell people.
    pub(super) told: String,
}

impl NotTaken {
    /// Nobody was reached, or nobody answered.
    pub(super) fn unreachable(told: impl Into<String>) -> Self {
        Self { why: Lost::Unreachable, again: true, told: told.into() }
    }

    /// The receiver does not want it, for good or for now.
    pub(super) fn refused(told: impl Into<String>, again: bool) -> Self {
        Self { why: Lost::Refused, again, told: told.into() }
    }
}

/// The way to one receiver.
pub(super) enum Way {
    Http { client: Client, base: String },
    Grpc(Channel),
}

impl Way {
    /// The way to an exporter's receiver.
    pub(super) fn new(exporter: &OtlpExporter, secure: &Secure) -> Self {
        if !exporter.http {
            return Self::Grpc(Channel::new(&exporter.host, exporter.port));
        }
        let limits = PoolLimits { idle_per_host: 1, dial_time: Some(ANSWER_TIME), ..PoolLimits::default() };
        let host = exporter.host.trim_end_matches('/');
        let host = if host.contains("://") { host.to_owned() } else { format!("http://{host}") };
        Self::Http { client: Client::new(limits, secure.clone()), base: format!("{host}:{}", exporter.port) }
    }

    /// Sends a message; gives how much of it the receiver did not want.
    ///
    /// # Errors
    /// When it was not taken.
    pub(super) async fn send(&mut self, signal: Signal, message: Bytes) -> Result<u64, NotTaken> {
        let sending = async {
            match self {
                Self::Http { client, base } => post(client, base, signal, message).await,
                Self::Grpc(channel) => channel.call(signal, message).await,
            }
        };
        let answer = timeout(ANSWER_TIME, sending).await;
        let answer = answer.unwrap_or_else(|_elapsed| {
            Err(NotTaken::unreachable(format!("no answer within {} s", ANSWER_TIME.as_secs())))
        });
        if let (Self::Grpc(channel), Err(_)) = (&mut *self, &answer) {
            channel.hang_up();
        }
        Ok(rejected(&answer?))
    }
}

/// What a receiver says that it did not want; an answer that can't be read says nothing.
fn rejected(answer: &[u8]) -> u64 {
    let partial = ExportServiceResponse::decode(answer).ok().and_then(|answer| answer.partial_success);
    partial.map_or(0, |partial| u64::try_from(partial.rejected).unwrap_or(0))
}

async fn post(client: &Client, base: &str, signal: Signal, message: Bytes) -> Result<Bytes, NotTaken> {
    let path = match signal {
        Signal::Traces => "/v1/traces",
        Signal::Metrics => "/v1/metrics",
    };
    let uri: Uri = format!("{base}{path}").parse().map_err(|_bad| NotTaken::refused("its address is none", false))?;
    let mut headers = Headers::with_capacity(1);
    headers.append(CONTENT_TYPE, HeaderValue::from_static("application/x-protobuf"));
    let outbound = Outbound { method: Method::POST, uri, headers, asked_for_gzip: false };
    let sent = client.send(&outbound, Body::Held(Held::new(vec![message]))).await;
    let answer = sent.map_err(|failure| NotTaken::unreachable(failure.kind.label()))?;
    let status = answer.status();
    let body = answer.read_whole(ANSWER_BYTES_MAX).await;
    if status.is_success() {
        // It is taken, whatever becomes of the rest of the answer.
        return Ok(body.unwrap_or_default());
    }
    // As the protocol has it: these may go away.
    let again = matches!(status.as_u16(), 429 | 502 | 503 | 504);
    Err(NotTaken::refused(format!("it answers {}", status.as_u16()), again))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::otlp::messages::PartialSuccess;

    #[test]
    fn what_a_receiver_did_not_want_is_read_and_nonsense_is_nothing() {
        let partial = |rejected| {
            let partial_success = Some(PartialSuccess { rejected, error_message: "full".into() });
            ExportServiceResponse { partial_success }.encode_to_vec()
        };
        for (answer, wanted) in [(partial(3), 3), (partial(-1), 0), (vec![], 0), (b"<html>".to_vec(), 0)] {
            assert_eq!(rejected(&answer), wanted, "{answer:?}");
        }
    }
}

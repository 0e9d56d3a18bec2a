//! The access log: one line a request, as KrakenD writes it or as JSON, but for values of the query that may be secrets.
//!
//! Promises: the line is written once the body has ended or the client has left, and its time counts the body; nothing
//! is held back for it.

use std::{
    net::IpAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use actix_web::{
    HttpRequest, HttpResponse,
    body::{BodySize, BoxBody, MessageBody},
    http::StatusCode,
};
use bytes::Bytes;
use tokio::time::Instant;

use crate::{
    config::AccessForm,
    model::query,
    plan::{EndpointPlan, ServicePlan},
};

use super::{
    access_json::{Details, ServedBy, Told},
    ingress,
    recorded::Arrival,
};

/// What tells these lines from those of the gateway itself.
const TARGET: &str = "access";
/// The same for lines in JSON.
const TARGET_JSON: &str = "access_json";

/// Bytes of a target, and of a method, that are logged; both may be as long as a request's head.
const LOGGED_BYTES_MAX: usize = 1024;

/// What a line needs to know before the request is gone.
pub(super) struct Line {
    started: Instant,
    address: IpAddr,
    method: String,
    target: String,
    /// For a line in JSON.
    details: Option<Details>,
}

impl Line {
    /// Takes note of a request that is to be logged.
    pub(super) fn begin(request: &HttpRequest, service: &ServicePlan, recorded: Option<&Arrival>) -> Option<Self> {
        let is_heard = service.logs_access
            && match service.access_form {
                AccessForm::Text => tracing::enabled!(target: TARGET, tracing::Level::INFO),
                AccessForm::Json => tracing::enabled!(target: TARGET_JSON, tracing::Level::INFO),
            };
        if !is_heard || service.unlogged_paths.iter().any(|path| path == request.uri().path()) {
            return None;
        }
        Some(Self {
            started: Instant::now(),
            address: ingress::client_address(request, service),
            method: beginning(request.method().as_str()),
            target: request.uri().path_and_query().map_or_else(String::new, |target| {
                beginning(&query::redacted(target.as_str(), &service.secret_parameters))
            }),
            details: (service.access_form == AccessForm::Json)
                .then(|| Details::of(request, recorded.and_then(Arrival::told))),
        })
    }

    /// Writes the line, at once for a body that is there, and for one that is yet to come when it has ended.
    pub(super) fn end_with(self, mut response: HttpResponse) -> HttpResponse {
        let left = self.details.as_ref().and_then(|_| response.extensions_mut().remove::<ServedBy>());
        let served_by = left.map(|ServedBy(endpoint)| endpoint);
        let mut end = End { status: response.status(), served_by, bytes: 0, complete: true };
        // No byte of an answer to HEAD is sent, whatever its body.
        let is_head = self.method == "HEAD";
        if matches!(response.body().size(), BodySize::None | BodySize::Sized(0)) {
            self.end(&end);
            return response;
        }
        response.map_body(|_, body| match body.try_into_bytes() {
            Ok(whole) => {
                end.bytes = if is_head { 0 } else { whole.len() as u64 };
                self.end(&end);
                BoxBody::new(whole)
            }
            Err(body) => {
                end.complete = is_head;
                BoxBody::new(Logged { line: self, end, body })
            }
        })
    }

    /// Writes the line. What came from the client is quoted, so that nobody can write lines of their own.
    fn end(&self, end: &End) {
        let took = self.started.elapsed();
        if let Some(details) = &self.details {
            return self.end_in_json(end, took, details);
        }
        let (status, address) = (end.status.as_u16(), self.address.to_string());
        tracing::info!(target: TARGET, "| {status} | {took:>10.1?} | {address:>15} | {:<8} {:?}", self.method, self.target);
    }

    fn end_in_json(&self, end: &End, took: Duration, details: &Details) {
        let told = Told {
            status: end.status,
            took,
            address: self.address,
            method: &self.method,
            target: &self.target,
            endpoint: end.served_by.as_deref().map(|endpoint| endpoint.path.as_str()),
            bytes: end.bytes,
            complete: end.complete,
            details,
        };
        match serde_json::to_string(&told) {
            Ok(object) => tracing::info!(target: TARGET_JSON, "{object}"),
            Err(_never) => debug_assert!(false, "numbers and texts are JSON"),
        }
    }
}

/// What became of a request.
struct End {
    status: StatusCode,
    /// The endpoint that left its name with the answer.
    served_by: Option<Arc<EndpointPlan>>,
    /// Bytes of the body so far.
    bytes: u64,
    /// Whether those are all.
    complete: bool,
}

impl End {
    /// So many bytes more of a body of this size, whose reader need not ask for more once it has all of them.
    fn took(&mut self, bytes: u64, size: BodySize) {
        self.bytes += bytes;
        self.complete |= matches!(size, BodySize::Sized(all) if self.bytes >= all);
    }
}

/// A body whose end, or whose client's leave, writes the line.
struct Logged {
    line: Line,
    end: End,
    body: BoxBody,
}

impl MessageBody for Logged {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let logged = self.get_mut();
        let polled = logged.body.as_pin_mut().poll_next(context);
        match &polled {
            Poll::Ready(Some(Ok(chunk))) => logged.end.took(chunk.len() as u64, logged.body.size()),
            Poll::Ready(None) => logged.end.complete = true,
            Poll::Ready(Some(Err(_))) | Poll::Pending => {}
        }
        polled
    }
}

impl Drop for Logged {
    fn drop(&mut self) {
        self.line.end(&self.end);
    }
}

/// As much of a text as is logged, with a mark where the rest was.
pub(super) fn beginning(text: &str) -> String {
    if text.len() <= LOGGED_BYTES_MAX {
        return text.to_owned();
    }
    let fits = |(at, letter): &(usize, char)| at + letter.len_utf8() <= LOGGED_BYTES_MAX;
    text.char_indices().take_while(fits).map(|(_, letter)| letter).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{LOGGED_BYTES_MAX, beginning};

    #[test]
    fn a_target_of_the_longest_length_is_logged_whole() {
        let longest = "x".repeat(LOGGED_BYTES_MAX);
        assert_eq!(beginning(&longest), longest);
        assert_eq!(beginning(&format!("{longest}y")), format!("{longest}…"));
    }

    proptest! {
        #[test]
        fn a_long_target_is_cut_between_letters(text in ".{0,2000}") {
            let logged = beginning(&text);
            let kept = if text.len() > LOGGED_BYTES_MAX { logged.strip_suffix('…').unwrap() } else { &logged };
            prop_assert!(kept.len() <= LOGGED_BYTES_MAX && text.starts_with(kept));
            prop_assert!(text.len() <= LOGGED_BYTES_MAX || kept.len() > LOGGED_BYTES_MAX - 4);
        }
    }
}

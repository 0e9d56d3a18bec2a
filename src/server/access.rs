//! The access log: one line a request, as KrakenD writes it, but for values of the query that may be secrets.
//!
//! Promises: the line is written once the body has ended or the client has left, and its time counts the body; nothing
//! is held back for it.

use std::{
    net::IpAddr,
    pin::Pin,
    task::{Context, Poll},
};

use actix_web::{
    HttpRequest, HttpResponse,
    body::{BodySize, BoxBody, MessageBody},
    http::StatusCode,
};
use bytes::Bytes;
use tokio::time::Instant;

use crate::{model::query, plan::ServicePlan};

use super::ingress;

/// What tells these lines from those of the gateway itself.
const TARGET: &str = "access";

/// Bytes of a target, and of a method, that are logged; both may be as long as a request's head.
const LOGGED_BYTES_MAX: usize = 1024;

/// What a line needs to know before the request is gone.
pub(super) struct Line {
    started: Instant,
    address: IpAddr,
    method: String,
    target: String,
}

impl Line {
    /// Takes note of a request that is to be logged.
    pub(super) fn begin(request: &HttpRequest, service: &ServicePlan) -> Option<Self> {
        let silent = !service.logs_access || !tracing::enabled!(target: TARGET, tracing::Level::INFO);
        if silent || service.unlogged_paths.iter().any(|path| path == request.uri().path()) {
            return None;
        }
        Some(Self {
            started: Instant::now(),
            address: ingress::client_address(request, service),
            method: beginning(request.method().as_str()),
            target: request.uri().path_and_query().map_or_else(String::new, |target| {
                beginning(&query::redacted(target.as_str(), &service.secret_parameters))
            }),
        })
    }

    /// Writes the line, at once for a body that is there, and for one that is yet to come when it has ended.
    pub(super) fn end_with(self, response: HttpResponse) -> HttpResponse {
        let status = response.status();
        if matches!(response.body().size(), BodySize::None | BodySize::Sized(0)) {
            self.end(status);
            return response;
        }
        response.map_body(|_, body| match body.try_into_bytes() {
            Ok(whole) => {
                self.end(status);
                BoxBody::new(whole)
            }
            Err(body) => BoxBody::new(Logged { line: self, status, body }),
        })
    }

    /// Writes the line. What came from the client is quoted, so that nobody can write lines of their own.
    fn end(&self, status: StatusCode) {
        let (status, took, address) = (status.as_u16(), self.started.elapsed(), self.address.to_string());
        tracing::info!(target: TARGET, "| {status} | {took:>10.1?} | {address:>15} | {:<8} {:?}", self.method, self.target);
    }
}

/// A body whose end, or whose client's leave, writes the line.
struct Logged {
    line: Line,
    status: StatusCode,
    body: BoxBody,
}

impl MessageBody for Logged {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        self.get_mut().body.as_pin_mut().poll_next(context)
    }
}

impl Drop for Logged {
    fn drop(&mut self) {
        self.line.end(self.status);
    }
}

/// As much of a text as is logged, with a mark where the rest was.
fn beginning(text: &str) -> String {
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

//! Plain calls, as most are: small and at hand, they go out beside awc. On the wire they are the same.
//!
//! Runs once per live call and per copy.

use bytes::Bytes;
use http::{HeaderValue, StatusCode};
use tokio::time::{error::Elapsed, timeout};

use crate::model::{Body, Failure, Outbound};

use super::{
    Client,
    client::{Inbound, body_failure, call_text, no_head, too_large, transport_failure},
    transport::{Glance, Keep, RestError, TransportError},
};

/// The status of an answer that was thrown away, and where it sends the call on to.
#[derive(Debug)]
pub struct Glanced {
    /// The status.
    pub status: StatusCode,
    /// Its `Location`, of redirects.
    pub location: Option<HeaderValue>,
}

impl Client {
    /// Sends a request and waits for the head of its answer as [`Client::send`] does, and on the wire the same. What is
    /// small and at hand, as most requests are, goes beside awc, for a part of its work; of the answer's headers those
    /// are kept that `keep` says. Dropping the call closes its connection.
    ///
    /// # Errors
    /// When no answer comes; the text is KrakenD's.
    pub async fn call(&self, outbound: &Outbound, body: Body, keep: Keep) -> Result<Inbound, Failure> {
        let Some(bytes) = self.body_at_hand(outbound, &body) else {
            // Rare and large: the others need not carry the room for it.
            return Box::pin(self.send(outbound, body)).await;
        };
        drop(body);
        let outcome = match self.head_time {
            None => Ok(self.transport.call(outbound, &bytes, keep).await),
            // Boxed so that calls without such a limit need not carry the room for it.
            Some(limit) => Box::pin(timeout(limit, self.transport.call(outbound, &bytes, keep))).await,
        };
        let arrived = head_in_time(outbound, outcome)?;
        Ok(Inbound::of_upstream(arrived))
    }

    /// The body to send with [`Client::call`] and [`Client::glance`]; `None` if the request has to go out with
    /// [`Client::send`].
    #[must_use]
    pub fn body_at_hand(&self, outbound: &Outbound, body: &Body) -> Option<Bytes> {
        let bytes = match body {
            Body::Empty => 0,
            Body::Held(held) => held.len(),
            Body::Transit(_) => return None,
        };
        if !self.transport.can_call(outbound, bytes) {
            return None;
        }
        Some(if let Body::Held(held) = body { held.to_bytes() } else { Bytes::new() })
    }

    /// Sends a request whose answer nobody wants and reads that to its end: on the wire the same as [`Client::send`], for
    /// a part of its work. Dropping the call closes its connection.
    ///
    /// # Errors
    /// When no answer comes, or it breaks off, or its body is longer than `limit` bytes.
    pub async fn glance(&self, outbound: &Outbound, body: &Bytes, limit: usize) -> Result<Glanced, Failure> {
        let outcome = match self.head_time {
            None => Ok(self.transport.glance(outbound, body).await),
            Some(limit) => Box::pin(timeout(limit, self.transport.glance(outbound, body))).await,
        };
        let mut glance: Glance<'_> = head_in_time(outbound, outcome)?;
        let (status, location) = (glance.status, glance.location.take());
        match glance.finish(limit).await {
            Ok(()) => Ok(Glanced { status, location }),
            Err(RestError::TooLarge) => Err(too_large(limit)),
            Err(RestError::Broken(error)) => Err(body_failure(&error)),
        }
    }
}

/// What came of a call in the time that the file grants it up to the head of its answer.
fn head_in_time<T>(outbound: &Outbound, outcome: Result<Result<T, TransportError>, Elapsed>) -> Result<T, Failure> {
    match outcome {
        Ok(outcome) => outcome.map_err(|error| transport_failure(&error, &call_text(outbound))),
        Err(_elapsed) => Err(no_head(&call_text(outbound))),
    }
}

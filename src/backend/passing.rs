//! An answer that passes through: its bytes go on as they come.

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use tokio::time::Instant;

use crate::model::{BodyError, Failure, Headers, Payload, Response, body};

use super::{
    client::Inbound,
    gzip::{Gunzip, gunzip},
    packed::Packing,
};

/// A pass-through answer of known length up to this is read whole before its head goes on: one write instead of two.
const READ_AHEAD_BYTES_MAX: u64 = 64 * 1024;

/// The answer as it is. Its body goes on as it arrives, until the deadline.
pub(super) async fn pass_through(
    mut inbound: Inbound,
    asked_for_gzip: bool,
    deadline: Instant,
    limit: usize,
) -> Result<Response, Failure> {
    let status = inbound.status();
    let mut headers = inbound.take_headers();
    let unpack = asked_for_gzip && Packing::of(headers.get(&CONTENT_ENCODING)) == Packing::Gzip;
    let length = known_length(&headers);
    if unpack {
        headers.remove(&CONTENT_ENCODING);
        headers.remove(&CONTENT_LENGTH);
    }
    let payload = match length {
        _ if matches!(status.as_u16(), 204 | 304) => Payload::Whole(Bytes::new()),
        Some(bytes) if bytes <= READ_AHEAD_BYTES_MAX => {
            let whole = inbound.read_whole(limit).await?;
            Payload::Whole(if unpack { gunzip(&whole, limit)? } else { whole })
        }
        _ => {
            let (sender, receiver) = body::transit(length.filter(|_| !unpack));
            actix::spawn(pump(inbound, sender, unpack.then(|| Gunzip::new(usize::MAX)), deadline));
            Payload::Transit(receiver)
        }
    };
    Ok(Response { status, headers, payload, complete: true })
}

fn known_length(headers: &Headers) -> Option<u64> {
    headers.get(&CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Carries a body from its connection to the client's. Ends when the client is gone, the time is over, or the body is.
async fn pump(mut inbound: Inbound, sender: body::BodySender, mut gunzip: Option<Gunzip>, deadline: Instant) {
    let carry = async {
        loop {
            let chunk = match inbound.next_chunk().await {
                Some(Ok(chunk)) => chunk,
                Some(Err(_broken)) => return Err(BodyError::BrokenOff),
                None => break,
            };
            let chunk = unpacked(&mut gunzip, chunk)?;
            if !chunk.is_empty() {
                sender.send(chunk).await?;
            }
        }
        if let Some(gunzip) = gunzip.take() {
            let rest = gunzip.finish().map_err(|_cut| BodyError::BrokenOff)?;
            sender.send(rest).await?;
        }
        Ok(())
    };
    let outcome = tokio::select! {
        biased;
        outcome = tokio::time::timeout_at(deadline, carry) => outcome.unwrap_or(Err(BodyError::TimedOut)),
        () = sender.closed() => return,
    };
    match outcome {
        Ok(()) => sender.finish().await,
        Err(error) => sender.break_off(error).await,
    }
}

fn unpacked(gunzip: &mut Option<Gunzip>, chunk: Bytes) -> Result<Bytes, BodyError> {
    match gunzip {
        None => Ok(chunk),
        Some(gunzip) => gunzip.push(&chunk).map_err(|_bad| BodyError::BrokenOff),
    }
}

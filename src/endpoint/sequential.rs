//! Backends called one after the other, each with values from the answers before it.

use std::sync::Arc;

use tokio::time::{Instant, timeout_at};

use crate::{
    backend::fetch::DECODED_BYTES_MAX,
    model::{Body, Data, Failure, Kind, Payload, Reply, Request, Response},
    plan::{BackendPlan, Lookup},
};

use super::{
    Dispatch,
    dispatch::{LiveAnswer, reply_of, settled},
    merge::Merge,
};

/// Goes on from the first answer. The first failure ends the sequence: of the first backend it is the reply, of a
/// later one it leaves what is there, incomplete.
pub(super) async fn follow(
    dispatch: &Dispatch,
    request: &Arc<Request>,
    body: &Body,
    first: LiveAnswer,
    deadline: Instant,
) -> Reply {
    let backends = &dispatch.plan.live;
    let mut merge = Merge::new(backends.len());
    let mut answers: Vec<Data> = Vec::with_capacity(backends.len());
    let mut outcome = settled(first, deadline).await;
    if outcome.is_err() {
        return reply_of(outcome);
    }
    for next in backends.iter().skip(1) {
        if is_wanted_whole(backends, answers.len()) {
            outcome = held(outcome, deadline).await;
        }
        let goes_on = outcome.as_ref().is_ok_and(|response| response.complete || is_undecoded(response));
        if let Ok(response) = &outcome {
            answers.push(data_of(response));
        }
        merge.add(reply_of(outcome));
        if !goes_on {
            return merge.finish();
        }
        let earlier = look_up(&next.lookups, &answers);
        let answer = dispatch.ask(answers.len(), request, earlier, body.share().unwrap_or_default(), deadline);
        outcome = settled(answer, deadline).await;
    }
    merge.add(reply_of(outcome));
    merge.finish()
}

/// The values a backend wants from the answers so far.
fn look_up(lookups: &[Lookup], answers: &[Data]) -> Vec<Option<String>> {
    lookups.iter().map(|lookup| lookup.of(answers.get(lookup.answer)?)).collect()
}

/// A second handle on an answer's data; text that nobody opened is shared, not copied. A body that was not decoded is
/// a text.
fn data_of(response: &Response) -> Data {
    match &response.payload {
        Payload::Data(data) => data.clone(),
        Payload::Whole(body) => Data::String(String::from_utf8_lossy(body).into_owned()),
        Payload::Transit(_) => Data::empty_object(),
    }
}

/// Whether a later backend wants the body of this answer as it came.
fn is_wanted_whole(backends: &[Arc<BackendPlan>], answer: usize) -> bool {
    let mut lookups = backends.iter().flat_map(|backend| &backend.lookups);
    lookups.any(|lookup| lookup.answer == answer && lookup.path.is_empty())
}

fn is_undecoded(response: &Response) -> bool {
    !matches!(response.payload, Payload::Data(_))
}

/// The answer with its body read to the end, if that is still arriving.
async fn held(outcome: Result<Response, Failure>, deadline: Instant) -> Result<Response, Failure> {
    let mut response = outcome?;
    if let Payload::Transit(receiver) = &mut response.payload {
        let mut body = Vec::new();
        let reading = async {
            while let Some(chunk) = receiver.next_chunk().await {
                body.extend_from_slice(&chunk.map_err(|_broken| Failure::new(Kind::Io, "unexpected EOF"))?);
                if body.len() > DECODED_BYTES_MAX {
                    return Err(Failure::new(Kind::TooLarge, "the answer is too large to be handed on"));
                }
            }
            Ok(())
        };
        timeout_at(deadline, reading).await.unwrap_or_else(|_elapsed| Err(Failure::timeout()))?;
        response.payload = Payload::Whole(body.into());
    }
    Ok(response)
}

//! Backends called one after the other, each with values from the answers before it.

use std::sync::Arc;

use tokio::time::Instant;

use crate::{
    model::{Body, Data, Payload, Reply, Request, Response},
    plan::Lookup,
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
        let goes_on = outcome.as_ref().is_ok_and(|response| response.complete);
        if let Ok(response) = &outcome {
            answers.push(data_of(response));
        }
        merge.add(reply_of(outcome));
        if !goes_on {
            return merge.finish();
        }
        let earlier = look_up(&next.lookups, &mut answers);
        let answer = dispatch.ask(answers.len(), request, earlier, body.share().unwrap_or_default(), deadline);
        outcome = settled(answer, deadline).await;
    }
    merge.add(reply_of(outcome));
    merge.finish()
}

/// The values a backend wants from the answers so far.
fn look_up(lookups: &[Lookup], answers: &mut [Data]) -> Vec<Option<String>> {
    lookups.iter().map(|lookup| answers.get_mut(lookup.answer)?.lookup_text(&lookup.path)).collect()
}

/// A second handle on an answer's data; text that nobody opened is shared, not copied.
fn data_of(response: &Response) -> Data {
    match &response.payload {
        Payload::Data(data) => data.clone(),
        Payload::Whole(_) | Payload::Transit(_) => Data::Object(Default::default()),
    }
}

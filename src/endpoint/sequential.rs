//! Backends called one after the other, each with values from the answers before it.

use crate::{
    backend::DECODED_BYTES_MAX,
    model::{Body, BodyReceiver, Data, Payload, Reply, Response},
    plan::Lookup,
};

use super::{
    Dispatch,
    dispatch::{Asking, LiveAnswer, LiveCall, reply_of, settled},
    merge::Merge,
};

/// Goes on from the first answer. The first failure ends the sequence: of the first backend it is the reply, of a
/// later one it leaves what is there, incomplete.
pub(super) async fn follow(dispatch: &Dispatch, asking: Asking<'_>, body: &Body, first: LiveAnswer) -> Reply {
    let count = dispatch.plan.live.len();
    let mut merge = Merge::new(count);
    let mut answers: Vec<Data> = Vec::with_capacity(count);
    let mut outcome = settled(first, asking.deadline).await;
    if outcome.is_err() {
        return reply_of(outcome);
    }
    for place in 1..count {
        let goes_on = outcome.as_ref().is_ok_and(|response| response.complete);
        if let Ok(response) = &mut outcome {
            let is_wanted = |lookup: &Lookup| lookup.answer == answers.len() && lookup.path.is_none();
            let body_is_wanted = dispatch.plan.answering().any(|backend| backend.lookups.iter().any(is_wanted));
            answers.push(if body_is_wanted { body_of(response).await } else { data_of(response) });
        }
        merge.add(reply_of(outcome));
        if !goes_on {
            return merge.finish();
        }
        let chosen = dispatch.choose(asking, place);
        let lookups = chosen.iter().flat_map(|chosen| &chosen.plan.lookups);
        let earlier = lookups.map(|lookup| lookup.find(&answers)).collect();
        let call = LiveCall { chosen, earlier, body: body.share().unwrap_or_default() };
        outcome = settled(dispatch.ask(asking, call), asking.deadline).await;
    }
    merge.add(reply_of(outcome));
    merge.finish()
}

/// A second handle on an answer's data; text that nobody opened is shared, not copied.
fn data_of(response: &Response) -> Data {
    match &response.payload {
        Payload::Data(data) => data.clone(),
        Payload::Whole(_) | Payload::Transit(_) => Data::Object(Default::default()),
    }
}

/// The body of an answer that was not decoded, as a text; nothing if it breaks off or is too large to be held.
async fn body_of(response: &mut Response) -> Data {
    let whole = match &mut response.payload {
        Payload::Data(data) => return data.clone(),
        Payload::Whole(bytes) => Some(bytes.to_vec()),
        Payload::Transit(receiver) => whole(receiver).await,
    };
    whole.map_or_else(Data::empty_object, |bytes| Data::String(String::from_utf8_lossy(&bytes).into_owned()))
}

async fn whole(receiver: &mut BodyReceiver) -> Option<Vec<u8>> {
    let mut whole = Vec::new();
    while let Some(chunk) = receiver.next_chunk().await {
        let chunk = chunk.ok().filter(|chunk| whole.len() + chunk.len() <= DECODED_BYTES_MAX)?;
        whole.extend_from_slice(&chunk);
    }
    Some(whole)
}

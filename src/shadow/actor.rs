//! The shadow actor: takes [`Mirror`], sends the copy, reads the answer and forgets it.
//!
//! Lives on a shadow thread, never on one that serves clients.

use std::{cell::RefCell, collections::VecDeque, rc::Rc, sync::Arc};

use actix::{Actor, Context, Handler};
use bytes::Bytes;
use tokio::time::{Instant, timeout_at};

use crate::{
    backend::{Asked, Caller, Measured},
    model::{Body, BodyError, BodyReceiver, Data, Failure, Kind, Payload, Request, Response},
    plan::ShadowPlan,
    stats::Recorder,
};

use super::{DropReason, Mirror, mirror::Chained};

/// One shadow backend on one shadow thread.
pub struct ShadowActor(Rc<Parts>);

struct Parts {
    plan: Arc<ShadowPlan>,
    caller: Caller,
    recorder: Rc<RefCell<Recorder>>,
}

impl ShadowActor {
    /// An actor that sends as `plan` says and reports to this thread's recorder.
    #[must_use]
    pub fn new(plan: Arc<ShadowPlan>, caller: Caller, recorder: Rc<RefCell<Recorder>>) -> Self {
        Self(Rc::new(Parts { plan, caller, recorder }))
    }
}

impl Actor for ShadowActor {
    type Context = Context<Self>;
}

impl Handler<Mirror> for ShadowActor {
    type Result = ();

    /// Only moves the message into a task: a panic there ends one mirror, one here would end the actor.
    fn handle(&mut self, mirror: Mirror, _ctx: &mut Self::Context) {
        let parts = Rc::clone(&self.0);
        actix::spawn(async move { parts.mirror(mirror).await });
    }
}

impl Parts {
    async fn mirror(&self, mirror: Mirror) {
        let Mirror { request, earlier, body, ticket, mut rest, mut answers } = mirror;
        // A sequence hands the same body on; sharing it copies nothing.
        let body_of_rest = if rest.is_empty() { Body::Empty } else { body.share().unwrap_or_default() };
        let deadline = Instant::now() + self.plan.timeout;
        let measured = Measured::start(&self.recorder, self.plan.backend.id, deadline);
        let outcome = self.call(&request, &earlier, body, !rest.is_empty(), deadline).await;
        measured.end(outcome.as_ref().map(|(status, _)| *status));
        match outcome {
            Ok((status, data)) => {
                ticket.complete(status);
                match keep(&data, &mut answers, &mut rest) {
                    Ok(()) => send_next(request, body_of_rest, rest, answers),
                    Err(reason) => give_up(rest, reason),
                }
            }
            Err(failure) => {
                ticket.fail(failure.kind);
                give_up(rest, DropReason::ChainBroken);
            }
        }
    }

    /// The status of the answer, and its data if a sequence goes on with it. Otherwise it is read and forgotten: so
    /// that the connection can be used again, without decoding what nobody will see.
    async fn call(
        &self,
        request: &Arc<Request>,
        earlier: &[Option<String>],
        body: Body,
        goes_on: bool,
        deadline: Instant,
    ) -> Result<(u16, Data), Failure> {
        let asked = Asked { request, earlier };
        let limit = self.plan.bounds.response_bytes_max;
        let calling = async {
            // Components around a backend act on its data, so with any of them the answer is read as a live one is.
            if goes_on || !self.plan.backend.calls_through.is_empty() {
                let response = self.caller.fetch(&self.plan.backend, asked, body, deadline, limit).await?;
                return Ok((response.status.as_u16(), data_of(response, goes_on, limit).await?));
            }
            let status = self.caller.discard(&self.plan.backend, asked, body, limit).await?;
            Ok((status, Data::Null))
        };
        // A deadline that has passed already sends nothing, as in KrakenD.
        if Instant::now() >= deadline {
            return Err(Failure::timeout());
        }
        timeout_at(deadline, calling).await.unwrap_or_else(|_elapsed| Err(Failure::timeout()))
    }
}

/// The data of an answer; of one that passes through a text, if a sequence goes on with it. It is read to its end.
async fn data_of(response: Response, goes_on: bool, limit: usize) -> Result<Data, Failure> {
    let body = match response.payload {
        Payload::Data(data) => return Ok(data),
        Payload::Whole(body) => body,
        Payload::Transit(receiver) => read(receiver, goes_on, limit).await?.into(),
    };
    Ok(if goes_on { Data::String(String::from_utf8_lossy(&body).into_owned()) } else { Data::Null })
}

async fn read(mut receiver: BodyReceiver, keeps: bool, limit: usize) -> Result<Vec<u8>, Failure> {
    let (mut bytes, mut kept) = (0, Vec::new());
    while let Some(chunk) = receiver.next_chunk().await {
        match chunk {
            Ok(chunk) => {
                bytes += chunk.len();
                if keeps {
                    kept.extend_from_slice(&chunk);
                }
            }
            Err(BodyError::TimedOut) => return Err(Failure::timeout()),
            Err(BodyError::BrokenOff | BodyError::TooLarge) => return Err(Failure::new(Kind::Io, "unexpected EOF")),
        }
        if bytes > limit {
            return Err(Failure::new(Kind::TooLarge, format!("response body larger than {limit} bytes")));
        }
    }
    Ok(kept)
}

/// Keeps an answer for the rest of its sequence, on account of the last ticket, which is held the longest.
///
/// It is kept as a text of its own: slices would keep alive what they were cut from, which nobody accounts for.
fn keep(data: &Data, answers: &mut Vec<Data>, rest: &mut VecDeque<Chained>) -> Result<(), DropReason> {
    let Some(last) = rest.back_mut() else { return Ok(()) };
    let text = data.to_bytes();
    last.ticket.keep(text.len())?;
    answers.push(Data::Raw(Bytes::copy_from_slice(&text)));
    Ok(())
}

fn give_up(rest: VecDeque<Chained>, reason: DropReason) {
    for later in rest {
        later.ticket.drop_for(reason);
    }
}

/// Hands a sequence on to its next shadow.
fn send_next(request: Arc<Request>, body: Body, mut rest: VecDeque<Chained>, answers: Vec<Data>) {
    let Some(Chained { recipient, mut ticket, lookups }) = rest.pop_front() else { return };
    let earlier = lookups.iter().map(|lookup| lookup.of(answers.get(lookup.answer)?)).collect();
    ticket.send();
    #[expect(clippy::disallowed_methods, reason = "the ticket bounds what is in the mailbox")]
    recipient.do_send(Mirror { request, earlier, body, ticket, rest, answers });
}

//! The shadow actor: takes [`Mirror`], sends the copy, reads the answer and forgets it.
//!
//! Lives on a shadow thread, never on one that serves clients.

use std::{cell::RefCell, collections::VecDeque, rc::Rc, sync::Arc};

use actix::{Actor, Context, Handler};
use bytes::Bytes;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::{
    backend::{Asked, Caller, Measured},
    model::{Body, BodyError, BodyReceiver, Data, Failure, Kind, Payload, Request, Response},
    plan::ShadowPlan,
    stats::{Ending, Recorder},
};

use super::{
    Cleared, DropReason, Mirror, Rewriter,
    mirror::{Chained, body_for},
    rewrite::Finish,
    window::Loss,
};

/// One shadow backend on one shadow thread.
pub struct ShadowActor(Rc<Parts>);

struct Parts {
    plan: Arc<ShadowPlan>,
    caller: Caller,
    /// Where it counts; a second live call does not.
    recorder: Option<Rc<RefCell<Recorder>>>,
    /// In policy mode: how copies differ from live calls.
    rewriter: Option<Rewriter>,
}

impl ShadowActor {
    /// An actor that sends as `plan` says and reports to this thread's recorder, if its calls count.
    #[must_use]
    pub fn new(plan: Arc<ShadowPlan>, caller: Caller, recorder: Option<Rc<RefCell<Recorder>>>) -> Self {
        let rewriter = plan.policy.as_deref().map(Rewriter::new);
        Self(Rc::new(Parts { plan, caller, recorder, rewriter }))
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
    /// Sends the copy when it is its turn, unless all shadows are switched off first; that also ends a call under way.
    async fn mirror(&self, mirror: Mirror) {
        let killed = mirror.ticket.killed();
        tokio::select! {
            biased;
            () = killed => {}
            () = self.mirror_in_turn(mirror) => {}
        }
    }

    async fn mirror_in_turn(&self, mut mirror: Mirror) {
        if let Some(time) = mirror.not_before {
            sleep_until(time).await;
        }
        let turn = tokio::select! {
            biased;
            reason = Loss::of(&mut mirror.loss) => return mirror.ticket.drop_for(reason),
            turn = mirror.ticket.gate().turn() => turn,
        };
        let cleared = mirror.ticket.clear();
        let body = cleared.and_then(|cleared| {
            let body = match &self.rewriter {
                Some(rewriter) => rewriter.patched(&mirror.request, mirror.body, &mut mirror.ticket)?,
                None => mirror.body,
            };
            // Only now, so that a dry run tells what can't be made.
            if cleared == Cleared::DryRun { Err(DropReason::DryRun) } else { Ok(body) }
        });
        match body {
            Ok(body) => {
                mirror.ticket.send();
                self.send(Mirror { body, ..mirror }).await;
            }
            Err(reason) => {
                mirror.ticket.drop_for(reason);
                give_up(mirror.rest, DropReason::ChainBroken);
            }
        }
        drop(turn);
    }

    async fn send(&self, mirror: Mirror) {
        let Mirror { request, earlier, body, loss, body_of_rest, ticket, witness, not_before: _, rest, answers } =
            mirror;
        let (mut loss, mut rest, mut answers) = (loss, rest, answers);
        let deadline = Instant::now() + self.plan.timeout;
        let start = |recorder| Measured::start(recorder, self.plan.backend.id, deadline).traced(request.trace_number);
        let measured = self.recorder.as_deref().map(start);
        let asked = Asked { request: &request, earlier: &earlier, touch: None, witnesses: witness.as_slice() };
        let outcome = tokio::select! {
            biased;
            // The call is dropped, so its connection is closed in the middle of the body.
            reason = Loss::of(&mut loss) => Err(Loss::failure(reason)),
            outcome = self.call(asked, body, wanted_by(&rest), deadline) => outcome
                .map_err(|failure| Loss::said(&mut loss).map_or(failure, Loss::failure)),
        };
        if let Some(measured) = measured {
            measured.end(outcome.as_ref().map(|(status, ending, _)| (*status, *ending)));
        }
        drop(witness);
        match outcome {
            Ok((status, _, data)) => {
                ticket.complete(status);
                match keep(&data, &mut answers, &mut rest) {
                    Ok(()) => send_next(request, &body_of_rest, rest, answers),
                    Err(reason) => give_up(rest, reason),
                }
            }
            Err(failure) => {
                ticket.fail(failure.kind);
                give_up(rest, DropReason::ChainBroken);
            }
        }
    }

    /// The status of the answer, how it counts, and its data if a sequence goes on with it. Otherwise it is read and forgotten: so
    /// that the connection can be used again, without decoding what nobody will see.
    async fn call(
        &self,
        asked: Asked<'_>,
        body: Body,
        wanted: Wanted,
        deadline: Instant,
    ) -> Result<(u16, Ending, Data), Failure> {
        let Some(rewriter) = &self.rewriter else { return self.call_as(asked, body, wanted, deadline).await };
        let request = rewriter.without_credentials(Arc::clone(asked.request));
        let finish = Finish { rewriter, request: &request };
        self.call_as(Asked { request: &request, touch: Some(&finish), ..asked }, body, wanted, deadline).await
    }

    async fn call_as(
        &self,
        asked: Asked<'_>,
        body: Body,
        wanted: Wanted,
        deadline: Instant,
    ) -> Result<(u16, Ending, Data), Failure> {
        let limit = self.plan.bounds.response_bytes_max;
        let calling = async {
            // Components around a backend act on its data, so with any of them the answer is read as a live one is.
            if wanted != Wanted::Nothing || !asked.witnesses.is_empty() || !self.plan.backend.calls_through.is_empty() {
                let response = self.caller.fetch(&self.plan.backend, asked, body, deadline, limit).await?;
                let ending = Ending { complete: self.plan.backend.no_op || response.complete, error: false };
                return Ok((response.status.as_u16(), ending, data_of(response, limit, wanted).await?));
            }
            let status = self.caller.discard(&self.plan.backend, asked, body, limit).await?;
            Ok((status, self.plan.backend.ending_unread(status), Data::Null))
        };
        // A deadline that has passed already sends nothing, as in KrakenD.
        if Instant::now() >= deadline {
            return Err(Failure::timeout());
        }
        timeout_at(deadline, calling).await.unwrap_or_else(|_elapsed| Err(Failure::timeout()))
    }
}

/// What of an answer somebody wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Nothing,
    Data,
    /// Also of an answer that is not decoded.
    Body,
}

/// What the rest of a sequence may want of an answer.
fn wanted_by(rest: &VecDeque<Chained>) -> Wanted {
    match rest.iter().flat_map(|later| &later.lookups).any(|lookup| lookup.path.is_none()) {
        _ if rest.is_empty() => Wanted::Nothing,
        true => Wanted::Body,
        false => Wanted::Data,
    }
}

/// The data of an answer. One that passes through is read to its end, and is nothing but a text.
async fn data_of(response: Response, limit: usize, wanted: Wanted) -> Result<Data, Failure> {
    let mut text = Vec::new();
    match response.payload {
        Payload::Data(data) => return Ok(data),
        Payload::Whole(bytes) => text.extend_from_slice(if wanted == Wanted::Body { &bytes } else { &[] }),
        Payload::Transit(receiver) => drain(receiver, limit, (wanted == Wanted::Body).then_some(&mut text)).await?,
    }
    match wanted {
        Wanted::Body => Ok(Data::String(String::from_utf8_lossy(&text).into_owned())),
        Wanted::Data | Wanted::Nothing => Ok(Data::empty_object()),
    }
}

/// Reads a body to its end and keeps it, if it is to be kept.
async fn drain(mut receiver: BodyReceiver, limit: usize, mut kept: Option<&mut Vec<u8>>) -> Result<(), Failure> {
    let mut bytes = 0;
    while let Some(chunk) = receiver.next_chunk().await {
        let chunk = chunk.map_err(|error| match error {
            BodyError::TimedOut => Failure::timeout(),
            BodyError::BrokenOff | BodyError::TooLarge => Failure::new(Kind::Io, "unexpected EOF"),
        })?;
        bytes += chunk.len();
        if bytes > limit {
            return Err(Failure::new(Kind::TooLarge, format!("response body larger than {limit} bytes")));
        }
        if let Some(kept) = &mut kept {
            kept.extend_from_slice(&chunk);
        }
    }
    Ok(())
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
fn send_next(request: Arc<Request>, whole: &Body, mut rest: VecDeque<Chained>, answers: Vec<Data>) {
    let Some(Chained { recipient, mut ticket, witness, takes_body, lookups }) = rest.pop_front() else { return };
    ticket.expect_drop_for(DropReason::Shutdown);
    let earlier = lookups.iter().map(|lookup| lookup.find(&answers)).collect();
    let body = if takes_body { whole.share().unwrap_or_default() } else { Body::Empty };
    let body_of_rest = body_for(&rest, whole);
    #[expect(clippy::disallowed_methods, reason = "the ticket bounds what is in the mailbox")]
    recipient.do_send(Mirror {
        request,
        earlier,
        body,
        loss: None,
        body_of_rest,
        ticket,
        witness,
        not_before: None,
        rest,
        answers,
    });
}

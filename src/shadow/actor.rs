//! The shadow actor: takes [`Mirrors`], sends the copies, reads the answers and forgets them.
//!
//! Lives on a shadow thread, never on one that serves clients.

use std::{cell::RefCell, collections::VecDeque, rc::Rc, sync::Arc};

use actix::{Actor, Context, Handler};
use bytes::Bytes;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::{
    backend::{Aim, Asked, Caller, LastTouch, Measured},
    model::{Body, BodyError, BodyReceiver, Data, Failure, Kind, Payload, Request, Response},
    plan::ShadowPlan,
    stats::{Ending, Recorder},
};

use super::{
    Cleared, DropReason, Mirror, Mirrors, Missed, Rewriter, Ticket,
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

impl Handler<Mirrors> for ShadowActor {
    type Result = ();

    /// Only moves each copy into a task: a panic there ends one mirror, one here would end the actor.
    fn handle(&mut self, Mirrors(mirrors): Mirrors, _ctx: &mut Self::Context) {
        for mirror in mirrors {
            // The runtime moves a task about when it begins and when it ends, so it gets a pointer.
            actix::spawn(Box::pin(Rc::clone(&self.0).mirror(mirror)));
        }
    }
}

impl Parts {
    /// Sends the copy when it is its turn, unless all shadows are switched off first; that also ends a call under way.
    ///
    /// The copy goes from step to step in a box: each step would else keep room for it as long as the call lasts.
    async fn mirror(self: Rc<Self>, mirror: Box<Mirror>) {
        let killed = mirror.ticket.killed();
        tokio::select! {
            biased;
            () = killed => {}
            () = self.mirror_in_turn(mirror) => {}
        }
    }

    async fn mirror_in_turn(&self, mut mirror: Box<Mirror>) {
        if let Some(time) = mirror.not_before {
            sleep_until(time).await;
        }
        let turn = tokio::select! {
            biased;
            reason = Loss::of(&mut mirror.loss) => return mirror.ticket.drop_for(reason),
            turn = mirror.ticket.gate().turn() => turn,
        };
        match self.prepare(&mut mirror) {
            Ok(()) => {
                mirror.ticket.send();
                self.send(mirror).await;
            }
            Err(reason) => {
                mirror.ticket.drop_for(reason);
                give_up(mirror.rest, DropReason::ChainBroken);
            }
        }
        drop(turn);
    }

    /// Asks whether the copy may still be sent, and makes its body.
    fn prepare(&self, mirror: &mut Mirror) -> Result<(), DropReason> {
        let cleared = mirror.ticket.clear()?;
        if let Some(rewriter) = &self.rewriter {
            let body = std::mem::take(&mut mirror.body);
            mirror.body = rewriter.patched(&mirror.request, body, &mut mirror.ticket)?;
        }
        // Only now, so that a dry run tells what can't be made.
        if cleared == Cleared::DryRun { Err(DropReason::DryRun) } else { Ok(()) }
    }

    async fn send(&self, mut mirror: Box<Mirror>) {
        let deadline = Instant::now() + self.plan.timeout;
        let trace = mirror.request.trace_number;
        let start = |recorder| Measured::start(recorder, self.plan.backend.id, deadline).traced(trace);
        let measured = self.recorder.as_deref().map(start);
        let (body, wanted, aim) = (std::mem::take(&mut mirror.body), wanted_by(&mirror.rest), Aim::default());
        let Mirror { request, earlier, loss, witness, .. } = &mut *mirror;
        let asked = Asked { request, earlier, touch: None, witnesses: witness.as_slice(), aim: Some(&aim) };
        let outcome = tokio::select! {
            biased;
            // The call is dropped, so its connection is closed in the middle of the body.
            reason = Loss::of(loss) => Err(Loss::failure(reason)),
            outcome = self.call(asked, body, wanted, deadline) => outcome
                .map_err(|failure| Loss::said(loss).map_or(failure, Loss::failure)),
        };
        if let Some(measured) = measured {
            measured.end(outcome.as_ref().map(|(status, ending, _)| (*status, *ending)));
        }
        end(*mirror, outcome, &aim);
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
        // A deadline that has passed already sends nothing, as in KrakenD.
        if Instant::now() >= deadline {
            return Err(Failure::timeout());
        }
        let request = self.rewriter.as_ref().map(|rewriter| rewriter.without_credentials(Arc::clone(asked.request)));
        let request = request.as_ref().unwrap_or(asked.request);
        let finish = self.rewriter.as_ref().map(|rewriter| Finish { rewriter, request });
        let touch = finish.as_ref().map(|finish| finish as &dyn LastTouch);
        let calling = self.call_in_time(Asked { request, touch, ..asked }, body, wanted, deadline);
        timeout_at(deadline, calling).await.unwrap_or_else(|_elapsed| Err(Failure::timeout()))
    }

    async fn call_in_time(
        &self,
        asked: Asked<'_>,
        body: Body,
        wanted: Wanted,
        deadline: Instant,
    ) -> Result<(u16, Ending, Data), Failure> {
        let (backend, limit) = (&self.plan.backend, self.plan.bounds.response_bytes_max);
        // Components around a backend act on its data, so with any of them the answer is read as a live one is.
        if wanted != Wanted::Nothing || !asked.witnesses.is_empty() || !backend.calls_through.is_empty() {
            // Few calls are; the others need not carry the room for it.
            return Box::pin(self.call_and_keep(asked, body, wanted, deadline)).await;
        }
        let status = self.caller.discard(backend, asked, body, deadline, limit).await?;
        Ok((status, backend.ending_unread(status), Data::Null))
    }

    async fn call_and_keep(
        &self,
        asked: Asked<'_>,
        body: Body,
        wanted: Wanted,
        deadline: Instant,
    ) -> Result<(u16, Ending, Data), Failure> {
        let (backend, limit) = (&self.plan.backend, self.plan.bounds.response_bytes_max);
        let response = self.caller.fetch(backend, asked, body, deadline, limit).await?;
        let ending = Ending { complete: backend.no_op || response.complete, error: false };
        Ok((response.status.as_u16(), ending, data_of(response, limit, wanted).await?))
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

/// Books how a call ended, and goes on with its sequence.
fn end(mirror: Mirror, outcome: Result<(u16, Ending, Data), Failure>, aim: &Aim) {
    let Mirror { request, body_of_rest, ticket, witness, mut rest, mut answers, .. } = mirror;
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
            book_failure(ticket, failure.kind, aim);
            give_up(rest, DropReason::ChainBroken);
        }
    }
}

/// A call that failed because nobody is where it went tells more than one that failed otherwise.
fn book_failure(ticket: Ticket, kind: Kind, aim: &Aim) {
    match aim.missed() {
        Some((place, hosts)) if kind == Kind::Connect => ticket.miss(Missed { place, hosts }),
        _ => ticket.fail(kind),
    }
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
    recipient.do_send(Mirrors::from(Mirror {
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
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn bytes_of<T>(_makes: fn(Rc<Parts>, Box<Mirror>) -> T) -> usize {
        size_of::<T>()
    }

    /// Beside its request, which is shared, and the buffer of its connection: hundreds may hang at once.
    #[test]
    fn a_copy_under_way_takes_little_memory() {
        let (task, mirror) = (bytes_of(Parts::mirror), size_of::<Mirror>());
        assert!(task <= 3072 && mirror <= 512, "{task} and {mirror} bytes");
    }
}

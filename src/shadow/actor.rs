//! The shadow actor: takes [`Mirror`], sends the copy, reads the answer and forgets it.
//!
//! Lives on a shadow thread, never on one that serves clients.

use std::{cell::RefCell, rc::Rc, sync::Arc, time::Duration};

use actix::{Actor, Context, Handler};
use tokio::time::{Instant, timeout_at};

use crate::{
    backend::{Asked, Caller},
    model::{Body, Data, Failure, Payload, Request, Response},
    plan::ShadowPlan,
    stats::{Outcome, Recorder},
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
        let Mirror { request, earlier, body, ticket, rest, mut answers } = mirror;
        // A sequence hands the same body on; sharing it copies nothing.
        let body_of_rest = if rest.is_empty() { Body::Empty } else { body.share().unwrap_or_default() };
        let started = Instant::now();
        self.recorder.borrow_mut().backend_started(self.plan.backend.id);
        let outcome = self.call(&request, &earlier, body, !rest.is_empty(), started + self.plan.timeout).await;
        self.report(&outcome, started.elapsed());
        match outcome {
            Ok((status, data)) => {
                ticket.complete(status);
                answers.push(data);
                send_next(request, body_of_rest, rest, answers);
            }
            Err(failure) => {
                ticket.fail(failure.kind);
                for later in rest {
                    later.ticket.drop_for(DropReason::ChainBroken);
                }
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
        let calling = async {
            // Components around a backend act on its data, so with any of them the answer is read as a live one is.
            if goes_on || !self.plan.backend.calls_through.is_empty() {
                let response = self.caller.fetch(&self.plan.backend, asked, body, deadline).await?;
                return Ok((response.status.as_u16(), data_of(response)));
            }
            let limit = self.plan.bounds.response_bytes_max;
            let status = self.caller.discard(&self.plan.backend, asked, body, limit).await?;
            Ok((status, Data::Null))
        };
        // A deadline that has passed already sends nothing, as in KrakenD.
        if Instant::now() >= deadline {
            return Err(Failure::timeout());
        }
        timeout_at(deadline, calling).await.unwrap_or_else(|_elapsed| Err(Failure::timeout()))
    }

    fn report(&self, outcome: &Result<(u16, Data), Failure>, elapsed: Duration) {
        let outcome = match outcome {
            Ok((status, _)) => Outcome::Status(*status),
            Err(failure) => Outcome::Failed(failure.kind.label()),
        };
        self.recorder.borrow_mut().backend_done(self.plan.backend.id, outcome, elapsed);
    }
}

fn data_of(response: Response) -> Data {
    match response.payload {
        Payload::Data(data) => data,
        Payload::Whole(_) | Payload::Transit(_) => Data::Object(Default::default()),
    }
}

/// Hands a sequence on to its next shadow.
fn send_next(request: Arc<Request>, body: Body, mut rest: std::collections::VecDeque<Chained>, mut answers: Vec<Data>) {
    let Some(Chained { recipient, mut ticket, lookups }) = rest.pop_front() else { return };
    let earlier = lookups.iter().map(|lookup| answers.get_mut(lookup.answer)?.lookup_text(&lookup.path)).collect();
    ticket.send();
    #[expect(clippy::disallowed_methods, reason = "the ticket bounds what is in the mailbox")]
    recipient.do_send(Mirror { request, earlier, body, ticket, rest, answers });
}

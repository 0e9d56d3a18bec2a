//! The backend actor: takes [`Fetch`] and makes the call. A shell; the sense is in [`super::fetch`].

use std::{cell::RefCell, rc::Rc, sync::Arc};

use actix::{Actor, Context, Handler, Message};
use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::time::{Instant, timeout_at};

use crate::{
    model::{Body, Budget, Failure, Payload, Promise, Request, Response, Witness},
    plan::BackendPlan,
    stats::{Ending, Recorder},
};

use super::{Asked, Caller, Measured, fetch::DECODED_BYTES_MAX};

/// Call the backend for this request.
#[derive(Debug)]
pub struct Fetch {
    /// The client's request.
    pub request: Arc<Request>,
    /// Values from earlier answers, in the order of the backend's look-ups.
    pub earlier: Vec<Option<String>>,
    /// The body to send.
    pub body: Body,
    /// The place of the variant that takes it among those of the split; `None` for the base, and where there is no split.
    pub variant: Option<usize>,
    /// When its time ends.
    pub budget: Budget,
    /// Who sees the answer as well.
    pub witnesses: Vec<Arc<dyn Witness>>,
    /// Where the answer goes; dropping the other end cancels the call.
    pub promise: Promise<Result<Response, Failure>>,
}

impl Message for Fetch {
    type Result = ();
}

/// One backend on one thread.
pub struct BackendActor(Rc<Parts>);

struct Parts {
    plan: Arc<BackendPlan>,
    caller: Caller,
    recorder: Rc<RefCell<Recorder>>,
}

impl BackendActor {
    /// An actor that calls as `plan` says and reports to this thread's recorder.
    #[must_use]
    pub fn new(plan: Arc<BackendPlan>, caller: Caller, recorder: Rc<RefCell<Recorder>>) -> Self {
        Self(Rc::new(Parts { plan, caller, recorder }))
    }
}

impl Actor for BackendActor {
    type Context = Context<Self>;
}

impl Handler<Fetch> for BackendActor {
    type Result = ();

    /// Only moves the message into a task: a mailbox must never wait for a call, and a panic must end only that.
    fn handle(&mut self, fetch: Fetch, _ctx: &mut Self::Context) {
        let parts = Rc::clone(&self.0);
        let Fetch { request, earlier, body, variant: _, budget, witnesses, promise } = fetch;
        let work = Box::pin(async move {
            let measured =
                Measured::start(&parts.recorder, parts.plan.id, budget.deadline).traced(request.trace_number);
            let asked = Asked { request: &request, earlier: &earlier, touch: None, witnesses: &witnesses, aim: None };
            let outcome = parts.answer(asked, body, budget.deadline).await;
            measured.end(outcome.as_ref().map(|response| (response.status.as_u16(), parts.ending(response))));
            outcome
        });
        actix::spawn(promise.fulfil(work));
    }
}

impl Parts {
    /// How an answer counts: one that passes through is complete, whatever its header says.
    fn ending(&self, response: &Response) -> Ending {
        Ending { complete: self.plan.no_op || response.complete, error: false }
    }

    /// One call, or the first complete answer of several that race.
    async fn answer(&self, asked: Asked<'_>, body: Body, deadline: Instant) -> Result<Response, Failure> {
        // Timers are coarser than a deadline may be: time that is over already is not left to them.
        if Instant::now() >= deadline {
            return Err(Failure::timeout());
        }
        if self.plan.calls == 1 {
            return self.caller.fetch(&self.plan, asked, body, deadline, DECODED_BYTES_MAX).await;
        }
        // Few calls race; the others need not carry the room for it.
        Box::pin(self.race(asked, &body, deadline)).await
    }

    async fn race(&self, asked: Asked<'_>, body: &Body, deadline: Instant) -> Result<Response, Failure> {
        let deadline = deadline.min(Instant::now() + self.plan.race_time);
        let call = |_| {
            let body = body.share().unwrap_or_default();
            self.caller.fetch(&self.plan, asked, body, deadline, DECODED_BYTES_MAX)
        };
        let race = first_complete((0..self.plan.calls).map(call).collect());
        timeout_at(deadline, race).await.unwrap_or_else(|_elapsed| Err(Failure::timeout()))
    }
}

/// The first complete answer ends the others; if there is none, the last to come is taken.
async fn first_complete(
    mut calls: FuturesUnordered<impl Future<Output = Result<Response, Failure>>>,
) -> Result<Response, Failure> {
    let mut last = Err(Failure::timeout());
    while let Some(outcome) = calls.next().await {
        let complete =
            outcome.as_ref().is_ok_and(|response| response.complete || !matches!(response.payload, Payload::Data(_)));
        last = outcome;
        if complete {
            break;
        }
    }
    last
}

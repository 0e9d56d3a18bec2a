//! The order of things for one request: live calls out, copies out, answers in, one reply.
//!
//! Runs once per request: no lock that is held while anything else is done, no wait for anything but live answers, no
//! copy of a body.

use std::sync::Arc;

use actix::Recipient;
use futures_util::future::LocalBoxFuture;
use tokio::time::{Instant, timeout_at};

use crate::{
    backend::Fetch,
    component::Exchange,
    model::{Answer, Body, Budget, Data, Failure, Kind, Payload, Reply, Request, Response, promise},
    plan::{EndpointPlan, Flow, ShadowPlan},
    shadow::{Gate, Mirror},
};

use super::{
    copies::{Copies, answered_status, shown_status},
    parallel, sequential,
    split_link::{Chosen, SplitLink},
};

/// What one thread needs to serve one endpoint.
pub struct Dispatch {
    pub(super) plan: Arc<EndpointPlan>,
    pub(super) live: Vec<Recipient<Fetch>>,
    splits: Vec<SplitLink>,
    pub(super) shadows: Vec<ShadowLink>,
}

/// The way to one shadow.
#[derive(Clone)]
pub struct ShadowLink {
    /// Its actor.
    pub recipient: Recipient<Mirror>,
    /// Its limit and its books.
    pub gate: Arc<Gate>,
    /// Its plan.
    pub plan: Arc<ShadowPlan>,
}

/// What is the same for all live calls of one request.
#[derive(Clone, Copy)]
pub(super) struct Asking<'a> {
    pub(super) request: &'a Arc<Request>,
    /// Drawn once for all splits.
    pub(super) drawn: u64,
    pub(super) deadline: Instant,
}

/// The answer of one live backend.
pub(super) type LiveAnswer = Answer<Result<Response, Failure>>;

impl Dispatch {
    /// Serves `plan` through these actors, which stand in the order of the plan's backends.
    #[must_use]
    pub fn new(plan: Arc<EndpointPlan>, live: Vec<Recipient<Fetch>>, shadows: Vec<ShadowLink>) -> Self {
        Self { plan, live, splits: Vec::new(), shadows }
    }

    /// The same with those that take a part of the live calls, in the order of the plan's splits.
    #[must_use]
    pub fn splitting(self, splits: Vec<SplitLink>) -> Self {
        Self { splits, ..self }
    }

    /// Serves one request, through the components inside the endpoint. A request they turn away is never mirrored.
    pub async fn serve(&self, request: Request, body: Body, budget: Budget) -> Reply {
        if self.plan.exchanges.is_empty() {
            return self.answer(Arc::new(request), body, budget).await;
        }
        let step = |exchange: Exchange| -> LocalBoxFuture<'_, Reply> {
            Box::pin(self.answer(Arc::new(exchange.request), exchange.body, budget))
        };
        let all = self.plan.exchanges.run(Exchange { request, body }, &step);
        timeout_at(budget.deadline, all).await.unwrap_or_else(|_elapsed| Reply::failed(Failure::timeout()))
    }

    async fn answer(&self, request: Arc<Request>, body: Body, budget: Budget) -> Reply {
        let deadline = self.live_deadline(budget);
        let asking = Asking { request: &request, drawn: self.drawn(), deadline };
        let (body, copies) = Copies::offer(&self.shadows, self.plan.shadows_in_sequence, &request, body);
        let (mut reply, live_answer) = match self.plan.flow {
            Flow::Single => {
                let answer = self.ask(asking, self.choose(asking, 0), Vec::new(), body);
                let told = copies.hand_over(&request);
                (reply_of(settled(answer, deadline).await), told)
            }
            Flow::Parallel => {
                let answers = (0..self.live.len())
                    .map(|place| (place, body.share().unwrap_or_default()))
                    .map(|(place, body)| self.ask(asking, self.choose(asking, place), Vec::new(), body));
                let answers: Vec<LiveAnswer> = answers.collect();
                let told = copies.hand_over(&request);
                (parallel::collect(answers, deadline).await, told)
            }
            Flow::Sequential => {
                let body_of_first = body.share().unwrap_or_default();
                let first = self.ask(asking, self.choose(asking, 0), Vec::new(), body_of_first);
                let told = copies.hand_over(&request);
                (sequential::follow(self, asking, &body, first).await, told)
            }
        };
        let answered = (self.plan.flow == Flow::Single).then(|| answered_status(&reply));
        self.finish(&mut reply);
        live_answer.tell(answered.unwrap_or_else(|| shown_status(&reply)));
        reply
    }

    /// The deadline of the live calls: merges keep a part of the endpoint's time for themselves, as in KrakenD.
    fn live_deadline(&self, budget: Budget) -> Instant {
        budget.deadline - (self.plan.timeout - self.plan.backend_time())
    }

    /// One number for all splits of the endpoint, and none where there is no split.
    fn drawn(&self) -> u64 {
        if self.splits.is_empty() { 0 } else { fastrand::u64(..) }
    }

    /// Who takes the live call in this place.
    pub(super) fn choose(&self, asking: Asking<'_>, place: usize) -> Option<Chosen<'_>> {
        let split = self.splits.iter().find(|split| split.plan.place == place);
        let variant = split.and_then(|split| split.variant(split.splitter.choose(asking.request, asking.drawn)?));
        let base =
            || Some(Chosen { recipient: self.live.get(place)?, plan: self.plan.live.get(place)?, variant: None });
        variant.or_else(base)
    }

    /// Sends a live call on its way.
    pub(super) fn ask(
        &self,
        asking: Asking<'_>,
        chosen: Option<Chosen<'_>>,
        earlier: Vec<Option<String>>,
        body: Body,
    ) -> LiveAnswer {
        let (promise, answer) = promise();
        if let Some(Chosen { recipient, variant, .. }) = chosen {
            #[expect(clippy::disallowed_methods, reason = "bounded by the connections a worker accepts")]
            recipient.do_send(Fetch {
                request: Arc::clone(asking.request),
                earlier,
                body,
                variant,
                budget: Budget { deadline: asking.deadline },
                promise,
            });
        }
        answer
    }

    /// The shape of the merged whole, then static data.
    fn finish(&self, reply: &mut Reply) {
        if let Some(shape) = &self.plan.shape
            && reply.failures.is_empty()
            && let Some(response) = &mut reply.response
            && let Payload::Data(data) = &mut response.payload
        {
            *data = shape.apply(std::mem::replace(data, Data::Null));
        }
        if let Some(static_data) = &self.plan.static_data {
            static_data.apply(reply);
        }
    }
}

/// What came of a live call by its deadline.
pub(super) async fn settled(answer: LiveAnswer, deadline: Instant) -> Result<Response, Failure> {
    match timeout_at(deadline, answer).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_broken)) => Err(Failure::new(Kind::Panic, "internal server error")),
        Err(_elapsed) => Err(Failure::timeout()),
    }
}

pub(super) fn reply_of(outcome: Result<Response, Failure>) -> Reply {
    outcome.map_or_else(Reply::failed, Reply::ok)
}

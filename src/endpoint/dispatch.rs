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
    compare::{Experiment, Pair},
    component::Exchange,
    model::{Answer, Body, Budget, Data, Failure, Kind, Payload, Reply, Request, Response, promise},
    plan::{EndpointPlan, Flow, ShadowPlan},
    shadow::{Gate, Mirror},
};

use super::{
    copies::{Copies, answered_status, shown_status},
    parallel, sequential,
};

/// What one thread needs to serve one endpoint.
pub struct Dispatch {
    pub(super) plan: Arc<EndpointPlan>,
    pub(super) live: Vec<Recipient<Fetch>>,
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
    /// Where its answers are compared, if they are.
    pub compared: Option<Compared>,
}

/// What comparing a shadow's answers needs.
#[derive(Clone)]
pub struct Compared {
    /// Takes the pairs.
    pub experiment: Arc<Experiment>,
    /// The way to the live backend's second answer.
    pub baseline: Option<Baseline>,
}

/// The way to a live backend that is asked once more, apart from the live path.
#[derive(Clone)]
pub struct Baseline {
    /// Its actor.
    pub recipient: Recipient<Mirror>,
    /// Its limit and its books.
    pub gate: Arc<Gate>,
}

/// The answer of one live backend.
pub(super) type LiveAnswer = Answer<Result<Response, Failure>>;

impl Dispatch {
    /// Serves `plan` through these actors, which stand in the order of the plan's backends.
    #[must_use]
    pub fn new(plan: Arc<EndpointPlan>, live: Vec<Recipient<Fetch>>, shadows: Vec<ShadowLink>) -> Self {
        Self { plan, live, shadows }
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
        let (body, copies) = Copies::offer(&self.shadows, self.plan.shadows_in_sequence, &request, body);
        let pairs = copies.pairs();
        let (mut reply, live_answer) = match self.plan.flow {
            Flow::Single => {
                let answer = self.ask(0, &request, Vec::new(), body, &pairs, deadline);
                let told = copies.hand_over(&request);
                (reply_of(settled(answer, deadline).await), told)
            }
            Flow::Parallel => {
                let ask =
                    |place| self.ask(place, &request, Vec::new(), body.share().unwrap_or_default(), &pairs, deadline);
                let answers: Vec<LiveAnswer> = (0..self.live.len()).map(ask).collect();
                let told = copies.hand_over(&request);
                (parallel::collect(answers, deadline).await, told)
            }
            Flow::Sequential => {
                let first = self.ask(0, &request, Vec::new(), body.share().unwrap_or_default(), &pairs, deadline);
                let told = copies.hand_over(&request);
                (sequential::follow(self, &request, &body, first, &pairs, deadline).await, told)
            }
        };
        let answered = (self.plan.flow == Flow::Single).then(|| answered_status(&reply));
        finish(&self.plan, &mut reply);
        live_answer.tell(answered.unwrap_or_else(|| shown_status(&reply)));
        reply
    }

    /// The deadline of the live calls: merges keep a part of the endpoint's time for themselves, as in KrakenD.
    fn live_deadline(&self, budget: Budget) -> Instant {
        budget.deadline - (self.plan.timeout - self.plan.backend_time())
    }

    /// Sends a live call on its way.
    pub(super) fn ask(
        &self,
        place: usize,
        request: &Arc<Request>,
        earlier: Vec<Option<String>>,
        body: Body,
        pairs: &[Pair],
        deadline: Instant,
    ) -> LiveAnswer {
        let (promise, answer) = promise();
        if let Some(backend) = self.live.get(place) {
            #[expect(clippy::disallowed_methods, reason = "bounded by the connections a worker accepts")]
            backend.do_send(Fetch {
                request: Arc::clone(request),
                earlier,
                body,
                budget: Budget { deadline },
                witnesses: pairs.iter().filter_map(|pair| pair.live(place)).collect(),
                promise,
            });
        }
        answer
    }
}

/// The shape of the merged whole, then static data.
pub(super) fn finish(plan: &EndpointPlan, reply: &mut Reply) {
    if let Some(shape) = &plan.shape
        && reply.failures.is_empty()
        && let Some(response) = &mut reply.response
        && let Payload::Data(data) = &mut response.payload
    {
        *data = shape.apply(std::mem::replace(data, Data::Null));
    }
    if let Some(static_data) = &plan.static_data {
        static_data.apply(reply);
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

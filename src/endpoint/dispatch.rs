//! The order of things for one request: live calls out, copies out, answers in, one reply.
//!
//! Runs once per request: no lock that is held while anything else is done, no wait for anything but live answers, no
//! copy of a body.

use std::{rc::Rc, sync::Arc};

use actix::Recipient;
use futures_util::future::LocalBoxFuture;
use tokio::time::{Instant, timeout_at};

use crate::{
    backend::Fetch,
    compare::{Experiment, Pair},
    component::Exchange,
    model::{Answer, Body, Budget, Data, Failure, Kind, Payload, Reply, Request, Response, promise},
    plan::{EndpointPlan, Flow, ShadowPlan},
    shadow::{Gate, Mirrors},
};

use super::{
    copies::{Copies, answered_status, shown_status},
    outbox::Outbox,
    parallel, sequential,
    split_link::{Chosen, SplitLink},
};

/// What one thread needs to serve one endpoint.
pub struct Dispatch {
    pub(super) plan: Arc<EndpointPlan>,
    pub(super) live: Vec<Recipient<Fetch>>,
    splits: Vec<SplitLink>,
    pub(super) shadows: Vec<Rc<Way>>,
}

/// The way to one shadow.
#[derive(Clone)]
pub struct ShadowLink {
    /// Its actor.
    pub recipient: Recipient<Mirrors>,
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
    pub recipient: Recipient<Mirrors>,
    /// Its limit and its books.
    pub gate: Arc<Gate>,
}

/// The way to one shadow, on one thread.
pub(super) struct Way {
    pub(super) link: ShadowLink,
    /// Where copies for it are collected.
    pub(super) outbox: Rc<Outbox>,
    /// Where second live calls are, if there may be some.
    pub(super) second: Option<Rc<Outbox>>,
}

impl Way {
    /// The way that `link` says.
    pub(super) fn of(link: ShadowLink) -> Rc<Self> {
        let baseline = link.compared.as_ref().and_then(|compared| compared.baseline.as_ref());
        let second = baseline.map(|baseline| Outbox::to(baseline.recipient.clone()));
        Rc::new(Self { outbox: Outbox::to(link.recipient.clone()), link, second })
    }
}

/// One live call of a request.
pub(super) struct LiveCall<'a> {
    /// Who takes it.
    pub(super) chosen: Option<Chosen<'a>>,
    /// Values from earlier answers.
    pub(super) earlier: Vec<Option<String>>,
    /// The body to send.
    pub(super) body: Body,
}

/// What is the same for all live calls of one request.
#[derive(Clone, Copy)]
pub(super) struct Asking<'a> {
    pub(super) request: &'a Arc<Request>,
    /// Drawn once for all splits.
    pub(super) drawn: u64,
    pub(super) deadline: Instant,
    /// The pairs that the answers may have a part in.
    pub(super) pairs: &'a [Pair],
}

/// The answer of one live backend.
pub(super) type LiveAnswer = Answer<Result<Response, Failure>>;

impl Dispatch {
    /// Serves `plan` through these actors, which stand in the order of the plan's backends.
    #[must_use]
    pub fn new(plan: Arc<EndpointPlan>, live: Vec<Recipient<Fetch>>, shadows: Vec<ShadowLink>) -> Self {
        Self { plan, live, splits: Vec::new(), shadows: shadows.into_iter().map(Way::of).collect() }
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
        // Few endpoints have exchanges; the others need not carry the room for them.
        Box::pin(self.serve_through_exchanges(request, body, budget)).await
    }

    async fn serve_through_exchanges(&self, request: Request, body: Body, budget: Budget) -> Reply {
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
        let asking = Asking { request: &request, drawn: self.drawn(), deadline, pairs: &pairs };
        let (mut reply, live_answer) = match self.plan.flow {
            Flow::Single => {
                let call = LiveCall { chosen: self.choose(asking, 0), earlier: Vec::new(), body };
                let answer = self.ask(asking, call);
                let told = copies.hand_over(&request);
                (reply_of(settled(answer, deadline).await), told)
            }
            Flow::Parallel => {
                let ask = |place| {
                    let body = body.share().unwrap_or_default();
                    self.ask(asking, LiveCall { chosen: self.choose(asking, place), earlier: Vec::new(), body })
                };
                let answers: Vec<LiveAnswer> = (0..self.live.len()).map(ask).collect();
                let told = copies.hand_over(&request);
                (parallel::collect(answers, deadline).await, told)
            }
            Flow::Sequential => {
                let part = body.share().unwrap_or_default();
                let call = LiveCall { chosen: self.choose(asking, 0), earlier: Vec::new(), body: part };
                let first = self.ask(asking, call);
                let told = copies.hand_over(&request);
                (Box::pin(sequential::follow(self, asking, &body, first)).await, told)
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

    /// One number for all splits of the endpoint, and none where there is no split.
    fn drawn(&self) -> u64 {
        if self.splits.is_empty() { 0 } else { fastrand::u64(..) }
    }

    /// Who takes the live call in this place.
    pub(super) fn choose(&self, asking: Asking<'_>, place: usize) -> Option<Chosen<'_>> {
        let split = self.splits.iter().find(|split| split.plan.place == place);
        let variant = split.and_then(|split| split.variant(split.splitter.choose(asking.request, asking.drawn)?));
        let base = || {
            Some(Chosen { place, recipient: self.live.get(place)?, plan: self.plan.live.get(place)?, variant: None })
        };
        variant.or_else(base)
    }

    /// Sends a live call on its way.
    pub(super) fn ask(&self, asking: Asking<'_>, call: LiveCall<'_>) -> LiveAnswer {
        let LiveCall { chosen, earlier, body } = call;
        let (promise, answer) = promise();
        if let Some(Chosen { place, recipient, variant, .. }) = chosen {
            // A shadow is held against what the base answers.
            let witness = |pair: &Pair| if variant.is_some() { pair.of_variant(place) } else { pair.live(place) };
            #[expect(clippy::disallowed_methods, reason = "bounded by the connections a worker accepts")]
            recipient.do_send(Fetch {
                request: Arc::clone(asking.request),
                earlier,
                body,
                variant,
                budget: Budget { deadline: asking.deadline },
                witnesses: asking.pairs.iter().filter_map(witness).collect(),
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

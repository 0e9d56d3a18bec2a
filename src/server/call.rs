//! One request for an endpoint: counted, taken in, let through its guards, answered.

use std::{cell::Cell, pin::pin, sync::Arc};

use actix_web::{
    HttpRequest, HttpResponse,
    body::{BodySize, MessageBody},
    http::header,
    web,
};
use futures_util::future::LocalBoxFuture;
use tokio::time::{Instant, timeout_at};

use crate::{
    component::{Visit, tables::Guarded},
    config::AccessForm,
    endpoint::Call,
    model::{Body, BodyError, Budget, Failure, Kind, Reply, Request, promise, query, trace::TraceParent},
    plan::{EndpointPlan, ServicePlan},
    stats::{Ending, EndpointId, TraceNumber},
};

use super::{
    access_json::ServedBy,
    egress, ingress, intake,
    intake::Taken,
    origin::origin,
    recorded::{Arrival, EndpointCall},
    serve::decoded,
    tree::Tree,
};

/// Where a client says which trace its request belongs to.
pub(super) const TRACEPARENT: header::HeaderName = header::HeaderName::from_static("traceparent");

/// Serves one request for `endpoint`.
pub(super) async fn serve_endpoint(
    tree: &Tree,
    endpoint: &Arc<EndpointPlan>,
    params: Vec<String>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let service = &tree.shared.plan.service;
    let counted = Counted::start(tree, endpoint);
    let arrival = Arrival::of(tree, &request);
    if let Some(arrival) = &arrival {
        arrival.is_for(endpoint);
    }
    if !service.skips_path_check
        && let Some(text) = params.iter().find_map(|value| encoded_twice(value))
    {
        return counted.end(egress::Outgoing { response: egress::bad_path_parameter(text), complete: false });
    }
    let budget = Budget { deadline: counted.started + endpoint.timeout };
    let trace = arrival.as_ref().map_or_else(|| trace_of(&request), |arrival| arrival.trace());
    let door = Door { tree, endpoint, client: &request, arrival: arrival.as_deref(), trace, budget };
    // Boxed, as the answer below is, so that a request without a body need not carry the room for one.
    let taken = match intake::has_none(&request) {
        true => Ok(Ok(Taken::Ready(Body::Empty))),
        false => Box::pin(timeout_at(budget.deadline, intake::take(&request, payload, endpoint.intake))).await,
    };
    let outcome = match taken {
        Err(_elapsed) => Ok(Reply::failed(Failure::timeout())),
        Ok(Err(BodyError::TooLarge)) => Ok(Reply::failed(Failure::new(Kind::TooLarge, "http: request body too large"))),
        Ok(Err(_broken)) => Ok(Reply::failed(Failure::new(Kind::Upload, "unexpected EOF"))),
        Ok(Ok(Taken::Ready(body))) => Box::pin(door.enter(params, body)).await,
        Ok(Ok(Taken::Carried(receiver, upload))) => {
            Box::pin(carried(door.enter(params, Body::Transit(receiver)), upload)).await
        }
    };
    let mut reply = match outcome {
        Ok(reply) => reply,
        Err(refusal) => return counted.end(egress::Outgoing { response: egress::refused(&refusal), complete: false }),
    };
    log_failures(endpoint, service, &reply);
    if endpoint.no_op {
        egress::name_content(&mut reply).await;
    }
    let accept = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
    counted.traced(trace).end(egress::response(reply, endpoint, service, accept))
}

/// The trace that the client has of its request, if it records one.
fn trace_of(request: &HttpRequest) -> Option<TraceNumber> {
    let parent = TraceParent::parse(request.headers().get(TRACEPARENT)?.as_bytes())?;
    parent.is_recorded().then(|| TraceNumber(parent.trace_number()))
}

/// The way of one client into its endpoint.
struct Door<'a> {
    tree: &'a Tree,
    endpoint: &'a EndpointPlan,
    client: &'a HttpRequest,
    /// What is recorded of it, if anything is.
    arrival: Option<&'a Arrival>,
    trace: Option<TraceNumber>,
    budget: Budget,
}

impl Door<'_> {
    /// Calls the endpoint, through its guards.
    async fn enter(&self, params: Vec<String>, body: Body) -> Guarded {
        let (endpoint, service) = (self.endpoint, &self.tree.shared.plan.service);
        if endpoint.guards.is_empty() {
            return Ok(self.call(ingress::request(self.client, endpoint, service, params), body).await);
        }
        let step = |visit: Visit| -> LocalBoxFuture<'_, Guarded> {
            let (host, origin) = (ingress::host(self.client), origin(self.client, endpoint, service));
            let (request, body) = ingress::request_of_visit(visit, host, origin, endpoint, service);
            Box::pin(async move { Ok(self.call(request, body).await) })
        };
        let visit = ingress::visit(self.client, endpoint, service, &params, body);
        endpoint.guards.run(visit, &step).await
    }

    /// Calls the endpoint's actor.
    async fn call(&self, mut request: Request, body: Body) -> Reply {
        let (promise, answer) = promise();
        let mut recorded = self.arrival.and_then(|arrival| EndpointCall::begin(arrival, self.endpoint)).map(Box::new);
        request.trace = recorded.as_ref().and_then(|recorded| recorded.scope());
        let metrics = self.tree.shared.plan.service.metrics.as_ref();
        let counted = metrics.is_some_and(|metrics| metrics.settings.layers.proxy);
        let called = counted.then(|| Called::start(self.tree, self.endpoint));
        let request = Request { trace_number: self.trace.map(|trace| trace.0), ..request };
        self.tree.call(self.endpoint.id, Call { request, body, budget: self.budget, promise });
        let broken = |_| Reply::failed(Failure::new(Kind::Panic, "internal server error"));
        let reply = answer.await.unwrap_or_else(broken);
        if let Some(called) = called {
            called.end(&reply);
        }
        if let Some(recorded) = &mut recorded {
            recorded.end(&reply);
        }
        reply
    }
}

/// Waits for the reply and carries the upload meanwhile; a reply that comes first ends the upload.
async fn carried(reply: impl Future<Output = Guarded>, upload: intake::Upload) -> Guarded {
    let mut reply = pin!(reply);
    tokio::select! {
        biased;
        reply = &mut reply => return reply,
        () = upload.carry() => {}
    }
    reply.await
}

/// KrakenD's words for a parameter that would mean something else once it is decoded again.
fn encoded_twice(value: &str) -> Option<&'static str> {
    if value.contains(['?', '#']) {
        return Some("error: encoded url params");
    }
    match decoded(value) {
        None => Some("error: invalid URL escape \"%\""),
        Some(again) if again != value => Some("error: encoded url params"),
        Some(_) => None,
    }
}

/// Failures quote the URL that was called; what may be a secret in it is for the log to leave out.
fn log_failures(endpoint: &EndpointPlan, service: &ServicePlan, reply: &Reply) {
    for failure in &reply.failures {
        let message = query::redacted(&failure.message, &service.secret_parameters);
        tracing::warn!(kind = failure.kind.label(), "[ENDPOINT: {}] {message}", endpoint.path);
    }
}

/// Counts a request when it ends, also when it ends by its client hanging up.
struct Counted<'a> {
    tree: &'a Tree,
    endpoint: &'a Arc<EndpointPlan>,
    id: EndpointId,
    started: Instant,
    trace: Option<TraceNumber>,
    ended: bool,
}

impl<'a> Counted<'a> {
    fn start(tree: &'a Tree, endpoint: &'a Arc<EndpointPlan>) -> Self {
        let id = endpoint.id;
        tree.recorder.borrow_mut().endpoint_started(id);
        Self { tree, endpoint, id, started: Instant::now(), trace: None, ended: false }
    }

    /// The same request, of which there is this trace.
    fn traced(mut self, trace: Option<TraceNumber>) -> Self {
        self.trace = trace;
        self
    }

    fn end(mut self, mut outgoing: egress::Outgoing) -> HttpResponse {
        self.ended = true;
        let status = outgoing.response.status().as_u16();
        let elapsed = self.started.elapsed();
        let mut recorder = self.tree.recorder.borrow_mut();
        recorder.endpoint_done(self.id, status, outgoing.complete, elapsed);
        recorder.endpoint_replied(self.id, status, size(&outgoing.response));
        if let Some(trace) = self.trace {
            recorder.endpoint_traced(self.id, trace, elapsed);
        }
        drop(recorder);
        if self.tree.shared.plan.service.access_form == AccessForm::Json {
            outgoing.response.extensions_mut().insert(ServedBy(Arc::clone(self.endpoint)));
        }
        outgoing.response
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        if !self.ended {
            let mut recorder = self.tree.recorder.borrow_mut();
            recorder.endpoint_abandoned(self.id);
            // What the original tells a client that has gone.
            recorder.endpoint_replied(self.id, 500, None);
        }
    }
}

/// The size of a reply's body in bytes, where it is known before it is sent.
fn size(response: &HttpResponse) -> Option<u64> {
    match response.body().size() {
        BodySize::None => Some(0),
        BodySize::Sized(bytes) => Some(bytes),
        BodySize::Stream => None,
    }
}

/// Counts what becomes of a call behind the guards, also when its client hangs up.
struct Called<'a> {
    tree: &'a Tree,
    endpoint: &'a EndpointPlan,
    started: Instant,
    ending: Cell<Ending>,
}

impl<'a> Called<'a> {
    fn start(tree: &'a Tree, endpoint: &'a EndpointPlan) -> Self {
        let ending = Cell::new(Ending { complete: false, error: true });
        Self { tree, endpoint, started: Instant::now(), ending }
    }

    fn end(&self, reply: &Reply) {
        let complete = reply.response.as_ref().is_some_and(|response| self.endpoint.no_op || response.complete);
        self.ending.set(Ending { complete, error: !reply.failures.is_empty() });
    }
}

impl Drop for Called<'_> {
    fn drop(&mut self) {
        let (id, elapsed) = (self.endpoint.id, self.started.elapsed());
        self.tree.recorder.borrow_mut().endpoint_called(id, self.ending.get(), elapsed);
    }
}

//! A request as `telemetry/opentelemetry` records it: as the listener sees it, and its call behind the guards.
//!
//! Runs where the component is set up and nowhere else. Promises: what is recorded of a request ends with its body, or when
//! its client leaves; values that may be secrets are not told.

use std::{
    cell::{Cell, RefCell},
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll},
};

use actix_web::{
    HttpMessage, HttpRequest, HttpResponse,
    body::{BodySize, BoxBody, MessageBody},
    http::{StatusCode, header::USER_AGENT},
};
use bytes::Bytes;
use tokio::time::Instant;

use crate::{
    model::{Failure, Kind, Reply, TraceScope, query},
    plan::{EndpointPlan, ServicePlan},
    stats::TraceNumber,
    telemetry::{
        EndpointSettings, Family, OpenSpan, Probe, Series,
        context::Arrived,
        instruments::place,
        labels::unrouted,
        meter::{CallEnd, UNROUTED, method},
        span::{self, Opening, Status, below},
    },
};

use super::{access_json::OurTrace, ingress, tree::Tree};

/// What the original answers a client that has gone.
const GONE: StatusCode = StatusCode::INTERNAL_SERVER_ERROR;

/// One request at the listener.
pub(super) struct Arrival {
    probe: Rc<Probe>,
    span: RefCell<Option<OpenSpan>>,
    /// Where spans of its call belong.
    scope: Option<TraceScope>,
    method: u8,
    started: Instant,
    endpoint: RefCell<Option<Arc<EndpointPlan>>>,
    has_ended: Cell<bool>,
}

impl Arrival {
    /// A request has come; `None` where nothing is recorded of it. From here it is found at the request.
    pub(super) fn begin(tree: &Tree, request: &HttpRequest) -> Option<Rc<Self>> {
        let probe = tree.probe.as_ref()?;
        let settings = &probe.settings;
        if settings.skip_paths.iter().any(|path| path == request.uri().path()) {
            return None;
        }
        let arrived =
            if settings.propagation { Arrived::read(|name| request.headers().get(name)) } else { Arrived::default() };
        let above = probe.arrival(arrived);
        let span = above.as_ref().filter(|_| settings.traces).and_then(|scope| {
            let (name, fixed) = (request.uri().path().to_owned().into(), settings.fixed.clone());
            let mut span = probe.open(scope, Opening { name, kind: span::Kind::Server, fixed })?;
            say_request(&mut span, request, &tree.shared.plan.service);
            settings.headers.tell_all(&mut span, "request", header_bytes(request.headers()));
            Some(span)
        });
        let arrival = Rc::new(Self {
            scope: below(span.as_ref(), above),
            span: RefCell::new(span),
            method: method(request.method()),
            started: Instant::now(),
            endpoint: RefCell::default(),
            has_ended: Cell::new(false),
            probe: Rc::clone(probe),
        });
        request.extensions_mut().insert(Rc::clone(&arrival));
        Some(arrival)
    }

    /// What is recorded of a request, if anything is.
    pub(super) fn of(tree: &Tree, request: &HttpRequest) -> Option<Rc<Self>> {
        tree.probe.as_ref()?;
        request.extensions().get::<Rc<Self>>().cloned()
    }

    /// It is for this endpoint.
    pub(super) fn is_for(&self, endpoint: &Arc<EndpointPlan>) {
        self.endpoint.replace(Some(Arc::clone(endpoint)));
    }

    /// The trace it is recorded in, if it is.
    pub(super) fn trace(&self) -> Option<TraceNumber> {
        let scope = self.scope.as_ref().filter(|scope| scope.is_recorded)?;
        Some(TraceNumber(u128::from_be_bytes(scope.trace)))
    }

    /// What the access log tells of the trace.
    pub(super) fn told(&self) -> Option<OurTrace> {
        let scope = self.scope.as_ref()?;
        let span = self.span.borrow().as_ref().and(scope.parent);
        Some(OurTrace { trace: scope.trace, span, sampled: scope.is_recorded })
    }

    /// The reply is there; what is recorded ends with its body.
    pub(super) fn end_with(self: Rc<Self>, response: HttpResponse) -> HttpResponse {
        let status = response.status();
        if let Some(span) = self.span.borrow_mut().as_mut() {
            self.probe.settings.headers.tell_all(span, "response", header_bytes(response.headers()));
        }
        if matches!(response.body().size(), BodySize::None | BodySize::Sized(0)) {
            self.end(status, 0);
            return response;
        }
        response.map_body(|_, body| match body.try_into_bytes() {
            Ok(whole) => {
                self.end(status, whole.len() as u64);
                BoxBody::new(whole)
            }
            Err(body) => BoxBody::new(RecordedBody { arrival: self, status, body, bytes: 0 }),
        })
    }

    fn end(&self, status: StatusCode, bytes: u64) {
        if self.has_ended.replace(true) {
            return;
        }
        let endpoint = self.endpoint.take();
        if self.probe.settings.metrics {
            let place = endpoint.as_ref().map_or(UNROUTED, |endpoint| endpoint.id.0);
            let series = Series { method: self.method, status: status.as_u16(), ..Series::of(Family::Server, place) };
            let seconds = self.started.elapsed().as_secs_f64();
            self.probe.count(series, |cell| {
                cell.value(place::DURATION, seconds);
                cell.value(place::ANSWER_SIZE, bytes as f64);
            });
        }
        let Some(mut span) = self.span.take() else { return };
        let settings = endpoint.as_ref().and_then(|endpoint| endpoint.telemetry.as_ref());
        let route = settings.map_or_else(|| unrouted(status.as_u16()), |settings| settings.name.clone());
        span.say("http.route", route);
        for (name, value) in settings.into_iter().flat_map(|settings| &settings.of_global) {
            span.say(name.clone(), value.clone());
        }
        span.say("http.response.status_code", i64::from(status.as_u16()));
        span.say("http.response.body.size", i64::try_from(bytes).unwrap_or(i64::MAX));
        if status.is_server_error() {
            span.ends(Status::Failed(status.to_string()));
        }
    }
}

impl Drop for Arrival {
    fn drop(&mut self) {
        self.end(GONE, 0);
    }
}

/// A body whose end, or whose client's leave, ends what is recorded.
struct RecordedBody {
    arrival: Rc<Arrival>,
    status: StatusCode,
    body: BoxBody,
    bytes: u64,
}

impl MessageBody for RecordedBody {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let this = self.get_mut();
        let polled = this.body.as_pin_mut().poll_next(context);
        if let Poll::Ready(Some(Ok(chunk))) = &polled {
            this.bytes = this.bytes.saturating_add(chunk.len() as u64);
        }
        polled
    }
}

impl Drop for RecordedBody {
    fn drop(&mut self) {
        self.arrival.end(self.status, self.bytes);
    }
}

/// The call of an endpoint behind its guards. Dropped before its end, its client has left.
pub(super) struct EndpointCall<'a> {
    probe: &'a Probe,
    endpoint: &'a EndpointPlan,
    settings: &'a EndpointSettings,
    span: Option<OpenSpan>,
    scope: Option<TraceScope>,
    started: Instant,
    has_ended: bool,
}

impl<'a> EndpointCall<'a> {
    /// A call begins, if anything is recorded of it.
    pub(super) fn begin(arrival: &'a Arrival, endpoint: &'a EndpointPlan) -> Option<Self> {
        let (probe, settings) = (&*arrival.probe, endpoint.telemetry.as_deref()?);
        let span = arrival.scope.as_ref().filter(|_| settings.traces).and_then(|scope| {
            let (name, fixed) = (settings.name.clone().into(), settings.fixed.clone());
            probe.open(scope, Opening { name, kind: span::Kind::Internal, fixed })
        });
        let scope = below(span.as_ref(), arrival.scope.clone());
        Some(Self { probe, endpoint, settings, span, scope, started: Instant::now(), has_ended: false })
    }

    /// Where spans of its backends belong.
    pub(super) fn scope(&self) -> Option<Arc<TraceScope>> {
        self.scope.clone().map(Arc::new)
    }

    /// The reply is there.
    pub(super) fn end(&mut self, reply: &Reply) {
        let complete = reply.response.as_ref().is_some_and(|response| self.endpoint.no_op || response.complete);
        let cancelled = reply.failures.iter().any(|failure| failure.kind == Kind::Cancelled);
        let end = CallEnd { error: !reply.failures.is_empty(), cancelled, complete };
        if let (Some(span), Some(response)) = (&mut self.span, &reply.response) {
            self.settings.headers.tell(span, "response", &response.headers);
        }
        self.book(end, reply.failures.first());
    }

    fn book(&mut self, end: CallEnd, failure: Option<&Failure>) {
        self.has_ended = true;
        if self.settings.metrics {
            let series = Series { end, ..Series::of(Family::Proxy, self.endpoint.id.0) };
            let seconds = self.started.elapsed().as_secs_f64();
            self.probe.count(series, |cell| cell.value(place::DURATION, seconds));
        }
        let Some(mut span) = self.span.take() else { return };
        if end.error {
            let error = failure.map_or(Kind::Cancelled, |failure| failure.kind).label();
            span.say("error", error);
            span.say("canceled", end.cancelled);
            span.ends(Status::Failed(error.to_owned()));
        }
        span.say("complete", end.complete);
    }
}

impl Drop for EndpointCall<'_> {
    fn drop(&mut self) {
        if !self.has_ended {
            self.book(CallEnd { error: true, cancelled: true, complete: false }, None);
        }
    }
}

fn header_bytes(
    headers: &actix_web::http::header::HeaderMap,
) -> impl Iterator<Item = (&actix_web::http::header::HeaderName, &[u8])> {
    headers.iter().map(|(name, value)| (name, value.as_bytes()))
}

fn say_request(span: &mut OpenSpan, request: &HttpRequest, service: &ServicePlan) {
    let host = ingress::host(request).and_then(|host| host.to_str().ok().map(str::to_owned)).unwrap_or_default();
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    let scheme = if service.tls.is_some() { "https" } else { "http" };
    span.say("url.full", format!("{scheme}://{host}{}", query::redacted(target, &service.secret_parameters)));
    span.say("http.request.method", request.method().to_string());
    span.say("server.address", host);
    span.say("client.address", ingress::client_address(request, service).to_string());
    if let Some(agent) = request.headers().get(USER_AGENT) {
        span.say("user_agent.original", String::from_utf8_lossy(agent.as_bytes()).into_owned());
    }
}

//! A call as `telemetry/opentelemetry` records it: the call itself, and its exchange with the upstream.
//!
//! Runs where the component is set up and nowhere else. Changes nothing but the trace context that the upstream hears of.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use http::{StatusCode, Uri, header::CONTENT_LENGTH};
use tokio::time::Instant;

use crate::{
    model::{Body, Failure, Headers, Kind, Outbound, Request, TraceScope},
    plan::BackendPlan,
    telemetry::{
        BackendSettings, Family, OpenSpan, Probe, Series, Value,
        context::inject,
        instruments::place,
        meter::{CallEnd, OTHER_HOST},
        probe::new_trace,
        settings::Belongs,
        span::{self, Opening, Status, below},
    },
};

use super::{client::Inbound, reading::Reading, transport::Marks};

/// One call. Dropped before its end, nobody wanted it any more.
pub(super) struct Recorded<'a> {
    probe: &'a Rc<Probe>,
    backend: &'a BackendPlan,
    settings: &'a BackendSettings,
    span: RefCell<Option<OpenSpan>>,
    /// Where spans of its exchanges belong.
    scope: Option<TraceScope>,
    started: Instant,
    deadline: Instant,
    has_ended: Cell<bool>,
}

impl<'a> Recorded<'a> {
    /// A call begins, if anything is recorded of it.
    pub(super) fn begin(
        probe: &'a Rc<Probe>,
        backend: &'a BackendPlan,
        request: &Request,
        deadline: Instant,
    ) -> Option<Box<Self>> {
        let settings = backend.telemetry.as_deref().filter(|settings| probe.records(settings))?;
        let above = request.trace.as_deref();
        let above = above.map(|scope| match settings.belongs {
            Belongs::Below => scope.clone(),
            Belongs::BelowAndLinked => scope.linked(),
            Belongs::Apart => scope.apart(new_trace()),
        });
        let span = above.as_ref().filter(|_| settings.traces.stage).and_then(|scope| {
            let (name, fixed) = (settings.name.clone().into(), settings.fixed_of_stage.clone());
            probe.open(scope, Opening { name, kind: span::Kind::Internal, fixed })
        });
        let scope = below(span.as_ref(), above);
        let (span, has_ended) = (RefCell::new(span), Cell::new(false));
        Some(Box::new(Self { probe, backend, settings, span, scope, started: Instant::now(), deadline, has_ended }))
    }

    /// It ended well, with everything or not, or it failed.
    pub(super) fn end(&self, outcome: Result<bool, &Failure>) {
        let end = match outcome {
            Ok(complete) => CallEnd { complete, ..CallEnd::default() },
            Err(failure) => CallEnd { error: true, cancelled: failure.kind == Kind::Cancelled, complete: false },
        };
        self.book(end, outcome.err().map(|failure| failure.kind.label()));
    }

    fn book(&self, end: CallEnd, error: Option<&'static str>) {
        self.has_ended.set(true);
        if self.settings.metrics.stage {
            let series = Series { end, ..Series::of(Family::Backend, self.backend.id.0) };
            let seconds = self.started.elapsed().as_secs_f64();
            self.probe.count(series, |cell| cell.value(place::DURATION, seconds));
        }
        if let Some(mut span) = self.span.borrow_mut().take() {
            if let Some(error) = error {
                span.say("error", error);
                span.say("canceled", end.cancelled);
                span.ends(Status::Failed(error.to_owned()));
            }
            span.say("complete", end.complete);
        }
    }

    /// Its exchange with the upstream begins, if anything is recorded of that.
    pub(super) fn exchange(&self, outbound: &Outbound, body: &Body) -> Option<Box<Exchange<'_>>> {
        let settings = self.settings;
        let is_told = self.scope.is_some() && (settings.traces.of_transport() || settings.injects);
        if !settings.metrics.of_transport() && !is_told {
            return None;
        }
        let span = self.scope.as_ref().filter(|_| settings.traces.round_trip).and_then(|scope| {
            let (name, fixed) = (settings.name.clone().into(), settings.fixed_of_round_trip.clone());
            let mut span = self.probe.open(scope, Opening { name, kind: span::Kind::Client, fixed })?;
            say_request(&mut span, outbound);
            settings.headers.tell(&mut span, "request", &outbound.headers);
            Some(span)
        });
        let series = Series { host: self.host(&outbound.uri), ..Series::of(Family::Client, self.backend.id.0) };
        let scope = below(span.as_ref(), self.scope.clone());
        let is_marked = settings.metrics.detailed_connection || (settings.traces.detailed_connection && span.is_some());
        let (marks, started) = (is_marked.then(Rc::default), Instant::now());
        let exchange = Exchange { call: self, span, scope, series, marks, started, has_ended: false };
        exchange.count_begin(body);
        Some(Box::new(exchange))
    }

    fn host(&self, uri: &Uri) -> u16 {
        let place = self.backend.bases.iter().position(|base| Some(&base.authority) == uri.authority());
        place.and_then(|place| u16::try_from(place).ok()).unwrap_or(OTHER_HOST)
    }
}

impl Drop for Recorded<'_> {
    fn drop(&mut self) {
        if !self.has_ended.get() {
            let is_late = Instant::now() >= self.deadline;
            let error = if is_late { Kind::Timeout } else { Kind::Cancelled };
            self.book(CallEnd { error: true, cancelled: !is_late, complete: false }, Some(error.label()));
        }
    }
}

/// One exchange, up to the head of the answer.
pub(super) struct Exchange<'a> {
    call: &'a Recorded<'a>,
    span: Option<OpenSpan>,
    /// Where spans of the called belong.
    scope: Option<TraceScope>,
    series: Series,
    /// How long it takes to get its connection, if anybody wants to know.
    marks: Option<Rc<Marks>>,
    started: Instant,
    has_ended: bool,
}

impl Exchange<'_> {
    /// Tells the upstream of the trace, if it is to hear of it.
    pub(super) fn inject(&self, headers: &mut Headers) {
        if let Some(scope) = self.scope.as_ref().filter(|_| self.call.settings.injects) {
            inject(scope, headers);
        }
    }

    /// Where its times are to be marked.
    pub(super) fn marks(&self) -> Option<Rc<Marks>> {
        self.marks.clone()
    }

    /// The head of the answer has come, whose reading is recorded from here.
    pub(super) fn answered(mut self: Box<Self>, inbound: Inbound) -> Inbound {
        self.has_ended = true;
        let status = inbound.status();
        let length = inbound.header(&CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        self.series.status = status.as_u16();
        self.count_answer(length);
        let (settings, scope) = (self.call.settings, self.scope.take());
        if let Some(mut span) = self.span.take() {
            say_answer(&mut span, status, length);
            span.say("response-duration", Value::Double(self.started.elapsed().as_secs_f64()));
            self.say_way(&mut span);
            if settings.traces.detailed_connection {
                span.happened("first-byte-time");
            }
            if settings.headers.any {
                settings.headers.tell(&mut span, "response", &inbound.headers());
            }
        }
        let is_read = settings.metrics.read_payload || settings.traces.read_payload;
        if !is_read {
            return inbound;
        }
        let backend = self.call.backend.telemetry.clone();
        inbound.recorded(backend.map(|settings| Reading::begin(self.call.probe, settings, scope.as_ref(), self.series)))
    }

    /// No answer came.
    pub(super) fn failed(mut self: Box<Self>, failure: &Failure) {
        self.fail(failure.kind);
    }

    fn fail(&mut self, kind: Kind) {
        self.has_ended = true;
        let counted = match kind {
            Kind::Timeout => place::TIMED_OUT,
            Kind::Cancelled => place::CANCELLED,
            _ => place::FAILED,
        };
        self.count(|cell, counts| {
            cell.value(place::DURATION, self.started.elapsed().as_secs_f64());
            if counts {
                cell.add(counted, 1.0);
            }
        });
        self.count_way();
        if let Some(mut span) = self.span.take() {
            span.say("error.type", kind.label());
            self.say_way(&mut span);
            span.ends(Status::Failed(kind.label().to_owned()));
        }
    }

    fn count_begin(&self, body: &Body) {
        let length = match body {
            Body::Empty => Some(0),
            Body::Held(held) => Some(held.len() as u64),
            Body::Transit(receiver) => receiver.length(),
        };
        self.count(|cell, counts| {
            if counts {
                cell.add(place::STARTED, 1.0);
            }
            if let Some(bytes) = length {
                cell.add(place::REQUEST_SIZE, bytes as f64);
                cell.value(place::REQUEST_SIZES, bytes as f64);
            }
        });
    }

    fn count_answer(&self, length: Option<u64>) {
        self.count(|cell, counts| {
            cell.value(place::DURATION, self.started.elapsed().as_secs_f64());
            match length {
                Some(bytes) => cell.value(place::ANSWER_SIZE, bytes as f64),
                None if counts => cell.add(place::NO_LENGTH, 1.0),
                None => {}
            }
        });
        self.count_way();
    }

    /// As in the original, what did not happen counts as having taken no time.
    fn count_way(&self) {
        let is_counted = self.call.settings.metrics.detailed_connection;
        let Some(marks) = self.marks.as_ref().filter(|_| is_counted) else { return };
        let seconds = |took: Option<Duration>| took.unwrap_or_default().as_secs_f64();
        self.call.probe.count(self.series, |cell| {
            cell.value(place::GET_CONNECTION, seconds(marks.connection()));
            cell.value(place::LOOK_UP, seconds(marks.look_up()));
            cell.value(place::HANDSHAKE, seconds(marks.handshake()));
        });
    }

    fn say_way(&self, span: &mut OpenSpan) {
        let is_told = self.call.settings.traces.detailed_connection;
        let Some(marks) = self.marks.as_ref().filter(|_| is_told) else { return };
        let mut say = |name: &'static str, took: Option<Duration>| {
            span.say(name, Value::Double(took.unwrap_or_default().as_secs_f64()));
        };
        say("get-conn-duration", marks.connection());
        say("dns-duration", marks.look_up());
        say("tls-duration", marks.handshake());
    }

    /// Adds to its series; the second argument says whether those counters are kept that version 1.27 leaves out
    /// unless the connection is wanted in detail.
    fn count(&self, record: impl FnOnce(&mut crate::telemetry::meter::Recording<'_>, bool)) {
        let settings = self.call.settings;
        if settings.metrics.round_trip {
            let counts = !settings.semantic_1_27 || settings.metrics.detailed_connection;
            self.call.probe.count(self.series, |cell| record(cell, counts));
        }
    }
}

impl Drop for Exchange<'_> {
    fn drop(&mut self) {
        if !self.has_ended {
            let is_late = Instant::now() >= self.call.deadline;
            self.fail(if is_late { Kind::Timeout } else { Kind::Cancelled });
        }
    }
}

fn say_request(span: &mut OpenSpan, outbound: &Outbound) {
    span.say("http.request.method", outbound.method.to_string());
    // Without the query, which may hold what nobody else should see.
    span.say("url.path", outbound.uri.path().to_owned());
    if let Some(scheme) = outbound.uri.scheme_str() {
        span.say("url.scheme", scheme.to_owned());
    }
    if let Some(host) = outbound.uri.host() {
        span.say("server.address", host.to_owned());
    }
    if let Some(port) = outbound.uri.port_u16() {
        span.say("server.port", i64::from(port));
    }
}

fn say_answer(span: &mut OpenSpan, status: StatusCode, length: Option<u64>) {
    span.say("http.response.status_code", i64::from(status.as_u16()));
    if let Some(bytes) = length.and_then(|bytes| i64::try_from(bytes).ok()) {
        span.say("http.response.body.size", bytes);
    }
    if status.is_client_error() || status.is_server_error() {
        span.ends(Status::Failed(status.to_string()));
    }
}

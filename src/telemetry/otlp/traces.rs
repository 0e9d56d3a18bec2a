//! Spans as a push of OTLP.

use std::sync::Arc;

use prost::Message;

use crate::telemetry::{
    Span, exposition,
    span::{Kind, Status},
};

use super::{
    messages::{self, Event, ExportTraceServiceRequest, Link, ResourceSpans, ScopeSpans},
    words::{attributes, resource, scope},
};

/// The flag that says that a trace is recorded.
const SAMPLED: u32 = 1;

/// A push of as many of these spans, from the first, as there is room for in so many bytes, and how many those are. One
/// that needs more than that goes alone: its receiver may have room for it.
#[must_use]
pub fn first_traces(
    about: &exposition::Resource,
    spans: &[Arc<Span>],
    bytes_max: usize,
) -> (ExportTraceServiceRequest, usize) {
    let mut count = spans.len();
    loop {
        let request = traces_request(about, spans.get(..count).unwrap_or(spans));
        if count <= 1 || request.encoded_len() <= bytes_max {
            return (request, count);
        }
        count /= 2;
    }
}

/// A push of these spans.
#[must_use]
pub fn traces_request(about: &exposition::Resource, spans: &[Arc<Span>]) -> ExportTraceServiceRequest {
    let spans = spans.iter().map(|one| span(one)).collect();
    let scope_spans = vec![ScopeSpans { scope: Some(scope()), spans }];
    ExportTraceServiceRequest { resource_spans: vec![ResourceSpans { resource: Some(resource(about)), scope_spans }] }
}

fn span(span: &Span) -> messages::Span {
    let link = |link: &crate::model::SpanContext| Link { trace_id: link.trace.into(), span_id: link.span.into() };
    let event = |(at, what): &(u64, &str)| Event { time_unix_nano: *at, name: (*what).to_owned() };
    let state = span.state.as_ref().and_then(|state| state.to_str().ok()).unwrap_or_default();
    messages::Span {
        trace_id: span.context.trace.into(),
        span_id: span.context.span.into(),
        trace_state: state.to_owned(),
        parent_span_id: span.parent.map(Into::into).unwrap_or_default(),
        name: span.name.to_string(),
        kind: match span.kind {
            Kind::Internal => 1,
            Kind::Server => 2,
            Kind::Client => 3,
        },
        start_time_unix_nano: span.started_ns,
        end_time_unix_nano: span.ended_ns,
        attributes: attributes(span.fixed.iter().chain(&span.attributes)),
        events: span.events.iter().map(event).collect(),
        links: span.link.iter().map(link).collect(),
        status: match &span.status {
            Status::Unset => None,
            Status::Good => Some(messages::Status { message: String::new(), code: 1 }),
            Status::Failed(why) => Some(messages::Status { message: why.clone(), code: 2 }),
        },
        flags: SAMPLED,
    }
}

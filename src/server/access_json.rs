//! A line of the access log in JSON: what a request was, what became of it, and the trace it belongs to.
//!
//! Promises: one object whatever the client sent; values of the query that may be secrets are not in it.

use std::{net::IpAddr, sync::Arc, time::Duration};

use actix_web::{
    HttpRequest,
    http::{
        StatusCode, Version,
        header::{HeaderValue, USER_AGENT},
    },
};
use serde::{Serialize, Serializer, ser::SerializeStruct};

use crate::{
    model::{
        scope::{SpanId, TraceId},
        trace::TraceParent,
    },
    plan::EndpointPlan,
};

use super::{access::beginning, call::TRACEPARENT};

/// The endpoint that served a request, left with the answer for its line.
pub(super) struct ServedBy(pub(super) Arc<EndpointPlan>);

/// What only these lines tell of a request, taken down before it is gone.
pub(super) struct Details {
    protocol: &'static str,
    agent: Option<HeaderValue>,
    traceparent: Option<HeaderValue>,
    ours: Option<OurTrace>,
}

/// Where the gateway itself records a request.
#[derive(Clone, Copy)]
pub(super) struct OurTrace {
    pub(super) trace: TraceId,
    /// Its own span, if that is recorded.
    pub(super) span: Option<SpanId>,
    pub(super) sampled: bool,
}

impl Details {
    pub(super) fn of(request: &HttpRequest, ours: Option<OurTrace>) -> Self {
        let header = |name| request.headers().get(name).cloned();
        Self {
            protocol: protocol(request.version()),
            agent: header(USER_AGENT),
            traceparent: header(TRACEPARENT),
            ours,
        }
    }
}

/// All that is told of a request.
pub(super) struct Told<'a> {
    pub(super) status: StatusCode,
    pub(super) took: Duration,
    pub(super) address: IpAddr,
    pub(super) method: &'a str,
    pub(super) target: &'a str,
    pub(super) endpoint: Option<&'a str>,
    /// Bytes of the answer's body that were handed over to be sent.
    pub(super) bytes: u64,
    /// Whether those are all of it.
    pub(super) complete: bool,
    pub(super) details: &'a Details,
}

impl Serialize for Told<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let details = self.details;
        let agent = details.agent.as_ref().and_then(|agent| agent.to_str().ok());
        let mut object = serializer.serialize_struct("request", 14)?;
        object.serialize_field("status", &self.status.as_u16())?;
        object.serialize_field("duration_ms", &milliseconds(self.took))?;
        object.serialize_field("remote_address", &self.address)?;
        object.serialize_field("method", self.method)?;
        object.serialize_field("target", self.target)?;
        object.serialize_field("protocol", details.protocol)?;
        object.serialize_field("bytes", &self.bytes)?;
        object.serialize_field("complete", &self.complete)?;
        if let Some(endpoint) = self.endpoint {
            object.serialize_field("endpoint", endpoint)?;
        }
        if let Some(agent) = agent {
            object.serialize_field("user_agent", &beginning(agent))?;
        }
        self.trace(&mut object)?;
        object.end()
    }
}

impl Told<'_> {
    /// The trace it is recorded in here, else that of its client.
    fn trace<S: SerializeStruct>(&self, object: &mut S) -> Result<(), S::Error> {
        let Details { traceparent, ours, .. } = self.details;
        let parent = traceparent.as_ref().and_then(|header| TraceParent::parse(header.as_bytes()));
        let Some(ours) = ours else {
            let Some(parent) = parent else { return Ok(()) };
            object.serialize_field("trace_id", text(parent.trace_id))?;
            object.serialize_field("parent_id", text(parent.span_id))?;
            return object.serialize_field("sampled", &parent.is_recorded());
        };
        let trace = format!("{:032x}", u128::from_be_bytes(ours.trace));
        object.serialize_field("trace_id", &trace)?;
        if let Some(span) = ours.span {
            object.serialize_field("span_id", &format!("{:016x}", u64::from_be_bytes(span)))?;
        }
        if let Some(parent) = parent.filter(|parent| parent.trace_id == trace.as_bytes()) {
            object.serialize_field("parent_id", text(parent.span_id))?;
        }
        object.serialize_field("sampled", &ours.sampled)
    }
}

/// To the microsecond.
fn milliseconds(took: Duration) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "2^53 microseconds are 285 years")]
    let microseconds = took.as_micros() as f64;
    microseconds / 1000.0
}

/// Digits, which are text.
fn text(digits: &[u8]) -> &str {
    std::str::from_utf8(digits).unwrap_or_default()
}

fn protocol(version: Version) -> &'static str {
    match version {
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_2 => "HTTP/2.0",
        _ => "HTTP/1.1",
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use proptest::{collection::vec, prelude::*};
    use serde_json::{Value, json};

    use super::*;

    fn told(details: &Details, target: &str) -> Value {
        let told = Told {
            status: StatusCode::OK,
            took: Duration::from_micros(1_234),
            address: IpAddr::from([127, 0, 0, 1]),
            method: "GET",
            target,
            endpoint: Some("/users/{id}"),
            bytes: 12,
            complete: true,
            details,
        };
        serde_json::from_str(&serde_json::to_string(&told).unwrap()).unwrap()
    }

    #[test]
    fn a_request_in_a_trace_names_it() {
        let request = TestRequest::default()
            .insert_header(("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"))
            .insert_header(("user-agent", "curl/8"))
            .to_http_request();
        let wanted = json!({
            "status": 200, "duration_ms": 1.234, "remote_address": "127.0.0.1", "method": "GET",
            "target": "/users/7?a=1", "protocol": "HTTP/1.1", "bytes": 12, "complete": true,
            "endpoint": "/users/{id}", "user_agent": "curl/8",
            "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "parent_id": "00f067aa0ba902b7", "sampled": false,
        });
        assert_eq!(told(&Details::of(&request, None), "/users/7?a=1"), wanted);
    }

    #[test]
    fn a_trace_that_is_recorded_here_is_told_with_its_span_and_the_clients_if_it_is_the_same() {
        let sent = ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
        let request = TestRequest::default().insert_header(sent).to_http_request();
        let seen = |trace: u8, span| {
            let trace =
                if trace == 0 { 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736_u128.to_be_bytes() } else { [trace; 16] };
            let told = told(&Details::of(&request, Some(OurTrace { trace, span, sampled: span.is_some() })), "/");
            ["trace_id", "span_id", "parent_id", "sampled"].map(|name| told.get(name).cloned().unwrap_or_default())
        };
        let (theirs, id) = (json!("4bf92f3577b34da6a3ce929d0e0e4736"), json!("0102030405060708"));
        let went_on = seen(0, Some([1, 2, 3, 4, 5, 6, 7, 8]));
        assert_eq!(went_on, [theirs, id, json!("00f067aa0ba902b7"), json!(true)]);
        assert_eq!(seen(0xab, None), [json!("ab".repeat(16)), Value::Null, Value::Null, json!(false)]);
    }

    #[test]
    fn what_is_no_trace_is_not_told() {
        let request = TestRequest::default().insert_header(("traceparent", "00-0-0-00")).to_http_request();
        let told = told(&Details::of(&request, None), "/");
        assert!(
            ["trace_id", "parent_id", "sampled", "user_agent"].iter().all(|name| told.get(name).is_none()),
            "{told}"
        );
    }

    proptest! {
        #[test]
        fn arbitrary_headers_and_targets_are_one_line(target in ".{0,40}", header in vec(any::<u8>(), 0..60)) {
            let value = HeaderValue::from_bytes(&header).ok();
            let details = Details { protocol: "HTTP/1.1", agent: value.clone(), traceparent: value, ours: None };
            prop_assert_eq!(&told(&details, &target)["target"], &json!(target));
        }
    }
}

//! The W3C trace context on the wire: read from a client's headers, written into calls.
//!
//! What is not valid is as if it were not there. A list of states or baggage goes on as it came, if it is no longer than
//! the standards let it be.

use http::{HeaderName, HeaderValue};

use crate::model::{
    Headers, SpanContext,
    scope::{SpanId, TraceId, TraceScope},
    trace::TraceParent,
};

/// `traceparent`.
pub const TRACE_PARENT: HeaderName = HeaderName::from_static("traceparent");
/// `tracestate`.
pub const TRACE_STATE: HeaderName = HeaderName::from_static("tracestate");
/// `baggage`.
pub const BAGGAGE: HeaderName = HeaderName::from_static("baggage");

/// Bytes of a `tracestate` that go on.
const STATE_BYTES_MAX: usize = 512;
/// Bytes of `baggage` that go on.
const BAGGAGE_BYTES_MAX: usize = 8192;

/// What a client says about its trace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arrived {
    /// Its span, and whether it is recorded.
    pub parent: Option<(SpanContext, bool)>,
    /// Its states.
    pub state: Option<HeaderValue>,
    /// Its baggage.
    pub baggage: Option<HeaderValue>,
}

impl Arrived {
    /// Reads headers; `find` gives the first value of a name.
    pub fn read<'a>(find: impl Fn(&HeaderName) -> Option<&'a HeaderValue>) -> Self {
        let parent = find(&TRACE_PARENT).and_then(|value| context(value.as_bytes()));
        let short = |name: &HeaderName, most: usize| find(name).filter(|value| value.len() <= most).cloned();
        Self {
            // States belong to a parent.
            state: parent.and_then(|_| short(&TRACE_STATE, STATE_BYTES_MAX)),
            baggage: short(&BAGGAGE, BAGGAGE_BYTES_MAX),
            parent,
        }
    }
}

fn context(header: &[u8]) -> Option<(SpanContext, bool)> {
    let parent = TraceParent::parse(header)?;
    let mut context = SpanContext { trace: TraceId::default(), span: SpanId::default() };
    unhex(parent.trace_id, &mut context.trace)?;
    unhex(parent.span_id, &mut context.span)?;
    let mut flags = [0];
    unhex(parent.flags, &mut flags)?;
    let [flags] = flags;
    Some((context, flags & 1 == 1))
}

fn unhex(digits: &[u8], bytes: &mut [u8]) -> Option<()> {
    let value = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let [high, low] = pair else { return None };
        *byte = value(*high)? << 4 | value(*low)?;
    }
    Some(())
}

/// Writes where spans of the called belong, in place of what was there.
pub fn inject(scope: &TraceScope, headers: &mut Headers) {
    // A trace that begins with the called has a span above it that nobody records.
    let span = scope.parent.map_or_else(|| fastrand::u64(1..), u64::from_be_bytes);
    let (trace, flags) = (u128::from_be_bytes(scope.trace), u8::from(scope.is_recorded));
    let text = format!("00-{trace:032x}-{span:016x}-{flags:02x}");
    if let Ok(value) = HeaderValue::from_str(&text) {
        headers.insert(TRACE_PARENT, value);
    }
    match &scope.state {
        Some(state) => headers.insert(TRACE_STATE, state.clone()),
        // One that the client sent belongs to its own parent.
        None => headers.remove(&TRACE_STATE),
    }
    if let Some(baggage) = &scope.baggage {
        headers.insert(BAGGAGE, baggage.clone());
    }
}

//! Where the spans of a request belong: their trace, their parent, or what they are linked to, and what goes on with it.

use http::HeaderValue;

/// A trace's number.
pub type TraceId = [u8; 16];
/// A span's number.
pub type SpanId = [u8; 8];

/// A span, as far as others refer to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpanContext {
    /// Its trace.
    pub trace: TraceId,
    /// Itself.
    pub span: SpanId,
}

/// Where the next span belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceScope {
    /// The trace.
    pub trace: TraceId,
    /// Whether it is recorded. One that is not goes on all the same, so that those who are called don't record it either.
    pub is_recorded: bool,
    /// The span above; `None` begins the trace.
    pub parent: Option<SpanId>,
    /// What the next span is linked to.
    pub link: Option<SpanContext>,
    /// `tracestate`, as the client sent it.
    pub state: Option<HeaderValue>,
    /// `baggage`, as the client sent it.
    pub baggage: Option<HeaderValue>,
}

impl TraceScope {
    /// The begin of a trace with this number.
    #[must_use]
    pub fn beginning(trace: TraceId, is_recorded: bool) -> Self {
        Self { trace, is_recorded, parent: None, link: None, state: None, baggage: None }
    }

    /// The same below another span.
    #[must_use]
    pub fn below(&self, parent: SpanId) -> Self {
        Self { parent: Some(parent), link: None, ..self.clone() }
    }

    /// The span above, with its trace.
    #[must_use]
    pub fn above(&self) -> Option<SpanContext> {
        Some(SpanContext { trace: self.trace, span: self.parent? })
    }

    /// The same place, and the next span is linked to the one above besides.
    #[must_use]
    pub fn linked(&self) -> Self {
        Self { link: self.above(), ..self.clone() }
    }

    /// The begin of a trace with this number that is linked to this one, and recorded as it is; nothing of what the client
    /// sent with its trace goes on.
    #[must_use]
    pub fn apart(&self, trace: TraceId) -> Self {
        Self { link: self.above(), ..Self::beginning(trace, self.is_recorded) }
    }
}

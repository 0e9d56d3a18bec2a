//! Where the spans of a request belong: their parent, or what they are linked to, and what goes on with the trace.

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

/// Where the next span belongs. What is not recorded has no scope.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TraceScope {
    /// The span above, which is recorded; `None` begins a trace.
    pub parent: Option<SpanContext>,
    /// What a trace that begins is linked to; it is recorded as what it is linked to is.
    pub link: Option<SpanContext>,
    /// `tracestate`, as the client sent it.
    pub state: Option<HeaderValue>,
    /// `baggage`, as the client sent it.
    pub baggage: Option<HeaderValue>,
}

impl TraceScope {
    /// The same below another span.
    #[must_use]
    pub fn below(&self, parent: SpanContext) -> Self {
        Self { parent: Some(parent), link: None, ..self.clone() }
    }

    /// A trace of its own that is linked to this one; nothing of what the client sent with its trace goes on.
    #[must_use]
    pub fn linked(&self) -> Self {
        Self { link: self.parent, ..Self::default() }
    }

    /// The number of the trace in 32 lower-case hexadecimal digits, if one has begun: what exemplars refer to.
    #[must_use]
    pub fn trace_id(&self) -> Option<String> {
        Some(format!("{:032x}", u128::from_be_bytes(self.parent?.trace)))
    }
}

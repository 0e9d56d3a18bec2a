//! One span: open while something happens, finished and small afterwards.

use std::{
    borrow::Cow,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use http::HeaderValue;
use tokio::time::Instant;

use crate::model::{
    SpanContext,
    scope::{SpanId, TraceScope},
};

use super::Outlet;

/// How many attributes one span may have; headers of a request are what could be many.
pub const ATTRIBUTES_MAX: usize = 128;

/// What an attribute or a label says.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A text.
    Text(Cow<'static, str>),
    /// A whole number.
    Int(i64),
    /// Yes or no.
    Bool(bool),
    /// A number.
    Double(f64),
    /// Several texts.
    Texts(Vec<String>),
}

impl From<&'static str> for Value {
    fn from(text: &'static str) -> Self {
        Self::Text(text.into())
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Bool(flag)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

/// A name and what it says.
pub type Attribute = (Cow<'static, str>, Value);

/// Whose side of a call a span is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nobody's: inside.
    Internal,
    /// Who is called.
    Server,
    /// Who calls.
    Client,
}

/// How what the span is about ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// Nobody says.
    #[default]
    Unset,
    /// Well.
    Good,
    /// With this error.
    Failed(String),
}

/// A finished span.
#[derive(Clone, Debug)]
pub struct Span {
    /// Its numbers.
    pub context: SpanContext,
    /// The span above it.
    pub parent: Option<SpanId>,
    /// What it is linked to.
    pub link: Option<SpanContext>,
    /// `tracestate`, as it came.
    pub state: Option<HeaderValue>,
    /// What it is called.
    pub name: Cow<'static, str>,
    /// Whose side it is on.
    pub kind: Kind,
    /// When it began, in nanoseconds since 1970.
    pub started_ns: u64,
    /// When it ended.
    pub ended_ns: u64,
    /// What it says, the same for all of its sort.
    pub fixed: Arc<[Attribute]>,
    /// What else it says.
    pub attributes: Vec<Attribute>,
    /// What happened meanwhile, and when.
    pub events: Vec<(u64, &'static str)>,
    /// How it ended.
    pub status: Status,
}

/// A span whose end is still to come. Dropping it ends it.
#[derive(Debug)]
pub struct OpenSpan {
    span: Option<Span>,
    started: Instant,
    scope: TraceScope,
    outlet: Outlet,
}

/// What a span is from its begin.
#[derive(Debug)]
pub struct Opening {
    /// What it is called.
    pub name: Cow<'static, str>,
    /// Whose side it is on.
    pub kind: Kind,
    /// What all of its sort say.
    pub fixed: Arc<[Attribute]>,
}

impl OpenSpan {
    /// Opens a span with this context in a scope.
    pub(super) fn open(scope: &TraceScope, context: SpanContext, opening: Opening, outlet: &Outlet) -> Self {
        let span = Span {
            context,
            parent: scope.parent,
            link: scope.link,
            state: scope.state.clone(),
            name: opening.name,
            kind: opening.kind,
            started_ns: now_ns(),
            ended_ns: 0,
            fixed: opening.fixed,
            attributes: Vec::new(),
            events: Vec::new(),
            status: Status::Unset,
        };
        Self { scope: scope.below(context.span), span: Some(span), started: Instant::now(), outlet: outlet.clone() }
    }

    /// Where spans below it belong.
    #[must_use]
    pub fn scope(&self) -> &TraceScope {
        &self.scope
    }

    /// Its numbers, which never change.
    #[must_use]
    pub fn context(&self) -> Option<SpanContext> {
        self.scope.above()
    }

    /// Says one thing more.
    pub fn say(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Value>) {
        if let Some(span) = self.span.as_mut().filter(|span| span.attributes.len() < ATTRIBUTES_MAX) {
            span.attributes.push((name.into(), value.into()));
        }
    }

    /// Says when something happened.
    pub fn happened(&mut self, what: &'static str) {
        let at = self.elapsed_ns();
        if let Some(span) = &mut self.span {
            span.events.push((at, what));
        }
    }

    /// Says how it ends.
    pub fn ends(&mut self, status: Status) {
        if let Some(span) = &mut self.span {
            span.status = status;
        }
    }

    /// The present moment on the clock that it was begun by, which never goes back.
    fn elapsed_ns(&self) -> u64 {
        let elapsed = u64::try_from(self.started.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.span.as_ref().map_or(0, |span| span.started_ns.saturating_add(elapsed))
    }
}

/// Where spans below belong: below this one, or where it would have been.
#[must_use]
pub fn below(span: Option<&OpenSpan>, above: Option<TraceScope>) -> Option<TraceScope> {
    span.map(|span| span.scope().clone()).or(above)
}

impl Drop for OpenSpan {
    fn drop(&mut self) {
        let ended = self.elapsed_ns();
        if let Some(span) = self.span.take() {
            self.outlet.take(Span { ended_ns: ended, ..span });
        }
    }
}

/// Nanoseconds since 1970.
#[must_use]
pub fn now_ns() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

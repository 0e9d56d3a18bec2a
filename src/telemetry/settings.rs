//! What is recorded, prepared once with the plan.

use std::sync::Arc;

use http::HeaderName;

use crate::model::Headers;

use super::{Labels, OpenSpan, Sampler, Value, span::Attribute};

/// What stands for the value of a header that holds a credential.
const HIDDEN: &str = "***";

/// What holds for the whole service.
#[derive(Debug)]
pub struct Settings {
    /// Which traces are recorded.
    pub sampler: Sampler,
    /// Paths of which nothing is recorded.
    pub skip_paths: Vec<String>,
    /// Whether requests as the listener sees them are counted.
    pub metrics: bool,
    /// Whether they have spans.
    pub traces: bool,
    /// Whether traces of clients go on.
    pub propagation: bool,
    /// Which of their headers are told.
    pub headers: ReportedHeaders,
    /// What their spans say.
    pub fixed: Arc<[Attribute]>,
    /// What series are called.
    pub labels: Arc<Labels>,
}

/// An endpoint behind its guards.
#[derive(Debug)]
pub struct EndpointSettings {
    /// What it is called.
    pub name: String,
    /// Whether it is counted.
    pub metrics: bool,
    /// Whether it has spans.
    pub traces: bool,
    /// Which headers are told.
    pub headers: ReportedHeaders,
    /// What its spans say.
    pub fixed: Arc<[Attribute]>,
    /// What spans of the listener say besides.
    pub of_global: Vec<Attribute>,
}

/// A backend.
#[derive(Debug)]
pub struct BackendSettings {
    /// What it is called.
    pub name: String,
    /// What is counted.
    pub metrics: Detail,
    /// What has spans.
    pub traces: Detail,
    /// Which headers are told.
    pub headers: ReportedHeaders,
    /// What spans of calls say.
    pub fixed_of_stage: Arc<[Attribute]>,
    /// What spans of requests to upstreams say.
    pub fixed_of_round_trip: Arc<[Attribute]>,
    /// What spans of the reading of answers say.
    pub fixed_of_reading: Arc<[Attribute]>,
    /// Where its spans belong.
    pub belongs: Belongs,
    /// Whether the called hear of the trace.
    pub injects: bool,
    /// Whether figures are named as in version 1.27 of the conventions.
    pub semantic_1_27: bool,
}

/// Where the spans of a backend's calls belong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Belongs {
    /// Below the call of the endpoint.
    Below,
    /// There as well, and linked to it: nobody waits for them.
    BelowAndLinked,
    /// In a trace of their own that is linked to it.
    Apart,
}

/// How much of a backend is recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Detail {
    /// The whole call.
    pub stage: bool,
    /// Each request to an upstream.
    pub round_trip: bool,
    /// The reading of its answer.
    pub read_payload: bool,
    /// How long it takes to get its connection.
    pub detailed_connection: bool,
}

impl Detail {
    /// Nothing.
    pub const NONE: Self = Self { stage: false, round_trip: false, read_payload: false, detailed_connection: false };

    /// Whether anything of the request to the upstream is recorded.
    #[must_use]
    pub fn of_transport(self) -> bool {
        self.round_trip || self.read_payload || self.detailed_connection
    }
}

/// Which headers are told in spans.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReportedHeaders {
    /// Any at all.
    pub any: bool,
    /// But not these.
    pub except: Vec<String>,
    /// Of these that they were there, but not what they said.
    pub hidden: Vec<HeaderName>,
}

impl ReportedHeaders {
    /// Tells headers in a span. `side` is `request` or `response`.
    pub fn tell(&self, span: &mut OpenSpan, side: &'static str, headers: &Headers) {
        self.tell_all(span, side, headers.iter().map(|(name, value)| (name, value.as_bytes())));
    }

    /// The same for headers of another sort.
    pub fn tell_all<'a>(
        &self,
        span: &mut OpenSpan,
        side: &'static str,
        headers: impl Iterator<Item = (&'a HeaderName, &'a [u8])>,
    ) {
        if !self.any {
            return;
        }
        let mut told: Vec<(&HeaderName, Vec<String>)> = Vec::new();
        for (name, value) in headers.filter(|(name, _)| !self.except.iter().any(|except| except == name.as_str())) {
            let text =
                if self.hidden.contains(name) { HIDDEN.into() } else { String::from_utf8_lossy(value).into_owned() };
            match told.iter_mut().find(|(held, _)| *held == name) {
                Some((_, values)) => values.push(text),
                None => told.push((name, vec![text])),
            }
        }
        for (name, values) in told {
            span.say(format!("http.{side}.header.{name}"), Value::Texts(values));
        }
    }
}

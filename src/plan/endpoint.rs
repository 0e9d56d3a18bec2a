//! One published route as it will be served.

use std::{sync::Arc, time::Duration};

use http::{HeaderValue, Method};

use crate::{
    component::{Exchange, Layers, Visit, tables::Guarded},
    encoding::Encoder,
    endpoint::static_data::StaticData,
    model::Reply,
    shape::Shape,
    stats::EndpointId,
    telemetry::EndpointSettings,
};

use super::{BackendPlan, HeaderPick, OriginNeeds, QueryPick, ShadowPlan, SplitPlan};

/// A compiled endpoint.
#[derive(Debug)]
pub struct EndpointPlan {
    /// Its number in every metric, and its place in the plan.
    pub id: EndpointId,
    /// The method it answers.
    pub method: Method,
    /// The path as it was written.
    pub path: String,
    /// The names of its parameters, in order.
    pub params: Vec<String>,
    /// Deadline of the whole endpoint.
    pub timeout: Duration,
    /// Which of the client's headers go on.
    pub headers: HeaderPick,
    /// Which of the client's query parameters go on.
    pub query: QueryPick,
    /// What is taken down of the client's request for the policies of shadows; `None` when no shadow has one.
    pub origin: Option<OriginNeeds>,
    /// Components before the endpoint.
    pub guards: Layers<Visit, Guarded>,
    /// Components inside it, before its shadows are split off.
    pub exchanges: Layers<Exchange, Reply>,
    /// How the client's body is taken.
    pub intake: Intake,
    /// The calls whose answers the client gets, in file order; at least one.
    pub live: Vec<Arc<BackendPlan>>,
    /// Those of them of which other backends take a part, in the order of their places.
    pub splits: Vec<Arc<SplitPlan>>,
    /// How their answers become one.
    pub flow: Flow,
    /// The calls that only get copies, in file order.
    pub shadows: Vec<Arc<ShadowPlan>>,
    /// Whether the copies follow one another, each with values from the answers before it.
    pub shadows_in_sequence: bool,
    /// The shape of merged data (`flatmap_filter` of the endpoint).
    pub shape: Option<Shape>,
    /// Data to add.
    pub static_data: Option<StaticData>,
    /// How to write the answer.
    pub encoder: Encoder,
    /// Whether the backend's answer passes through as it is.
    pub no_op: bool,
    /// What `telemetry/opentelemetry` records of it.
    pub telemetry: Option<Arc<EndpointSettings>>,
    /// Sent with complete answers.
    pub cache_control: Option<HeaderValue>,
}

/// How answers of several live backends become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// There is one live backend.
    Single,
    /// All at once; what is there when the time is over is merged.
    Parallel,
    /// One after the other; the first failure ends it.
    Sequential,
}

/// How the client's body is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intake {
    /// It goes to the one live backend as it arrives.
    Streamed,
    /// It is read whole first, because several live calls need it, or one may need it again.
    Held,
}

impl EndpointPlan {
    /// Every backend whose answers clients get: the live ones, and those that take a part of their calls.
    pub fn answering(&self) -> impl Iterator<Item = &Arc<BackendPlan>> {
        let variants = self.splits.iter().flat_map(|split| &split.variants);
        self.live.iter().chain(variants.map(|variant| &variant.backend))
    }

    /// How long the live backends may take: the endpoint's time, or 85 % of it when answers are merged.
    #[must_use]
    pub fn backend_time(&self) -> Duration {
        match self.flow {
            Flow::Single => self.timeout,
            Flow::Parallel | Flow::Sequential => self.timeout * 85 / 100,
        }
    }
}

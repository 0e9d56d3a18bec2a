//! One upstream call as it will be made.

use std::sync::Arc;

use http::{HeaderName, Method, uri};

use crate::{
    component::{
        BackendCall, Layers,
        tables::{Called, Wired},
    },
    config::ErrorPolicy,
    encoding::Decoder,
    model::WireRequest,
    shape::Shape,
    stats::{BackendId, Ending},
    telemetry::BackendSettings,
};

use super::{Template, template::EarlierValue};

/// A compiled backend.
#[derive(Debug)]
pub struct BackendPlan {
    /// Its number in every metric.
    pub id: BackendId,
    /// The method to send.
    pub method: Method,
    /// Where to send it.
    pub template: Template,
    /// Values it takes from earlier answers of its group: those of the template in the order of their places there,
    /// then those that only components see.
    pub lookups: Vec<Lookup>,
    /// The addresses that serve it; empty means every call fails.
    pub bases: Vec<Base>,
    /// Where they are found instead, if the file says so.
    pub discovered: Option<ServiceName>,
    /// How to read the answer.
    pub decoder: Decoder,
    /// Whether the answer's bytes pass through as they are.
    pub no_op: bool,
    /// What to do with the data.
    pub shape: Shape,
    /// What to do with a failing status.
    pub error_policy: ErrorPolicy,
    /// The second header filter; `None` lets everything through.
    pub headers: Option<Vec<HeaderName>>,
    /// The second query filter; `None` lets everything through.
    pub query: Option<Vec<String>>,
    /// Whether to ask for gzip when the client's wish is not forwarded.
    pub asks_for_gzip: bool,
    /// Whether a body is kept to be sent again where a 307 or 308 points.
    pub resends_body: bool,
    /// How many equal calls race for the first complete answer (`concurrent_calls`), at least 1.
    pub calls: usize,
    /// How long racing calls may take.
    pub race_time: std::time::Duration,
    /// Components around the call.
    pub calls_through: Layers<BackendCall, Called>,
    /// Components around its exchanges.
    pub wires_through: Layers<WireRequest, Wired>,
    /// What `telemetry/opentelemetry` records of it.
    pub telemetry: Option<Arc<BackendSettings>>,
    /// The pattern in KrakenD's spelling, for error texts.
    pub go_pattern: String,
}

impl BackendPlan {
    /// How an answer counts that nobody looks into: as a live one with this status would.
    #[must_use]
    pub fn ending_unread(&self, status: u16) -> Ending {
        let complete = self.no_op || matches!(status, 200 | 201);
        Ending { complete, error: !complete && !matches!(self.error_policy, ErrorPolicy::Details(_)) }
    }
}

/// A value to take from an earlier answer.
pub type Lookup = EarlierValue;

/// The name of a service whose hosts are found in its SRV records.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ServiceName {
    /// The name to look up.
    pub name: String,
    /// How its hosts are called.
    pub scheme: uri::Scheme,
}

/// One address of a backend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    /// `http`.
    pub scheme: uri::Scheme,
    /// `host:port`.
    pub authority: uri::Authority,
    /// A base path before the pattern, without trailing slash; usually empty.
    pub prefix: String,
}

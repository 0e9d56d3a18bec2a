//! Which components there are, in the order in which requests meet them. A row's place is its order of execution.
//!
//! Adding a component is one file and one row here; a namespace without a row stays "not supported yet" in
//! [`crate::config::known_keys`].

use std::sync::Arc;

use crate::{
    config::{Extra, Node, diagnostic::Findings},
    model::{Failure, Reply, Response, WireAnswer, WireRequest},
};

use super::{
    BackendCall, EdgeLayer, Exchange, Layer, Layers, Refusal, Visit,
    auth::client_credentials,
    backend::graphql,
    qos::{
        circuit_breaker,
        http_cache::{self, SharedStores},
        ratelimit,
    },
    security::{self, bot_detector, cors},
};

/// Where a component is configured, for those that need to know more than their own settings.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The endpoint's method and path; empty at service scope.
    pub endpoint: &'a str,
    /// The names of the endpoint's path parameters.
    pub params: &'a [String],
    /// The service's own `extra_config`.
    pub service: &'a Extra,
    /// What backends of the service may share: those of live ones, or those of shadows.
    pub shared: &'a SharedStores,
}

type Made<In, Out> = Option<Arc<dyn Layer<In, Out>>>;
type EdgeRow = (&'static str, fn(&Node<'_>, &mut Findings) -> Option<Arc<dyn EdgeLayer>>);
type Row<In, Out> = (&'static str, fn(&Node<'_>, Place<'_>, &mut Findings) -> Made<In, Out>);

/// What guards an endpoint gives: the endpoint's reply, or a refusal.
pub type Guarded = Result<Reply, Refusal>;

/// What a backend gives.
pub type Called = Result<Response, Failure>;
/// What an exchange gives.
pub type Wired = Result<WireAnswer, Failure>;

/// Around everything, health and redirects included.
const OUTER_EDGE: &[EdgeRow] = &[("security/cors", cors::layer)];
/// Around every routed request and every 404 and 405.
const INNER_EDGE: &[EdgeRow] =
    &[("security/http", security::http::layer), ("security/bot-detector", bot_detector::edge)];
/// Before an endpoint.
const GUARDS: &[Row<Visit, Guarded>] =
    &[("security/bot-detector", bot_detector::guard), ("qos/ratelimit/router", ratelimit::router::layer)];
/// Inside an endpoint, before its shadows are split off.
const EXCHANGES: &[Row<Exchange, Reply>] = &[];

/// Around one backend: what goes in is decided, what comes out is shaped data.
const CALLS: &[Row<BackendCall, Called>] = &[
    ("backend/graphql", graphql::layer),
    ("qos/circuit-breaker", circuit_breaker::layer),
    ("qos/ratelimit/proxy", ratelimit::proxy::layer),
];
/// Around one exchange with an upstream: what comes out is as it came.
const WIRES: &[Row<WireRequest, Wired>] =
    &[("qos/http-cache", http_cache::layer), ("auth/client-credentials", client_credentials::layer)];

/// The components around everything: those that also cover health and redirects, and those that don't.
#[derive(Debug, Default)]
pub struct Edge {
    /// Around everything.
    pub outer: Vec<Arc<dyn EdgeLayer>>,
    /// Around routed requests, 404 and 405.
    pub inner: Vec<Arc<dyn EdgeLayer>>,
}

/// The edge of a service.
#[must_use]
pub fn edge(service: &Extra, findings: &mut Findings) -> Edge {
    let mut made =
        |rows: &[EdgeRow]| rows.iter().filter_map(|(name, make)| make(&configured(service, name)?, findings)).collect();
    Edge { outer: made(OUTER_EDGE), inner: made(INNER_EDGE) }
}

/// The guards of an endpoint.
#[must_use]
pub fn guards(endpoint: &Extra, place: Place<'_>, findings: &mut Findings) -> Layers<Visit, Guarded> {
    made(GUARDS, endpoint, place, findings)
}

/// The components inside an endpoint.
#[must_use]
pub fn exchanges(endpoint: &Extra, place: Place<'_>, findings: &mut Findings) -> Layers<Exchange, Reply> {
    made(EXCHANGES, endpoint, place, findings)
}

/// The components around a backend.
#[must_use]
pub fn calls(backend: &Extra, place: Place<'_>, findings: &mut Findings) -> Layers<BackendCall, Called> {
    made(CALLS, backend, place, findings)
}

/// The components around a backend's exchanges.
#[must_use]
pub fn wires(backend: &Extra, place: Place<'_>, findings: &mut Findings) -> Layers<WireRequest, Wired> {
    made(WIRES, backend, place, findings)
}

fn made<In, Out>(rows: &[Row<In, Out>], extra: &Extra, place: Place<'_>, findings: &mut Findings) -> Layers<In, Out> {
    let layers = rows.iter().filter_map(|(name, make)| make(&configured(extra, name)?, place, findings));
    Layers::new(layers.collect())
}

fn configured<'a>(extra: &'a Extra, name: &str) -> Option<Node<'a>> {
    Some(extra.component(name)).filter(|node| !node.is_absent())
}

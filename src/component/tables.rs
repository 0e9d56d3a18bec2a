//! Which components there are, in the order in which requests meet them. A row's place is its order of execution.
//!
//! Adding a component is one file and one row here; a namespace without a row stays "not supported yet" in
//! [`crate::config::known_keys`].

use std::sync::Arc;

use crate::{
    config::{Extra, Node, diagnostic::Findings},
    model::{Failure, Reply, Response, WireAnswer, WireRequest},
};

use super::{BackendCall, EdgeLayer, Exchange, Layer, Layers, Refusal, Visit, modifier};

/// Where a component is configured, for those that need to know more than their own settings.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The endpoint's method and path; empty at service scope.
    pub endpoint: &'a str,
    /// The names of the endpoint's path parameters.
    pub params: &'a [String],
    /// The service's own `extra_config`.
    pub service: &'a Extra,
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
const OUTER_EDGE: &[EdgeRow] = &[];
/// Around every routed request and every 404 and 405.
const INNER_EDGE: &[EdgeRow] = &[("modifier/lua-endpoint", modifier::lua::make_edge)];
/// Before an endpoint.
const GUARDS: &[Row<Visit, Guarded>] = &[("modifier/lua-endpoint", modifier::lua::make_guard)];
/// Inside an endpoint, before its shadows are split off.
const EXCHANGES: &[Row<Exchange, Reply>] = &[("modifier/lua-proxy", modifier::lua::make_exchange)];

/// Around one backend: what goes in is decided, what comes out is shaped data.
const CALLS: &[Row<BackendCall, Called>] = &[("modifier/lua-backend", modifier::lua::make_call)];
/// Around one exchange with an upstream: what comes out is as it came.
const WIRES: &[Row<WireRequest, Wired>] = &[("modifier/martian", modifier::martian::make)];

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
    // The service's script is the only guard of the service that may change a request, so it stands before all others.
    let script = configured(place.service, "modifier/lua-endpoint");
    let of_service = script.and_then(|node| modifier::lua::make_service_guard(&node));
    Layers::new(of_service.into_iter().chain(rows(GUARDS, endpoint, place, findings)).collect())
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

fn made<In, Out>(table: &[Row<In, Out>], extra: &Extra, place: Place<'_>, findings: &mut Findings) -> Layers<In, Out> {
    Layers::new(rows(table, extra, place, findings))
}

fn rows<In, Out>(
    table: &[Row<In, Out>],
    extra: &Extra,
    place: Place<'_>,
    findings: &mut Findings,
) -> Vec<Arc<dyn Layer<In, Out>>> {
    table.iter().filter_map(|(name, make)| make(&configured(extra, name)?, place, findings)).collect()
}

fn configured<'a>(extra: &'a Extra, name: &str) -> Option<Node<'a>> {
    Some(extra.component(name)).filter(|node| !node.is_absent())
}

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
    auth::{self, KeyHosts, client_credentials},
    backend::graphql,
    modifier,
    qos::{
        circuit_breaker,
        http_cache::{self, SharedStores},
        ratelimit,
    },
    security::{self, bot_detector, cors},
    validation,
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
    /// The `extra_config` that the component stands in, with its neighbours.
    pub extra: &'a Extra,
    /// Who fetches sets of keys.
    pub key_hosts: &'a Arc<dyn KeyHosts>,
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
const GUARDS: &[Row<Visit, Guarded>] = &[
    ("security/bot-detector", bot_detector::guard),
    ("auth/validator", auth::validator::make),
    // What stands below this never runs beside it, as in KrakenD.
    (LAST_GUARD, auth::signer::make),
    ("qos/ratelimit/router", ratelimit::router::layer),
];
const LAST_GUARD: &str = "auth/signer";
/// Inside an endpoint, before its shadows are split off.
const EXCHANGES: &[Row<Exchange, Reply>] =
    &[("validation/cel", validation::cel::around_endpoint), ("validation/json-schema", validation::json_schema::make)];

/// Around one backend: what goes in is decided, what comes out is shaped data.
const CALLS: &[Row<BackendCall, Called>] = &[
    ("backend/graphql", graphql::layer),
    ("qos/circuit-breaker", circuit_breaker::layer),
    ("qos/ratelimit/proxy", ratelimit::proxy::layer),
    ("validation/cel", validation::cel::around_backend),
];
/// Around one exchange with an upstream: what comes out is as it came.
const WIRES: &[Row<WireRequest, Wired>] = &[
    ("modifier/martian", modifier::martian::make),
    ("qos/http-cache", http_cache::layer),
    ("auth/client-credentials", client_credentials::layer),
];

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
    let end = if configured(endpoint, LAST_GUARD).is_some() {
        GUARDS.iter().position(|(name, _)| *name == LAST_GUARD).map_or(GUARDS.len(), |place| place + 1)
    } else {
        GUARDS.len()
    };
    made(GUARDS.get(..end).unwrap_or(GUARDS), endpoint, place, findings)
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
    let place = Place { extra, ..place };
    let layers = rows.iter().filter_map(|(name, make)| make(&configured(extra, name)?, place, findings));
    Layers::new(layers.collect())
}

fn configured<'a>(extra: &'a Extra, name: &str) -> Option<Node<'a>> {
    Some(extra.component(name)).filter(|node| !node.is_absent())
}

#[cfg(test)]
pub(crate) mod tests {
    use futures_util::future::LocalBoxFuture;

    use super::*;
    use crate::component::auth::{KeyDocument, KeyHost};

    #[derive(Debug)]
    struct Nobody;

    impl KeyHosts for Nobody {
        fn fetch<'a>(&'a self, _from: &'a KeyHost) -> LocalBoxFuture<'a, Result<KeyDocument, String>> {
            Box::pin(async { Err("nobody answers".to_owned()) })
        }
    }

    /// A place at `GET /a/{id}` with these settings around the component.
    pub(crate) fn at<T>(extra: &serde_json::Value, look: impl FnOnce(Place<'_>) -> T) -> T {
        let (service, extra) = (Extra::default(), Extra::of(&Node::root(extra)));
        let key_hosts: Arc<dyn KeyHosts> = Arc::new(Nobody);
        let params = ["id".to_owned()];
        let endpoint = "GET /a/{id}";
        let shared = SharedStores::default();
        look(Place {
            endpoint,
            params: &params,
            service: &service,
            shared: &shared,
            extra: &extra,
            key_hosts: &key_hosts,
        })
    }
}

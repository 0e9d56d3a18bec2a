//! `modifier/lua-endpoint`: a script before an endpoint, which sees the client's request unfiltered.

use std::sync::Arc;

use futures_util::future::LocalBoxFuture;
use http::{Method, StatusCode, header::HOST};

use crate::{
    component::{
        Asked as EdgeAsked, EdgeLayer, Layer, Next, Refusal, Visit,
        tables::{Guarded, Place},
    },
    config::{Node, diagnostic::Findings},
    model::Headers,
};

use super::{
    asked::{Asked, AskedState, whole},
    context,
    error::ScriptError,
    machine::Machine,
    settings::Settings,
};

/// Makes the layer of an endpoint.
pub fn make_guard(
    node: &Node<'_>,
    _place: Place<'_>,
    findings: &mut Findings,
) -> Option<Arc<dyn Layer<Visit, Guarded>>> {
    let settings = Settings::read(node, findings)?;
    Some(Arc::new(Guard { settings, all_errors_are_500: false }))
}

/// Makes the layer of the whole service: before every endpoint.
pub fn make_service_guard(node: &Node<'_>) -> Option<Arc<dyn Layer<Visit, Guarded>>> {
    // What is to be said about the settings is said once, at the edge.
    let settings = Settings::read(node, &mut Findings::default())?;
    Some(Arc::new(Guard { settings, all_errors_are_500: true }))
}

/// Makes the layer of the whole service where no endpoint is found.
pub fn make_edge(node: &Node<'_>, findings: &mut Findings) -> Option<Arc<dyn EdgeLayer>> {
    let settings = Settings::read(node, findings)?;
    Some(Arc::new(Guard { settings, all_errors_are_500: true }))
}

#[derive(Debug)]
struct Guard {
    settings: Settings,
    /// Whether the status of `custom_error` is lost, as at the service.
    all_errors_are_500: bool,
}

impl Guard {
    fn run(&self, asked: &Asked) -> Result<(), Refusal> {
        let ran = Machine::start(&self.settings, |lua| context::register(lua, asked))
            .and_then(|machine| machine.run("pre-script", &self.settings.pre));
        ran.map_err(|error| self.refusal(error))
    }

    fn refusal(&self, error: ScriptError) -> Refusal {
        tracing::warn!("[Lua] {}", error.message);
        match self.all_errors_are_500 {
            true => Refusal::status(StatusCode::INTERNAL_SERVER_ERROR),
            false => error.into_refusal(),
        }
    }

    async fn enter(&self, mut visit: Visit, next: Next<'_, Visit, Guarded>) -> Guarded {
        let read = match self.settings.mention("body") {
            true => whole(std::mem::take(&mut visit.body)).await,
            false => Ok((std::mem::take(&mut visit.body), bytes::Bytes::new())),
        };
        let (body, bytes) = read.map_err(|failure| Refusal::status(failure.status()))?;
        let asked = Asked::new(AskedState {
            method: visit.method.to_string(),
            path: std::mem::take(&mut visit.path),
            query: std::mem::take(&mut visit.query),
            host: host(&visit.headers),
            params: std::mem::take(&mut visit.params),
            headers: std::mem::take(&mut visit.headers),
            body: bytes,
            ..AskedState::default()
        });
        self.run(&asked)?;
        let mut left = asked.take();
        visit.body = left.body_or(body);
        visit.method = Method::from_bytes(left.method.as_bytes()).unwrap_or(visit.method);
        (visit.path, visit.query, visit.params, visit.headers) = (left.path, left.query, left.params, left.headers);
        next.run(visit).await
    }
}

fn host(headers: &Headers) -> String {
    headers.get(&HOST).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).unwrap_or_default()
}

impl Layer<Visit, Guarded> for Guard {
    fn call<'a>(&'a self, input: Visit, next: Next<'a, Visit, Guarded>) -> LocalBoxFuture<'a, Guarded> {
        Box::pin(self.enter(input, next))
    }

    fn reads_body(&self) -> bool {
        self.settings.mention("body")
    }
}

impl EdgeLayer for Guard {
    fn before_unrouted(&self, asked: &EdgeAsked<'_>) -> Option<Refusal> {
        let (path, query) = asked.target.split_once('?').unwrap_or((asked.target, ""));
        let headers = asked.headers.all();
        let asked = Asked::new(AskedState {
            method: asked.method.to_string(),
            path: path.to_owned(),
            query: query.to_owned(),
            host: host(&headers),
            headers,
            ..AskedState::default()
        });
        self.run(&asked).err()
    }
}

//! `modifier/lua-proxy` and `modifier/lua-backend`: scripts before and after what is below them.

use std::sync::Arc;

use futures_util::future::LocalBoxFuture;
use http::{HeaderValue, Method, Uri, header::HOST};

use crate::{
    component::{
        BackendCall, Exchange, Layer, Next,
        tables::{Called, Place},
    },
    config::{Node, diagnostic::Findings},
    model::{Data, Failure, Kind, Reply, Response},
};

use super::{
    asked::{Asked, AskedState, whole},
    error::ScriptError,
    machine::Machine,
    request, response,
    settings::Settings,
};

/// Makes the layer inside an endpoint.
pub fn make_exchange(
    node: &Node<'_>,
    place: Place<'_>,
    findings: &mut Findings,
) -> Option<Arc<dyn Layer<Exchange, Reply>>> {
    Some(Arc::new(Within::new(node, place, findings)?))
}

/// Makes the layer around a backend.
pub fn make_call(
    node: &Node<'_>,
    place: Place<'_>,
    findings: &mut Findings,
) -> Option<Arc<dyn Layer<BackendCall, Called>>> {
    Some(Arc::new(Within::new(node, place, findings)?))
}

#[derive(Debug)]
struct Within {
    settings: Settings,
    /// The path of the endpoint, with its parameters in braces.
    path: String,
    /// Names of parameters as scripts know them, the first letter upper case.
    params: Vec<String>,
}

impl Within {
    fn new(node: &Node<'_>, place: Place<'_>, findings: &mut Findings) -> Option<Self> {
        let path = place.endpoint.split_once(' ').map_or("", |(_method, path)| path);
        Some(Self {
            settings: Settings::read(node, findings)?,
            path: path.to_owned(),
            params: place.params.iter().map(|name| titled(name)).collect(),
        })
    }

    fn params(&self, values: &[String]) -> Vec<(String, String)> {
        self.params.iter().cloned().zip(values.iter().cloned()).collect()
    }

    /// The client's path, of the endpoint's and the values in it.
    fn client_path(&self, values: &[String]) -> String {
        let mut values = values.iter();
        let parts = self.path.split('/').map(|part| match part.starts_with(['{', ':']) {
            true => values.next().map_or("", String::as_str),
            false => part,
        });
        parts.collect::<Vec<_>>().join("/")
    }

    /// Starts a state and runs the first script.
    fn before(&self, asked: &Asked) -> Result<Machine, ScriptError> {
        let machine = Machine::start(&self.settings, |lua| request::register(lua, asked))?;
        machine.run("pre-script", &self.settings.pre)?;
        Ok(machine)
    }

    /// Runs the second script in the state of the first.
    async fn after(&self, machine: &Machine, response: &mut Response) -> Result<(), Failure> {
        if self.settings.post.trim().is_empty() {
            return Ok(());
        }
        if self.settings.mention("body") {
            response::hold(response).await?;
        }
        let answered = response::Answered::take_from(response);
        let ran = machine
            .add(|lua| response::register(lua, &answered))
            .and_then(|()| machine.run("post-script", &self.settings.post));
        answered.give_back_to(response);
        ran.map_err(ScriptError::into_failure)
    }

    async fn exchange(&self, mut input: Exchange, next: Next<'_, Exchange, Reply>) -> Result<Reply, Failure> {
        let (body, bytes) = match self.settings.mention("body") {
            true => whole(input.body).await?,
            false => (input.body, bytes::Bytes::new()),
        };
        let request = &mut input.request;
        let asked = Asked::new(AskedState {
            method: request.method.to_string(),
            path: self.client_path(&request.params),
            query: std::mem::take(&mut request.query),
            params: self.params(&request.params),
            headers: std::mem::take(&mut request.headers),
            body: bytes,
            ..AskedState::default()
        });
        let machine = self.before(&asked).map_err(ScriptError::into_failure)?;
        let mut left = asked.take();
        input.body = left.body_or(body);
        request.method = Method::from_bytes(left.method.as_bytes()).unwrap_or_else(|_bad| request.method.clone());
        for (held, (_, value)) in request.params.iter_mut().zip(left.params) {
            *held = value;
        }
        (request.query, request.headers) = (left.query, left.headers);
        let mut reply = match self.settings.skip_next {
            true => Reply::ok(Response::data(Data::empty_object(), false)),
            false => next.run(input).await,
        };
        // As in the original what went wrong below, even in part, passes by the second script.
        if reply.failures.is_empty()
            && let Some(response) = &mut reply.response
        {
            self.after(&machine, response).await?;
        }
        Ok(reply)
    }

    async fn backend(&self, mut call: BackendCall, next: Next<'_, BackendCall, Called>) -> Called {
        let (body, bytes) = match self.settings.mention("body") {
            true => whole(call.body).await?,
            false => (call.body, bytes::Bytes::new()),
        };
        let url = call.outbound.uri.to_string();
        let asked = Asked::new(AskedState {
            method: call.outbound.method.to_string(),
            path: call.outbound.uri.path().to_owned(),
            query: call.request.query.clone(),
            url: url.clone(),
            params: [self.params(&call.request.params), std::mem::take(&mut call.earlier)].concat(),
            headers: std::mem::take(&mut call.outbound.headers),
            body: bytes,
            ..AskedState::default()
        });
        let machine = self.before(&asked).map_err(ScriptError::into_failure)?;
        let mut left = asked.take();
        call.body = left.body_or(body);
        call.outbound.method =
            Method::from_bytes(left.method.as_bytes()).map_err(|_bad| failure("net/http: invalid method"))?;
        // Like the original, which keeps the host apart from the headers, scripts can't change it by a header.
        left.headers.remove(&HOST);
        call.outbound.headers = left.headers;
        if left.url != url {
            move_to(&mut call, &left.url)?;
        }
        let mut response = match self.settings.skip_next {
            true => Response::data(Data::empty_object(), false),
            false => next.run(call).await?,
        };
        self.after(&machine, &mut response).await?;
        Ok(response)
    }
}

/// Sends a call elsewhere; its `Host` is that of the new URL.
fn move_to(call: &mut BackendCall, url: &str) -> Result<(), Failure> {
    let uri: Uri = url.parse().map_err(|_bad| failure("invalid URL"))?;
    let authority = uri.authority().filter(|_| uri.scheme().is_some()).ok_or_else(|| failure("invalid URL"))?;
    if HeaderValue::from_str(authority.as_str()).is_err() {
        return Err(failure("invalid URL"));
    }
    call.outbound.uri = uri;
    Ok(())
}

fn failure(message: &str) -> Failure {
    Failure::new(Kind::Refused, message)
}

fn titled(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

impl Layer<Exchange, Reply> for Within {
    fn call<'a>(&'a self, input: Exchange, next: Next<'a, Exchange, Reply>) -> LocalBoxFuture<'a, Reply> {
        Box::pin(async move { self.exchange(input, next).await.unwrap_or_else(Reply::failed) })
    }

    fn reads_body(&self) -> bool {
        self.settings.mention("body")
    }
}

impl Layer<BackendCall, Called> for Within {
    fn call<'a>(&'a self, input: BackendCall, next: Next<'a, BackendCall, Called>) -> LocalBoxFuture<'a, Called> {
        Box::pin(self.backend(input, next))
    }
}

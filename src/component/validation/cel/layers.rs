//! The expressions of an endpoint and of a backend, around what they guard.
//!
//! Promises: a request that an endpoint's expressions refuse reaches no backend, live or shadow; answers are looked at
//! only when there are expressions about them, and never when the call below has failed.

use std::sync::Arc;

use cel::Value;
use futures_util::future::LocalBoxFuture;

use crate::{
    component::{
        BackendCall, Exchange, Layer, Next,
        tables::{Called, Place},
    },
    config::{
        Node,
        diagnostic::{Diagnostic, Findings, Severity},
    },
    model::{Failure, Kind, Reply, Response},
};

use super::{
    Rules,
    rules::Variable,
    variables::{now, of_headers, of_params, of_query, of_response},
};

/// Expressions around an endpoint.
#[derive(Debug)]
struct AroundEndpoint {
    rules: Rules,
    path: String,
    params: Vec<String>,
}

/// Expressions around a backend.
#[derive(Debug)]
struct AroundBackend {
    rules: Rules,
    params: Vec<String>,
}

/// Reads the component of an endpoint.
pub fn around_endpoint(
    node: &Node<'_>,
    place: Place<'_>,
    findings: &mut Findings,
) -> Option<Arc<dyn Layer<Exchange, Reply>>> {
    let rules = Rules::of(node, findings);
    if !rules.token.is_empty() && place.extra.component("auth/validator").is_absent() {
        let message = "expressions about JWT are NOT evaluated without auth/validator, as in KrakenD";
        findings.push(Diagnostic::new(Severity::Mistake, node.pointer(), message));
    }
    if rules.request.is_empty() && rules.response.is_empty() {
        return None;
    }
    let path = place.endpoint.split_once(' ').map_or(place.endpoint, |(_, path)| path).to_owned();
    Some(Arc::new(AroundEndpoint { rules, path, params: place.params.to_vec() }))
}

/// Reads the component of a backend.
pub fn around_backend(
    node: &Node<'_>,
    place: Place<'_>,
    findings: &mut Findings,
) -> Option<Arc<dyn Layer<BackendCall, Called>>> {
    let rules = Rules::of(node, findings);
    if rules.request.is_empty() && rules.response.is_empty() {
        return None;
    }
    Some(Arc::new(AroundBackend { rules, params: place.params.to_vec() }))
}

impl Layer<Exchange, Reply> for AroundEndpoint {
    fn call<'a>(&'a self, exchange: Exchange, next: Next<'a, Exchange, Reply>) -> LocalBoxFuture<'a, Reply> {
        Box::pin(async move {
            if let Some(refused) = refused_request(&self.rules, || self.variables(&exchange)) {
                return Reply::failed(refused);
            }
            let reply = next.run(exchange).await;
            match &reply.response {
                Some(response) if reply.failures.is_empty() => {
                    refused_response(&self.rules, response).map_or(reply, Reply::failed)
                }
                _ => reply,
            }
        })
    }
}

impl AroundEndpoint {
    fn variables(&self, exchange: &Exchange) -> Vec<Variable> {
        let request = &exchange.request;
        vec![
            ("req_method", request.method.as_str().into()),
            ("req_path", filled(&self.path, &self.params, &request.params).into()),
            ("req_params", of_params(&self.params, &request.params)),
            ("req_headers", of_headers(&request.headers)),
            ("req_querystring", of_query(&request.query)),
            now(),
        ]
    }
}

impl Layer<BackendCall, Called> for AroundBackend {
    fn call<'a>(&'a self, call: BackendCall, next: Next<'a, BackendCall, Called>) -> LocalBoxFuture<'a, Called> {
        Box::pin(async move {
            if let Some(refused) = refused_request(&self.rules, || self.variables(&call)) {
                return Err(refused);
            }
            let response = next.run(call).await?;
            refused_response(&self.rules, &response).map_or(Ok(response), Err)
        })
    }
}

impl AroundBackend {
    /// The endpoint's parameters and the values of earlier answers.
    fn params(&self, call: &BackendCall) -> Value {
        let of_endpoint = self.params.iter().zip(&call.request.params);
        let all = of_endpoint.chain(call.earlier.iter().map(|(name, value)| (name, value)));
        let (names, values): (Vec<String>, Vec<String>) =
            all.map(|(name, value)| (name.clone(), value.clone())).unzip();
        of_params(&names, &values)
    }

    fn variables(&self, call: &BackendCall) -> Vec<Variable> {
        vec![
            ("req_method", call.outbound.method.as_str().into()),
            ("req_path", call.outbound.uri.path().into()),
            ("req_params", self.params(call)),
            ("req_headers", of_headers(&call.outbound.headers)),
            ("req_querystring", of_query(&call.request.query)),
            now(),
        ]
    }
}

fn refused_request(rules: &Rules, variables: impl FnOnce() -> Vec<Variable>) -> Option<Failure> {
    if rules.request.is_empty() {
        return None;
    }
    rules.first_objection(&rules.request, variables()).map(aborted)
}

fn refused_response(rules: &Rules, response: &Response) -> Option<Failure> {
    if rules.response.is_empty() {
        return None;
    }
    rules.first_objection(&rules.response, of_response(response)).map(aborted)
}

fn aborted(place: usize) -> Failure {
    Failure::new(Kind::Refused, format!("request aborted by evaluator #{place}"))
}

/// The path with its parameters filled in, which is the one the client asked for.
fn filled(path: &str, names: &[String], values: &[String]) -> String {
    names.iter().zip(values).fold(path.to_owned(), |path, (name, value)| path.replace(&format!("{{{name}}}"), value))
}

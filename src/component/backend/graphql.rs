//! `backend/graphql`: makes the call of a backend a GraphQL query or mutation.
//!
//! Promises: a query's variables come from the file and the path, a mutation's from the file and the client's body.
//! Unlike the original, whose query strings never reach the backend, a `get` puts the operation into the URL.

use std::{path::PathBuf, sync::Arc};

use bytes::Bytes;
use futures_util::future::LocalBoxFuture;
use http::{HeaderValue, Method, Uri, header::CONTENT_TYPE, uri::PathAndQuery};
use serde::Serialize;
use serde_json::{Map, Value};
use url::form_urlencoded::Serializer;

use crate::{
    component::{
        BackendCall, Layer, Next,
        tables::{Called, Place},
    },
    config::{Node, Source, diagnostic::Findings},
    model::{Body, BodyError, Failure, Kind, body::Held, escapes},
};

/// The most bytes of a client's variables.
const BODY_BYTES_MAX: usize = 32 << 20;

/// The operation of one backend.
#[derive(Debug)]
struct GraphQl {
    is_mutation: bool,
    is_get: bool,
    query: String,
    operation: String,
    variables: Map<String, Value>,
    /// Variables that are parameters of the path, and which.
    placeholders: Vec<(String, usize)>,
}

/// What is sent, in the original's order.
#[derive(Serialize)]
struct Operation<'a> {
    query: &'a str,
    #[serde(rename = "operationName", skip_serializing_if = "str::is_empty")]
    operation: &'a str,
    #[serde(skip_serializing_if = "Map::is_empty")]
    variables: &'a Map<String, Value>,
}

/// The layer for these settings.
pub fn layer(
    node: &Node<'_>,
    place: Place<'_>,
    findings: &mut Findings,
) -> Option<Arc<dyn Layer<BackendCall, Called>>> {
    let mut own = Findings::default();
    let made = GraphQl::new(node, place, &mut own);
    if own.is_empty() {
        return Some(Arc::new(made?));
    }
    findings.append_as_mistakes(own);
    findings.mistake(node.pointer(), "so calls go out as plain HTTP, as in KrakenD");
    None
}

impl GraphQl {
    fn new(node: &Node<'_>, place: Place<'_>, findings: &mut Findings) -> Option<Self> {
        if !node.exact_object(findings) {
            return None;
        }
        let mut text = |key: &str| node.field(key).exact_text(findings).unwrap_or_default();
        let (kind, method, operation) = (text("type"), text("method"), text("operationName"));
        let (written, path) = (text("query"), text("query_path"));
        if !matches!(kind.as_str(), "query" | "mutation") {
            findings.warning(node.field("type").pointer(), "the type is neither query nor mutation");
        }
        let query = match Some(path).filter(|path| !path.is_empty()) {
            None => written,
            Some(path) => Source::File(PathBuf::from(path)).read().unwrap_or_else(|error| {
                findings.warning(node.field("query_path").pointer(), error.message);
                written
            }),
        };
        let variables = node.field("variables");
        let object = variables.is_absent() || variables.exact_object(findings);
        let variables = variables.value().as_object().filter(|_| object).cloned().unwrap_or_default();
        let is_mutation = kind == "mutation";
        let place_of = |value: &Value| {
            let name = value.as_str()?.strip_prefix('{')?.strip_suffix('}')?;
            place.params.iter().position(|param| param == name)
        };
        let placeholders = variables.iter().filter_map(|(name, value)| Some((name.clone(), place_of(value)?)));
        let placeholders = if is_mutation { Vec::new() } else { placeholders.collect() };
        let is_get = method.eq_ignore_ascii_case("get");
        Some(Self { is_mutation, is_get, query, operation, variables, placeholders })
    }

    /// The variables of one call.
    async fn variables(&self, call: &mut BackendCall) -> Result<Map<String, Value>, Failure> {
        let mut variables = self.variables.clone();
        let body = std::mem::take(&mut call.body);
        if self.is_mutation {
            let body = whole(body).await?;
            variables.extend(object(&body)?);
        }
        for (name, place) in &self.placeholders {
            let param = call.request.params.get(*place).map(|param| escapes::shown(param).into_owned());
            variables.insert(name.clone(), Value::String(param.unwrap_or_default()));
        }
        Ok(variables)
    }

    /// Makes the call an operation.
    async fn convert(&self, call: &mut BackendCall) -> Result<(), Failure> {
        let variables = self.variables(call).await?;
        let operation = Operation { query: &self.query, operation: &self.operation, variables: &variables };
        if self.is_get {
            call.outbound.method = Method::GET;
            call.outbound.uri = with_query(&call.outbound.uri, &operation)?;
            return Ok(());
        }
        let text = serde_json::to_vec(&operation).map_err(|error| Failure::new(Kind::Decode, error.to_string()))?;
        call.outbound.method = Method::POST;
        call.outbound.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        call.body = Body::Held(Held::new(vec![Bytes::from(text)]));
        Ok(())
    }
}

impl Layer<BackendCall, Called> for GraphQl {
    fn call<'a>(&'a self, mut call: BackendCall, next: Next<'a, BackendCall, Called>) -> LocalBoxFuture<'a, Called> {
        Box::pin(async move {
            self.convert(&mut call).await?;
            next.run(call).await
        })
    }
}

/// The URL with the operation behind whatever query it has.
fn with_query(uri: &Uri, operation: &Operation<'_>) -> Result<Uri, Failure> {
    let mut query = Serializer::new(String::new());
    if !operation.operation.is_empty() {
        query.append_pair("operationName", operation.operation);
    }
    query.append_pair("query", operation.query);
    if !operation.variables.is_empty() {
        let text = serde_json::to_string(operation.variables).unwrap_or_default();
        query.append_pair("variables", &text);
    }
    let mut parts = uri.clone().into_parts();
    let before = uri.query().map(|before| format!("{before}&")).unwrap_or_default();
    let target = format!("{}?{before}{}", uri.path(), query.finish());
    parts.path_and_query = PathAndQuery::from_maybe_shared(Bytes::from(target)).ok();
    Uri::from_parts(parts).map_err(|_bad| Failure::new(Kind::NoHost, "invalid URL"))
}

/// A client's variables, in the words of Go's decoder when they are none.
fn object(body: &[u8]) -> Result<Map<String, Value>, Failure> {
    let failed = |text: String| Failure::new(Kind::Decode, text);
    match serde_json::from_slice(body) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(Value::Null) => Ok(Map::new()),
        Ok(other) => {
            let kind = match other {
                Value::Array(_) => "array",
                Value::String(_) => "string",
                Value::Number(_) => "number",
                _ => "bool",
            };
            Err(failed(format!("json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}")))
        }
        Err(error) if error.is_eof() => Err(failed("unexpected end of JSON input".to_owned())),
        Err(error) => Err(failed(error.to_string())),
    }
}

/// The whole body, also if it is still arriving.
async fn whole(body: Body) -> Result<Bytes, Failure> {
    let mut receiver = match body {
        Body::Empty => return Ok(Bytes::new()),
        Body::Held(held) => return Ok(held.to_bytes()),
        Body::Transit(receiver) => receiver,
    };
    let mut whole = Vec::new();
    while let Some(chunk) = receiver.next_chunk().await {
        let chunk = chunk.map_err(|error| Failure::new(Kind::Upload, error.to_string()))?;
        if whole.len() + chunk.len() > BODY_BYTES_MAX {
            return Err(Failure::new(Kind::TooLarge, BodyError::TooLarge.to_string()));
        }
        whole.extend_from_slice(&chunk);
    }
    Ok(whole.into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tokio::time::Instant;

    use super::*;
    use crate::{
        component::tables::tests::at,
        config::Severity,
        model::{Headers, Outbound, Request},
    };

    fn made(settings: &Value, findings: &mut Findings) -> Option<GraphQl> {
        at(&json!({}), |place| GraphQl::new(&Node::root(settings), place, findings))
    }

    async fn converted(settings: &Value, body: &'static str) -> Result<(Method, String, Value), String> {
        let request = Request {
            method: Method::GET,
            headers: Headers::new(),
            trace_number: None,
            query: String::new(),
            params: vec!["7".to_owned()],
            claims: None,
            origin: None,
            trace: None,
        };
        let uri = "http://b/g?a=1".parse().unwrap();
        let outbound = Outbound { method: Method::GET, uri, headers: Headers::new(), asked_for_gzip: false };
        let body = Body::Held(Held::new(vec![Bytes::from_static(body.as_bytes())]));
        let mut call =
            BackendCall { request: Arc::new(request), earlier: Vec::new(), outbound, body, deadline: Instant::now() };
        let layer = made(settings, &mut Findings::default()).unwrap();
        layer.convert(&mut call).await.map_err(|failure| failure.message)?;
        let body = whole(call.body).await.unwrap();
        let sent = serde_json::from_slice(&body).unwrap_or(Value::Null);
        Ok((call.outbound.method, call.outbound.uri.to_string(), sent))
    }

    #[tokio::test]
    async fn a_query_takes_variables_from_the_file_and_the_path() {
        let settings =
            json!({"type": "query", "query": "{a}", "variables": {"id": "{id}", "x": "{no}", "n": 1, "e": ""}});
        let (method, uri, sent) = converted(&settings, r#"{"n": 2}"#).await.unwrap();
        assert_eq!((method, uri.as_str()), (Method::POST, "http://b/g?a=1"));
        assert_eq!(sent, json!({"query": "{a}", "variables": {"id": "7", "x": "{no}", "n": 1, "e": ""}}));
    }

    #[tokio::test]
    async fn a_mutation_takes_variables_from_the_body_and_no_placeholders() {
        let settings = json!({"type": "mutation", "query": "m", "variables": {"id": "{id}", "n": 1}});
        let (_, _, sent) = converted(&settings, r#"{"n": 2}"#).await.unwrap();
        assert_eq!(sent["variables"], json!({"id": "{id}", "n": 2}));
        assert_eq!(converted(&settings, "").await.unwrap_err(), "unexpected end of JSON input");
        assert!(converted(&settings, "[]").await.unwrap_err().contains("cannot unmarshal array"));
    }

    #[tokio::test]
    async fn a_get_carries_the_operation_in_its_url() {
        let settings =
            json!({"type": "query", "method": "GET", "query": "{a}", "operationName": "N", "variables": {"n": 1}});
        let (method, uri, sent) = converted(&settings, "").await.unwrap();
        assert_eq!((method, sent), (Method::GET, Value::Null));
        assert_eq!(uri, "http://b/g?a=1&operationName=N&query=%7Ba%7D&variables=%7B%22n%22%3A1%7D");
    }

    #[test]
    fn what_cannot_be_an_operation_leaves_plain_http_and_fails_the_check() {
        for settings in [json!({"type": "other"}), json!({"type": "query", "query_path": "/no/such"}), json!(1)] {
            let mut findings = Findings::default();
            assert!(at(&json!({}), |place| layer(&Node::root(&settings), place, &mut findings)).is_none());
            assert_eq!(findings.into_list()[0].severity, Severity::Mistake, "{settings}");
        }
    }
}

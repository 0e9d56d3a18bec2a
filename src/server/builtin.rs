//! Endpoints the gateway brings itself: health, debug, echo, OPTIONS.

use std::{collections::BTreeMap, time::SystemTime};

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, HeaderValue},
    web,
};
use futures_util::StreamExt;
use serde::Serialize;

use crate::{model::query, plan::ServicePlan};

use super::{clock::go_time, egress::X_KRAKEND, ingress};

/// The echo shows so much of a body, in bytes.
const ECHO_BYTES_MAX: usize = 1024 * 1024;
/// The log shows so much of a body, in bytes.
const LOGGED_BYTES_MAX: usize = 8 * 1024;
const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");

/// `/__health`: always well, while it answers.
#[must_use]
pub fn health(started: tokio::time::Instant) -> HttpResponse {
    let now = go_time(SystemTime::now(), started.elapsed());
    let body = serde_json::json!({ "agents": {}, "now": now, "status": "ok" });
    HttpResponse::Ok().insert_header((header::CONTENT_TYPE, JSON)).body(body.to_string())
}

/// `/__debug/`: says `pong`, and logs what it was asked where such lines are written. Only then is the body read.
pub async fn debug(request: &HttpRequest, payload: web::Payload, service: &ServicePlan) -> HttpResponse {
    if tracing::enabled!(tracing::Level::DEBUG) {
        let body = beginning(payload).await;
        tracing::debug!("Method: {}", request.method());
        let secrets = &service.secret_parameters;
        let target = request.uri().to_string();
        tracing::debug!("URL: {:?}", query::redacted(&target, secrets));
        tracing::debug!("Query: {:?}", without_secrets(query(request.query_string()), secrets));
        tracing::debug!("Params: [{{param {:?}}}]", request.uri().path().trim_start_matches("/__debug"));
        tracing::debug!("Headers: {:?}", headers_without_credentials(request, service));
        tracing::debug!("Body: {body:?}");
    }
    HttpResponse::Ok().insert_header((header::CONTENT_TYPE, JSON)).body(r#"{"message":"pong"}"#)
}

/// `OPTIONS` of a published path.
#[must_use]
pub fn options(allow: &str, service: &ServicePlan) -> HttpResponse {
    let mut builder = HttpResponse::Ok();
    builder.insert_header((X_KRAKEND, service.identity.version.clone()));
    if let Ok(value) = HeaderValue::from_str(allow) {
        builder.insert_header((header::ALLOW, value));
    }
    builder.finish()
}

/// What `/__echo/` tells, in KrakenD's order.
#[derive(Serialize)]
struct Echo {
    req_uri: String,
    req_uri_details: EchoUri,
    req_method: String,
    req_querystring: BTreeMap<String, Vec<String>>,
    req_body: String,
    req_headers: BTreeMap<String, Vec<String>>,
}

#[derive(Serialize)]
struct EchoUri {
    user: String,
    host: String,
    path: String,
    query: String,
    fragment: String,
}

/// `/__echo/`: tells what it was asked.
pub async fn echo(request: &HttpRequest, mut payload: web::Payload) -> HttpResponse {
    let mut body = Vec::new();
    while let Some(Ok(chunk)) = payload.next().await {
        body.extend_from_slice(&chunk);
        if body.len() > ECHO_BYTES_MAX {
            return HttpResponse::PayloadTooLarge().finish();
        }
    }
    let echo = Echo {
        req_uri: request.uri().to_string(),
        req_uri_details: EchoUri {
            user: String::new(),
            host: ingress::host(request).and_then(|host| Some(host.to_str().ok()?.to_owned())).unwrap_or_default(),
            path: percent_encoding::percent_decode_str(request.uri().path()).decode_utf8_lossy().into_owned(),
            query: crate::plan::QueryPick::All.filter(request.query_string()),
            fragment: String::new(),
        },
        req_method: request.method().to_string(),
        req_querystring: query(request.query_string()),
        req_body: String::from_utf8_lossy(&body).into_owned(),
        req_headers: headers(request),
    };
    let body = serde_json::to_vec(&echo).unwrap_or_default();
    HttpResponse::Ok().insert_header((header::CONTENT_TYPE, JSON)).body(body)
}

/// As much of a body as is logged, and whether that was all of it.
async fn beginning(mut payload: web::Payload) -> String {
    let mut body = Vec::new();
    while let Some(Ok(chunk)) = payload.next().await {
        body.extend_from_slice(&chunk);
        if body.len() > LOGGED_BYTES_MAX {
            body.truncate(LOGGED_BYTES_MAX);
            return format!("{}…", String::from_utf8_lossy(&body));
        }
    }
    String::from_utf8_lossy(&body).into_owned()
}

/// A log is read by more people than a request.
fn headers_without_credentials(request: &HttpRequest, service: &ServicePlan) -> BTreeMap<String, Vec<String>> {
    let mut told = without_secrets(headers(request), &service.secret_headers);
    for (name, value) in told.iter_mut().flat_map(|(name, values)| values.iter_mut().map(move |value| (name, value))) {
        *value = match name.as_str() {
            // What is in a query here was in one there.
            "Referer" => value.split('?').next().unwrap_or_default().to_owned(),
            _ => query::redacted(value, &service.secret_parameters).into_owned(),
        };
    }
    told
}

/// These, without the values of what has one of these names, in any case.
fn without_secrets(
    mut told: BTreeMap<String, Vec<String>>,
    names: &[impl AsRef<str>],
) -> BTreeMap<String, Vec<String>> {
    for (name, values) in &mut told {
        if names.iter().any(|secret| secret.as_ref().eq_ignore_ascii_case(name.trim())) {
            values.fill("(redacted)".to_owned());
        }
    }
    told
}

fn query(raw: &str) -> BTreeMap<String, Vec<String>> {
    let mut out: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in query::pairs(raw) {
        out.entry(name).or_default().push(value);
    }
    out
}

fn headers(request: &HttpRequest) -> BTreeMap<String, Vec<String>> {
    let mut out: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in request.headers().iter().filter(|(name, _)| *name != header::HOST) {
        let words: Vec<String> = name.as_str().split('-').map(crate::plan::template::title).collect();
        out.entry(words.join("-")).or_default().push(String::from_utf8_lossy(value.as_bytes()).into_owned());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::query;

    #[test]
    fn the_echo_drops_the_pairs_that_go_drops() {
        assert_eq!(serde_json::json!(query("%zz=1&a=1;b=2&c=3&c")), serde_json::json!({ "c": ["3", ""] }));
    }
}

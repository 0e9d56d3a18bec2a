//! A reply in the client's words: status, headers, body, exactly as KrakenD gives them.

use actix_web::{
    HttpResponse, HttpResponseBuilder,
    body::{BodyStream, BoxBody, SizedStream},
    http::{StatusCode, header},
};
use bytes::Bytes;
use futures_util::TryStreamExt;
use http::{HeaderName, HeaderValue};

use super::guess;
use crate::{
    component::Refusal,
    model::{Data, Failure, Headers, Payload, Reply, Response},
    plan::{EndpointPlan, ServicePlan},
};

/// The gateway's version.
pub const X_KRAKEND: HeaderName = HeaderName::from_static("x-krakend");
/// Whether nothing is missing.
pub const X_KRAKEND_COMPLETED: HeaderName = HeaderName::from_static("x-krakend-completed");

/// The client's answer, and whether it is complete.
pub struct Outgoing {
    /// The answer.
    pub response: HttpResponse,
    /// Whether nothing is missing from it.
    pub complete: bool,
}

/// Writes the reply of an endpoint. `accept` is the client's header, for negotiated encodings.
#[must_use]
pub fn response(reply: Reply, endpoint: &EndpointPlan, service: &ServicePlan, accept: Option<&str>) -> Outgoing {
    match reply.response {
        Some(response) if endpoint.no_op => passed_through(response, service),
        Some(response) => encoded(response, endpoint, service, accept),
        None => Outgoing { response: failed(&reply.failures, service), complete: false },
    }
}

fn marked(status: StatusCode, complete: bool, service: &ServicePlan) -> HttpResponseBuilder {
    let mut builder = HttpResponse::build(status);
    builder.append_header((X_KRAKEND, service.identity.version.clone()));
    builder.append_header((X_KRAKEND_COMPLETED, HeaderValue::from_static(if complete { "true" } else { "false" })));
    builder
}

fn encoded(response: Response, endpoint: &EndpointPlan, service: &ServicePlan, accept: Option<&str>) -> Outgoing {
    let mut data = match response.payload {
        Payload::Data(data) => data,
        Payload::Whole(_) | Payload::Transit(_) => Data::empty_object(),
    };
    let complete = response.complete && !data.is_null() && !data.is_empty_object();
    let encoded = endpoint.encoder.encode(Some(&mut data), accept);
    let mut builder = marked(response.status, complete, service);
    builder.insert_header((header::CONTENT_TYPE, HeaderValue::from_static(encoded.content_type)));
    if let Some(value) = endpoint.cache_control.as_ref().filter(|_| complete) {
        builder.insert_header((header::CACHE_CONTROL, value.clone()));
    }
    Outgoing { response: builder.body(encoded.body), complete }
}

/// Gives an answer that is passed through the content type it lacks, by the first bytes of its body, as Go's server does.
/// Waits for those: a client learns nothing before them either way.
pub async fn name_content(reply: &mut Reply) {
    let Some(response) = &mut reply.response else { return };
    let headers = &response.headers;
    if headers.contains(&header::CONTENT_TYPE) || headers.contains(&header::CONTENT_ENCODING) {
        return;
    }
    let begin = match &mut response.payload {
        Payload::Whole(bytes) => Some(&*bytes),
        Payload::Transit(receiver) => receiver.peek().await,
        Payload::Data(_) => None,
    };
    if let Some(kind) = begin.filter(|begin| !begin.is_empty()).map(|begin| guess::content_type(begin)) {
        response.headers.append(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    }
}

/// The upstream's own answer. Headers that belong to its connection, not to its content, end here.
fn passed_through(response: Response, service: &ServicePlan) -> Outgoing {
    let mut builder = marked(response.status, false, service);
    add_headers(&mut builder, response.headers);
    let response = match response.payload {
        Payload::Whole(bytes) => builder.body(bytes),
        Payload::Data(data) => builder.body(data.to_bytes()),
        Payload::Transit(receiver) => {
            let length = receiver.length();
            let chunks = receiver.map_err(|error| Box::new(error) as Box<dyn std::error::Error>);
            match length {
                Some(bytes) => builder.body(SizedStream::new(bytes, chunks)),
                // Not `streaming`, which would add a content type of its own.
                None => builder.body(BodyStream::new(chunks)),
            }
        }
    };
    Outgoing { response, complete: false }
}

fn add_headers(builder: &mut HttpResponseBuilder, headers: Headers) {
    const OF_THE_CONNECTION: [&str; 8] = [
        "connection",
        "keep-alive",
        "proxy-connection",
        "transfer-encoding",
        "content-length",
        "upgrade",
        "te",
        "trailer",
    ];
    for (name, value) in headers {
        if !OF_THE_CONNECTION.contains(&name.as_str()) {
            builder.append_header((name, value));
        }
    }
}

/// An answer for a request that has nothing to show.
#[must_use]
pub fn failed(failures: &[Failure], service: &ServicePlan) -> HttpResponse {
    let status = match failures {
        [only] => only.status(),
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    let mut builder = marked(status, false, service);
    if !service.shows_errors {
        return builder.finish();
    }
    if let [Failure { answer: Some(answer), .. }] = failures {
        match &answer.content_type {
            Some(content_type) => {
                builder.insert_header((header::CONTENT_TYPE, content_type.clone()));
            }
            None if answer.body.is_empty() => {}
            None => {
                builder.insert_header((header::CONTENT_TYPE, guess::content_type(&answer.body)));
            }
        }
        return builder.body(answer.body.clone());
    }
    let texts: Vec<&str> = failures.iter().map(|failure| failure.message.as_str()).collect();
    text(builder, texts.join("\n"))
}

fn text(mut builder: HttpResponseBuilder, text: String) -> HttpResponse<BoxBody> {
    if text.is_empty() {
        return builder.finish();
    }
    builder.insert_header((header::CONTENT_TYPE, guess::content_type(text.as_bytes()))).body(text)
}

/// 404 of a path nobody publishes.
#[must_use]
pub fn not_found(service: &ServicePlan) -> HttpResponse {
    unrouted(StatusCode::NOT_FOUND, "404 page not found", service.not_found_body.as_ref(), service).finish_body()
}

/// 405 of a path that other methods have.
#[must_use]
pub fn method_not_allowed(allowed: &[&str], service: &ServicePlan) -> HttpResponse {
    let body = service.method_not_allowed_body.as_ref();
    let mut unrouted = unrouted(StatusCode::METHOD_NOT_ALLOWED, "405 method not allowed", body, service);
    unrouted.builder.insert_header((header::ALLOW, allowed.join(", ")));
    unrouted.finish_body()
}

struct Unrouted {
    builder: HttpResponseBuilder,
    body: Bytes,
}

impl Unrouted {
    fn finish_body(mut self) -> HttpResponse {
        self.builder.body(self.body)
    }
}

fn unrouted(status: StatusCode, text: &'static str, json: Option<&Bytes>, service: &ServicePlan) -> Unrouted {
    let mut builder = marked(status, false, service);
    let (content_type, body) = match json {
        Some(json) => ("application/json; charset=utf-8", json.clone()),
        None => ("text/plain", Bytes::from_static(text.as_bytes())),
    };
    builder.insert_header((header::CONTENT_TYPE, HeaderValue::from_static(content_type)));
    Unrouted { builder, body }
}

/// 431 of a request whose head is longer than the file allows, in the words of Go's server, which ends the connection.
#[must_use]
pub fn head_too_large() -> HttpResponse {
    HttpResponse::build(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE)
        .insert_header((header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8")))
        .force_close()
        .body("431 Request Header Fields Too Large")
}

/// 400 of a path parameter that is encoded twice or not at all.
#[must_use]
pub fn bad_path_parameter(text: &'static str) -> HttpResponse {
    HttpResponse::BadRequest()
        .insert_header((header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8")))
        .body(text)
}

/// Says which methods a path has, as every answer to another one does.
pub fn allow(response: &mut HttpResponse, allowed: &[&str]) {
    if let Ok(value) = HeaderValue::from_str(&allowed.join(", ")) {
        response.headers_mut().insert(header::ALLOW, value);
    }
}

/// The answer of a component that turned a request away: exactly what it says, nothing of ours.
#[must_use]
pub fn refused(refusal: &Refusal) -> HttpResponse {
    let mut builder = HttpResponse::build(refusal.status);
    for (name, value) in &refusal.headers {
        builder.append_header((name.clone(), value.clone()));
    }
    builder.body(refusal.body.clone())
}

/// Where the path should have been asked for. `GET` is told for good, other methods must not become `GET`.
#[must_use]
pub fn redirect(is_get: bool, location: &str) -> HttpResponse {
    let status = if is_get { StatusCode::MOVED_PERMANENTLY } else { StatusCode::TEMPORARY_REDIRECT };
    let mut builder = HttpResponse::build(status);
    if let Ok(value) = HeaderValue::from_str(location) {
        builder.insert_header((header::LOCATION, value));
    }
    if !is_get {
        return builder.finish();
    }
    let shown = location.replace('&', "&amp;").replace('"', "&#34;").replace('<', "&lt;").replace('>', "&gt;");
    builder
        .insert_header((header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")))
        .body(format!("<a href=\"{shown}\">Moved Permanently</a>.\n\n"))
}

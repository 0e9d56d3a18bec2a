//! One request from the socket to the reply: route, take in, call the endpoint, write the answer.

use std::{rc::Rc, sync::Arc};

use actix_web::{
    HttpRequest, HttpResponse,
    http::{Method, header},
    web,
};
use percent_encoding::percent_decode_str;
use tokio::time::{Instant, timeout_at};

use crate::{
    endpoint::Call,
    model::{Answer, Body, BodyError, Budget, Failure, Kind, Reply, promise},
    plan::{Decision, EndpointPlan, Target},
    stats::EndpointId,
};

use super::{builtin, egress, ingress, intake, intake::Taken, tree::Tree};

/// Serves one request.
pub async fn serve(tree: Rc<Tree>, request: HttpRequest, payload: web::Payload) -> HttpResponse {
    let plan = Arc::clone(&tree.shared.plan);
    let service = &plan.service;
    let Some(path) = decoded(request.uri().path()) else { return HttpResponse::BadRequest().finish() };
    let response = match plan.routes.find(request.method().as_str(), &path) {
        Decision::Serve(Target::Endpoint(place), params) => {
            let Some(endpoint) = plan.endpoints.get(*place) else { return egress::not_found(service) };
            return serve_endpoint(&tree, endpoint, *place, params, request, payload).await;
        }
        Decision::Serve(Target::Health, _) => return builtin::health(tree.shared.started),
        Decision::Serve(Target::Debug, _) => return builtin::debug(&request),
        Decision::Serve(Target::Echo, _) => return builtin::echo(&request, payload).await,
        Decision::Serve(Target::Options(allow), _) => return builtin::options(allow, service),
        Decision::Redirect(path) => egress::redirect(request.method() == Method::GET, &location(&request, &path)),
        Decision::MethodNotAllowed(allowed) => egress::method_not_allowed(&allowed, service),
        Decision::NotFound => egress::not_found(service),
    };
    tree.recorder.borrow_mut().unrouted(response.status().as_u16());
    response
}

/// The path as the router matches it; `None` when it is not a path in percent-encoding.
fn decoded(path: &str) -> Option<std::borrow::Cow<'_, str>> {
    if !path.contains('%') {
        return Some(path.into());
    }
    let bytes = path.as_bytes();
    let whole = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'%').all(|(at, _)| {
        matches!(bytes.get(at + 1..at + 3), Some([high, low]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit())
    });
    whole.then(|| percent_decode_str(path).decode_utf8_lossy())
}

/// The better path with the client's query, behind the prefix a proxy before us has cut off.
fn location(request: &HttpRequest, path: &str) -> String {
    let prefix = request.headers().get("x-forwarded-prefix").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let prefix: String = prefix.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-' || *c == '/').collect();
    let escaped = percent_encoding::utf8_percent_encode(path, &LOCATION_PATH);
    match request.query_string() {
        "" => format!("{prefix}{escaped}"),
        query => format!("{prefix}{escaped}?{query}"),
    }
}

/// What a path in `Location` may hold as it is.
const LOCATION_PATH: percent_encoding::AsciiSet = percent_encoding::CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'`')
    .add(b'?')
    .add(b'#')
    .add(b'%')
    .add(b'{')
    .add(b'}');

async fn serve_endpoint(
    tree: &Rc<Tree>,
    endpoint: &Arc<EndpointPlan>,
    place: usize,
    params: Vec<String>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let service = &tree.shared.plan.service;
    let counted = Counted::start(tree, endpoint.id);
    if !service.skips_path_check
        && let Some(text) = params.iter().find_map(|value| encoded_twice(value))
    {
        return counted.end(egress::Outgoing { response: egress::bad_path_parameter(text), complete: false });
    }
    let budget = Budget { deadline: counted.started + endpoint.timeout };
    let reply = match timeout_at(budget.deadline, intake::take(&request, payload, endpoint.intake)).await {
        Err(_elapsed) => Reply::failed(Failure::timeout()),
        Ok(Err(BodyError::TooLarge)) => Reply::failed(Failure::new(Kind::TooLarge, "http: request body too large")),
        Ok(Err(_broken)) => Reply::failed(Failure::new(Kind::Upload, "unexpected EOF")),
        Ok(Ok(taken)) => {
            let inner = Arc::new(ingress::request(&request, endpoint, service, params));
            call(tree, place, inner, taken, budget).await
        }
    };
    log_failures(endpoint, &reply);
    let accept = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
    counted.end(egress::response(reply, endpoint, service, accept))
}

/// Calls the endpoint's actor, carrying the body to it as long as it wants it.
async fn call(tree: &Tree, place: usize, request: Arc<crate::model::Request>, taken: Taken, budget: Budget) -> Reply {
    let (promise, answer) = promise();
    let (body, upload) = match taken {
        Taken::Ready(body) => (body, None),
        Taken::Carried(receiver, upload) => (Body::Transit(receiver), Some(upload)),
    };
    tree.call(place, Call { request, body, budget, promise });
    let answer = match upload {
        None => answer.await,
        Some(upload) => carried(answer, upload).await,
    };
    answer.unwrap_or_else(|_broken| Reply::failed(Failure::new(Kind::Panic, "internal server error")))
}

/// Waits for the answer and carries the upload meanwhile; an answer that comes first ends the upload.
async fn carried(mut answer: Answer<Reply>, upload: intake::Upload) -> Result<Reply, crate::model::budget::Broken> {
    tokio::select! {
        biased;
        reply = &mut answer => return reply,
        () = upload.carry() => {}
    }
    answer.await
}

/// KrakenD's words for a parameter that would mean something else once it is decoded again.
fn encoded_twice(value: &str) -> Option<&'static str> {
    if value.contains(['?', '#']) {
        return Some("error: encoded url params");
    }
    match decoded(value) {
        None => Some("error: invalid URL escape \"%\""),
        Some(again) if again != value => Some("error: encoded url params"),
        Some(_) => None,
    }
}

fn log_failures(endpoint: &EndpointPlan, reply: &Reply) {
    for failure in &reply.failures {
        tracing::warn!(kind = failure.kind.label(), "[ENDPOINT: {}] {}", endpoint.path, failure.message);
    }
}

/// Counts a request when it ends, also when it ends by its client hanging up.
struct Counted<'a> {
    tree: &'a Tree,
    id: EndpointId,
    started: Instant,
    ended: bool,
}

impl<'a> Counted<'a> {
    fn start(tree: &'a Tree, id: EndpointId) -> Self {
        tree.recorder.borrow_mut().endpoint_started(id);
        Self { tree, id, started: Instant::now(), ended: false }
    }

    fn end(mut self, outgoing: egress::Outgoing) -> HttpResponse {
        self.ended = true;
        let status = outgoing.response.status().as_u16();
        let elapsed = self.started.elapsed();
        self.tree.recorder.borrow_mut().endpoint_done(self.id, status, outgoing.complete, elapsed);
        outgoing.response
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.tree.recorder.borrow_mut().endpoint_abandoned(self.id);
        }
    }
}

//! One request from the socket to the reply: through the components around everything, to whatever serves it.

use std::{rc::Rc, sync::Arc};

use actix_web::{HttpRequest, HttpResponse, http::Method, web};
use percent_encoding::percent_decode_str;

use crate::{
    model::escapes,
    plan::{Decision, Plan, Target},
};

use super::{
    access::Line,
    builtin,
    call::serve_endpoint,
    edge::{added_to, turned_away, turned_away_unrouted},
    egress, ingress,
    recorded::Arrival,
    tree::Tree,
    wire::{self, Unread},
};

/// Serves one request and logs it.
pub async fn serve(tree: Rc<Tree>, request: HttpRequest, payload: web::Payload) -> HttpResponse {
    if let Some(unread) = request.conn_data::<Rc<Unread>>() {
        unread.begin();
    }
    // Go's server answers this one itself, before any router.
    if request.method() == Method::OPTIONS && request.uri().path() == "*" {
        return HttpResponse::Ok().finish();
    }
    let arrival = Arrival::begin(&tree, &request);
    let line = Line::begin(&request, &tree.shared.plan.service, arrival.as_deref());
    let response = serve_within(&tree, request, payload).await;
    let response = match arrival {
        Some(arrival) => arrival.end_with(response),
        None => response,
    };
    match line {
        Some(line) => line.end_with(response),
        None => response,
    }
}

/// Serves one request, through the components around everything.
async fn serve_within(tree: &Rc<Tree>, request: HttpRequest, payload: web::Payload) -> HttpResponse {
    let plan = Arc::clone(&tree.shared.plan);
    if wire::head_bytes_max(&plan.service).is_some_and(|limit| ingress::head_bytes(&request) > limit) {
        let response = egress::head_too_large();
        tree.recorder.borrow_mut().unrouted(response.status().as_u16());
        return response;
    }
    let outer = &plan.service.edge.outer;
    if outer.is_empty() {
        return route(tree, request, payload).await;
    }
    let client = request.clone();
    match turned_away(outer, &client, &plan.service) {
        Some(response) => response,
        None => added_to(route(tree, request, payload).await, outer, &client, &plan.service),
    }
}

async fn route(tree: &Rc<Tree>, request: HttpRequest, payload: web::Payload) -> HttpResponse {
    let plan = Arc::clone(&tree.shared.plan);
    let service = &plan.service;
    let Some(path) = decoded(request.uri().path()) else { return HttpResponse::BadRequest().finish() };
    let decision = plan.routes.find(request.method().as_str(), &path);
    match &decision {
        Decision::Serve(Target::Health, _) => return builtin::health(tree.shared.started),
        Decision::Redirect(path) => {
            let response = egress::redirect(request.method() == Method::GET, &location(&request, path));
            tree.recorder.borrow_mut().unrouted(response.status().as_u16());
            return response;
        }
        _ => {}
    }
    let inner = &service.edge.inner;
    if inner.is_empty() {
        return serve_decision(tree, &plan, decision, request, payload).await;
    }
    let client = request.clone();
    match turned_away(inner, &client, service) {
        Some(response) => response,
        None if !matches!(decision, Decision::Serve(Target::Endpoint(_), _))
            && let Some(mut response) = turned_away_unrouted(inner, &client, service) =>
        {
            if let Decision::MethodNotAllowed(allowed) = &decision {
                egress::allow(&mut response, allowed);
            }
            response
        }
        None => added_to(serve_decision(tree, &plan, decision, request, payload).await, inner, &client, service),
    }
}

async fn serve_decision(
    tree: &Rc<Tree>,
    plan: &Plan,
    decision: Decision<'_>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let service = &plan.service;
    let response = match decision {
        Decision::Serve(Target::Endpoint(place), params) => {
            let Some(endpoint) = plan.endpoints.get(*place) else { return egress::not_found(service) };
            return serve_endpoint(tree, endpoint, params, request, payload).await;
        }
        Decision::Serve(Target::Health, _) => return builtin::health(tree.shared.started),
        Decision::Serve(Target::Debug, _) => return builtin::debug(&request, payload, service).await,
        Decision::Serve(Target::Echo, _) => return builtin::echo(&request, payload).await,
        Decision::Serve(Target::Options(allow), _) => return builtin::options(allow, service),
        Decision::MethodNotAllowed(allowed) => egress::method_not_allowed(&allowed, service),
        Decision::NotFound | Decision::Redirect(_) => egress::not_found(service),
    };
    tree.recorder.borrow_mut().unrouted(response.status().as_u16());
    response
}

/// The path as the router matches it, with stand-ins for what is not UTF-8; `None` when it is not a path in
/// percent-encoding.
pub(super) fn decoded(path: &str) -> Option<std::borrow::Cow<'_, str>> {
    if !path.contains('%') {
        return Some(path.into());
    }
    escapes::are_whole(path).then(|| escapes::text_of(percent_decode_str(path).collect()).into())
}

/// The better path with the client's query, behind the prefix a proxy before us has cut off.
fn location(request: &HttpRequest, path: &str) -> String {
    let prefix = request.headers().get("x-forwarded-prefix").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let prefix: String = prefix.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-' || *c == '/').collect();
    let path = escapes::bytes_of(path);
    let escaped = percent_encoding::percent_encode(&path, &LOCATION_PATH);
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

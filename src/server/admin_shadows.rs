//! The controls of shadows as the admin listener offers them: paths, JSON in, JSON out.
//!
//! Promises: whoever may read the figures may read this; whoever may not change anything is refused before what they sent
//! is looked at; no body above 64 KiB is taken.

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder, Scope,
    http::{
        Method, StatusCode,
        header::{ALLOW, CONTENT_TYPE},
    },
    web::{self, Bytes, Data, Payload},
};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    config::promote::Refusal as Refused,
    plan::promoted,
    shadow::control::{Moment, Order, Refusal, Terms, Who},
};

use super::{
    admin_path::{below, id_and_verb},
    admin_results::{self, OF_FIELDS, READINESS},
    changes::Changes,
};

/// Where the controls are.
const ROOT: &str = "/__shadow";

/// What shows a shadow made live.
const PROMOTE: &str = "promote";

/// The largest body that is read, in bytes.
const BODY_MAX: usize = 64 << 10;

/// Adds the routes.
pub(super) fn offer(scope: Scope) -> Scope {
    scope
        .service(web::resource(ROOT).default_service(web::to(all)))
        .service(web::resource(format!("{ROOT}/{{rest:.*}}")).default_service(web::to(one)))
}

async fn all(request: HttpRequest, changes: Data<Changes>) -> HttpResponse {
    match *request.method() {
        Method::GET | Method::HEAD => HttpResponse::Ok().json(changes.shadows.status(Moment::now())),
        _ => not_allowed("GET, HEAD"),
    }
}

/// What a path below the root leads to.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    Audit,
    Kill,
    Revive,
    Shadow { id: String, verb: String },
}

impl Place {
    /// Reads the path as the client wrote it.
    fn read(path: &str) -> Option<Self> {
        let rest = below(ROOT, path)?;
        match &*rest {
            "audit" => return Some(Self::Audit),
            "kill" => return Some(Self::Kill),
            "revive" => return Some(Self::Revive),
            _ => {}
        }
        let of_field = |verb: &&'static str| Some((rest.strip_suffix(verb)?.strip_suffix('/')?, *verb));
        let (id, verb) = OF_FIELDS.iter().find_map(of_field).unwrap_or_else(|| id_and_verb(&rest));
        Some(Self::Shadow { id: id.to_owned(), verb: verb.to_owned() })
    }
}

async fn one(request: HttpRequest, payload: Payload, changes: Data<Changes>) -> HttpResponse {
    let Some(place) = Place::read(request.uri().path()) else {
        return said(StatusCode::NOT_FOUND, "the path is no text");
    };
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    match (&place, is_read) {
        (Place::Audit, true) => HttpResponse::Ok().json(json!({ "changes": changes.shadows.audit() })),
        (Place::Audit, false) => not_allowed("GET, HEAD"),
        (Place::Shadow { id, verb }, true) if verb.is_empty() => {
            answered(changes.shadows.target(id, Moment::now()), "shadow")
        }
        (Place::Shadow { id, verb }, true) if admin_results::is_readable(verb) => {
            admin_results::read(&changes.shadows, id, verb, request.query_string())
        }
        // Some controllers of deliveries can only ask like that. It changes nothing, whatever they send.
        (Place::Shadow { id, verb }, false) if verb == READINESS && *request.method() == Method::POST => {
            admin_results::read(&changes.shadows, id, verb, request.query_string())
        }
        (Place::Shadow { verb, .. }, false) if verb == READINESS => not_allowed("GET, HEAD, POST"),
        (Place::Shadow { verb, .. }, false) if admin_results::is_readable(verb) => not_allowed("GET, HEAD"),
        (Place::Shadow { verb, .. }, _) if verb.is_empty() && request.method() != Method::PATCH => {
            not_allowed("GET, HEAD, PATCH")
        }
        (Place::Shadow { id, verb }, true) if verb == PROMOTE => promotion(&request, &changes, id.clone()).await,
        (Place::Shadow { verb, .. }, false) if verb == PROMOTE => not_allowed("GET, HEAD"),
        (Place::Shadow { verb, .. }, _) if !verb.is_empty() && request.method() != Method::POST => not_allowed("POST"),
        (Place::Kill | Place::Revive, _) if request.method() != Method::POST => not_allowed("POST"),
        _ => change(&request, payload, &changes, &place).await,
    }
}

/// The file as it is now, with the shadow made live. It may hold secrets, so whoever may not change anything may not see
/// it.
async fn promotion(request: &HttpRequest, changes: &Changes, id: String) -> HttpResponse {
    if let Some(refusal) = changes.refuse(request) {
        return refusal;
    }
    let Some(load) = changes.load.clone() else {
        return said(StatusCode::CONFLICT, "this gateway has no file to show");
    };
    // Reading may take its time, and the listener answers others meanwhile.
    let made = web::block(move || {
        let loaded = load();
        let Some((service, document)) = loaded.service.as_ref().zip(loaded.places.document()) else {
            return Err(Refused::Impossible("the configuration can't be used as it is now".to_owned()));
        };
        let promotion = promoted(service, document, &id)?;
        Ok(json!({ "patch": promotion.patch, "document": promotion.document, "notes": promotion.notes }))
    });
    match made.await {
        Ok(Ok(answer)) => HttpResponse::Ok().json(answer),
        Ok(Err(Refused::Unknown(ids))) => answered(Err::<Value, _>(Refusal::Unknown(ids)), "shadow"),
        Ok(Err(Refused::Impossible(why))) => said(StatusCode::CONFLICT, &why),
        Err(_gone) => said(StatusCode::INTERNAL_SERVER_ERROR, "the configuration could not be loaded"),
    }
}

async fn change(request: &HttpRequest, payload: Payload, changes: &Changes, place: &Place) -> HttpResponse {
    if let Some(refusal) = changes.refuse(request) {
        return refusal;
    }
    let body = match body(request, payload).await {
        Ok(body) => body,
        Err((status, why)) => return said(status, why),
    };
    let who = Who::Admin { peer: request.peer_addr(), token: changes.asks_for_token() };
    let (control, now) = (&changes.shadows, Moment::now());
    match place {
        Place::Kill => answered(Terms::plain(&body).map(|terms| control.kill(who, terms.reason, now)), "shadow"),
        Place::Revive => answered(Terms::plain(&body).map(|terms| control.revive(who, terms.reason, now)), "shadow"),
        Place::Shadow { id, verb } if OF_FIELDS.contains(&verb.as_str()) => {
            admin_results::change(control, (id, verb), &body, who)
        }
        Place::Shadow { id, verb } => {
            let asked = Order::read(verb, &body);
            answered(asked.and_then(|(order, terms)| control.order(id, &order, &terms, who, now)), "shadow")
        }
        Place::Audit => not_allowed("GET, HEAD"),
    }
}

/// The body, if it is JSON or none and not too large.
pub(super) async fn body(request: &HttpRequest, payload: Payload) -> Result<Bytes, (StatusCode, &'static str)> {
    let body = match payload.to_bytes_limited(BODY_MAX).await {
        Ok(Ok(body)) => body,
        Ok(Err(_broken)) => return Err((StatusCode::BAD_REQUEST, "the body broke off")),
        Err(_limit) => return Err((StatusCode::PAYLOAD_TOO_LARGE, "the body is larger than 64 KiB")),
    };
    let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if body.is_empty() || kind.eq_ignore_ascii_case("application/json") {
        return Ok(body);
    }
    Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, "send JSON, with Content-Type: application/json"))
}

/// What came of an order about one of `kind`: `shadow` or `split`.
pub(super) fn answered(outcome: Result<impl Serialize, Refusal>, kind: &str) -> HttpResponse {
    match outcome {
        Ok(answer) => HttpResponse::Ok().json(answer),
        Err(Refusal::Wrong(message)) => said(StatusCode::BAD_REQUEST, &message),
        Err(Refusal::Unknown(ids)) => {
            let error = format!("there is no such {kind}; \"{kind}s\" has the ids of all");
            HttpResponse::NotFound()
                .json(Value::from_iter([("error".to_owned(), json!(error)), (format!("{kind}s"), json!(ids))]))
        }
    }
}

pub(super) fn said(status: StatusCode, error: &str) -> HttpResponse {
    HttpResponseBuilder::new(status).json(Value::from_iter([("error", error)]))
}

pub(super) fn not_allowed(methods: &'static str) -> HttpResponse {
    HttpResponse::MethodNotAllowed().insert_header((ALLOW, methods)).finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shadow(id: &str, verb: &str) -> Option<Place> {
        Some(Place::Shadow { id: id.to_owned(), verb: verb.to_owned() })
    }

    #[test]
    fn paths_lead_to_shadows_and_verbs() {
        for (path, place) in [
            ("/__shadow/audit", Some(Place::Audit)),
            ("/__shadow/kill", Some(Place::Kill)),
            ("/__shadow/GET:/user/{id}:0", shadow("GET:/user/{id}:0", "")),
            ("/__shadow/GET:%2Fuser%2F%7Bid%7D:0", shadow("GET:/user/{id}:0", "")),
            ("/__shadow/GET:/user/{id}:0/pause", shadow("GET:/user/{id}:0", "pause")),
            ("/__shadow/GET:/kill:12/dry-run", shadow("GET:/kill:12", "dry-run")),
            ("/__shadow/GET:/pause:0", shadow("GET:/pause:0", "")),
            ("/__shadow/GET:/a:0/readiness", shadow("GET:/a:0", "readiness")),
            ("/__shadow/GET:%2Ffields:0/diffs.ndjson", shadow("GET:/fields:0", "diffs.ndjson")),
            ("/__shadow/GET:/a:0/fields/ignore", shadow("GET:/a:0", "fields/ignore")),
            ("/__shadow/GET:/fields/ignore:0", shadow("GET:/fields/ignore:0", "")),
            ("/__shadow/GET:/a:0/fields/heed", shadow("GET:/a:0", "fields/heed")),
            ("/__shadow/fields/ignore", shadow("fields", "ignore")),
            ("/__shadow/", shadow("", "")),
            ("/__shadow/%FF", None),
            ("/__stats", None),
        ] {
            assert_eq!(Place::read(path), place, "{path}");
        }
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_paths_never_panic(path in "(/__shadow)?.{0,40}") {
            let _place = Place::read(&path);
        }
    }
}

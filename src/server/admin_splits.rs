//! The controls of splits as the admin listener offers them: paths, JSON in, JSON out.
//!
//! Promises: those of the controls of shadows.

use actix_web::{
    HttpRequest, HttpResponse, Scope,
    http::{Method, StatusCode},
    web::{self, Data, Payload},
};

use crate::{
    control::{Moment, Who},
    split::control::Asked,
};

use super::{
    admin_path::{below, id_and_verb},
    admin_shadows::{answered, body, not_allowed, said},
    changes::Changes,
};

/// Where the controls are.
const ROOT: &str = "/__split";

/// Adds the routes.
pub(super) fn offer(scope: Scope) -> Scope {
    scope
        .service(web::resource(ROOT).default_service(web::to(all)))
        .service(web::resource(format!("{ROOT}/{{rest:.*}}")).default_service(web::to(one)))
}

async fn all(request: HttpRequest, changes: Data<Changes>) -> HttpResponse {
    match *request.method() {
        Method::GET | Method::HEAD => HttpResponse::Ok().json(changes.splits.status(Moment::now())),
        _ => not_allowed("GET, HEAD"),
    }
}

/// The id and the verb in a path as the client wrote it.
fn read(path: &str) -> Option<(String, String)> {
    let rest = below(ROOT, path)?;
    let (id, verb) = id_and_verb(&rest);
    Some((id.to_owned(), verb.to_owned()))
}

async fn one(request: HttpRequest, payload: Payload, changes: Data<Changes>) -> HttpResponse {
    let Some((id, verb)) = read(request.uri().path()) else {
        return said(StatusCode::NOT_FOUND, "the path is no text");
    };
    match (verb.as_str(), request.method().as_str()) {
        ("", "GET" | "HEAD") => return answered(changes.splits.target(&id, Moment::now()), "split"),
        ("", "PATCH") => {}
        ("", _) => return not_allowed("GET, HEAD, PATCH"),
        (_, "POST") => {}
        (_, _) => return not_allowed("POST"),
    }
    if let Some(refusal) = changes.refuse(&request) {
        return refusal;
    }
    let body = match body(&request, payload).await {
        Ok(body) => body,
        Err((status, why)) => return said(status, why),
    };
    let who = Who::Admin { peer: request.peer_addr(), token: changes.asks_for_token() };
    let asked = Asked::read(&verb, &body);
    answered(asked.and_then(|asked| changes.splits.order(&id, &asked, who, Moment::now())), "split")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_splits_and_verbs() {
        for (path, id, verb) in [
            ("/__split/GET:/user/{id}:0", "GET:/user/{id}:0", ""),
            ("/__split/GET:%2Fuser%2F%7Bid%7D:0/stop", "GET:/user/{id}:0", "stop"),
            ("/__split/GET:/stop:1", "GET:/stop:1", ""),
            ("/__split/", "", ""),
        ] {
            assert_eq!(read(path), Some((id.to_owned(), verb.to_owned())), "{path}");
        }
        assert_eq!(read("/__split/%FF"), None);
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_paths_never_panic(path in "(/__split)?.{0,40}") {
            let _place = read(&path);
        }
    }
}

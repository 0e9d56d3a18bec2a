//! What came of comparing a shadow's answers, as the admin listener offers it.
//!
//! Promises: answers of upstreams leave here only redacted; a judgement has a status that a pipeline can act on.

use actix_web::{
    HttpResponse,
    http::{StatusCode, header::CONTENT_TYPE},
};
use serde::Deserialize;

use crate::{
    compare::{DifferenceKind, ReadinessVerdict},
    shadow::{
        Control,
        control::{Moment, Terms, Who, findings::Ignored},
    },
};

use super::admin_shadows::{answered, said};

/// The path of the judgement below that of a shadow.
const READINESS: &str = "readiness";
/// The query that asks for a judgement that is said by the answer only.
const PLAIN: &str = "status=200";
/// The path by which a field is taken for noise.
pub(super) const IGNORE: &str = "fields/ignore";
/// All that may be read below the path of a shadow.
const READABLE: [&str; 6] = [READINESS, "comparison", "fields", "clusters", "diffs", "diffs.ndjson"];

/// Whether this may be read.
pub(super) fn is_readable(verb: &str) -> bool {
    READABLE.contains(&verb)
}

/// Reads what came of a comparison.
pub(super) fn read(control: &Control, id: &str, verb: &str, query: &str) -> HttpResponse {
    if verb == READINESS {
        return match control.readiness(id) {
            Ok(readiness) => {
                // A page has a line in its console for every other status.
                let (status, reason) = if query == PLAIN { (StatusCode::OK, "OK") } else { status(readiness.verdict) };
                // The reason of 425 is not known to the library.
                let mut answer = HttpResponse::build(status).json(readiness);
                answer.head_mut().reason = Some(reason);
                answer
            }
            Err(refusal) => answered(Err::<(), _>(refusal), "shadow"),
        };
    }
    let results = match control.results(id) {
        Ok(Some(results)) => results,
        Ok(None) => return not_compared(),
        Err(refusal) => return answered(Err::<(), _>(refusal), "shadow"),
    };
    match verb {
        "comparison" => HttpResponse::Ok().json(results.told(Moment::now().steady)),
        "fields" => HttpResponse::Ok().json(results.fields()),
        "clusters" => HttpResponse::Ok().json(results.clusters()),
        "diffs" => HttpResponse::Ok().json(results.diffs()),
        _ => HttpResponse::Ok().insert_header((CONTENT_TYPE, "application/x-ndjson")).body(results.diffs_by_line()),
    }
}

/// 425 is what tells a pipeline to ask again later.
fn status(verdict: ReadinessVerdict) -> (StatusCode, &'static str) {
    match verdict {
        ReadinessVerdict::Ready => (StatusCode::OK, "OK"),
        ReadinessVerdict::NotReady => (StatusCode::CONFLICT, "Conflict"),
        ReadinessVerdict::NotEnoughData => (StatusCode::from_u16(425).unwrap_or(StatusCode::CONFLICT), "Too Early"),
    }
}

/// The body by which a field is taken for noise.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ignore {
    path: String,
    kind: Option<String>,
    reason: Option<String>,
}

/// Takes a field for noise.
pub(super) fn ignore(control: &Control, id: &str, body: &[u8], who: Who) -> HttpResponse {
    let asked: Ignore = match serde_json::from_slice(body) {
        Ok(asked) => asked,
        Err(error) => {
            let why = format!("{error}: write {{\"path\": \"$.items[*].price\"}}, and \"kind\" if only one is meant");
            return said(StatusCode::BAD_REQUEST, &why);
        }
    };
    let kind = match asked.kind.as_deref().map(kind_of).transpose() {
        Ok(kind) => kind,
        Err(why) => return said(StatusCode::BAD_REQUEST, &why),
    };
    let reason = match Terms::reason(asked.reason) {
        Ok(reason) => reason,
        Err(refusal) => return answered(Err::<(), _>(refusal), "shadow"),
    };
    match control.ignore(id, Ignored { path: &asked.path, kind, reason }, who, Moment::now()) {
        Ok(Some(line)) => HttpResponse::Ok().json(line),
        Ok(None) => said(StatusCode::NOT_FOUND, "no such field differs: \"fields\" has those that do"),
        Err(refusal) => answered(Err::<(), _>(refusal), "shadow"),
    }
}

fn kind_of(label: &str) -> Result<DifferenceKind, String> {
    let kind = DifferenceKind::ALL.into_iter().find(|kind| kind.label() == label);
    let known = DifferenceKind::ALL.map(DifferenceKind::label).join(", ");
    kind.ok_or_else(|| format!("kind: {label:?} is none of {known}"))
}

fn not_compared() -> HttpResponse {
    said(StatusCode::NOT_FOUND, "its answers are not compared: its policy has no \"compare\"")
}

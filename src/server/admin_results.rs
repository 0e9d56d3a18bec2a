//! What came of comparing a shadow's answers, as the admin listener offers it.
//!
//! Promises: answers of upstreams leave here only redacted; a judgement has a status that a pipeline can act on.

use actix_web::{
    HttpResponse,
    http::{StatusCode, header::CONTENT_TYPE},
};
use serde::Deserialize;

use crate::{
    compare::{DifferenceKind, ReadinessVerdict, WhichField},
    shadow::{
        Control,
        control::{Moment, Terms, Who, findings::FieldChange},
    },
};

use super::admin_shadows::{answered, said};

/// The path of the judgement below that of a shadow.
pub(super) const READINESS: &str = "readiness";
/// The query that asks for a judgement that is said by the answer only.
const PLAIN: &str = "status=200";
/// The path by which a field is taken for noise.
const IGNORE: &str = "fields/ignore";
/// The path by which that is taken back.
const HEED: &str = "fields/heed";
/// Both: what is asked for about a field.
pub(super) const OF_FIELDS: [&str; 2] = [IGNORE, HEED];
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

/// The body by which a field is taken for noise, or no more.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Field {
    path: Option<String>,
    id: Option<String>,
    kind: Option<String>,
    reason: Option<String>,
}

/// Takes a field for noise, or does so no more, as `verb` says.
pub(super) fn change(control: &Control, (id, verb): (&str, &str), body: &[u8], who: Who) -> HttpResponse {
    let remedy =
        "write {\"path\": \"$.items[*].price\"} or {\"id\": …} as \"fields\" has it, and \"kind\" if only one is meant";
    let asked: Field = match serde_json::from_slice(body) {
        Ok(asked) => asked,
        Err(error) => return said(StatusCode::BAD_REQUEST, &format!("{error}: {remedy}")),
    };
    let name = match (&asked.path, &asked.id) {
        (Some(path), None) => WhichField::Path(path),
        (None, Some(id)) => WhichField::Id(id),
        _ => return said(StatusCode::BAD_REQUEST, &format!("either path or id: {remedy}")),
    };
    let kind = match asked.kind.as_deref().map(kind_of).transpose() {
        Ok(kind) => kind,
        Err(why) => return said(StatusCode::BAD_REQUEST, &why),
    };
    let reason = match Terms::reason(asked.reason) {
        Ok(reason) => reason,
        Err(refusal) => return answered(Err::<(), _>(refusal), "shadow"),
    };
    let (field, now) = (FieldChange { name, kind, reason }, Moment::now());
    let changed = if verb == HEED { control.heed(id, field, who, now) } else { control.ignore(id, field, who, now) };
    match changed {
        Ok(Some(told)) => HttpResponse::Ok().json(told),
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

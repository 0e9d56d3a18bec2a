//! `match`: whether one condition holds for a request.

use std::borrow::Cow;

use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use serde_json::Value;

use crate::{
    config::shadow::{Criterion, TextPattern},
    model::query,
    sample::{Key, Subject},
};

/// Whether `criterion` holds. What a request does not have is like nothing, so that a `not_…` condition on it holds.
pub(super) fn holds(criterion: &Criterion, subject: Subject<'_>) -> bool {
    match criterion {
        Criterion::Methods(names) => names.iter().any(|name| name == subject.request.method.as_str()),
        Criterion::NotMethods(names) => names.iter().all(|name| name != subject.request.method.as_str()),
        Criterion::Path(patterns) => is_like(subject.path().as_bytes(), patterns),
        Criterion::NotPath(patterns) => !is_like(subject.path().as_bytes(), patterns),
        Criterion::Header(name, patterns) => subject.headers(name).any(|value| is_like(value.as_bytes(), patterns)),
        Criterion::NotHeader(name, patterns) => !subject.headers(name).any(|value| is_like(value.as_bytes(), patterns)),
        Criterion::Query(name, patterns) => parameter_is_like(subject, name, patterns),
        Criterion::NotQuery(name, patterns) => !parameter_is_like(subject, name, patterns),
        Criterion::Claim(name, patterns) => claim_is_like(subject, name, patterns),
        Criterion::NotClaim(name, patterns) => !claim_is_like(subject, name, patterns),
        Criterion::ContentType(patterns) => content_type_is_like(subject, patterns),
        Criterion::NotContentType(patterns) => !content_type_is_like(subject, patterns),
        Criterion::MaxContentLength(bytes_max) => announced(subject).is_none_or(|bytes| bytes <= *bytes_max),
    }
}

fn is_like(text: &[u8], patterns: &[TextPattern]) -> bool {
    patterns.iter().any(|pattern| match pattern {
        TextPattern::Any => true,
        TextPattern::Exact(whole) => text == whole.as_bytes(),
        TextPattern::Prefix(start) => text.starts_with(start.as_bytes()),
        TextPattern::Expression(expression) => str::from_utf8(text).is_ok_and(|text| expression.is_match(text)),
    })
}

fn parameter_is_like(subject: Subject<'_>, name: &str, patterns: &[TextPattern]) -> bool {
    query::values(subject.query(), name).any(|value| is_like(value.as_bytes(), patterns))
}

fn claim_is_like(subject: Subject<'_>, name: &str, patterns: &[TextPattern]) -> bool {
    let one_is_like = |value| is_like(Key::of_claim(value).bytes(), patterns);
    match subject.claim(name) {
        None => false,
        Some(Value::Array(elements)) => elements.iter().any(one_is_like),
        Some(value) => one_is_like(value),
    }
}

fn content_type_is_like(subject: Subject<'_>, patterns: &[TextPattern]) -> bool {
    let Some(value) = subject.first_header(&CONTENT_TYPE) else { return false };
    let media = value.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    let media = match media.iter().any(u8::is_ascii_uppercase) {
        true => Cow::Owned(media.to_ascii_lowercase()),
        false => Cow::Borrowed(media),
    };
    is_like(&media, patterns)
}

/// The length the client announced; the server has refused what is no number.
fn announced(subject: Subject<'_>) -> Option<u64> {
    str::from_utf8(subject.first_header(&CONTENT_LENGTH)?).ok()?.trim().parse().ok()
}

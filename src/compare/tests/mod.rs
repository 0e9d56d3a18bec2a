//! What the comparator promises of whole answers, and what pairs and their books promise.

mod answers;
mod bodies;
mod books;
mod outcomes;
mod pairs;

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode};

use crate::{
    config::shadow::Compare,
    model::{Headers, Seen, SeenBody},
};

use super::{Comparator, Comparison, FieldNames};

/// What a file that says `"compare": {}` asks for.
pub(super) fn settings() -> Compare {
    Compare::default()
}

pub(super) fn seen(headers: &[(&'static str, &str)], body: SeenBody) -> Seen {
    let mut list = Headers::new();
    for (name, value) in headers {
        list.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
    }
    Seen { status: StatusCode::OK, headers: list, body, took: Duration::ZERO }
}

/// An answer of this content type.
pub(super) fn typed(kind: &str, body: impl Into<Vec<u8>>) -> Seen {
    seen(&[("content-type", kind)], SeenBody::Bytes(Bytes::from(body.into())))
}

pub(super) fn compare(settings: &Compare, live: &Seen, shadow: &Seen) -> Comparison {
    Comparator::new(settings).compare(live, shadow, &mut FieldNames::new())
}

/// The places and kinds of all differences.
pub(super) fn found(settings: &Compare, live: &Seen, shadow: &Seen) -> Vec<(String, &'static str)> {
    let differences = compare(settings, live, shadow).differences;
    differences.into_iter().map(|it| (it.at.to_string(), it.kind.label())).collect()
}

//! What goes out: the URL and the headers of one upstream call.

use http::{
    HeaderValue, Method, Uri,
    header::{ACCEPT_ENCODING, RANGE},
    uri::{Parts, PathAndQuery},
};

use crate::{
    model::{Failure, Kind, Outbound, Request},
    plan::{BackendPlan, Base},
};

/// Builds the call of `backend` at `base` for a client's request.
///
/// # Errors
/// When values of the request make an impossible URL.
pub fn outbound(
    backend: &BackendPlan,
    base: &Base,
    request: &Request,
    earlier: &[Option<String>],
) -> Result<Outbound, Failure> {
    let query = filtered_query(backend, &request.query);
    let rendered = backend.template.render(request, earlier, &query);
    let target = rendered.map_err(|_bad| Failure::new(Kind::NoHost, "invalid URL escape"))?;
    let uri = uri(base, target).ok_or_else(|| Failure::new(Kind::NoHost, "invalid URL"))?;
    // For what is added here and by a component.
    let mut headers = request.headers.clone_with_room(2);
    if let Some(names) = &backend.headers {
        headers.retain(|name| names.contains(name));
    }
    let asked_for_gzip = backend.asks_for_gzip
        && backend.method != Method::HEAD
        && !headers.contains(&ACCEPT_ENCODING)
        && !headers.contains(&RANGE);
    if asked_for_gzip {
        headers.append(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
    }
    Ok(Outbound { method: backend.method.clone(), uri, headers, asked_for_gzip })
}

/// The URL of a path and query at an address.
fn uri(base: &Base, target: String) -> Option<Uri> {
    let target = if base.prefix.is_empty() { target } else { format!("{}{target}", base.prefix) };
    let mut parts = Parts::default();
    parts.scheme = Some(base.scheme.clone());
    parts.authority = Some(base.authority.clone());
    parts.path_and_query = Some(PathAndQuery::from_maybe_shared(bytes::Bytes::from(target)).ok()?);
    Uri::from_parts(parts).ok()
}

/// The second query filter, by exact (encoded) name.
fn filtered_query<'a>(backend: &BackendPlan, query: &'a str) -> std::borrow::Cow<'a, str> {
    match &backend.query {
        None => query.into(),
        Some(names) => {
            let only = crate::config::Pick::Only(names.clone());
            crate::plan::QueryPick::new(&only).filter(query).into()
        }
    }
}

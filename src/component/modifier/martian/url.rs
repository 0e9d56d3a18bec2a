//! Changes of a call's URL and questions about it.

use http::{
    Uri,
    uri::{Authority, PathAndQuery, Scheme},
};
use percent_encoding::{percent_decode_str, utf8_percent_encode};

use super::modifier::{Port, UrlParts};
use crate::model::escapes;

/// The URL with its non-empty parts replaced; `None` when that makes no URL.
pub(super) fn edited(uri: &Uri, edit: &UrlParts) -> Option<Uri> {
    let mut parts = uri.clone().into_parts();
    if !edit.scheme.is_empty() {
        parts.scheme = Some(Scheme::try_from(edit.scheme.as_str()).ok()?);
    }
    if !edit.host.is_empty() {
        parts.authority = Some(Authority::try_from(edit.host.as_str()).ok()?);
    }
    let path = match edit.path.as_str() {
        "" => uri.path().to_owned(),
        path if path.starts_with('/') => utf8_percent_encode(path, &escapes::PATH).to_string(),
        path => format!("/{}", utf8_percent_encode(path, &escapes::PATH)),
    };
    let query = if edit.query.is_empty() { uri.query().unwrap_or_default() } else { &edit.query };
    parts.path_and_query = Some(target(&path, query)?);
    Uri::from_parts(parts).ok()
}

/// The URL with another query.
pub(super) fn with_query(uri: &Uri, query: &str) -> Option<Uri> {
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(target(uri.path(), query)?);
    Uri::from_parts(parts).ok()
}

/// The URL with another port.
pub(super) fn with_port(uri: &Uri, port: Port) -> Option<Uri> {
    let host = uri.host()?;
    let authority = match port {
        Port::Number(number) => format!("{host}:{number}"),
        Port::OfScheme => format!("{host}:{}", port_of_scheme(uri)),
        Port::Nothing => host.to_owned(),
    };
    let mut parts = uri.clone().into_parts();
    parts.authority = Some(Authority::try_from(authority).ok()?);
    Uri::from_parts(parts).ok()
}

fn target(path: &str, query: &str) -> Option<PathAndQuery> {
    let text = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
    PathAndQuery::try_from(text).ok()
}

fn port_of_scheme(uri: &Uri) -> u16 {
    if uri.scheme_str() == Some("https") { 443 } else { 80 }
}

/// The port a call goes to.
pub(super) fn port(uri: &Uri) -> u16 {
    uri.port_u16().unwrap_or_else(|| port_of_scheme(uri))
}

/// The path, decoded.
pub(super) fn path(uri: &Uri) -> String {
    percent_decode_str(uri.path()).decode_utf8_lossy().into_owned()
}

/// Whether every part that is not empty is that of the URL. A host may begin with `*`.
pub(super) fn matches(uri: &Uri, wanted: &UrlParts) -> bool {
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    let host_matches = match wanted.host.strip_prefix('*') {
        Some(end) if !end.is_empty() => authority.ends_with(end),
        _ => authority == wanted.host,
    };
    (wanted.scheme.is_empty() || uri.scheme_str() == Some(wanted.scheme.as_str()))
        && (wanted.host.is_empty() || host_matches)
        && (wanted.path.is_empty() || path(uri) == wanted.path)
        && (wanted.query.is_empty() || uri.query() == Some(wanted.query.as_str()))
}

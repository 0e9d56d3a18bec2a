//! What the fuzzers share: how one input becomes several, and a place for components.

use std::sync::Arc;

use futures_util::{FutureExt, future::LocalBoxFuture};
use gnomon::{
    component::{
        auth::{KeyDocument, KeyHost, KeyHosts},
        qos::http_cache::SharedStores,
        tables::Place,
    },
    config::{Extra, Node},
    model::Headers,
};
use http::{HeaderName, HeaderValue};
use serde_json::Value;

/// What stands between the parts of an input, on a line of its own.
const BETWEEN: &[u8] = b"\n---\n";

/// The next part of an input, up to `---` on a line of its own; empty when there is none.
pub fn part<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let at = rest.windows(BETWEEN.len()).position(|window| window == BETWEEN);
    let (part, after) = at.map_or((*rest, &[][..]), |at| (&rest[..at], &rest[at + BETWEEN.len()..]));
    *rest = after;
    part
}

/// Headers, one a line, as `name: value`; lines that are none are left out, as the server leaves them out.
pub fn headers(lines: &[u8]) -> Headers {
    let mut headers = Headers::new();
    for line in lines.split(|byte| *byte == b'\n') {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value)) {
            headers.append(name, value);
        }
    }
    headers
}

/// A key host that nobody reaches.
#[derive(Debug)]
struct Nobody;

impl KeyHosts for Nobody {
    fn fetch<'a>(&'a self, _from: &'a KeyHost) -> LocalBoxFuture<'a, Result<KeyDocument, String>> {
        async { Err("nobody answers".to_owned()) }.boxed_local()
    }
}

/// Components with these settings, at `GET /a/{id}`.
pub fn at_backend<T>(settings: &Value, make: impl FnOnce(&Extra, Place<'_>) -> T) -> T {
    let (service, extra) = (Extra::default(), Extra::of(&Node::root(settings)));
    let key_hosts: Arc<dyn KeyHosts> = Arc::new(Nobody);
    let (params, shared) = (["id".to_owned()], SharedStores::default());
    let place = Place {
        endpoint: "GET /a/{id}",
        params: &params,
        service: &service,
        extra: &extra,
        key_hosts: &key_hosts,
        shared: &shared,
    };
    make(&extra, place)
}

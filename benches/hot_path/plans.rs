//! Plans and data that the benchmarks share.

use bytes::Bytes;
use gnomon::{
    config::{Environment, Source, load},
    model::{Headers, Request},
    plan::{Plan, compile},
};
use serde_json::{Value, json};

/// The plan of a file with these endpoints.
pub(crate) fn plan(endpoints: &[Value]) -> Plan {
    let file = json!({"version": 3, "host": ["http://127.0.0.1:8081"], "endpoints": endpoints});
    let source = Source::Text { name: "krakend.json".into(), text: file.to_string() };
    compile(&load(&source, &Environment::default()).service.expect("the file is correct")).0
}

/// One endpoint with so many live backends and so many shadows.
pub(crate) fn endpoint(path: &str, live: usize, shadows: usize) -> Value {
    let live = (0..live).map(|place| json!({"url_pattern": format!("/live{place}/{{id}}")}));
    let shadows = (0..shadows).map(
        |place| json!({"url_pattern": format!("/shadow{place}/{{id}}"), "extra_config": {"proxy": {"shadow": true}}}),
    );
    json!({"endpoint": path, "timeout": "10s", "backend": live.chain(shadows).collect::<Vec<_>>()})
}

/// A request as the edge makes it.
pub(crate) fn request() -> Request {
    let mut headers = Headers::new();
    for (name, value) in [("user-agent", "Gnomon"), ("x-forwarded-for", "127.0.0.1"), ("accept", "*/*")] {
        headers.append(http::HeaderName::from_static(name), http::HeaderValue::from_static(value));
    }
    Request {
        method: http::Method::GET,
        headers,
        trace_number: None,
        query: String::new(),
        params: vec!["4711".into()],
        claims: None,
        origin: None,
        trace: None,
    }
}

/// An answer of about 2 KB with names that start with `prefix`.
pub(crate) fn answer(prefix: &str) -> Bytes {
    let user = |place: usize| json!({"id": place, "name": "Ada Lovelace", "mail": "ada@example.org", "ok": true});
    let members: serde_json::Map<String, Value> =
        (0..29).map(|place| (format!("{prefix}{place}"), user(place))).collect();
    Bytes::from(Value::Object(members).to_string())
}

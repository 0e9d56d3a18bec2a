//! A backend's `url_pattern` with values that clients, tokens and earlier answers choose.
//!
//! Laws: a path holds legal bytes and whole escapes only; no value adds anything to a query but itself.
#![no_main]

use std::{sync::Arc, time::Duration};

use gnomon::{
    config::{Endpoint, Extra, Pick},
    model::{Headers, Request, escapes},
    plan::template::{Template, go_form},
};
use gnomon_fuzz::part;
use libfuzzer_sys::fuzz_target;
use serde_json::json;

fuzz_target!(|input: &[u8]| {
    let mut rest = input;
    let (Ok(pattern), Ok(value)) = (std::str::from_utf8(part(&mut rest)), std::str::from_utf8(part(&mut rest))) else {
        return;
    };
    let (template, earlier) = Template::new(pattern, &endpoint());
    let _shown = go_form(pattern);
    let rendered = |value: &str| {
        let earlier = vec![Some(value.to_owned()); earlier.len()];
        template.render(&request(value), &earlier, "k=v")
    };
    let (Ok(url), Ok(plain)) = (rendered(value), rendered("x")) else { return };
    let (path, query) = url.split_once('?').expect("there is a query");
    let (_, plain_query) = plain.split_once('?').expect("there is a query");
    assert!(
        path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~!$&'()*+,;=:@[]/%".contains(&byte)),
        "{path}"
    );
    assert!(escapes::are_whole(path), "{path}");
    for mark in ['&', '=', '#', '?', ' ', '\r', '\n', '+', '\0'] {
        assert_eq!(query.matches(mark).count(), plain_query.matches(mark).count(), "{query}");
    }
    assert!(query.ends_with("k=v"));
});

fn request(value: &str) -> Request {
    let claims = json!({"sub": value, "list": [value, value], "n": 42});
    Request {
        method: http::Method::GET,
        headers: Headers::new(),
        trace_number: None,
        query: String::new(),
        params: vec![value.to_owned(), value.to_owned()],
        claims: Some(Arc::new(claims)),
        origin: None,
        trace: None,
    }
}

fn endpoint() -> Endpoint {
    Endpoint {
        extra: Extra::default(),
        path: "/{id}/{x}".to_owned(),
        method: "GET".to_owned(),
        params: vec!["id".to_owned(), "x".to_owned()],
        backends: vec![],
        timeout: Duration::ZERO,
        cache_seconds: None,
        input_headers: Pick::All,
        input_query_strings: Pick::All,
        output_encoding: String::new(),
        concurrent_calls: 1,
        sequential: false,
        propagated_params: vec![],
        static_data: None,
        flatmap: vec![],
        telemetry: gnomon::config::EndpointTelemetry::default(),
        pointer: String::new(),
    }
}

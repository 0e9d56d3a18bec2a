//! Schemas of `validation/json-schema`, and the bodies they judge.
//!
//! Laws: a schema is compiled or told; a body that is refused is refused with words, one that is not goes on as it came.
#![no_main]

use std::cell::Cell;

use bytes::Bytes;
use futures_util::FutureExt;
use gnomon::{
    component::{Exchange, tables::exchanges},
    config::diagnostic::Findings,
    model::{Body, Data, Headers, Reply, Request, Response, body::Held},
};
use gnomon_fuzz::{at_backend, part};
use http::Method;
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

fuzz_target!(|input: &[u8]| {
    let mut rest = input;
    let Ok(schema) = serde_json::from_slice::<Value>(part(&mut rest)) else { return };
    if schema.is_null() {
        return;
    }
    let extra = json!({ "validation/json-schema": schema });
    let mut findings = Findings::default();
    let made = at_backend(&extra, |extra, place| exchanges(extra, place, &mut findings));
    assert_ne!(made.is_empty(), findings.is_empty());
    let arrived = Cell::new(false);
    let step = |exchange: Exchange| {
        arrived.set(true);
        let Body::Held(held) = exchange.body else { panic!("a held body stays held") };
        assert_eq!(held.to_bytes(), rest);
        async { Reply::ok(Response::data(Data::empty_object(), true)) }.boxed_local()
    };
    let request = Request {
        method: Method::POST,
        headers: Headers::new(),
        trace_number: None,
        query: String::new(),
        params: vec![],
        claims: None,
        origin: None,
        trace: None,
    };
    let body = Body::Held(Held::new(vec![Bytes::copy_from_slice(rest)]));
    let reply = made.run(Exchange { request, body }, &step).now_or_never().expect("nothing waits");
    assert_eq!(reply.response.is_some(), arrived.get());
    assert_eq!(reply.failures.is_empty(), arrived.get());
    assert!(reply.failures.iter().all(|failure| !failure.message.is_empty()));
});

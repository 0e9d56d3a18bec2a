//! Modifiers of the kind `modifier/martian`, and the requests and answers they change.
//!
//! Laws: what does not parse is told; what does changes any exchange without a panic.
#![no_main]

use bytes::Bytes;
use futures_util::FutureExt;
use gnomon::{
    component::tables::wires,
    config::diagnostic::Findings,
    model::{Body, Outbound, WireAnswer, WireRequest, body::Held},
};
use gnomon_fuzz::{at_backend, headers, part};
use http::{Method, StatusCode, Uri};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

fuzz_target!(|input: &[u8]| {
    let mut rest = input;
    let (settings, sent) = (part(&mut rest), part(&mut rest));
    let Ok(settings) = serde_json::from_slice::<Value>(settings) else { return };
    // Files are read from the disk.
    if settings.to_string().contains("static.") {
        return;
    }
    let extra = json!({ "modifier/martian": settings });
    let mut findings = Findings::default();
    let made = at_backend(&extra, |extra, place| wires(extra, place, &mut findings));
    assert!(extra["modifier/martian"].is_null() || made.is_empty() != findings.is_empty());
    let answered = headers(rest);
    let step = |_input: WireRequest| {
        let answer = WireAnswer::whole(StatusCode::OK, answered.clone(), Bytes::from_static(b"body"));
        async move { Ok(answer) }.boxed_local()
    };
    let outbound = Outbound {
        method: Method::POST,
        uri: Uri::from_static("http://h:81/a/b?c=d&c=e"),
        headers: headers(sent),
        asked_for_gzip: false,
    };
    let body = Body::Held(Held::new(vec![Bytes::from_static(b"x=1")]));
    let _any_answer = made.run(WireRequest { outbound, body }, &step).now_or_never();
});

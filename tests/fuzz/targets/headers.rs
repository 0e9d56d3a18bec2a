//! Headers of clients and upstreams, as the components that read them see them: CORS, hosts, bots, addresses, caching
//! and what a client accepts.
//!
//! Laws: what is refused is refused with headers that can be sent; a preflight allows no more origins than one.
#![no_main]

use std::net::{IpAddr, Ipv4Addr};

use bytes::Bytes;
use futures_util::FutureExt;
use gnomon::{
    component::{
        Asked, HeaderSource,
        tables::{edge, wires},
    },
    config::{Extra, Node, diagnostic::Findings},
    encoding::{Decoder, Encoder},
    model::{Body, Headers, Outbound, WireAnswer, WireRequest},
    plan::ClientAddress,
};
use gnomon_fuzz::{at_backend, headers, part};
use http::{Method, StatusCode, Uri, header};
use libfuzzer_sys::fuzz_target;
use serde_json::json;

fuzz_target!(|input: &[u8]| {
    let mut rest = input;
    let (asked, answered) = (headers(part(&mut rest)), headers(rest));
    at_the_edge(&asked);
    cached(&asked, &answered);
    let accept = asked.get(&header::ACCEPT).and_then(|value| value.to_str().ok());
    let mut data = Decoder::Json.decode(Bytes::from_static(br#"{"a":[1]}"#)).expect("JSON");
    assert!(!Encoder::Negotiate.encode(Some(&mut data), accept).body.is_empty());
    let router = gnomon::config::Router { forwarded_by_client_ip: true, ..router() };
    let _address =
        ClientAddress::new(&router).find(IpAddr::V4(Ipv4Addr::LOCALHOST), |name| asked.every(name).into_iter());
});

fn router() -> gnomon::config::Router {
    let text = r#"{"version":3,"endpoints":[]}"#.to_owned();
    let source = gnomon::config::Source::Text { name: "k.json".to_owned(), text };
    gnomon::config::load(&source, &gnomon::config::Environment::default()).service.expect("it is valid").router
}

fn at_the_edge(sent: &Headers) {
    let settings = json!({
        "security/cors": {"allow_origins": ["https://*.a.example", "http://b"], "allow_headers": ["X-A", "Content-Type"],
            "allow_credentials": true, "allow_private_network": true, "max_age": "1h"},
        "security/http": {"allowed_hosts": ["h", "*.a.example"], "ssl_redirect": true, "ssl_proxy_headers": {"X-P": "https"},
            "sts_seconds": 10, "frame_deny": true},
        "security/bot-detector": {"allow": ["good"], "deny": ["bad"], "patterns": ["(b.t|^x).*z$"], "empty_user_agent_is_bot": true},
    });
    let layers = edge(&Extra::of(&Node::root(&settings)), &mut Findings::default());
    for method in [Method::OPTIONS, Method::GET] {
        let asked = Asked {
            method: &method,
            target: "/a?b",
            headers: sent,
            host: sent.get(&header::HOST).cloned(),
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            is_tls: false,
        };
        for layer in layers.outer.iter().chain(&layers.inner) {
            let mut answer = Headers::new();
            layer.after(&asked, &mut answer);
            let refused = layer.before(&asked);
            let all = refused.map(|refusal| refusal.headers).unwrap_or_default();
            let origins = all.iter().filter(|(name, _)| *name == header::ACCESS_CONTROL_ALLOW_ORIGIN).count();
            assert!(origins <= 1);
        }
    }
}

fn cached(asked: &Headers, answered: &Headers) {
    let extra = json!({"qos/http-cache": {"shared": false}});
    let made = at_backend(&extra, |extra, place| wires(extra, place, &mut Findings::default()));
    let step = |_input: WireRequest| {
        let answer = WireAnswer::whole(StatusCode::OK, answered.clone(), Bytes::from_static(b"body"));
        async move { Ok(answer) }.boxed_local()
    };
    for _time in 0..2 {
        let outbound = Outbound {
            method: Method::GET,
            uri: Uri::from_static("http://h/a"),
            headers: asked.clone(),
            asked_for_gzip: false,
        };
        let answer =
            made.run(WireRequest { outbound, body: Body::Empty }, &step).now_or_never().expect("nothing waits");
        // What the cache alone may answer and cannot is told as a timeout.
        let status = answer.expect("the upstream is well").status;
        assert!(matches!(status, StatusCode::OK | StatusCode::NOT_MODIFIED | StatusCode::GATEWAY_TIMEOUT), "{status}");
    }
}

//! What goes over the wire: the request as it was meant, framed by the transport alone.

use http::{HeaderName, HeaderValue, Method};

use super::upstream::{OK, Seen, Upstream, client, held, on_real_sockets};
use crate::model::{Body, body::Held};

/// What an upstream sees of a request with these headers.
async fn wire(method: Method, path: &str, headers: &[(&'static str, &'static str)], body: Body) -> Seen {
    let upstream = Upstream::always(OK).await;
    let mut outbound = upstream.outbound(method, path);
    for (name, value) in headers {
        outbound.headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    client().send(&outbound, body).await.unwrap();
    let mut seen = upstream.seen().remove(0);
    seen.head = seen.head.replace(&upstream.address.to_string(), "ADDRESS");
    seen
}

#[test]
fn nothing_is_added_to_a_request_but_its_host() {
    on_real_sockets(async {
        let seen = wire(Method::GET, "/a%20b?q=1&q=2", &[("x-mine", "1"), ("x-mine", "2")], Body::Empty).await;
        assert_eq!(seen.head, "GET /a%20b?q=1&q=2 HTTP/1.1\r\nHost: ADDRESS\r\nx-mine: 1\r\nx-mine: 2\r\n\r\n");
    });
}

#[test]
fn a_body_is_framed_by_its_own_length_whatever_the_headers_say() {
    on_real_sockets(async {
        let lies = [
            ("content-length", "3"),
            ("transfer-encoding", "chunked"),
            ("connection", "close, x-kept"),
            ("upgrade", "h2c"),
            ("expect", "100-continue"),
            ("x-kept", "yes"),
        ];
        for method in [Method::GET, Method::POST] {
            let seen = wire(method.clone(), "/", &lies, held("payload")).await;
            let head = format!("{method} / HTTP/1.1\r\nHost: ADDRESS\r\nx-kept: yes\r\ncontent-length: 7\r\n\r\n");
            assert_eq!((seen.head, &seen.body[..]), (head, &b"payload"[..]));
        }
        let seen = wire(Method::GET, "/", &lies, Body::Empty).await;
        assert_eq!(seen.head, "GET / HTTP/1.1\r\nHost: ADDRESS\r\nx-kept: yes\r\n\r\n");
    });
}

#[test]
fn methods_that_carry_bodies_say_when_there_is_none() {
    on_real_sockets(async {
        for method in [Method::POST, Method::PUT, Method::PATCH] {
            let seen = wire(method.clone(), "/", &[], Body::Empty).await;
            assert!(seen.head.contains("\r\ncontent-length: 0\r\n"), "{method}: {}", seen.head);
        }
        for method in [Method::GET, Method::HEAD, Method::DELETE, Method::OPTIONS] {
            let seen = wire(method.clone(), "/", &[], Body::Empty).await;
            assert!(!seen.head.contains("content-length"), "{method}: {}", seen.head);
        }
    });
}

#[test]
fn a_body_in_several_chunks_is_one_body() {
    on_real_sockets(async {
        let body = Body::Held(Held::new(vec!["one".into(), "".into(), "two".into()]));
        let seen = wire(Method::POST, "/", &[], body).await;
        assert!(seen.head.contains("\r\ncontent-length: 6\r\n"), "{}", seen.head);
        assert_eq!(seen.body, b"onetwo");
    });
}

#[test]
fn a_large_body_arrives_whole() {
    on_real_sockets(async {
        let body: Vec<u8> = (0..2_000_000_u32).map(|place| (place % 251) as u8).collect();
        let seen = wire(Method::PUT, "/", &[], held(body.clone())).await;
        assert!(seen.whole && seen.body == body);
    });
}

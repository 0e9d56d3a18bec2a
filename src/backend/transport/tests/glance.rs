//! Requests whose answers nobody wants: on the wire, and in what comes of them, they are what other requests are.

use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, header::HeaderName};

use super::upstream::{CHUNKED, OK, Peer, Upstream, client, held, on_real_sockets};
use crate::{
    backend::Client,
    model::{Body, Kind, Outbound},
};

/// A longer body is too large.
const LIMIT: usize = 200_000;

/// What comes of a request whose answer is read and thrown away by the way that all requests can take.
async fn drained(client: &Client, outbound: &Outbound, body: Body) -> Result<StatusCode, (Kind, String)> {
    let drained = async {
        let inbound = client.send(outbound, body).await?;
        let status = inbound.status();
        inbound.drain(LIMIT).await?;
        Ok(status)
    };
    drained.await.map_err(|failure: crate::model::Failure| (failure.kind, failure.message))
}

async fn glanced(client: &Client, outbound: &Outbound, body: Body) -> Result<StatusCode, (Kind, String)> {
    let body = client.body_at_hand(outbound, &body).expect("it is small and at hand");
    let glanced = client.glance(outbound, &body, LIMIT).await;
    glanced.map(|glanced| glanced.status).map_err(|failure| (failure.kind, failure.message))
}

/// Answers of every kind, sound and not.
pub(super) fn wires() -> Vec<String> {
    let long = |bytes: usize| format!("HTTP/1.1 200 OK\r\nContent-Length: {bytes}\r\n\r\n{}", "x".repeat(bytes));
    let heads = [
        OK,
        CHUNKED,
        "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 500 No\r\nConnection: x, Close\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
        "HTTP/1.1 301 Moved\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 102 Wait\r\n\r\nHTTP/1.1 103 Hint\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello, and more than was promised",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n",
        "HTTP/1.1 099 Nothing\r\n\r\n",
        "hello there\r\n\r\n",
    ];
    let longer = [
        long(50_000),
        long(LIMIT),
        long(LIMIT + 1),
        "HTTP/1.1 103 Hint\r\n\r\n".repeat(101),
        format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(129)),
        format!(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{}\r\n0\r\n\r\n",
            70_000,
            "y".repeat(70_000)
        ),
        format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{}", LIMIT + 1, "y".repeat(LIMIT + 1)),
    ];
    heads.into_iter().map(str::to_owned).chain(longer).collect()
}

/// The same requests both ways; what came of them, and what the upstream saw of them.
async fn both_ways_are_the_same(upstream: impl AsyncFn() -> Upstream, method: Method, body: &'static [u8], what: &str) {
    let body = || if body.is_empty() { Body::Empty } else { held(body) };
    let (one, other) = (upstream().await, upstream().await);
    let (draining, glancing) = (client(), client());
    for _ in 0..3 {
        let mut drained = drained(&draining, &call(&one, &method), body()).await;
        if let Err((_kind, text)) = &mut drained {
            *text = text.replace(&one.address.to_string(), &other.address.to_string());
        }
        assert_eq!(glanced(&glancing, &call(&other, &method), body()).await, drained, "{what}");
    }
    assert_eq!(other.connections(), one.connections(), "{what}");
    for (seen, wanted) in other.seen().iter().zip(one.seen()) {
        let wanted_head = wanted.head.replace(&one.address.to_string(), &other.address.to_string());
        assert_eq!(sorted(&seen.head), sorted(&wanted_head), "{what}");
        assert_eq!((&seen.body, seen.whole), (&wanted.body, wanted.whole), "{what}");
    }
}

/// The lines of a head; the order of headers is not the same in all maps.
pub(super) fn sorted(head: &str) -> Vec<&str> {
    let mut lines: Vec<_> = head.lines().collect();
    lines.sort_unstable();
    lines
}

pub(super) fn call(upstream: &Upstream, method: &Method) -> Outbound {
    let mut outbound = upstream.outbound(method.clone(), "/a?b=c");
    for (name, value) in [("x-a", "1"), ("x-a", "2"), ("connection", "close"), ("content-length", "99")] {
        outbound.headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    outbound
}

#[test]
fn whatever_is_answered_comes_to_the_same_as_when_somebody_wants_it() {
    on_real_sockets(async {
        for wire in wires() {
            let what: String = wire.chars().take(80).collect();
            both_ways_are_the_same(async || Upstream::always(wire.clone()).await, Method::GET, b"", &what).await;
        }
    });
}

#[test]
fn so_does_what_is_broken_off() {
    on_real_sockets(async {
        let until_close = "HTTP/1.1 200 OK\r\n\r\nhello".to_owned();
        let too_long = format!("HTTP/1.1 200 OK\r\n\r\n{}", "z".repeat(LIMIT + 1));
        let cut = |wire: &str, left: usize| wire.chars().take(wire.len() - left).collect::<String>();
        let long = format!("HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n{}", "x".repeat(50_000));
        for wire in [until_close, too_long, cut(OK, 2), cut(OK, 8), cut(CHUNKED, 3), long, String::new()] {
            let what: String = wire.chars().take(80).collect();
            both_ways_are_the_same(async || Upstream::once(wire.clone()).await, Method::GET, b"", &what).await;
        }
    });
}

#[test]
fn bodies_go_out_as_they_are() {
    on_real_sockets(async {
        for (method, body) in [
            (Method::POST, &b""[..]),
            (Method::POST, b"text"),
            (Method::PUT, &[b'x'; 16 * 1024]),
            (Method::DELETE, b"gone"),
            (Method::HEAD, b""),
        ] {
            let wire = if method == Method::HEAD { "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" } else { OK };
            both_ways_are_the_same(async || Upstream::always(wire).await, method.clone(), body, method.as_str()).await;
        }
    });
}

/// A connection that serves once, while those after it serve for ever.
pub(super) async fn closes_after_one(mut peer: Peer) {
    let serves = if peer.number == 0 { 1 } else { usize::MAX };
    for _ in 0..serves {
        if !peer.request().await {
            return;
        }
        peer.say(OK).await;
    }
    // The next request arrives, and nobody answers it.
    peer.request().await;
}

#[test]
fn a_connection_that_was_just_closed_is_replaced_only_for_safe_methods() {
    on_real_sockets(async {
        let upstream = async || Upstream::start(closes_after_one).await;
        both_ways_are_the_same(upstream, Method::GET, b"", "it is repeated").await;
        both_ways_are_the_same(upstream, Method::POST, b"once", "it is not").await;
    });
}

#[test]
fn where_a_redirect_leads_is_told() {
    on_real_sockets(async {
        let moved = "HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n";
        let (upstream, client) = (Upstream::always(moved).await, client());
        let glanced = client.glance(&upstream.outbound(Method::GET, "/"), &Bytes::new(), LIMIT).await.unwrap();
        assert_eq!(glanced.location, Some(HeaderValue::from_static("/there")));
    });
}

#[test]
fn what_is_large_or_still_arriving_goes_the_other_way() {
    let client = client();
    let outbound = Outbound {
        method: Method::POST,
        uri: http::Uri::from_static("http://h/"),
        headers: crate::model::Headers::new(),
        asked_for_gzip: false,
    };
    let (_sender, receiver) = crate::model::body::transit(None);
    for body in [held(vec![b'x'; 16 * 1024 + 1]), Body::Transit(receiver)] {
        assert!(client.body_at_hand(&outbound, &body).is_none(), "{body:?}");
    }
}

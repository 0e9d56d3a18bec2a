//! Requests beside awc: on the wire, and in what comes of them, they are what those through awc are.

use bytes::Bytes;
use http::{
    Method, StatusCode,
    header::{CONTENT_ENCODING, CONTENT_TYPE, LOCATION},
};

use super::{
    super::Keep,
    glance::{call, closes_after_one, sorted, wires},
    upstream::{Answer, CHUNKED, OK, ROOMY, Upstream, client, held, on_real_sockets},
};
use crate::{
    backend::{Client, client::Inbound, transport::Secure},
    model::{Body, Failure, Kind, body::Held},
};

/// A longer body is too large.
const LIMIT: usize = 200_000;

/// What came of a request: status, headers, body, and why it broke off; or why there was no answer.
type Came = Result<(StatusCode, Vec<(String, Vec<u8>)>, Vec<u8>, Option<(Kind, String)>), (Kind, String)>;

fn told(failure: Failure) -> (Kind, String) {
    (failure.kind, failure.message)
}

async fn came(called: impl Future<Output = Result<Inbound, Failure>>) -> Came {
    let inbound = called.await.map_err(told)?;
    let status = inbound.status();
    let mut headers: Vec<_> =
        inbound.headers().iter().map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect();
    headers.sort();
    let (body, broken) = inbound.read_up_to(LIMIT).await.map_err(told)?;
    Ok((status, headers, body.to_vec(), broken.map(told)))
}

/// The same requests both ways; what came of them, and what the upstream saw of them.
async fn both_ways_are_the_same(upstream: impl AsyncFn() -> Upstream, method: Method, body: Body, what: &str) {
    let body = || body.share().expect("it is at hand");
    let (one, other) = (upstream().await, upstream().await);
    let (through, beside) = (client(), client());
    for _ in 0..3 {
        let outbound = call(&other, &method);
        assert!(beside.body_at_hand(&outbound, &body()).is_some(), "{what}: it goes beside awc");
        let mut wanted = came(through.send(&call(&one, &method), body())).await;
        if let Err((_kind, text)) = &mut wanted {
            *text = text.replace(&one.address.to_string(), &other.address.to_string());
        }
        assert_eq!(came(beside.call(&outbound, body(), Keep::All)).await, wanted, "{what}");
    }
    assert_eq!(other.connections(), one.connections(), "{what}");
    for (seen, wanted) in other.seen().iter().zip(one.seen()) {
        let wanted_head = wanted.head.replace(&one.address.to_string(), &other.address.to_string());
        assert_eq!(sorted(&seen.head), sorted(&wanted_head), "{what}");
        assert_eq!((&seen.body, seen.whole), (&wanted.body, wanted.whole), "{what}");
    }
}

#[test]
fn whatever_is_answered_comes_to_the_same_as_through_awc() {
    on_real_sockets(async {
        for wire in wires() {
            let what: String = wire.chars().take(80).collect();
            both_ways_are_the_same(async || Upstream::always(wire.clone()).await, Method::GET, Body::Empty, &what)
                .await;
        }
    });
}

#[test]
fn so_does_what_is_broken_off() {
    on_real_sockets(async {
        let cut = |wire: &str, left: usize| wire.chars().take(wire.len() - left).collect::<String>();
        let long = format!("HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n{}", "x".repeat(50_000));
        let until_close = "HTTP/1.1 200 OK\r\n\r\nhello".to_owned();
        for wire in [until_close, cut(OK, 2), cut(OK, 8), cut(CHUNKED, 3), long, String::new()] {
            let what: String = wire.chars().take(80).collect();
            both_ways_are_the_same(async || Upstream::once(wire.clone()).await, Method::GET, Body::Empty, &what).await;
        }
    });
}

#[test]
fn bodies_go_out_as_they_are() {
    on_real_sockets(async {
        for (method, body) in [
            (Method::POST, Body::Empty),
            (Method::POST, held("text")),
            (Method::PUT, held(vec![b'x'; 16 * 1024])),
            (Method::DELETE, held("gone")),
            (Method::HEAD, Body::Empty),
        ] {
            let wire = if method == Method::HEAD { "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" } else { OK };
            both_ways_are_the_same(async || Upstream::always(wire).await, method.clone(), body, method.as_str()).await;
        }
    });
}

#[test]
fn a_body_in_pieces_goes_out_whole() {
    on_real_sockets(async {
        let upstream = Upstream::always(OK).await;
        let pieces: Vec<_> = [5_000, 4_000].map(|bytes| Bytes::from(vec![b'x'; bytes])).into();
        let called = client().call(&call(&upstream, &Method::POST), Body::Held(Held::new(pieces)), Keep::All).await;
        assert_eq!(called.unwrap().status(), StatusCode::OK);
        let seen = upstream.seen();
        assert!(seen[0].head.contains("content-length: 9000\r\n"), "{seen:?}");
        assert_eq!((seen[0].body.len(), seen[0].whole), (9_000, true));
    });
}

#[test]
fn a_connection_that_was_just_closed_is_replaced_only_for_safe_methods() {
    on_real_sockets(async {
        let upstream = async || Upstream::start(closes_after_one).await;
        both_ways_are_the_same(upstream, Method::GET, Body::Empty, "it is repeated").await;
        both_ways_are_the_same(upstream, Method::POST, held("once"), "it is not").await;
    });
}

#[test]
fn of_the_headers_those_are_kept_that_are_wanted() {
    on_real_sockets(async {
        let wire = |status: &str| {
            let headers = "Content-Type: a/b\r\nContent-Encoding: gzip\r\nLocation: /x\r\nContent-Length: 0";
            format!("HTTP/1.1 {status}\r\n{headers}\r\n\r\n")
        };
        for (status, keep, kept) in [
            ("200 OK", Keep::All, [true, true, true]),
            ("200 OK", Keep::Packing, [false, true, false]),
            ("201 Created", Keep::Packing, [false, true, false]),
            ("202 Accepted", Keep::Packing, [true, true, true]),
            ("302 Found", Keep::Packing, [true, true, true]),
            ("500 No", Keep::Packing, [true, true, true]),
            ("200 OK", Keep::Location, [false, false, false]),
            ("302 Found", Keep::Location, [false, false, true]),
        ] {
            let upstream = Upstream::always(wire(status)).await;
            let inbound = client().call(&call(&upstream, &Method::GET), Body::Empty, keep).await.unwrap();
            let found = [CONTENT_TYPE, CONTENT_ENCODING, LOCATION].map(|name| inbound.header(&name).is_some());
            assert_eq!(found, kept, "{status} {keep:?}");
        }
    });
}

#[test]
fn a_head_that_does_not_come_in_its_time_is_told() {
    on_real_sockets(async {
        let silent = Upstream::start(|mut peer| async move { peer.until_closed().await }).await;
        let limits = super::super::PoolLimits { head_time: Some(std::time::Duration::from_millis(1)), ..ROOMY };
        let client = Client::new(limits, Secure::new(None));
        let failure = client.call(&call(&silent, &Method::GET), Body::Empty, Keep::All).await.err().map(told);
        let (kind, text) = failure.expect("nobody answers");
        assert_eq!(kind, Kind::Timeout);
        assert!(text.ends_with("timeout awaiting response headers"), "{text}");
    });
}

#[test]
fn a_small_answer_gives_its_connection_back_before_it_is_read() {
    on_real_sockets(async {
        let (upstream, client) = (Upstream::always(OK).await, client());
        let call = async || client.call(&call(&upstream, &Method::GET), Body::Empty, Keep::Packing).await.unwrap();
        let (first, second) = (call().await, call().await);
        assert_eq!(upstream.connections(), [0, 0]);
        for inbound in [first, second] {
            let answer = Answer { status: inbound.status(), body: inbound.read_whole(100).await.unwrap().to_vec() };
            assert_eq!(answer, Answer::ok("hello"));
        }
    });
}

#[test]
fn where_nobody_could_be_called_awc_says_so() {
    let client = client();
    for uri in ["/relative", "ftp://h/"] {
        let uri = uri.parse().unwrap();
        let outbound = crate::model::Outbound {
            method: Method::GET,
            uri,
            headers: crate::model::Headers::new(),
            asked_for_gzip: false,
        };
        assert!(client.body_at_hand(&outbound, &Body::Empty).is_none(), "{}", outbound.uri);
    }
}

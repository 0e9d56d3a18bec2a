//! Which connection carries the next request, and when a request is sent again.

use std::{rc::Rc, time::Duration};

use http::Method;
use tokio::sync::Notify;

use super::{
    super::{PoolLimits, Secure},
    upstream::{Answer, CHUNKED, OK, Peer, ROOMY, Upstream, client, held, on_real_sockets},
};
use crate::{
    backend::Client,
    model::{Body, Kind},
};

/// An upstream whose first connection serves one request and then does `last` with the second; all others serve.
async fn fails_on_second_request<W>(last: impl Fn(Peer) -> W + 'static + Clone) -> Upstream
where
    W: Future<Output = ()> + 'static,
{
    Upstream::start(move |mut peer| {
        let last = last.clone();
        async move {
            if peer.number == 0 {
                assert!(peer.request().await);
                peer.say(OK).await;
                assert!(peer.request().await);
                last(peer).await;
            } else {
                while peer.request().await {
                    peer.say(OK).await;
                }
            }
        }
    })
    .await
}

async fn resets(peer: Peer) {
    peer.reset();
}

async fn closes(peer: Peer) {
    drop(peer);
}

#[test]
fn a_connection_carries_one_request_after_another() {
    on_real_sockets(async {
        let kept = "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello";
        for wire in [OK, CHUNKED, kept] {
            let (upstream, client) = (Upstream::always(wire).await, client());
            for _ in 0..5 {
                assert_eq!(upstream.get(&client).await.unwrap(), Answer::ok("hello"), "{wire}");
            }
            assert_eq!(upstream.connections(), [0; 5], "{wire}");
        }
    });
}

#[test]
fn answers_without_a_body_leave_their_connection_usable() {
    on_real_sockets(async {
        for (method, wire) in [
            (Method::HEAD, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"),
            (Method::HEAD, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
            (Method::HEAD, "HTTP/1.1 200 OK\r\n\r\n"),
            (Method::GET, "HTTP/1.1 204 No Content\r\n\r\n"),
            (Method::GET, "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"),
            (Method::GET, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        ] {
            let (upstream, client) = (Upstream::always(wire).await, client());
            for _ in 0..3 {
                let answer = upstream.call(&client, method.clone(), Body::Empty).await.unwrap();
                assert!(answer.body.is_empty(), "{wire}");
            }
            assert_eq!(upstream.connections(), [0; 3], "{method} {wire}");
        }
    });
}

#[test]
fn a_connection_that_is_not_to_be_kept_is_not_used_again() {
    on_real_sockets(async {
        for wire in [
            "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello",
            "HTTP/1.1 200 OK\r\nconnection: foo, CLOSE\r\nContent-Length: 5\r\n\r\nhello",
            "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        ] {
            // The upstream would go on, so only the client's judgement separates the requests.
            let (upstream, client) = (Upstream::always(wire).await, client());
            for _ in 0..3 {
                assert_eq!(upstream.get(&client).await.unwrap(), Answer::ok("hello"), "{wire}");
            }
            assert_eq!(upstream.connections(), [0, 1, 2], "{wire}");
        }
    });
}

#[test]
fn a_body_without_a_length_ends_with_its_connection() {
    on_real_sockets(async {
        let (upstream, client) = (Upstream::once("HTTP/1.1 200 OK\r\n\r\nhello").await, client());
        for _ in 0..2 {
            assert_eq!(upstream.get(&client).await.unwrap(), Answer::ok("hello"));
        }
        assert_eq!(upstream.connections(), [0, 1]);
    });
}

#[test]
fn an_answer_nobody_read_closes_its_connection() {
    on_real_sockets(async {
        let (upstream, client) = (Upstream::always(CHUNKED).await, client());
        drop(upstream.send(&client, Method::GET, Body::Empty).await.unwrap());
        assert_eq!(upstream.get(&client).await.unwrap(), Answer::ok("hello"));
        assert_eq!(upstream.connections(), [0, 1]);
    });
}

#[test]
fn a_body_dropped_midway_closes_its_connection() {
    on_real_sockets(async {
        let closed = Rc::new(Notify::new());
        let told = Rc::clone(&closed);
        let upstream = Upstream::start(move |mut peer| {
            let told = Rc::clone(&told);
            async move {
                assert!(peer.request().await);
                if peer.number == 0 {
                    peer.say("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nhello").await;
                    peer.until_closed().await;
                    told.notify_one();
                } else {
                    peer.say(OK).await;
                }
            }
        })
        .await;
        let client = client();
        let mut inbound = upstream.send(&client, Method::GET, Body::Empty).await.unwrap();
        assert_eq!(inbound.next_chunk().await.unwrap().unwrap(), "hello");
        drop(inbound);
        closed.notified().await;
        assert_eq!(upstream.get(&client).await.unwrap(), Answer::ok("hello"));
        assert_eq!(upstream.connections(), [0, 1]);
    });
}

#[test]
fn a_call_nobody_waits_for_closes_its_connection() {
    on_real_sockets(async {
        let closed = Rc::new(Notify::new());
        let told = Rc::clone(&closed);
        let upstream = Upstream::start(move |mut peer| {
            let told = Rc::clone(&told);
            async move {
                assert!(peer.request().await);
                peer.until_closed().await;
                told.notify_one();
            }
        })
        .await;
        let client = client();
        let call = upstream.get(&client);
        tokio::select! {
            outcome = call => panic!("the upstream never answers: {outcome:?}"),
            () = upstream.until(1) => {}
        }
        closed.notified().await;
    });
}

#[test]
fn a_safe_request_that_met_a_dying_connection_is_sent_once_more_on_a_fresh_one() {
    on_real_sockets(async {
        for upstream in [fails_on_second_request(resets).await, fails_on_second_request(closes).await] {
            let client = client();
            for _ in 0..2 {
                assert_eq!(upstream.get(&client).await.unwrap(), Answer::ok("hello"));
            }
            assert_eq!(upstream.connections(), [0, 0, 1]);
        }
    });
}

#[test]
fn a_safe_request_keeps_its_body_when_it_is_sent_once_more() {
    on_real_sockets(async {
        let (upstream, client) = (fails_on_second_request(resets).await, client());
        upstream.get(&client).await.unwrap();
        upstream.call(&client, Method::GET, held("payload")).await.unwrap();
        let seen = upstream.seen();
        assert_eq!(upstream.connections(), [0, 0, 1]);
        assert_eq!((&seen[1].body[..], &seen[2].body[..]), (&b"payload"[..], &b"payload"[..]));
        assert_eq!(seen[1].head, seen[2].head);
    });
}

#[test]
fn it_is_sent_once_more_and_not_again() {
    on_real_sockets(async {
        let upstream = Upstream::start(|mut peer| async move {
            assert!(peer.request().await);
            if peer.number == 0 {
                peer.say(OK).await;
                assert!(peer.request().await);
            }
            peer.reset();
        })
        .await;
        let client = client();
        upstream.get(&client).await.unwrap();
        assert_eq!(upstream.get(&client).await.unwrap_err().kind, Kind::Io);
        assert_eq!(upstream.connections(), [0, 0, 1]);
    });
}

#[test]
fn a_request_that_could_do_harm_twice_is_sent_once() {
    on_real_sockets(async {
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            for body in [Body::Empty, held("payload")] {
                let (upstream, client) = (fails_on_second_request(resets).await, client());
                upstream.get(&client).await.unwrap();
                let failure = upstream.call(&client, method.clone(), body).await.unwrap_err();
                assert_eq!(failure.kind, Kind::Io, "{method}");
                assert_eq!(upstream.connections(), [0, 0], "{method}");
            }
        }
    });
}

#[test]
fn a_request_whose_answer_had_begun_is_sent_once() {
    on_real_sockets(async {
        let begins = |mut peer: Peer| async move { peer.say("HTTP/1.1 2").await };
        let (upstream, client) = (fails_on_second_request(begins).await, client());
        upstream.get(&client).await.unwrap();
        assert!(upstream.get(&client).await.is_err());
        assert_eq!(upstream.connections(), [0, 0]);
    });
}

#[test]
fn a_fresh_connection_that_is_reset_is_an_answer_in_itself() {
    on_real_sockets(async {
        let upstream = Upstream::start(|mut peer| async move {
            assert!(peer.request().await);
            peer.reset();
        })
        .await;
        let failure = upstream.get(&client()).await.unwrap_err();
        assert_eq!(failure.kind, Kind::Io);
        assert!(failure.message.contains("connection reset by peer"), "{}", failure.message);
        assert_eq!(upstream.connections(), [0]);
    });
}

#[test]
fn nobody_listening_is_a_failure_to_connect() {
    on_real_sockets(async {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let mut upstream = Upstream::always(OK).await;
        upstream.address = listener.local_addr().unwrap();
        drop(listener);
        let failure = upstream.get(&client()).await.unwrap_err();
        assert_eq!(failure.kind, Kind::Connect);
        assert!(failure.message.contains("connect: connection refused"), "{}", failure.message);
    });
}

/// Two answers under way at once, read in the order of their connections.
async fn two_at_once(upstream: &Upstream, client: &Client) {
    let first = upstream.send(client, Method::GET, Body::Empty).await.unwrap();
    let second = upstream.send(client, Method::GET, Body::Empty).await.unwrap();
    first.read_whole(100).await.unwrap();
    second.read_whole(100).await.unwrap();
}

#[test]
fn the_connection_that_came_home_last_goes_out_first() {
    on_real_sockets(async {
        let (upstream, client) = (Upstream::always(CHUNKED).await, client());
        two_at_once(&upstream, &client).await;
        for _ in 0..3 {
            upstream.get(&client).await.unwrap();
        }
        assert_eq!(upstream.connections(), [0, 1, 1, 1, 1]);
    });
}

#[test]
fn no_more_idle_connections_are_kept_than_allowed() {
    on_real_sockets(async {
        let upstream = Upstream::always(CHUNKED).await;
        let one = Client::new(PoolLimits { idle_per_host: 1, ..ROOMY }, Secure::new(None));
        two_at_once(&upstream, &one).await;
        two_at_once(&upstream, &one).await;
        assert_eq!(upstream.connections(), [0, 1, 0, 2]);
        let none = Client::new(PoolLimits { idle_per_host: 0, ..ROOMY }, Secure::new(None));
        upstream.get(&none).await.unwrap();
        upstream.get(&none).await.unwrap();
        assert_eq!(upstream.connections()[4..], [3, 4]);
    });
}

#[test]
fn an_idle_connection_grows_too_old() {
    on_real_sockets(async {
        let upstream = Upstream::always(OK).await;
        let client = Client::new(PoolLimits { idle_time: Some(Duration::from_secs(5)), ..ROOMY }, Secure::new(None));
        for idle in [4, 6] {
            upstream.get(&client).await.unwrap();
            tokio::time::pause();
            tokio::time::advance(Duration::from_secs(idle)).await;
            tokio::time::resume();
        }
        upstream.get(&client).await.unwrap();
        assert_eq!(upstream.connections(), [0, 0, 1]);
    });
}

#[test]
fn clients_do_not_share_connections() {
    on_real_sockets(async {
        let upstream = Upstream::always(OK).await;
        let (one, other) = (client(), client());
        upstream.get(&one).await.unwrap();
        upstream.get(&other).await.unwrap();
        upstream.get(&one.clone()).await.unwrap();
        assert_eq!(upstream.connections(), [0, 1, 0]);
    });
}

#[test]
fn bytes_after_an_answer_are_never_taken_for_the_next() {
    on_real_sockets(async {
        let forged = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged";
        let (upstream, client) = (Upstream::always(format!("{OK}{forged}")).await, client());
        for _ in 0..2 {
            assert_eq!(upstream.get(&client).await.unwrap(), Answer::ok("hello"));
        }
        assert_eq!(upstream.connections(), [0, 1]);
    });
}

#[test]
fn an_idle_connection_on_which_something_came_is_not_used_again() {
    on_real_sockets(async {
        let (go, said) = (Rc::new(Notify::new()), Rc::new(Notify::new()));
        let (going, saying) = (Rc::clone(&go), Rc::clone(&said));
        let upstream = Upstream::start(move |mut peer| {
            let (going, saying) = (Rc::clone(&going), Rc::clone(&saying));
            async move {
                assert!(peer.request().await);
                peer.say(OK).await;
                if peer.number == 0 {
                    going.notified().await;
                    peer.say("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged").await;
                    saying.notify_one();
                }
                peer.until_closed().await;
            }
        })
        .await;
        let client = client();
        upstream.get(&client).await.unwrap();
        go.notify_one();
        said.notified().await;
        // One round trip elsewhere, so that the reactor has certainly looked.
        Upstream::always(OK).await.get(&client).await.unwrap();
        assert_eq!(upstream.get(&client).await.unwrap(), Answer::ok("hello"));
        assert_eq!(upstream.connections(), [0, 1]);
    });
}

//! Request bodies that are still arriving, and answers that come before they are out.

use bytes::Bytes;
use http::Method;

use super::upstream::{Answer, OK, Upstream, client, held, on_real_sockets};
use crate::model::{
    Body, BodyError, Kind,
    body::{BodySender, transit},
};

const REFUSAL: &str = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno";

/// Reads the head of a request, refuses it at once, and never reads its body. Later connections serve.
async fn refuses_unread() -> Upstream {
    Upstream::start(|mut peer| async move {
        if peer.number == 0 {
            assert!(peer.only_head().await);
            peer.say(REFUSAL).await;
            // Stays open and unread until the test is over.
            std::future::pending::<()>().await;
        }
        while peer.request().await {
            peer.say(OK).await;
        }
    })
    .await
}

async fn send_all(sender: BodySender, chunks: &[&'static str]) {
    for chunk in chunks {
        sender.send(Bytes::from_static(chunk.as_bytes())).await.unwrap();
    }
    sender.finish().await;
}

#[test]
fn an_answer_that_overtakes_a_large_body_is_taken_and_its_connection_is_not_used_again() {
    on_real_sockets(async {
        let (upstream, client) = (refuses_unread().await, client());
        let body = held(vec![b'x'; 16 << 20]);
        let answer = upstream.call(&client, Method::POST, body).await.unwrap();
        assert_eq!((answer.status.as_u16(), &answer.body[..]), (413, &b"no"[..]));
        assert_eq!(upstream.get(&client).await.unwrap(), Answer::ok("hello"));
        assert_eq!(upstream.connections(), [0, 1]);
    });
}

#[test]
fn bodies_of_every_size_arrive_as_they_were() {
    on_real_sockets(async {
        let (upstream, client) = (Upstream::always(OK).await, client());
        let sizes = [1, 2_048, 2_049, 16_384, 16_385, 300_000];
        for bytes in sizes {
            upstream.call(&client, Method::POST, held(vec![b'x'; bytes])).await.unwrap();
        }
        let seen = upstream.seen();
        assert!(seen.iter().all(|seen| seen.whole && seen.body.iter().all(|byte| *byte == b'x')));
        assert_eq!(seen.iter().map(|seen| seen.body.len()).collect::<Vec<_>>(), sizes);
    });
}

#[test]
fn an_answer_that_overtakes_an_upload_is_taken_and_the_upload_is_let_go() {
    on_real_sockets(async {
        let (upstream, client) = (refuses_unread().await, client());
        let (sender, receiver) = transit(None);
        sender.send(Bytes::from_static(b"begun")).await.unwrap();
        let answer = upstream.call(&client, Method::POST, Body::Transit(receiver)).await.unwrap();
        assert_eq!(answer.status, 413);
        sender.closed().await;
        assert_eq!(upstream.get(&client).await.unwrap(), Answer::ok("hello"));
        assert_eq!(upstream.connections(), [0, 1]);
    });
}

#[test]
fn an_upload_of_unknown_length_is_chunked_and_leaves_its_connection_usable() {
    on_real_sockets(async {
        let (upstream, client) = (Upstream::always(OK).await, client());
        let (sender, receiver) = transit(None);
        let call = upstream.call(&client, Method::POST, Body::Transit(receiver));
        let (answer, ()) = tokio::join!(call, send_all(sender, &["hello", "", ", world"]));
        assert_eq!(answer.unwrap(), Answer::ok("hello"));
        upstream.get(&client).await.unwrap();
        let seen = upstream.seen().remove(0);
        assert!(seen.head.contains("\r\ntransfer-encoding: chunked\r\n") && !seen.head.contains("content-length"));
        assert_eq!(String::from_utf8(seen.body).unwrap(), "5\r\nhello\r\n7\r\n, world\r\n0\r\n\r\n");
        assert_eq!(upstream.connections(), [0, 0]);
    });
}

#[test]
fn an_upload_of_known_length_goes_out_as_it_is() {
    on_real_sockets(async {
        let (upstream, client) = (Upstream::always(OK).await, client());
        let (sender, receiver) = transit(Some(12));
        let call = upstream.call(&client, Method::POST, Body::Transit(receiver));
        let (answer, ()) = tokio::join!(call, send_all(sender, &["hello", ", world"]));
        assert_eq!(answer.unwrap(), Answer::ok("hello"));
        let seen = upstream.seen().remove(0);
        assert!(seen.head.contains("\r\ncontent-length: 12\r\n") && !seen.head.contains("transfer-encoding"));
        assert_eq!(seen.body, b"hello, world");
    });
}

#[test]
fn an_upload_that_breaks_off_reaches_the_upstream_as_an_incomplete_request() {
    on_real_sockets(async {
        for length in [None, Some(100)] {
            let (upstream, client) = (Upstream::always(OK).await, client());
            let (sender, receiver) = transit(length);
            let broken = async {
                sender.send(Bytes::from_static(b"half")).await.unwrap();
                sender.break_off(BodyError::BrokenOff).await;
            };
            let call = upstream.call(&client, Method::POST, Body::Transit(receiver));
            let (answer, ()) = tokio::join!(call, broken);
            assert_eq!(answer.unwrap_err().kind, Kind::Upload);
            upstream.until(1).await;
            assert!(!upstream.seen().remove(0).whole);
        }
    });
}

#[test]
fn an_upload_shorter_than_it_said_is_an_incomplete_request() {
    on_real_sockets(async {
        let (upstream, client) = (Upstream::always(OK).await, client());
        let (sender, receiver) = transit(Some(100));
        let call = upstream.call(&client, Method::POST, Body::Transit(receiver));
        let (answer, ()) = tokio::join!(call, send_all(sender, &["short", "short"]));
        assert_eq!(answer.unwrap_err().kind, Kind::Upload);
        upstream.until(1).await;
        assert!(!upstream.seen().remove(0).whole);
    });
}

#[test]
fn nothing_of_an_upload_longer_than_it_said_is_taken_for_another_request() {
    on_real_sockets(async {
        let (upstream, client) = (Upstream::always(OK).await, client());
        let (sender, receiver) = transit(Some(8));
        let sending = async {
            for chunk in ["1234", "5678GET /forged HTTP/1.1\r\n\r\n"] {
                sender.send(Bytes::from_static(chunk.as_bytes())).await.unwrap();
            }
            sender.finish().await;
        };
        let call = upstream.call(&client, Method::POST, Body::Transit(receiver));
        let (answer, ()) = tokio::join!(call, sending);
        assert_eq!(answer.unwrap_err().kind, Kind::Upload);
        upstream.get(&client).await.unwrap();
        assert!(upstream.seen().iter().all(|seen| !seen.head.contains("forged")));
        assert_eq!(upstream.connections().last(), Some(&1));
    });
}

#[test]
fn a_request_whose_body_can_be_read_only_once_is_sent_only_once() {
    on_real_sockets(async {
        let upstream = Upstream::start(|mut peer| async move {
            assert!(peer.request().await);
            peer.say(OK).await;
            assert!(peer.request().await);
            peer.reset();
        })
        .await;
        let client = client();
        upstream.get(&client).await.unwrap();
        let (sender, receiver) = transit(None);
        let call = upstream.call(&client, Method::GET, Body::Transit(receiver));
        let (answer, ()) = tokio::join!(call, send_all(sender, &["once"]));
        assert_eq!(answer.unwrap_err().kind, Kind::Io);
        assert_eq!(upstream.connections(), [0, 0]);
    });
}

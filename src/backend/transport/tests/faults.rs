//! Answers that are none: each is an error, never a shorter or a different answer.

use http::Method;

use super::upstream::{OK, Upstream, client, on_real_sockets};
use crate::model::{Body, Kind};

/// The kind of the failure that these bytes, and then the end of the connection, are.
async fn kind(wire: impl Into<Vec<u8>>) -> Kind {
    let upstream = Upstream::once(wire).await;
    let failure = upstream.get(&client()).await.expect_err("this is no answer");
    assert_eq!(upstream.connections(), [0], "a broken answer is not asked for twice");
    failure.kind
}

#[test]
fn a_connection_closed_instead_of_an_answer_is_an_error() {
    on_real_sockets(async {
        assert_eq!(kind("").await, Kind::Io);
        assert_eq!(kind("HTTP/1.1 200 OK\r\nContent-Le").await, Kind::Protocol);
    });
}

#[test]
fn a_body_that_ends_before_its_length_is_an_error() {
    on_real_sockets(async {
        for body in ["", "hell"] {
            assert_eq!(kind(format!("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{body}")).await, Kind::Io);
        }
    });
}

#[test]
fn a_head_comes_through_even_if_nothing_follows() {
    on_real_sockets(async {
        let upstream = Upstream::once("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n").await;
        let mut inbound = upstream.send(&client(), Method::GET, Body::Empty).await.unwrap();
        assert_eq!(inbound.status(), 200);
        assert_eq!(inbound.next_chunk().await.unwrap().unwrap_err().kind, Kind::Io);
    });
}

#[test]
fn a_chunked_body_that_ends_before_its_last_chunk_is_an_error() {
    on_real_sockets(async {
        for body in
            ["", "5\r\nhel", "5\r\nhello", "5\r\nhello\r\n", "5\r\nhello\r\n0\r\n", "5\r\nhello\r\n0\r\nA: b\r\n"]
        {
            assert_eq!(
                kind(format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{body}")).await,
                Kind::Io,
                "{body}"
            );
        }
    });
}

#[test]
fn nonsense_in_the_chunked_coding_is_an_error() {
    on_real_sockets(async {
        for body in [
            "xyz\r\nhello\r\n",
            "-5\r\nhello\r\n",
            "5\r\nhello!\r\n0\r\n\r\n",
            "5\nhello\n0\n\n",
            "\r\n",
            "1000000000000000\r\n",
        ] {
            let wire = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{body}");
            assert_eq!(kind(wire).await, Kind::Protocol, "{body}");
        }
    });
}

#[test]
fn a_length_that_can_be_read_two_ways_is_an_error() {
    on_real_sockets(async {
        for head in [
            "Content-Length: 5\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding: chunked\r\nContent-Length: 5",
            "Content-Length: 5\r\nContent-Length: 6",
            "Content-Length: 5, 5",
            "Content-Length: +5",
            "Content-Length: 0x5",
            "Content-Length: -1",
            "Content-Length: ",
            "Transfer-Encoding: gzip, chunked",
            "Transfer-Encoding: identity",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        ] {
            assert_eq!(
                kind(format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n5\r\nhello\r\n0\r\n\r\n")).await,
                Kind::Protocol,
                "{head}"
            );
        }
    });
}

#[test]
fn what_is_not_http_is_an_error() {
    on_real_sockets(async {
        for wire in [
            "SSH-2.0-OpenSSH_9.6\r\n",
            "hello\r\n\r\n",
            "HTTP/2.0 200 OK\r\n\r\n",
            "HTTP/1.1 99 Low\r\n\r\n",
            "HTTP/1.1 099 Low\r\n\r\n",
            "HTTP/1.1 abc\r\n\r\n",
            "HTTP/1.1 200 OK\r\nNo colon\r\n\r\n",
            "HTTP/1.1 200 OK\r\nName : spaced\r\n\r\n",
            "HTTP/1.1 200 OK\r\n: nameless\r\n\r\n",
        ] {
            assert_eq!(kind(wire).await, Kind::Protocol, "{wire}");
        }
    });
}

#[test]
fn a_switch_of_protocols_nobody_asked_for_is_an_error() {
    on_real_sockets(async {
        let wire = format!("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n{OK}");
        assert_eq!(kind(wire).await, Kind::Protocol);
    });
}

#[test]
fn interim_answers_without_end_are_an_error() {
    on_real_sockets(async {
        let interim = |times: usize| format!("{}{OK}", "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(times));
        let upstream = Upstream::once(interim(100)).await;
        assert_eq!(upstream.get(&client()).await.unwrap().status, 200);
        assert_eq!(kind(interim(101)).await, Kind::Protocol);
    });
}

#[test]
fn heads_have_limits() {
    on_real_sockets(async {
        let headers = |count: usize| format!("HTTP/1.1 200 OK\r\n{}", "a: b\r\n".repeat(count));
        let at_the_limit = format!("{}Content-Length: 5\r\n\r\nhello", headers(127));
        let upstream = Upstream::once(at_the_limit).await;
        assert_eq!(upstream.get(&client()).await.unwrap().body, b"hello");
        assert_eq!(kind(format!("{}Content-Length: 5\r\n\r\nhello", headers(128))).await, Kind::Protocol);
        let large = format!("HTTP/1.1 200 OK\r\na: {}\r\nContent-Length: 5\r\n\r\nhello", "b".repeat(200 * 1024));
        assert_eq!(kind(large).await, Kind::Protocol);
        let endless = format!("HTTP/1.1 200 OK\r\na: {}", "b".repeat(200 * 1024));
        assert_eq!(kind(endless).await, Kind::Protocol);
    });
}

#[test]
fn a_body_over_the_readers_limit_is_an_error_and_closes_its_connection() {
    on_real_sockets(async {
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n5\r\nworld\r\n0\r\n\r\n";
        let (upstream, client) = (Upstream::always(chunked).await, client());
        let inbound = upstream.send(&client, Method::GET, Body::Empty).await.unwrap();
        assert_eq!(inbound.read_whole(9).await.unwrap_err().kind, Kind::TooLarge);
        let inbound = upstream.send(&client, Method::GET, Body::Empty).await.unwrap();
        assert_eq!(inbound.drain(9).await.unwrap_err().kind, Kind::TooLarge);
        let inbound = upstream.send(&client, Method::GET, Body::Empty).await.unwrap();
        assert_eq!(inbound.drain(10).await.unwrap(), 10);
        assert_eq!(upstream.connections(), [0, 1, 2]);
        upstream.get(&client).await.unwrap();
        assert_eq!(upstream.connections(), [0, 1, 2, 2], "a drained answer leaves its connection usable");
    });
}

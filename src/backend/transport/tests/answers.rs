//! Correct answers, however the network cuts them.

use http::Method;

use super::upstream::{Answer, CHUNKED, OK, Upstream, client, on_real_sockets};
use crate::model::Body;

#[test]
fn an_answer_may_arrive_byte_by_byte() {
    on_real_sockets(async {
        for wire in [OK, CHUNKED] {
            let upstream = Upstream::start(move |mut peer| async move {
                while peer.request().await {
                    for byte in wire.as_bytes() {
                        peer.say([*byte]).await;
                        tokio::task::yield_now().await;
                    }
                }
            })
            .await;
            let client = client();
            for _ in 0..2 {
                assert_eq!(upstream.get(&client).await.unwrap(), Answer::ok("hello"), "{wire}");
            }
            assert_eq!(upstream.connections(), [0, 0]);
        }
    });
}

#[test]
fn many_chunks_may_come_in_one_packet() {
    on_real_sockets(async {
        let wire = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
            1\r\nh\r\n2;name=\"value\"\r\nel\r\n01\r\nl\r\n1 \r\no\r\n0\r\nTrailer: ignored\r\n\r\n";
        let (upstream, client) = (Upstream::always(wire).await, client());
        for _ in 0..2 {
            assert_eq!(upstream.get(&client).await.unwrap(), Answer::ok("hello"));
        }
        assert_eq!(upstream.connections(), [0, 0]);
    });
}

#[test]
fn a_large_answer_arrives_whole() {
    on_real_sockets(async {
        let body: Vec<u8> = (0..3_000_000_u32).map(|place| (place % 251) as u8).collect();
        let mut sized = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len()).into_bytes();
        sized.extend(&body);
        let mut chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
        for chunk in body.chunks(70_001) {
            chunked.extend(format!("{:X}\r\n", chunk.len()).bytes());
            chunked.extend(chunk);
            chunked.extend(b"\r\n");
        }
        chunked.extend(b"0\r\n\r\n");
        for wire in [sized, chunked] {
            let (upstream, client) = (Upstream::always(wire).await, client());
            for _ in 0..2 {
                assert!(upstream.get(&client).await.unwrap().body == body);
            }
            assert_eq!(upstream.connections(), [0, 0]);
        }
    });
}

#[test]
fn a_body_of_known_length_comes_in_one_piece_however_it_was_cut() {
    on_real_sockets(async {
        let body: Vec<u8> = (0..50_000_u32).map(|place| (place % 251) as u8).collect();
        let mut wire = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len()).into_bytes();
        wire.extend(&body);
        let upstream = Upstream::start(move |mut peer| {
            let wire = wire.clone();
            async move {
                while peer.request().await {
                    for part in wire.chunks(7_001) {
                        peer.say(part).await;
                        tokio::task::yield_now().await;
                    }
                }
            }
        })
        .await;
        let client = client();
        // The second answer finds the buffer of the first.
        for _ in 0..3 {
            let mut inbound = upstream.send(&client, Method::GET, Body::Empty).await.unwrap();
            assert!(inbound.next_chunk().await.unwrap().unwrap() == body);
            assert!(inbound.next_chunk().await.is_none());
        }
        assert_eq!(upstream.connections(), [0, 0, 0]);
    });
}

#[test]
fn what_came_of_a_broken_piece_is_given_before_its_failure() {
    on_real_sockets(async {
        let upstream = Upstream::once("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello").await;
        let mut inbound = upstream.send(&client(), Method::GET, Body::Empty).await.unwrap();
        assert_eq!(inbound.next_chunk().await.unwrap().unwrap(), "hello");
        assert_eq!(inbound.next_chunk().await.unwrap().unwrap_err().message, "unexpected EOF");
        assert!(inbound.next_chunk().await.is_none());
    });
}

#[test]
fn small_answers_and_large_ones_may_follow_each_other_on_a_connection() {
    on_real_sockets(async {
        let upstream = Upstream::start(|mut peer| async move {
            for length in [5, 60_000, 3, 9_000, 60_000, 1].into_iter().cycle() {
                if !peer.request().await {
                    return;
                }
                let body = "x".repeat(length);
                peer.say(format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}")).await;
            }
        })
        .await;
        let client = client();
        for length in [5, 60_000, 3, 9_000, 60_000, 1, 5, 60_000, 3, 9_000] {
            assert!(upstream.get(&client).await.unwrap() == Answer::ok(&"x".repeat(length)), "{length}");
        }
        assert_eq!(upstream.connections(), [0; 10]);
    });
}

#[test]
fn interim_answers_are_passed_over() {
    on_real_sockets(async {
        let interim =
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\nContent-Length: 9\r\n\r\n";
        let (upstream, client) = (Upstream::always(format!("{interim}{OK}")).await, client());
        for _ in 0..2 {
            assert_eq!(upstream.get(&client).await.unwrap(), Answer::ok("hello"));
        }
        assert_eq!(upstream.connections(), [0, 0]);
    });
}

#[test]
fn every_value_of_a_header_comes_through_in_order() {
    on_real_sockets(async {
        let wire =
            b"HTTP/1.1 207 Multi\r\nSet-Cookie: a=1\r\nX: \xe4 raw\r\nSet-Cookie: b=2\r\nContent-Length: 0\r\n\r\n";
        let upstream = Upstream::always(wire.to_vec()).await;
        let inbound = upstream.send(&client(), Method::GET, Body::Empty).await.unwrap();
        assert_eq!(inbound.status(), 207);
        let headers = inbound.headers();
        let cookies: Vec<_> = headers.get_all(&http::header::SET_COOKIE).map(|value| value.as_bytes()).collect();
        assert_eq!(cookies, [b"a=1", b"b=2"]);
        assert!(headers.contains(&http::HeaderName::from_static("x")));
    });
}

#[test]
fn every_status_is_an_answer() {
    on_real_sockets(async {
        for status in [200, 201, 301, 404, 500, 599, 999] {
            let upstream = Upstream::always(format!("HTTP/1.1 {status} \r\nContent-Length: 5\r\n\r\nhello")).await;
            assert_eq!(upstream.get(&client()).await.unwrap().status, status);
        }
    });
}

//! Asking for leave before a body is sent.

use std::time::Duration;

use http::{HeaderValue, Method, header::EXPECT};

use super::upstream::{Answer, ROOMY, Upstream, held, on_real_sockets};
use crate::{
    backend::{
        Client,
        transport::{PoolLimits, Secure},
    },
    model::{Body, Failure},
};

const REFUSES: &str = "HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno";
const GRANTS: &str = "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n";
const DONE: &str = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone";

fn asking(limit: Duration) -> Client {
    Client::new(PoolLimits { continue_time: Some(limit), ..ROOMY }, Secure::new(None))
}

async fn post(upstream: &Upstream, client: &Client, body: Body) -> Result<Answer, Failure> {
    let mut outbound = upstream.outbound(Method::POST, "/");
    outbound.headers.append(EXPECT, HeaderValue::from_static("100-continue"));
    let inbound = client.send(&outbound, body).await?;
    let status = inbound.status();
    Ok(Answer { status, body: inbound.read_whole(100).await?.to_vec() })
}

#[test]
fn a_body_is_sent_once_the_upstream_grants_it() {
    on_real_sockets(async {
        let upstream = Upstream::start(async |mut peer| {
            while peer.only_head().await {
                peer.say(GRANTS).await;
                assert_eq!(peer.body(7).await, b"payload");
                peer.say(DONE).await;
            }
        })
        .await;
        let client = asking(Duration::from_secs(3600));
        for _ in 0..2 {
            assert_eq!(post(&upstream, &client, held("payload")).await.unwrap(), Answer::ok("done"));
        }
        assert!(upstream.seen()[0].head.contains("\r\nExpect: 100-continue\r\n\r\n"));
        assert_eq!(upstream.connections(), [0, 0]);
    });
}

#[test]
fn a_refused_body_is_not_sent_and_its_connection_not_used_again() {
    on_real_sockets(async {
        let upstream = Upstream::start(async |mut peer| {
            peer.only_head().await;
            peer.say(REFUSES).await;
            assert_eq!(peer.rest().await, b"", "nothing follows the head");
        })
        .await;
        let client = asking(Duration::from_secs(3600));
        for _ in 0..2 {
            assert_eq!(post(&upstream, &client, held("payload")).await.unwrap().status, 403);
        }
        assert_eq!(upstream.connections(), [0, 1]);
    });
}

#[test]
fn silence_is_leave_but_ends_the_connection() {
    on_real_sockets(async {
        let upstream = Upstream::start(async |mut peer| {
            peer.only_head().await;
            assert_eq!(peer.body(7).await, b"payload");
            peer.say(DONE).await;
            peer.until_closed().await;
        })
        .await;
        let client = asking(Duration::from_millis(1));
        for _ in 0..2 {
            assert_eq!(post(&upstream, &client, held("payload")).await.unwrap(), Answer::ok("done"));
        }
        assert_eq!(upstream.connections(), [0, 1]);
    });
}

#[test]
fn nobody_is_asked_for_leave_without_a_body_or_a_limit() {
    on_real_sockets(async {
        let upstream = Upstream::always(DONE).await;
        let patient = asking(Duration::from_secs(3600));
        post(&upstream, &patient, Body::Empty).await.unwrap();
        post(&upstream, &super::upstream::client(), held("payload")).await.unwrap();
        for seen in upstream.seen() {
            assert!(!seen.head.to_ascii_lowercase().contains("expect"), "{}", seen.head);
        }
    });
}

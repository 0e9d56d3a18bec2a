//! HTTP/2 towards clients: how many calls at a time, for how long, and what becomes of those that are taken back.

use std::{net::SocketAddr, time::Duration};

use bytes::Bytes;
use h2::{Reason, client::SendRequest};
use serde_json::json;
use tokio::{net::TcpStream, runtime::Builder, time::timeout};

use crate::{
    clients::Flood,
    files::{endpoint, live, service, with},
    gnomon::Gnomon,
    patience::LIMIT,
    upstream::Upstream,
};

/// Plays a client on a connection of its own.
fn on_a_connection(address: SocketAddr, play: impl AsyncFnOnce(SendRequest<Bytes>)) {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (sender, connection) = h2::client::handshake(TcpStream::connect(address).await.unwrap()).await.unwrap();
        let carrying = tokio::spawn(connection);
        timeout(LIMIT, play(sender)).await.expect("it ends within the limit");
        carrying.abort();
    });
}

fn get(path: &str) -> http::Request<()> {
    http::Request::get(format!("http://gateway{path}")).body(()).unwrap()
}

#[test]
fn a_connection_has_so_many_streams_at_a_time() {
    let upstream = Upstream::answers(json!({}));
    let gnomon = Gnomon::run(&with(service(&[endpoint("/a", &[live(&upstream, "/")])]), &json!({ "use_h2c": true })));
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let stream = TcpStream::connect(gnomon.address()).await.unwrap();
        let (mut sender, mut connection) = h2::client::handshake(stream).await.unwrap();
        let (answer, _upload) = sender.send_request(get("/a"), true).unwrap();
        let answered = async {
            tokio::select! {
                answer = answer => answer.unwrap().status(),
                ended = &mut connection => panic!("the connection ended: {ended:?}"),
            }
        };
        assert_eq!(timeout(LIMIT, answered).await.unwrap(), 200);
        assert_eq!(connection.max_concurrent_send_streams(), 250);
    });
}

#[test]
fn a_request_that_is_taken_back_ends_its_call() {
    let upstream = Upstream::hangs();
    let file = service(&[endpoint("/a", &[live(&upstream, "/")])]);
    let gnomon = Gnomon::run(&with(file, &json!({ "use_h2c": true, "timeout": "1h" })));
    on_a_connection(gnomon.address(), async |mut sender| {
        let (answer, upload) = sender.send_request(get("/a"), true).unwrap();
        tokio::task::yield_now().await;
        while upstream.seen().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        drop((answer, upload));
        while gnomon.stats().endpoint("/a").in_flight > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    gnomon.finish();
}

#[test]
fn a_client_that_leaves_ends_its_calls() {
    let upstream = Upstream::hangs();
    let file = service(&[endpoint("/a", &[live(&upstream, "/")])]);
    let gnomon = Gnomon::run(&with(file, &json!({ "use_h2c": true, "timeout": "1h" })));
    on_a_connection(gnomon.address(), async |mut sender| {
        let _call = sender.send_request(get("/a"), true).unwrap();
        while upstream.seen().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    gnomon.wait_until("the call ended with its client", |stats| stats.endpoint("/a").in_flight == 0);
}

#[test]
fn an_answer_that_nobody_reads_is_reset_when_its_time_is_over() {
    let flood = Flood::new();
    let gnomon = Gnomon::run(&flood.file(&json!({ "use_h2c": true, "write_timeout": "300ms" })));
    on_a_connection(gnomon.address(), async |mut sender| {
        let (answer, _upload) = sender.send_request(get("/flood"), true).unwrap();
        let mut body = answer.await.unwrap().into_body();
        // What is read is not given back, so the server may send no more than the first window.
        let reset = loop {
            match body.data().await {
                Some(Ok(_water)) => {}
                Some(Err(error)) => break error,
                None => panic!("the answer ended cleanly"),
            }
        };
        assert_eq!(reset.reason(), Some(Reason::INTERNAL_ERROR));
        // The connection goes on.
        let (answer, _upload) = sender.send_request(get("/__health"), true).unwrap();
        assert_eq!(answer.await.unwrap().status(), 200);
    });
    assert!(crate::patience::wait_for(|| flood.is_over().then_some(())).is_some());
}

#[test]
fn whoever_connects_and_is_silent_is_let_go() {
    let file = with(service(&[]), &json!({ "use_h2c": true, "read_header_timeout": "200ms", "idle_timeout": "200ms" }));
    let gnomon = Gnomon::run(&file);
    for said in [&b""[..], b"PRI * HTTP/2.0\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0"] {
        let mut client = gnomon.connect();
        client.send(said);
        assert!(client.is_closed(), "after {said:?}");
    }
    gnomon.finish();
}

#[test]
fn a_request_in_flight_is_finished_when_the_gateway_ends() {
    let upstream = Upstream::waits(&json!({ "late": true }));
    let file = service(&[endpoint("/a", &[live(&upstream, "/")])]);
    let mut gnomon = Gnomon::run(&with(file, &json!({ "use_h2c": true, "timeout": "60s" })));
    on_a_connection(gnomon.address(), async |mut sender| {
        let (answer, _upload) = sender.send_request(get("/a"), true).unwrap();
        while upstream.seen().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        gnomon.signal("TERM");
        // The gateway says that it takes no more; this is when.
        while sender.clone().ready().await.is_ok() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        upstream.release();
        let mut body = answer.await.unwrap().into_body();
        assert_eq!(body.data().await.unwrap().unwrap(), &b"{\"late\":true}"[..]);
    });
    assert_eq!(gnomon.wait_for_exit().code(), Some(0), "{}", gnomon.output());
}

#[test]
fn a_body_and_its_headers_come_through_both_ways() {
    let upstream = Upstream::answers(json!({ "a": 1 }));
    let backend = with(live(&upstream, "/"), &json!({ "encoding": "no-op" }));
    let echo = json!({ "endpoint": "/a", "method": "POST", "output_encoding": "no-op", "backend": [with(backend, &json!({ "method": "POST" }))] });
    let gnomon = Gnomon::run(&with(service(&[echo]), &json!({ "use_h2c": true })));
    on_a_connection(gnomon.address(), async |mut sender| {
        let request = http::Request::post("http://gateway/a").body(()).unwrap();
        let (answer, mut upload) = sender.send_request(request, false).unwrap();
        upload.send_data(Bytes::from_static(b"one "), false).unwrap();
        upload.send_data(Bytes::from_static(b"two"), true).unwrap();
        let answer = answer.await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.headers()["content-length"].to_str().unwrap()), (200, "7"));
        assert!(answer.headers().contains_key("date") && !answer.headers().contains_key("connection"));
        let mut body = answer.into_body();
        assert_eq!(body.data().await.unwrap().unwrap(), &b"{\"a\":1}"[..]);
    });
    assert_eq!(upstream.wait_for(1)[0].body, b"one two");
}

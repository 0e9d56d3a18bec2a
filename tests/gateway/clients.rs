//! Clients that don't read, say too much, or say nothing; and answers that are packed in ways nobody asked for.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use serde_json::{Value, json};

use crate::{
    files::{endpoint, live, service, with},
    gnomon::{Folder, Gnomon},
    patience::{LIMIT, wait_for},
    secure::{Authority, SecureClient},
    upstream::{Reply, Upstream},
    wire::chunk,
};

/// An upstream that floods one connection, and knows when that ended.
pub(crate) struct Flood {
    address: SocketAddr,
    is_over: Arc<AtomicBool>,
}

impl Flood {
    pub(crate) fn new() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let (address, is_over) = (listener.local_addr().unwrap(), Arc::new(AtomicBool::new(false)));
        let its = Arc::clone(&is_over);
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _request = stream.read(&mut [0; 4096]).unwrap();
            let water = chunk(&[b' '; 64 * 1024]);
            let mut written = stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
            while written.is_ok() {
                written = stream.write_all(&water);
            }
            its.store(true, Ordering::Release);
        });
        Self { address, is_over }
    }

    /// Whether the gateway has closed its connection.
    pub(crate) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Acquire)
    }

    /// A file with one endpoint through which it flows, and these keys.
    pub(crate) fn file(&self, keys: &Value) -> Value {
        let backend = json!({ "host": [format!("http://{}", self.address)], "url_pattern": "/", "encoding": "no-op" });
        let through = with(endpoint("/flood", &[backend]), &json!({ "output_encoding": "no-op", "timeout": "1h" }));
        with(service(&[through]), keys)
    }
}

#[test]
fn a_client_that_does_not_read_is_let_go_when_its_time_is_over() {
    let flood = Flood::new();
    let gnomon = Gnomon::run(&flood.file(&json!({ "write_timeout": "300ms" })));
    let mut client = gnomon.connect();
    client.ask("GET", "/flood", &[], b"");
    assert!(wait_for(|| flood.is_over().then_some(())).is_some(), "the answer is still held after {LIMIT:?}");
    assert!(!client.receive().unwrap().complete);
    gnomon.finish();
}

#[test]
fn so_is_one_over_tls_and_one_that_reads_for_ever() {
    let (folder, authority) = (Folder::new(), Authority::new("a"));
    let (public_key, private_key) = authority.issue(&["localhost"]).write(&folder, "server");
    let tls = json!({ "keys": [{ "public_key": public_key, "private_key": private_key }] });
    let flood = Flood::new();
    let gnomon = Gnomon::run_secure(&flood.file(&json!({ "write_timeout": "300ms", "tls": tls })));
    SecureClient::trusting(&authority).leave(gnomon.address(), "/flood", || flood.is_over());
    let flood = Flood::new();
    let gnomon = Gnomon::run(&flood.file(&json!({ "write_timeout": "300ms" })));
    let answer = gnomon.get("/flood");
    assert!(!answer.complete, "the answer ended cleanly");
    assert!(wait_for(|| flood.is_over().then_some(())).is_some());
}

#[test]
fn a_backend_slower_than_the_time_to_write_leaves_the_client_without_an_answer() {
    let slow = Upstream::waits(&json!({}));
    let file = with(service(&[endpoint("/a", &[live(&slow, "/")])]), &json!({ "write_timeout": "100ms" }));
    let gnomon = Gnomon::run(&with(file, &json!({ "timeout": "500ms" })));
    let mut client = gnomon.connect();
    client.ask("GET", "/a", &[], b"");
    assert_eq!(client.receive(), None, "as in KrakenD the connection just ends");
    gnomon.finish();
}

#[test]
fn each_request_of_a_connection_has_the_whole_time() {
    let slow = Upstream::slow(1_500);
    let file = with(service(&[endpoint("/a", &[live(&slow, "/")])]), &json!({ "write_timeout": "2500ms" }));
    let gnomon = Gnomon::run(&file);
    let mut client = gnomon.connect();
    for _ in 0..2 {
        client.ask("GET", "/a", &[], b"");
        assert_eq!(client.receive().unwrap().status, 200);
    }
}

#[test]
fn a_head_that_is_longer_than_the_file_allows_is_refused() {
    let upstream = Upstream::answers(json!({}));
    let file = service(&[endpoint("/a", &[live(&upstream, "/")])]);
    let ask = |gnomon: &Gnomon, bytes: usize| {
        let mut client = gnomon.connect();
        client.ask("GET", "/a", &[("X-Long", &"x".repeat(bytes))], b"");
        let answer = client.receive().unwrap();
        assert_eq!(client.is_closed(), answer.status == 431, "refused, and the connection ends");
        answer
    };
    // Go reads 4096 bytes more than the file says.
    let strict = Gnomon::run(&with(file.clone(), &json!({ "max_header_bytes": 1000, "idle_timeout": "100ms" })));
    let refused = ask(&strict, 5200);
    assert_eq!((refused.status, refused.text().as_str()), (431, "431 Request Header Fields Too Large"));
    let mut client = strict.connect();
    client.ask("GET", "/a", &[("X-Long", &"x".repeat(4900))], b"");
    assert_eq!(client.receive().unwrap().status, 200);
    assert_eq!(upstream.seen().len(), 1);
    let lenient = Gnomon::run(&file);
    let mut client = lenient.connect();
    client.ask("GET", "/a", &[("X-Long", &"x".repeat(100_000))], b"");
    assert_eq!(client.receive().unwrap().status, 200);
    assert_eq!(ask(&lenient, 200_000).status, 431);
}

#[test]
fn answers_packed_as_nobody_asked_are_unpacked() {
    // `{"packed":true}` with the frame of zlib, and by the reference encoder of brotli.
    let text = br#"{"packed":true}"#;
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    zlib.write_all(text).unwrap();
    let brotli = b"\x0b\x07\x80{\"packed\":true}\x03";
    let packed = |how: &str, body: &[u8]| Reply::new(200, "application/json", body).with("Content-Encoding", how);
    let upstream = Upstream::answers(json!({}))
        .on("/deflate", packed("deflate", &zlib.finish().unwrap()))
        .on("/br", packed("br", brotli))
        .on("/broken", packed("br", b"no brotli at all"));
    let paths = ["/deflate", "/br", "/broken"];
    let gnomon = Gnomon::run(&service(&paths.map(|path| endpoint(path, &[live(&upstream, path)]))));
    for path in ["/deflate", "/br"] {
        let answer = gnomon.get(path);
        assert_eq!(
            (answer.status, answer.json(), answer.header("content-encoding")),
            (200, json!({ "packed": true }), None)
        );
    }
    assert_eq!(gnomon.get("/broken").status, 500);
    for seen in upstream.seen() {
        assert_eq!(seen.header("accept-encoding"), Some("gzip"), "no more is asked for than KrakenD asks for");
    }
}

#[test]
fn leave_to_send_a_body_is_asked_for_when_the_file_and_the_client_want_it() {
    let upstream = Upstream::answers(json!({}));
    let post = with(
        endpoint("/a", &[with(live(&upstream, "/"), &json!({ "method": "POST" }))]),
        &json!({ "method": "POST", "input_headers": ["Expect"] }),
    );
    for (keys, expected) in [(json!({}), None), (json!({ "expect_continue_timeout": "50ms" }), Some("100-continue"))] {
        let gnomon = Gnomon::run(&with(service(std::slice::from_ref(&post)), &keys));
        let answer = gnomon.ask("POST", "/a", &[("Expect", "100-continue")], b"payload");
        assert_eq!(answer.status, 200);
        let seen = upstream.seen().pop().unwrap();
        assert_eq!((seen.header("expect"), seen.body.as_slice()), (expected, &b"payload"[..]));
    }
}

#[test]
fn idle_connections_to_upstreams_are_as_many_as_the_file_allows() {
    let (first, second) = (Upstream::answers(json!({})), Upstream::answers(json!({})));
    let file = service(&[endpoint("/1", &[live(&first, "/")]), endpoint("/2", &[live(&second, "/")])]);
    for (keys, connections) in [(json!({}), 1), (json!({ "max_idle_connections": 1 }), 3)] {
        let gnomon = Gnomon::run(&with(file.clone(), &keys));
        let (before, mut client) = (second.connections(), gnomon.connect());
        for path in ["/1", "/2", "/2", "/2"] {
            client.ask("GET", path, &[], b"");
            assert_eq!(client.receive().unwrap().status, 200);
        }
        assert_eq!(second.connections() - before, connections, "{keys}");
    }
}

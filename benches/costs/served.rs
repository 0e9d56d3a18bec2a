//! The whole gateway over loopback, in this process: from the bytes of a request to those of its answer.
//!
//! Client and upstream are as plain as they can be and are counted in; what they take is the row of an empty gateway.

use std::{
    hint::black_box,
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
};

use gnomon::{
    backend::{
        Client,
        request::outbound,
        transport::{PoolLimits, Secure},
    },
    config::{Environment, Source, load},
    model::Body,
    plan::Blueprint,
    server::{self, Gateway, Options},
};
use serde_json::json;

use super::{
    count,
    plans::{endpoint, plan, request},
    scale::LARGE,
    scenes::Scene,
};

const REQUEST: &[u8] = b"GET /api/v1/area0/4711 HTTP/1.1\r\nHost: gateway\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n";

/// 200 bytes of JSON.
const ANSWER: &str = concat!(
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 200\r\n\r\n",
    r#"{"id":4711,"name":"Ada Lovelace","mail":"ada@example.org","plan":"team","ok":true,"tags":["new","blue"],"#,
    r#""note":"The analytical engine weaves algebraical patterns as a loom weaves flowers and leaves."}"#
);

pub(crate) fn all() -> Vec<Scene> {
    vec![
        Scene::threaded("client and upstream alone, over loopback", alone),
        Scene::threaded("call of an upstream, over loopback", called),
        Scene::threaded("request through the whole gateway, over loopback", |times| served(1, times)),
        Scene::threaded("the same among 10000 endpoints", |times| served(LARGE, times)),
        Scene::new("start, for each endpoint of a file", |times| started(0, times)),
        Scene::new("start, for each endpoint of a larger file", |times| started(1000, times)),
    ]
}

fn alone(times: u64) {
    let upstream = upstream();
    count::begin();
    ask(upstream, times);
}

/// What forwards: a head written, a head and a body read, the connection kept.
fn called(times: u64) {
    let upstream = upstream();
    actix::System::new().block_on(async {
        let plan = plan(&[endpoint("/user/{id}", 1, 0)]);
        let backend = plan.endpoints.first().and_then(|endpoint| endpoint.live.first()).expect("there is one");
        let mut base = backend.bases.first().expect("there is one").clone();
        base.authority = upstream.to_string().parse().expect("an address is an authority");
        let client = Client::new(PoolLimits { idle_per_host: 8, ..PoolLimits::default() }, Secure::new(None));
        let request = request();
        count::begin();
        for _ in 0..times {
            let outbound = outbound(backend, &base, &request, &[]).expect("the URL is legal");
            let inbound = client.send(&outbound, Body::Empty).await.expect("the upstream answers");
            black_box(inbound.read_whole(1 << 20).await.expect("the body is whole"));
        }
    });
}

fn served(count: usize, times: u64) {
    let upstream = upstream();
    actix::System::new().block_on(async {
        let gateway = start(count, upstream);
        let address = gateway.address;
        let asking = tokio::task::spawn_blocking(move || {
            // Connections are opened and buffers made.
            let mut stream = connected(address);
            ask_over(&mut stream, 10);
            count::begin();
            ask_over(&mut stream, times);
        });
        asking.await.expect("every request was answered");
        gateway.stop().await;
    });
}

/// From the text of a file to the first answer, and the stop.
fn started(more: u64, times: u64) {
    let upstream = upstream();
    let count = usize::try_from(more + times).expect("it is a number of endpoints");
    actix::System::new().block_on(async {
        let gateway = start(count, upstream);
        let address = gateway.address;
        tokio::task::spawn_blocking(move || ask(address, 1)).await.expect("it was answered");
        gateway.stop().await;
    });
}

fn start(count: usize, upstream: SocketAddr) -> Gateway {
    let endpoints: Vec<_> = (0..count).map(|place| endpoint(&format!("/api/v1/area{place}/{{id}}"), 1, 0)).collect();
    let file = json!({
        "version": 3,
        "listen_ip": "127.0.0.1",
        "port": free_port(),
        "host": [format!("http://{upstream}")],
        "extra_config": { "@admin": { "listen": "off" } },
        "endpoints": endpoints,
    });
    let source = Source::Text { name: "krakend.json".into(), text: file.to_string() };
    let service = load(&source, &Environment::default()).service.expect("the file is correct");
    let (blueprint, _findings) = Blueprint::new(service, &file);
    server::start(blueprint, Options { workers: Some(1), ..Options::default() }).expect("the port was free")
}

fn ask(address: SocketAddr, times: u64) {
    ask_over(&mut connected(address), times);
}

fn connected(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("somebody listens");
    stream.set_nodelay(true).expect("TCP can do without delay");
    stream
}

/// One request after the other.
fn ask_over(stream: &mut TcpStream, times: u64) {
    let mut buffer = [0; 4096];
    for _ in 0..times {
        stream.write_all(REQUEST).expect("the other side reads");
        let mut length = 0;
        while !is_whole(buffer.get(..length).unwrap_or_default()) {
            let room = buffer.get_mut(length..).unwrap_or_default();
            let Ok(read @ 1..) = stream.read(room) else { panic!("the answer breaks off") };
            length += read;
        }
    }
}

/// Whether the body, which ends as no head does, is there.
fn is_whole(answer: &[u8]) -> bool {
    answer.starts_with(b"HTTP/1.1 200") && answer.ends_with(b"leaves.\"}")
}

fn upstream() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let mut buffer = [0; 4096];
                // Requests without a body, each of which comes at once.
                while stream.read(&mut buffer).is_ok_and(|read| read > 0) {
                    if stream.write_all(ANSWER.as_bytes()).is_err() {
                        return;
                    }
                }
            });
        }
    });
    address
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("it is bound").port()
}

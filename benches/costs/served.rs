//! The whole gateway over loopback, in this process: from the bytes of a request to those of its answer.
//!
//! Client and upstream are as plain as they can be and are counted in; what they take is the row of an empty gateway.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
};

use gnomon::{
    config::{Environment, Source, load},
    plan::Blueprint,
    server::{self, Options},
};
use serde_json::json;

use super::{plans::endpoint, scale::LARGE, scenes::Scene};

const REQUEST: &[u8] = b"GET /api/v1/area0/4711 HTTP/1.1\r\nHost: gateway\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n";

/// 200 bytes of JSON.
const ANSWER: &str = concat!(
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 200\r\n\r\n",
    r#"{"id":4711,"name":"Ada Lovelace","mail":"ada@example.org","plan":"team","ok":true,"tags":["new","blue"],"#,
    r#""note":"The analytical engine weaves algebraical patterns as a loom weaves flowers and leaves."}"#
);

pub(crate) fn all() -> Vec<Scene> {
    vec![
        Scene { name: "client and upstream alone, over loopback", play: alone },
        Scene { name: "request through the whole gateway, over loopback", play: |times| served(1, times) },
        Scene { name: "the same among 10000 endpoints", play: |times| served(LARGE, times) },
    ]
}

fn alone(times: u64) {
    ask(upstream(), times);
}

fn served(count: usize, times: u64) {
    let upstream = upstream();
    actix::System::new().block_on(async {
        let endpoints: Vec<_> =
            (0..count).map(|place| endpoint(&format!("/api/v1/area{place}/{{id}}"), 1, 0)).collect();
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
        let options = Options { workers: Some(1), ..Options::default() };
        let gateway = server::start(blueprint, options).expect("the port was free");
        let address = gateway.address;
        let asking = tokio::task::spawn_blocking(move || ask(address, times));
        asking.await.expect("every request was answered");
        gateway.stop().await;
    });
}

/// One connection, one request after the other.
fn ask(address: SocketAddr, times: u64) {
    let mut stream = TcpStream::connect(address).expect("somebody listens");
    stream.set_nodelay(true).expect("TCP can do without delay");
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

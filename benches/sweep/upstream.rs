//! The upstream: `/answer/BYTES/NAME/…` is answered with so many bytes of JSON, whose members have that name in theirs.

use std::{
    collections::HashMap,
    net::{SocketAddr, TcpListener},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    runtime::Builder,
    task::LocalSet,
};

use super::load::{end_of_head, length_of_body};

/// One on a port of loopback, with a thread for all its connections.
pub(crate) struct Upstream {
    pub(crate) port: u16,
}

impl Upstream {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        listener.set_nonblocking(true).expect("a socket can be told to");
        std::thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
            LocalSet::new().block_on(&runtime, async {
                let listener = tokio::net::TcpListener::from_std(listener).expect("it does not block");
                while let Ok((stream, _peer)) = listener.accept().await {
                    tokio::task::spawn_local(serve(stream));
                }
            });
        });
        Self { port }
    }
}

async fn serve(mut stream: TcpStream) {
    let _slower_then = stream.set_nodelay(true);
    let mut answers: HashMap<Vec<u8>, Vec<u8>> = HashMap::new();
    let (mut seen, mut buffer) = (Vec::new(), vec![0; 64 * 1024]);
    loop {
        while let Some(end) = end_of_head(&seen) {
            let total = end + length_of_body(seen.get(..end).unwrap_or_default()).unwrap_or(0);
            if seen.len() < total {
                break;
            }
            let path = path(&seen);
            let answer = answers.entry(path.to_vec()).or_insert_with(|| answer(path));
            if stream.write_all(answer).await.is_err() {
                return;
            }
            seen.drain(..total);
        }
        match stream.read(&mut buffer).await {
            Ok(read @ 1..) => seen.extend_from_slice(buffer.get(..read).unwrap_or_default()),
            _ => return,
        }
    }
}

/// The target of the request line.
fn path(head: &[u8]) -> &[u8] {
    head.split(|byte| *byte == b' ').nth(1).unwrap_or_default()
}

fn answer(path: &[u8]) -> Vec<u8> {
    let path = String::from_utf8_lossy(path);
    let mut parts = path.split('/').skip(2);
    let bytes = parts.next().and_then(|text| text.parse().ok()).unwrap_or(0);
    let body = json_of(parts.next().unwrap_or_default(), bytes);
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
    [head.into_bytes(), body].concat()
}

/// An object of exactly so many bytes (64 at least) as applications send them: short members of every kind.
pub(crate) fn json_of(name: &str, bytes: usize) -> Vec<u8> {
    let mut text = format!("{{\"{name}\":1");
    for place in 0.. {
        let member = format!(
            ",\"{name}_{place}\":{{\"id\":{place},\"name\":\"Zoë \\\"Z\\\" Lang\",\"price\":{place}.5,\"ok\":true,\"tags\":[\"a\",null]}}"
        );
        if text.len() + member.len() + 12 > bytes {
            break;
        }
        text.push_str(&member);
    }
    // The rest is one string: `,"":"…"}` takes seven.
    let rest = bytes.saturating_sub(text.len() + 7);
    text.push_str(&format!(",\"\":\"{}\"}}", "x".repeat(rest)));
    text.into_bytes()
}

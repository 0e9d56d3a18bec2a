//! Backends for the comparison, each on a thread of its own.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    time::Duration,
};

const ANSWER: &str = concat!(
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 42\r\n\r\n",
    r#"{"id":42,"name":"Ada","plan":"team","v":1}"#
);

/// One that differs from it in a value.
const OTHER_ANSWER: &str = concat!(
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 42\r\n\r\n",
    r#"{"id":42,"name":"Ada","plan":"solo","v":1}"#
);

/// A backend that listens on a port of loopback.
pub(crate) struct Upstream {
    pub(crate) port: u16,
    /// Held open, so that nobody else gets the port.
    _listener: Option<TcpListener>,
}

impl Upstream {
    /// Answers every request after a while.
    pub(crate) fn answering(after: Duration) -> Self {
        Self::serving(move |stream| answer(stream, ANSWER, after))
    }

    /// Answers every request at once, and not as the others do.
    pub(crate) fn differing() -> Self {
        Self::serving(move |stream| answer(stream, OTHER_ANSWER, Duration::ZERO))
    }

    /// Takes connections and requests and never answers.
    pub(crate) fn hanging() -> Self {
        Self::serving(|mut stream| {
            let mut sink = [0; 4096];
            while stream.read(&mut sink).is_ok_and(|read| read > 0) {}
        })
    }

    /// Nobody listens on the port.
    pub(crate) fn refusing() -> Self {
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).expect("a socket");
        let any: std::net::SocketAddr = ([127, 0, 0, 1], 0).into();
        socket.bind(&any.into()).expect("a free port");
        let listener: TcpListener = socket.into();
        Self { port: listener.local_addr().expect("it is bound").port(), _listener: Some(listener) }
    }

    fn serving(serve: impl Fn(TcpStream) + Clone + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let serve = serve.clone();
                std::thread::spawn(move || serve(stream));
            }
        });
        Self { port, _listener: None }
    }
}

fn answer(mut stream: TcpStream, answer: &str, after: Duration) {
    let _slow_then = stream.set_nodelay(true);
    let mut buffer = [0; 4096];
    let mut seen: Vec<u8> = Vec::new();
    while let Ok(read @ 1..) = stream.read(&mut buffer) {
        seen.extend_from_slice(buffer.get(..read).unwrap_or_default());
        while let Some(end) = end_of_request(&seen) {
            seen.drain(..end);
            if !after.is_zero() {
                #[expect(
                    clippy::disallowed_methods,
                    reason = "a thread of its own for each connection of a slow backend"
                )]
                std::thread::sleep(after);
            }
            if stream.write_all(answer.as_bytes()).is_err() {
                return;
            }
        }
    }
}

/// Where the first request ends, its body included, if all of it is there.
fn end_of_request(seen: &[u8]) -> Option<usize> {
    let head = seen.windows(4).position(|window| window == b"\r\n\r\n")?;
    let text = String::from_utf8_lossy(seen.get(..head)?).to_ascii_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
    let end = head + 4 + length.unwrap_or(0);
    (seen.len() >= end).then_some(end)
}

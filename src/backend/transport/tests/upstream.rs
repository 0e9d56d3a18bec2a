//! An upstream inside the test: a listener, and a script for each connection it accepts.

use std::{cell::RefCell, future::Future, net::SocketAddr, rc::Rc, time::Duration};

use http::{Method, StatusCode};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::super::{PoolLimits, Secure};
use crate::{
    backend::{Client, client::Inbound},
    model::{Body, Failure, Headers, body::Held, wire::Outbound},
};

/// A correct small answer.
pub(super) const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
/// The same, chunked: its connection goes home only when somebody has read it.
pub(super) const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";

/// Plays on one thread. The limit is there so that a test that hangs says so.
pub(super) fn on_real_sockets(play: impl Future<Output = ()>) {
    actix::System::new().block_on(async {
        tokio::time::timeout(Duration::from_secs(60), play).await.expect("nothing hangs");
    });
}

/// A request as it came over the wire.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    /// Which connection carried it, from 0.
    pub(super) connection: usize,
    pub(super) head: String,
    /// The body as it was framed.
    pub(super) body: Vec<u8>,
    /// Whether it came to its end.
    pub(super) whole: bool,
}

/// A listener on loopback.
pub(super) struct Upstream {
    pub(super) address: SocketAddr,
    seen: Rc<RefCell<Vec<Seen>>>,
}

impl Upstream {
    /// Plays `serve` for each connection.
    pub(super) async fn start<F, W>(serve: F) -> Self
    where
        F: Fn(Peer) -> W + 'static,
        W: Future<Output = ()> + 'static,
    {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen: Rc<RefCell<Vec<Seen>>> = Rc::default();
        let shared = Rc::clone(&seen);
        actix::spawn(async move {
            for number in 0.. {
                let (stream, _from) = listener.accept().await.unwrap();
                stream.set_nodelay(true).unwrap();
                actix::spawn(serve(Peer { number, stream, buffer: Vec::new(), seen: Rc::clone(&shared) }));
            }
        });
        Self { address, seen }
    }

    /// Answers every request of every connection with the same bytes.
    pub(super) async fn always(wire: impl Into<Vec<u8>>) -> Self {
        let wire: Rc<[u8]> = wire.into().into();
        Self::start(move |mut peer| {
            let wire = Rc::clone(&wire);
            async move {
                while peer.request().await {
                    peer.say(&wire).await;
                }
            }
        })
        .await
    }

    /// Answers the first request of a connection with these bytes, then closes it.
    pub(super) async fn once(wire: impl Into<Vec<u8>>) -> Self {
        let wire: Rc<[u8]> = wire.into().into();
        Self::start(move |mut peer| {
            let wire = Rc::clone(&wire);
            async move {
                if peer.request().await {
                    peer.say(&wire).await;
                }
            }
        })
        .await
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen.borrow().clone()
    }

    /// Which connection carried each request, in the order they came.
    pub(super) fn connections(&self) -> Vec<usize> {
        self.seen.borrow().iter().map(|seen| seen.connection).collect()
    }

    /// Waits until so many requests have come, whole or not.
    pub(super) async fn until(&self, requests: usize) {
        while self.seen.borrow().len() < requests {
            tokio::task::yield_now().await;
        }
    }

    /// A request to this upstream.
    pub(super) fn outbound(&self, method: Method, path: &str) -> Outbound {
        let uri = format!("http://{}{path}", self.address).parse().unwrap();
        Outbound { method, uri, headers: Headers::new(), asked_for_gzip: false }
    }

    /// Sends a request; gives the head of its answer.
    pub(super) async fn send(&self, client: &Client, method: Method, body: Body) -> Result<Inbound, Failure> {
        client.send(&self.outbound(method, "/"), body).await
    }

    /// Sends a request and reads its answer.
    pub(super) async fn call(&self, client: &Client, method: Method, body: Body) -> Result<Answer, Failure> {
        let inbound = self.send(client, method, body).await?;
        let status = inbound.status();
        let body = inbound.read_whole(1 << 24).await?;
        Ok(Answer { status, body: body.to_vec() })
    }

    pub(super) async fn get(&self, client: &Client) -> Result<Answer, Failure> {
        self.call(client, Method::GET, Body::Empty).await
    }
}

/// An answer that was read to its end.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn ok(body: &str) -> Self {
        Self { status: StatusCode::OK, body: body.into() }
    }
}

/// The upstream's end of one connection. Dropping it closes the connection.
pub(super) struct Peer {
    pub(super) number: usize,
    stream: TcpStream,
    buffer: Vec<u8>,
    seen: Rc<RefCell<Vec<Seen>>>,
}

impl Peer {
    /// Reads a request to its end; false when it did not come to one.
    pub(super) async fn request(&mut self) -> bool {
        let Some(head) = self.read_head().await else { return false };
        let lower = head.to_ascii_lowercase();
        let length = lower.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()?.parse().ok());
        let chunked = lower.contains("transfer-encoding: chunked");
        let end = |buffer: &[u8]| match length {
            Some(length) => (buffer.len() >= length).then_some(length),
            None if chunked => buffer.windows(7).position(|end| end == b"\r\n0\r\n\r\n").map(|at| at + 7),
            None => Some(0),
        };
        let mut whole = true;
        let end = loop {
            if let Some(end) = end(&self.buffer) {
                break end;
            }
            if !self.more().await {
                whole = false;
                break self.buffer.len();
            }
        };
        let body = self.buffer.drain(..end).collect();
        self.seen.borrow_mut().push(Seen { connection: self.number, head, body, whole });
        whole
    }

    /// Reads only the head of a request.
    pub(super) async fn only_head(&mut self) -> bool {
        let Some(head) = self.read_head().await else { return false };
        self.seen.borrow_mut().push(Seen { connection: self.number, head, body: Vec::new(), whole: false });
        true
    }

    /// Reads so many bytes, or what comes before the end.
    pub(super) async fn body(&mut self, bytes: usize) -> Vec<u8> {
        while self.buffer.len() < bytes && self.more().await {}
        self.buffer.drain(..bytes.min(self.buffer.len())).collect()
    }

    /// Reads until the client closes the connection.
    pub(super) async fn rest(&mut self) -> Vec<u8> {
        while self.more().await {}
        std::mem::take(&mut self.buffer)
    }

    async fn read_head(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.buffer.windows(4).position(|end| end == b"\r\n\r\n") {
                let head: Vec<u8> = self.buffer.drain(..end + 4).collect();
                return Some(String::from_utf8(head).unwrap());
            }
            if !self.more().await {
                return None;
            }
        }
    }

    async fn more(&mut self) -> bool {
        matches!(self.stream.read_buf(&mut self.buffer).await, Ok(1..))
    }

    /// Writes bytes; a client that is gone is not this side's business.
    pub(super) async fn say(&mut self, wire: impl AsRef<[u8]>) {
        let _gone = self.stream.write_all(wire.as_ref()).await;
    }

    /// Waits until the client closes the connection.
    pub(super) async fn until_closed(&mut self) {
        while self.more().await {
            self.buffer.clear();
        }
    }

    /// Closes the connection as a crash would.
    pub(super) fn reset(self) {
        socket2::SockRef::from(&self.stream).set_linger(Some(Duration::ZERO)).unwrap();
    }
}

/// Keeps up to 8 idle connections for ever.
pub(super) const ROOMY: PoolLimits = PoolLimits {
    idle_per_host: 8,
    idle_time: None,
    head_time: None,
    dial_time: None,
    keep_alive_time: None,
    fallback_delay: None,
    continue_time: None,
};

pub(super) fn client() -> Client {
    Client::new(ROOMY, Secure::new(None))
}

/// A body in memory, as one chunk.
pub(super) fn held(bytes: impl Into<bytes::Bytes>) -> Body {
    Body::Held(Held::new(vec![bytes.into()]))
}

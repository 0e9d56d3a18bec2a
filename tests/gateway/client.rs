//! A client with full control over its bytes: it can split, stall, break off and hang up.

use std::{
    io::{ErrorKind, Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    time::Duration,
};

use serde_json::Value;

use crate::{
    patience::LIMIT,
    wire::{Kind, Message, Reader},
};

/// What a program sends with a change, unless it has a token.
pub(crate) const MEANT: (&str, &str) = ("X-Gnomon-Admin", "1");

/// What the server sent back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Names in lower case, in the order they came.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// Whether the body ended as its framing promised.
    pub(crate) complete: bool,
}

impl Answer {
    /// The first value of a header; `name` is in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON; null if it is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The same answer without what may differ from one second to the next, headers in order of their names.
    pub(crate) fn timeless(mut self) -> Self {
        self.headers.retain(|(name, _)| name != "date");
        self.headers.sort();
        self
    }
}

/// One connection to a server.
pub(crate) struct Connection {
    stream: TcpStream,
    address: SocketAddr,
}

impl Connection {
    pub(crate) fn open(address: SocketAddr) -> Self {
        Self::try_open(address).expect("the server accepts connections")
    }

    /// `None` when nobody listens.
    fn try_open(address: SocketAddr) -> Option<Self> {
        let stream = TcpStream::connect(address).ok()?;
        stream.set_read_timeout(Some(LIMIT)).expect("a limit above zero is allowed");
        stream.set_write_timeout(Some(LIMIT)).expect("a limit above zero is allowed");
        stream.set_nodelay(true).expect("TCP can do without delay");
        Some(Self { stream, address })
    }

    /// Sends bytes as they are. Whether they arrive is the server's business: it may answer before it has read them.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).ok();
    }

    /// Sends the head of a request; `headers` follow `Host`.
    pub(crate) fn send_head(&mut self, method: &str, target: &str, headers: &[(&str, &str)]) {
        let mut head = format!("{method} {target} HTTP/1.1\r\nHost: {}\r\n", self.address);
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        self.send(head.as_bytes());
    }

    /// Sends a whole request, with the body's length if there is one.
    pub(crate) fn ask(&mut self, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) {
        let length = body.len().to_string();
        let mut all = headers.to_vec();
        if !body.is_empty() {
            all.push(("Content-Length", &length));
        }
        self.send_head(method, target, &all);
        self.send(body);
    }

    /// Reads one answer; `None` if the connection ends before its head.
    pub(crate) fn receive(&mut self) -> Option<Answer> {
        self.receive_kind(Kind::Answer)
    }

    /// Reads the answer to HEAD.
    pub(crate) fn receive_head(&mut self) -> Option<Answer> {
        self.receive_kind(Kind::AnswerToHead)
    }

    fn receive_kind(&mut self, kind: Kind) -> Option<Answer> {
        let mut reader = Reader::new(kind);
        let mut buffer = vec![0; 64 * 1024];
        while !reader.is_done() && !reader.is_broken() {
            match self.stream.read(&mut buffer) {
                Ok(0) => {
                    reader.close();
                    break;
                }
                Ok(count) => reader.feed(buffer.get(..count).unwrap_or_default()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    panic!("no answer within {LIMIT:?}")
                }
                Err(_) => break,
            }
        }
        reader.head()?;
        let complete = reader.is_done();
        Some(answer(reader.take(), complete))
    }

    /// Closes both directions at once.
    pub(crate) fn hang_up(self) {
        self.stream.shutdown(Shutdown::Both).ok();
    }

    /// Whether the other side has closed; waits for it.
    pub(crate) fn is_closed(&mut self) -> bool {
        self.is_closed_within(LIMIT)
    }

    /// The same, waiting this long for each thing it may still say.
    pub(crate) fn is_closed_within(&mut self, limit: Duration) -> bool {
        self.stream.set_read_timeout(Some(limit)).expect("a limit above zero is allowed");
        let mut buffer = [0; 1024];
        loop {
            match self.stream.read(&mut buffer) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(error) => return !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
            }
        }
    }
}

fn answer(message: Message, complete: bool) -> Answer {
    let status = message.word(1).parse().expect("a status is a number");
    Answer { status, headers: message.headers, body: message.body, complete }
}

/// One GET on a connection of its own.
pub(crate) fn get(address: SocketAddr, target: &str) -> Answer {
    ask(address, "GET", target, &[], b"")
}

/// Like [`get`], from a server that may not be there yet.
pub(crate) fn try_get(address: SocketAddr, target: &str) -> Option<Answer> {
    let mut connection = Connection::try_open(address)?;
    connection.ask("GET", target, &[], b"");
    connection.receive()
}

/// One request on a connection of its own.
pub(crate) fn ask(address: SocketAddr, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let mut connection = Connection::open(address);
    connection.ask(method, target, headers, body);
    connection.receive().expect("the server answers")
}

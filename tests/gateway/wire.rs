//! HTTP/1.1 messages out of bytes, as they come in: just enough to see exactly what was sent.

use bytes::{Buf, BytesMut};

/// A request or an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Message {
    /// The first line, as in `GET / HTTP/1.1` or `HTTP/1.1 200 OK`.
    pub(crate) start_line: String,
    /// Names in lower case, in the order they came.
    pub(crate) headers: Vec<(String, String)>,
    /// The body without its framing.
    pub(crate) body: Vec<u8>,
}

impl Message {
    /// The first value of a header; `name` is in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// One word of the first line.
    pub(crate) fn word(&self, position: usize) -> &str {
        self.start_line.split(' ').nth(position).unwrap_or_default()
    }
}

/// Which kind of message is read: their bodies end differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Request,
    Answer,
    /// The answer to HEAD: whatever its headers say, no body follows.
    AnswerToHead,
}

/// Reads one message after another from what it is fed.
#[derive(Debug)]
pub(crate) struct Reader {
    kind: Kind,
    raw: BytesMut,
    message: Message,
    state: State,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Head,
    Fixed(usize),
    ChunkSize,
    Chunk(usize),
    ChunkEnd,
    Trailer,
    UntilClose,
    Done,
    Broken,
}

impl Reader {
    pub(crate) fn new(kind: Kind) -> Self {
        Self { kind, raw: BytesMut::new(), message: Message::default(), state: State::Head }
    }

    /// Takes more bytes.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        self.raw.extend_from_slice(bytes);
        self.advance();
    }

    /// Says that no more bytes will come.
    pub(crate) fn close(&mut self) {
        if self.state == State::UntilClose {
            self.state = State::Done;
        }
    }

    /// The head, once it is there.
    pub(crate) fn head(&self) -> Option<&Message> {
        (!matches!(self.state, State::Head | State::Broken)).then_some(&self.message)
    }

    /// Whether the message ended as its framing promised.
    pub(crate) fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// Whether the bytes are not HTTP.
    pub(crate) fn is_broken(&self) -> bool {
        self.state == State::Broken
    }

    /// Whether nothing of the next message came yet.
    pub(crate) fn is_idle(&self) -> bool {
        self.state == State::Head && self.raw.is_empty()
    }

    /// The message as far as it came; the reader goes on with the next one.
    pub(crate) fn take(&mut self) -> Message {
        self.state = State::Head;
        let message = std::mem::take(&mut self.message);
        self.advance();
        message
    }

    fn advance(&mut self) {
        while let Some(next) = self.step() {
            self.state = next;
        }
    }

    /// Consumes what it can; `None` when more bytes are needed or nothing is left to do.
    fn step(&mut self) -> Option<State> {
        match self.state {
            State::Head => self.read_head(),
            State::Fixed(0) => Some(State::Done),
            State::Fixed(left) => self.read_body(left).map(State::Fixed),
            State::ChunkSize => {
                let line = self.read_line()?;
                let size = line.split(';').next().unwrap_or_default().trim();
                Some(match usize::from_str_radix(size, 16) {
                    Ok(0) => State::Trailer,
                    Ok(size) => State::Chunk(size),
                    Err(_) => State::Broken,
                })
            }
            State::Chunk(0) => Some(State::ChunkEnd),
            State::Chunk(left) => self.read_body(left).map(State::Chunk),
            State::ChunkEnd => {
                self.read_line().map(|line| if line.is_empty() { State::ChunkSize } else { State::Broken })
            }
            State::Trailer => self.read_line().map(|line| if line.is_empty() { State::Done } else { State::Trailer }),
            State::UntilClose => {
                self.read_body(usize::MAX)?;
                None
            }
            State::Done | State::Broken => None,
        }
    }

    fn read_head(&mut self) -> Option<State> {
        let end = self.raw.windows(4).position(|window| window == b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(&self.raw.split_to(end)).into_owned();
        self.raw.advance(4);
        let mut lines = head.split("\r\n");
        self.message.start_line = lines.next().unwrap_or_default().to_owned();
        if !self.message.start_line.contains("HTTP/1.") {
            return Some(State::Broken);
        }
        self.message.headers = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        Some(self.framing())
    }

    fn framing(&mut self) -> State {
        let status = if self.kind == Kind::Request { "" } else { self.message.word(1) };
        if status.starts_with('1') {
            self.message = Message::default();
            State::Head
        } else if self.kind == Kind::AnswerToHead || status == "204" || status == "304" {
            State::Done
        } else if self.message.header("transfer-encoding").is_some_and(|value| value.contains("chunked")) {
            State::ChunkSize
        } else if let Some(length) = self.message.header("content-length") {
            length.parse().map_or(State::Broken, State::Fixed)
        } else if self.kind == Kind::Request {
            State::Done
        } else {
            State::UntilClose
        }
    }

    /// Moves up to `left` bytes into the body and says how many are still to come.
    fn read_body(&mut self, left: usize) -> Option<usize> {
        if self.raw.is_empty() {
            return None;
        }
        let part = self.raw.split_to(left.min(self.raw.len()));
        self.message.body.extend_from_slice(&part);
        Some(left - part.len())
    }

    fn read_line(&mut self) -> Option<String> {
        let end = self.raw.windows(2).position(|window| window == b"\r\n")?;
        let line = String::from_utf8_lossy(&self.raw.split_to(end)).into_owned();
        self.raw.advance(2);
        Some(line)
    }
}

/// A body as one chunk and the end.
pub(crate) fn chunked(body: &[u8]) -> Vec<u8> {
    let mut framed = chunk(body);
    framed.extend_from_slice(b"0\r\n\r\n");
    framed
}

/// One chunk.
pub(crate) fn chunk(part: &[u8]) -> Vec<u8> {
    let mut framed = format!("{:x}\r\n", part.len()).into_bytes();
    framed.extend_from_slice(part);
    framed.extend_from_slice(b"\r\n");
    framed
}

//! How an upstream treats a request.

use std::time::Duration;

use serde_json::Value;

/// What an upstream does with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Behaviour {
    /// Reads the request and answers.
    Answers(Reply),
    /// Answers after this long.
    Slow(Duration, Reply),
    /// Answers once the test releases it.
    Waits(Reply),
    /// Answers, and closes the connection without having said so.
    ClosesIdle(Reply),
    /// Reads the request and never answers.
    Hangs,
    /// Reads nothing of the body; as the behaviour of a whole upstream, nothing at all.
    NeverReads,
    /// Resets the connection with the body still on its way.
    ResetsUploads,
    /// Reads the request and resets the connection.
    Resets,
    /// Resets the connection in the middle of the answer's body.
    ResetsMidway,
    /// Answers with bytes that are not HTTP.
    Garbage,
    /// Answers with a body that never ends, as fast as it is read.
    Floods,
    /// Says again and again that the answer is still to come, as fast as it is read.
    Continues,
    /// Answers with headers that never end, as fast as they are read.
    HeadsWithoutEnd,
    /// Promises a body of a gigabyte and sends it, as fast as it is read.
    SendsAGigabyte,
    /// Answers with a body that comes by a byte a second and hardly ever ends.
    Trickles,
    /// Promises more body than it sends before it closes.
    LiesAboutLength,
    /// Answers with how much came and whether it is what [`crate::bodies`] makes.
    Weighs,
    /// Answers with everything it was asked, and data for every kind of reshaping.
    Echoes,
    /// Answers as the mock backend of KrakenD's own suite.
    Mocks,
}

/// An answer that is sent as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// Besides the content's length.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// JSON with status 200.
    pub(crate) fn json(value: &Value) -> Self {
        Self::new(200, "application/json", value.to_string().as_bytes())
    }

    pub(crate) fn new(status: u16, content_type: &str, body: &[u8]) -> Self {
        let headers = vec![("Content-Type".to_owned(), content_type.to_owned())];
        Self { status, headers, body: body.to_vec() }
    }

    /// With one more header.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The bytes on the wire.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} Whatever\r\nContent-Length: {}\r\n", self.status, self.body.len());
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        [head.as_bytes(), &self.body].concat()
    }
}

impl From<Value> for Behaviour {
    fn from(value: Value) -> Self {
        Self::Answers(Reply::json(&value))
    }
}

impl From<Reply> for Behaviour {
    fn from(reply: Reply) -> Self {
        Self::Answers(reply)
    }
}

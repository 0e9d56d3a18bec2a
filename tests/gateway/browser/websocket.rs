//! As much of a WebSocket as one client of a local server needs: text both ways, whole messages.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use crate::patience::LIMIT;

/// How the other side says who it is does not matter here, so the key never changes.
const KEY: &str = "AAAAAAAAAAAAAAAAAAAAAA==";

/// An open connection.
pub(crate) struct WebSocket(TcpStream);

impl WebSocket {
    /// Opens `ws://address/path`.
    pub(crate) fn open(url: &str) -> Self {
        let rest = url.strip_prefix("ws://").expect("a plain address");
        let (address, path) = rest.split_once('/').expect("an address with a path");
        let mut stream = TcpStream::connect(address).expect("the browser listens");
        stream.set_read_timeout(Some(LIMIT)).expect("a limit above zero is allowed");
        stream.set_nodelay(true).expect("TCP can do without delay");
        let hello = format!(
            "GET /{path} HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n\r\n"
        );
        stream.write_all(hello.as_bytes()).expect("the browser reads");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).expect("the browser answers");
            head.extend_from_slice(&byte);
        }
        assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
        Self(stream)
    }

    /// Sends a text. A client has to mask what it sends; with zeroes that changes nothing.
    pub(crate) fn send(&mut self, text: &str) {
        let mut frame = vec![0x81];
        match text.len() {
            length @ 0..=125 => frame.push(0x80 | u8::try_from(length).expect("it is small")),
            length @ 126..=0xffff => {
                frame.push(0x80 | 126);
                frame.extend(u16::try_from(length).expect("it is small").to_be_bytes());
            }
            length => {
                frame.push(0x80 | 127);
                frame.extend((length as u64).to_be_bytes());
            }
        }
        frame.extend([0; 4]);
        frame.extend(text.as_bytes());
        self.0.write_all(&frame).expect("the browser reads");
    }

    /// The next text.
    pub(crate) fn receive(&mut self) -> String {
        let mut text = Vec::new();
        loop {
            let [first, second] = self.bytes(2).try_into().expect("as many as asked for");
            let length = match second & 0x7f {
                126 => u64::from(u16::from_be_bytes(self.bytes(2).try_into().expect("as many as asked for"))),
                127 => u64::from_be_bytes(self.bytes(8).try_into().expect("as many as asked for")),
                length => u64::from(length),
            };
            let payload = self.bytes(usize::try_from(length).expect("it fits into memory"));
            match first & 0x0f {
                0 | 1 => text.extend(payload),
                8 => panic!("the browser has gone"),
                _ping => continue,
            }
            if first & 0x80 != 0 {
                return String::from_utf8(text).expect("JSON is text");
            }
        }
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.0.read_exact(&mut bytes).expect("the browser goes on");
        bytes
    }
}

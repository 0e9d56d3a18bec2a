//! What an upstream sends: heads, framing, chunks, trailers, cut into pieces of any length.
//!
//! Laws: how the bytes were cut makes no difference; a body has no byte that was not sent; a head that was read can't
//! smuggle another into a request made of it.
#![no_main]

use awc::http::{Method, Uri, header};
use bytes::BytesMut;
use gnomon::backend::transport::{
    chunked::{Chunked, Step},
    framing::Framing,
    head::{self, BodyLength},
};
use libfuzzer_sys::fuzz_target;

#[derive(Debug, Default, PartialEq, Eq)]
struct Answer {
    status: u16,
    headers: usize,
    body: Vec<u8>,
    is_whole: bool,
    refused: bool,
}

fuzz_target!(|input: &[u8]| {
    let Some((&cut, wire)) = input.split_first() else { return };
    let whole = read(wire, wire.len().max(1));
    let cut = read(wire, usize::from(cut) % 17 + 1);
    assert!(whole.body.len() <= wire.len());
    // Of a wrong answer more or less may have arrived before that was seen.
    if whole.refused || cut.refused {
        assert_eq!(whole.refused, cut.refused);
        assert_eq!((whole.status, whole.headers), (cut.status, cut.headers));
    } else {
        assert_eq!(whole, cut);
    }
});

fn read(wire: &[u8], cut: usize) -> Answer {
    let (mut answer, mut buffer, mut framing) = (Answer::default(), BytesMut::new(), None);
    for piece in wire.chunks(cut) {
        buffer.extend_from_slice(piece);
        if framing.is_none() {
            match head::read(&mut buffer) {
                Ok(None) => continue,
                Err(_why) => return Answer { refused: true, ..answer },
                Ok(Some(head)) => {
                    (answer.status, answer.headers) = (head.status.as_u16(), head.headers.len());
                    forwarded(&head.headers);
                    match Framing::of(&Method::GET, head.status, &head.headers) {
                        Ok(found) => framing = Some(found),
                        Err(_why) => return Answer { refused: true, ..answer },
                    }
                }
            }
        }
        match framing.as_mut().map(|framing| take(framing, &mut buffer, &mut answer.body)) {
            Some(Ok(true)) => return Answer { is_whole: true, ..answer },
            Some(Err(())) => return Answer { refused: true, ..answer },
            _ => {}
        }
    }
    answer
}

/// Takes what has arrived of a body; whether that was its end.
fn take(framing: &mut Framing, buffer: &mut BytesMut, body: &mut Vec<u8>) -> Result<bool, ()> {
    match framing {
        Framing::Length(left) => {
            let ready = usize::try_from(*left).unwrap_or(usize::MAX).min(buffer.len());
            body.extend_from_slice(&buffer.split_to(ready));
            *left -= ready as u64;
            Ok(*left == 0)
        }
        Framing::UntilClose => {
            body.extend_from_slice(&buffer.split());
            Ok(false)
        }
        Framing::Chunked(state) => chunks(state, buffer, body),
    }
}

fn chunks(state: &mut Chunked, buffer: &mut BytesMut, body: &mut Vec<u8>) -> Result<bool, ()> {
    loop {
        match state.step(buffer) {
            Ok(Step::Data(data)) => {
                assert!(!data.is_empty());
                body.extend_from_slice(&data);
            }
            Ok(Step::End) => return Ok(true),
            Ok(Step::More) => return Ok(false),
            Err(_why) => return Err(()),
        }
    }
}

/// A request with headers that came from outside has one head and its own framing.
fn forwarded(headers: &header::HeaderMap) {
    let mut out = Vec::new();
    head::write(&mut out, &Method::POST, &Uri::from_static("http://h:81/p?q"), headers, BodyLength::Known(7));
    let ends = out.windows(4).filter(|window| window == b"\r\n\r\n").count();
    assert_eq!(ends, 1);
    let lines: Vec<&[u8]> = out.split(|byte| *byte == b'\n').collect();
    let framing = |line: &&&[u8]| {
        let line = line.to_ascii_lowercase();
        line.starts_with(b"content-length:") || line.starts_with(b"transfer-encoding:")
    };
    assert_eq!(lines.iter().filter(framing).count(), 1);
}

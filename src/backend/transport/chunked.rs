//! The chunked transfer coding, read strictly: what is ambiguous is an error, never a guess.
//!
//! Never holds more than what arrived; size lines and trailers have limits of their own.

use bytes::{Buf, Bytes, BytesMut};

/// A size line longer than this (extensions included) is refused.
const SIZE_LINE_BYTES_MAX: usize = 4 * 1024;
/// Trailers longer than this altogether are refused.
const TRAILERS_BYTES_MAX: usize = 16 * 1024;

/// What one look at the buffer gave.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// A piece of the body.
    Data(Bytes),
    /// The body is complete.
    End,
    /// More bytes are needed.
    More,
}

/// Where in the coding the reader stands.
#[derive(Debug, Default)]
pub enum Chunked {
    /// Before a size line.
    #[default]
    Size,
    /// Inside a chunk with so many bytes left.
    Data(u64),
    /// Before the line end that closes a chunk.
    DataEnd,
    /// In the trailers, with so many bytes of them read.
    Trailers(usize),
    /// After the last line.
    Done,
}

impl Chunked {
    /// Takes the next piece of the body out of `buffer`.
    ///
    /// # Errors
    /// On anything that is not exactly the chunked coding of RFC 9112, section 7.1.
    pub fn step(&mut self, buffer: &mut BytesMut) -> Result<Step, &'static str> {
        loop {
            match self {
                Self::Size => match take_line(buffer, SIZE_LINE_BYTES_MAX)? {
                    None => return Ok(Step::More),
                    Some(line) => *self = after_size(chunk_size(&line)?),
                },
                Self::Data(left) => {
                    let ready = usize::try_from(*left).unwrap_or(usize::MAX).min(buffer.len());
                    if ready == 0 {
                        return Ok(Step::More);
                    }
                    *left -= ready as u64;
                    if *left == 0 {
                        *self = Self::DataEnd;
                    }
                    return Ok(Step::Data(buffer.split_to(ready).freeze()));
                }
                Self::DataEnd => match buffer.get(..2) {
                    None => return Ok(Step::More),
                    Some(b"\r\n") => {
                        buffer.advance(2);
                        *self = Self::Size;
                    }
                    Some(_) => return Err("chunk is longer than its size"),
                },
                Self::Trailers(read) => match take_line(buffer, TRAILERS_BYTES_MAX.saturating_sub(*read))? {
                    None => return Ok(Step::More),
                    Some(line) if line.is_empty() => *self = Self::Done,
                    Some(line) => *read += line.len() + 2,
                },
                Self::Done => return Ok(Step::End),
            }
        }
    }
}

fn after_size(size: u64) -> Chunked {
    if size == 0 { Chunked::Trailers(0) } else { Chunked::Data(size) }
}

/// The bytes before the next CRLF, without it.
fn take_line(buffer: &mut BytesMut, limit: usize) -> Result<Option<BytesMut>, &'static str> {
    let Some(end) = buffer.iter().take(limit.saturating_add(1)).position(|byte| *byte == b'\n') else {
        return if buffer.len() > limit { Err("chunk size line or trailers too long") } else { Ok(None) };
    };
    let mut line = buffer.split_to(end + 1);
    line.truncate(end);
    // A line must end in CRLF and nowhere else; waiting for the CR of a bare LF could last until the deadline.
    match line.split_last() {
        Some((b'\r', inner)) if !inner.contains(&b'\r') => line.truncate(end - 1),
        _ => return Err("bare line end in chunked coding"),
    }
    Ok(Some(line))
}

/// The hexadecimal size at the start of a size line; extensions after `;` are allowed and ignored.
fn chunk_size(line: &[u8]) -> Result<u64, &'static str> {
    let digits = line.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii_end();
    if digits.is_empty() || digits.len() > 15 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return Err("invalid chunk size");
    }
    let digits = std::str::from_utf8(digits).unwrap_or_default();
    u64::from_str_radix(digits, 16).map_err(|_not_hex| "invalid chunk size")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(pieces: &[&[u8]]) -> Result<(Vec<u8>, bool), &'static str> {
        let (mut state, mut buffer, mut body) = (Chunked::default(), BytesMut::new(), Vec::new());
        for piece in pieces {
            buffer.extend_from_slice(piece);
            loop {
                match state.step(&mut buffer)? {
                    Step::Data(data) => body.extend_from_slice(&data),
                    Step::End => return Ok((body, true)),
                    Step::More => break,
                }
            }
        }
        Ok((body, false))
    }

    #[test]
    fn a_body_is_the_same_however_it_is_cut() {
        let wire = b"5\r\nhello\r\n7;ext=1\r\n, world\r\n0\r\nTrailer: x\r\n\r\n";
        let whole = decode(&[wire]).unwrap();
        assert_eq!(whole, (b"hello, world".to_vec(), true));
        let bytes: Vec<&[u8]> = wire.chunks(1).collect();
        assert_eq!(decode(&bytes).unwrap(), whole);
    }

    #[test]
    fn a_cut_body_is_not_complete() {
        assert_eq!(decode(&[b"5\r\nhel"]).unwrap(), (b"hel".to_vec(), false));
        assert_eq!(decode(&[b"5\r\nhello\r\n0\r\n"]).unwrap(), (b"hello".to_vec(), false));
    }

    #[test]
    fn nonsense_is_refused() {
        for wire in [
            &b"\r\n"[..],
            b"-5\r\nhello\r\n",
            b"+5\r\nhello\r\n",
            b"0x5\r\nhello\r\n",
            b"5 5\r\nhello\r\n",
            b"fffffffffffffffff\r\n",
            b"5\r\nhello!\r\n",
            b"5\nhello\r\n",
        ] {
            assert!(decode(&[wire]).is_err(), "{:?}", String::from_utf8_lossy(wire));
        }
        let endless_line = vec![b'1'; SIZE_LINE_BYTES_MAX + 2];
        assert!(decode(&[&endless_line]).is_err());
        let mut endless_trailers = b"0\r\n".to_vec();
        endless_trailers.extend(b"a: b\r\n".repeat(TRAILERS_BYTES_MAX));
        assert!(decode(&[&endless_trailers]).is_err());
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(pieces: Vec<Vec<u8>>) {
            let pieces: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
            let _any_answer = decode(&pieces);
        }

        #[test]
        fn what_was_encoded_comes_back(chunks in proptest::collection::vec(proptest::collection::vec(0u8.., 1..50), 0..8), cut in 1usize..9) {
            let mut wire = Vec::new();
            for chunk in &chunks {
                wire.extend(format!("{:x}\r\n", chunk.len()).bytes());
                wire.extend(chunk);
                wire.extend(b"\r\n");
            }
            wire.extend(b"0\r\n\r\n");
            let pieces: Vec<&[u8]> = wire.chunks(cut).collect();
            proptest::prop_assert_eq!(decode(&pieces), Ok((chunks.concat(), true)));
        }
    }
}

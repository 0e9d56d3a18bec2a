//! Undoing gzip, in one piece or chunk by chunk, never beyond a limit.

use std::io::Write;

use bytes::Bytes;
use flate2::write::MultiGzDecoder;

use crate::model::{Failure, Kind};

/// Decodes a stream of gzip chunks.
#[derive(Debug)]
pub struct Gunzip {
    decoder: MultiGzDecoder<Vec<u8>>,
    left: usize,
}

impl Gunzip {
    /// A decoder that gives at most `limit` bytes.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { decoder: MultiGzDecoder::new(Vec::new()), left: limit }
    }

    /// What `chunk` adds to the decoded text.
    ///
    /// # Errors
    /// When it is not gzip, or more than the limit.
    pub fn push(&mut self, chunk: &Bytes) -> Result<Bytes, Failure> {
        let mut out = Vec::new();
        // Small slices, so that a bomb is noticed before it has grown.
        for slice in chunk.chunks(4096) {
            self.decoder.write_all(slice).map_err(|error| bad(&error))?;
            out.append(self.decoder.get_mut());
            if out.len() > self.left {
                return Err(Failure::new(Kind::TooLarge, "decompressed body too large"));
            }
        }
        self.left -= out.len();
        Ok(out.into())
    }

    /// The rest, after the last chunk.
    ///
    /// # Errors
    /// When the gzip text is cut off.
    pub fn finish(mut self) -> Result<Bytes, Failure> {
        self.decoder.try_finish().map_err(|error| bad(&error))?;
        Ok(std::mem::take(self.decoder.get_mut()).into())
    }
}

/// Decodes a whole body.
///
/// # Errors
/// When it is not gzip, or longer than `limit` bytes when decoded.
pub fn gunzip(body: &Bytes, limit: usize) -> Result<Bytes, Failure> {
    let mut decoder = Gunzip::new(limit);
    let mut whole = decoder.push(body)?.to_vec();
    whole.extend_from_slice(&decoder.finish()?);
    Ok(whole.into())
}

fn bad(error: &std::io::Error) -> Failure {
    Failure::new(Kind::Decode, format!("gzip: {error}"))
}

#[cfg(test)]
mod tests {
    use flate2::{Compression, write::GzEncoder};

    use super::*;

    fn gzip(text: &[u8]) -> Bytes {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap().into()
    }

    #[test]
    fn what_was_packed_comes_back_and_a_bomb_does_not_go_off() {
        let text = b"a shadow never waits. ".repeat(1000);
        assert_eq!(gunzip(&gzip(&text), 1 << 20).unwrap(), text);
        assert_eq!(gunzip(&gzip(&vec![0; 64 << 20]), 1 << 20).unwrap_err().kind, Kind::TooLarge);
    }

    #[test]
    fn a_cut_text_is_an_error() {
        let packed = gzip(b"hello");
        assert!(gunzip(&packed.slice(..packed.len() - 4), 100).is_err());
        assert!(gunzip(&Bytes::from_static(b"hello"), 100).is_err());
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
            let _any_answer = gunzip(&bytes.into(), 1 << 16);
        }
    }
}

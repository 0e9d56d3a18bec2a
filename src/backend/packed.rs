//! Undoing the packing of a whole answer that is about to be read as data, never beyond a limit.
//!
//! The gateway asks for gzip only; `deflate` and `br` come from upstreams that a client's `Accept-Encoding` was passed to,
//! or that pack unasked.

use std::io::{self, Read};

use brotli_decompressor::Decompressor;
use bytes::Bytes;
use flate2::read::{DeflateDecoder, ZlibDecoder};

use crate::model::{Failure, Kind};

use super::gzip::gunzip;

/// Bytes that are unpacked in one go.
const STEP_BYTES: usize = 4096;

/// How an answer is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// Not at all, or in a way nobody knows here.
    None,
    /// `gzip`.
    Gzip,
    /// `deflate`: zlib by the standard, without its frame by many.
    Deflate,
    /// `br`.
    Brotli,
}

impl Packing {
    /// What `Content-Encoding` says.
    #[must_use]
    pub fn of(encoding: Option<&http::HeaderValue>) -> Self {
        let says = |name: &str| encoding.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(name.as_bytes()));
        match () {
            () if says("gzip") => Self::Gzip,
            () if says("deflate") => Self::Deflate,
            () if says("br") => Self::Brotli,
            () => Self::None,
        }
    }

    /// The body unpacked.
    ///
    /// # Errors
    /// When it is not packed as it says, is cut off, or is longer than `limit` bytes when unpacked.
    pub fn undo(self, body: Bytes, limit: usize) -> Result<Bytes, Failure> {
        match self {
            Self::None => Ok(body),
            Self::Gzip => gunzip(&body, limit),
            Self::Deflate => inflate(&body, limit),
            Self::Brotli => unpack("br", Decompressor::new(&body[..], STEP_BYTES), limit),
        }
    }
}

fn inflate(body: &Bytes, limit: usize) -> Result<Bytes, Failure> {
    let raw = || unpack("deflate", DeflateDecoder::new(&body[..]), limit);
    if !begins_like_zlib(body) {
        return raw();
    }
    match unpack("deflate", ZlibDecoder::new(&body[..]), limit) {
        // It may only look like zlib.
        Err(failure) if failure.kind == Kind::Decode => raw().map_err(|_neither| failure),
        outcome => outcome,
    }
}

/// Method 8 and a check of the two bytes (RFC 1950, section 2.2).
fn begins_like_zlib(body: &[u8]) -> bool {
    let [method, flags, ..] = *body else { return false };
    method & 0x0f == 8 && u16::from_be_bytes([method, flags]).is_multiple_of(31)
}

fn unpack(name: &str, reader: impl Read, limit: usize) -> Result<Bytes, Failure> {
    let mut whole = Vec::new();
    // One byte more tells a body that is too long from one that just fits.
    let read = reader.take((limit as u64).saturating_add(1)).read_to_end(&mut whole);
    read.map_err(|error: io::Error| Failure::new(Kind::Decode, format!("{name}: {error}")))?;
    if whole.len() > limit {
        return Err(Failure::new(Kind::TooLarge, "decompressed body too large"));
    }
    Ok(whole.into())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{
        Compression,
        write::{DeflateEncoder, ZlibEncoder},
    };

    use super::*;

    /// `{"packed":true}` by the reference encoder of brotli.
    const BROTLI: &[u8] = b"\x0b\x07\x80{\"packed\":true}\x03";

    fn zlib(text: &[u8]) -> Bytes {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap().into()
    }

    fn raw(text: &[u8]) -> Bytes {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap().into()
    }

    #[test]
    fn deflate_is_read_with_and_without_its_frame() {
        let text = b"a shadow never waits. ".repeat(100);
        assert_eq!(Packing::Deflate.undo(zlib(&text), 1 << 20).unwrap(), text);
        assert_eq!(Packing::Deflate.undo(raw(&text), 1 << 20).unwrap(), text);
    }

    #[test]
    fn brotli_is_read() {
        assert_eq!(Packing::Brotli.undo(Bytes::from_static(BROTLI), 100).unwrap(), &b"{\"packed\":true}"[..]);
    }

    #[test]
    fn what_is_too_long_when_unpacked_is_refused() {
        let bomb = vec![0; 16 << 20];
        for (packing, packed) in [(Packing::Deflate, zlib(&bomb)), (Packing::Deflate, raw(&bomb))] {
            assert_eq!(packing.undo(packed, 1 << 20).unwrap_err().kind, Kind::TooLarge);
        }
        assert_eq!(Packing::Brotli.undo(Bytes::from_static(BROTLI), 14).unwrap_err().kind, Kind::TooLarge);
        assert!(Packing::Brotli.undo(Bytes::from_static(BROTLI), 15).is_ok());
    }

    #[test]
    fn what_is_cut_off_is_an_error() {
        for (packing, packed) in [
            (Packing::Deflate, zlib(b"hello hello hello")),
            (Packing::Deflate, raw(b"hello hello hello")),
            (Packing::Brotli, Bytes::from_static(BROTLI)),
        ] {
            let cut = packed.slice(..packed.len() - 5);
            assert_eq!(packing.undo(cut, 100).unwrap_err().kind, Kind::Decode, "{packing:?}");
        }
    }

    #[test]
    fn the_header_says_how() {
        let of = |text: &'static str| Packing::of(Some(&http::HeaderValue::from_static(text)));
        assert_eq!((of("GZIP"), of("deflate"), of("Br")), (Packing::Gzip, Packing::Deflate, Packing::Brotli));
        assert_eq!((of("zstd"), of("gzip, br"), Packing::of(None)), (Packing::None, Packing::None, Packing::None));
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
            for packing in [Packing::Deflate, Packing::Brotli] {
                let _any_answer = packing.undo(bytes.clone().into(), 1 << 16);
            }
        }
    }
}

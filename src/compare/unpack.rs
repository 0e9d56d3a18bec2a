//! Undoing the packing of bodies that are compared, never beyond a limit.
//!
//! A bomb is noticed while it goes off: what unpacks to a hundred times its size is too large long before the limit is.

use std::{
    borrow::Cow,
    io::{ErrorKind, Read},
};

use brotli_decompressor::Decompressor;
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use http::header::CONTENT_ENCODING;

use crate::model::Headers;

use super::Incomparable;

/// How many times its size a body may have when unpacked, from [`FREE_BYTES`] on.
const RATIO_MAX: usize = 100;

/// Up to here any ratio goes, in bytes.
const FREE_BYTES: usize = 64 << 10;

/// How often a body may be packed.
const LAYERS_MAX: usize = 3;

/// Bytes that brotli unpacks in one go.
const STEP_BYTES: usize = 4096;

/// The body as it was before it was packed, no longer than `bytes_max`.
pub(super) fn unpack<'a>(headers: &Headers, body: &'a [u8], bytes_max: usize) -> Result<Cow<'a, [u8]>, Incomparable> {
    let mut body = Cow::Borrowed(body);
    let encodings = headers.get_all(&CONTENT_ENCODING).flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    let encodings: Vec<&[u8]> = encodings.map(<[u8]>::trim_ascii).filter(|name| !name.is_empty()).collect();
    if encodings.len() > LAYERS_MAX {
        return Err(Incomparable::Encoding);
    }
    for encoding in encodings.into_iter().rev() {
        // Some pack nothing into nothing.
        if !encoding.eq_ignore_ascii_case(b"identity") && !body.is_empty() {
            body = layer(encoding, &body, bytes_max)?.into();
        }
    }
    if body.len() > bytes_max { Err(Incomparable::TooLarge) } else { Ok(body) }
}

fn layer(encoding: &[u8], body: &[u8], bytes_max: usize) -> Result<Vec<u8>, Incomparable> {
    let limit = bytes_max.min(body.len().saturating_mul(RATIO_MAX).max(FREE_BYTES));
    match encoding.to_ascii_lowercase().as_slice() {
        b"gzip" | b"x-gzip" => whole(MultiGzDecoder::new(body), limit),
        b"br" => whole(Decompressor::new(body, STEP_BYTES), limit),
        b"deflate" => match whole(ZlibDecoder::new(body), limit) {
            // Many leave out the frame that the standard asks for.
            Err(Incomparable::Encoding) => whole(DeflateDecoder::new(body), limit),
            outcome => outcome,
        },
        _ => Err(Incomparable::Encoding),
    }
}

fn whole(reader: impl Read, limit: usize) -> Result<Vec<u8>, Incomparable> {
    let mut whole = Vec::new();
    // One byte more tells a body that is too long from one that just fits.
    let read = reader.take((limit as u64).saturating_add(1)).read_to_end(&mut whole);
    match read {
        _ if whole.len() > limit => Err(Incomparable::TooLarge),
        Ok(_) => Ok(whole),
        Err(error) if error.kind() == ErrorKind::OutOfMemory => Err(Incomparable::Memory),
        Err(_broken) => Err(Incomparable::Encoding),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{
        Compression,
        write::{DeflateEncoder, GzEncoder, ZlibEncoder},
    };
    use http::HeaderValue;

    use super::*;

    /// `{"packed":true}` by the reference encoder of brotli.
    const BROTLI: &[u8] = b"\x0b\x07\x80{\"packed\":true}\x03";

    fn packed(encoding: &str, text: &[u8]) -> Vec<u8> {
        let best = Compression::best();
        match encoding {
            "gzip" => {
                let mut encoder = GzEncoder::new(Vec::new(), best);
                encoder.write_all(text).unwrap();
                encoder.finish().unwrap()
            }
            "zlib" => {
                let mut encoder = ZlibEncoder::new(Vec::new(), best);
                encoder.write_all(text).unwrap();
                encoder.finish().unwrap()
            }
            _ => {
                let mut encoder = DeflateEncoder::new(Vec::new(), best);
                encoder.write_all(text).unwrap();
                encoder.finish().unwrap()
            }
        }
    }

    fn said(encoding: &'static str) -> Headers {
        let mut headers = Headers::new();
        headers.append(CONTENT_ENCODING, HeaderValue::from_static(encoding));
        headers
    }

    #[test]
    fn what_was_packed_is_unpacked() {
        let text = b"a shadow never waits. ".repeat(50);
        let twice = packed("gzip", &packed("raw", &text));
        for (encoding, body) in [
            ("gzip", packed("gzip", &text)),
            ("X-GZIP", packed("gzip", &text)),
            ("deflate", packed("zlib", &text)),
            ("deflate", packed("raw", &text)),
            ("deflate, gzip", twice),
            ("identity", text.clone()),
        ] {
            assert_eq!(unpack(&said(encoding), &body, 1 << 20).as_deref(), Ok(text.as_slice()), "{encoding}");
        }
        assert_eq!(unpack(&said("br"), BROTLI, 1 << 20).as_deref(), Ok(&b"{\"packed\":true}"[..]));
        assert_eq!(unpack(&said("gzip"), b"", 1 << 20).as_deref(), Ok(&b""[..]));
    }

    #[test]
    fn a_bomb_does_not_go_off() {
        for encoding in ["gzip", "zlib", "raw"] {
            let bomb = packed(encoding, &vec![0; 16 << 20]);
            let said = said(if encoding == "gzip" { "gzip" } else { "deflate" });
            assert_eq!(unpack(&said, &bomb, 1 << 20), Err(Incomparable::TooLarge), "limit of {encoding}");
            assert_eq!(unpack(&said, &bomb, usize::MAX), Err(Incomparable::TooLarge), "ratio of {encoding}");
        }
        // Below 64 KiB any ratio goes.
        assert!(unpack(&said("gzip"), &packed("gzip", &vec![0; 64 << 10]), 1 << 20).is_ok());
        assert_eq!(unpack(&said("br"), BROTLI, 14), Err(Incomparable::TooLarge));
    }

    #[test]
    fn what_is_not_packed_as_it_says_cannot_be_compared() {
        let body = packed("gzip", b"hello hello hello");
        let cut = &body[..body.len() - 9];
        for (encoding, body) in [("gzip", cut), ("gzip", b"{}"), ("zstd", b"{}"), ("gzip, gzip, gzip, gzip", &body)] {
            assert_eq!(unpack(&said(encoding), body, 1 << 20), Err(Incomparable::Encoding), "{encoding}");
        }
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
            for encoding in ["gzip", "deflate", "br", "br, gzip"] {
                let _any_answer = unpack(&said(encoding), &bytes, 1 << 16);
            }
        }
    }
}

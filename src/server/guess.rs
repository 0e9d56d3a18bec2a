//! What bytes without a content type are, as Go's server guesses it (a table of the WHATWG's MIME sniffing standard).
//!
//! Pure: looks at no more than the first 512 bytes.

/// How many bytes are looked at.
const LOOKED_AT: usize = 512;

const HTML: &str = "text/html; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";
const UNKNOWN: &str = "application/octet-stream";

/// How HTML begins; a space or `>` follows.
const HTML_TAGS: [&str; 17] = [
    "<!DOCTYPE HTML",
    "<HTML",
    "<HEAD",
    "<SCRIPT",
    "<IFRAME",
    "<H1",
    "<DIV",
    "<FONT",
    "<TABLE",
    "<A",
    "<STYLE",
    "<TITLE",
    "<B",
    "<BODY",
    "<BR",
    "<P",
    "<!--",
];

/// How other kinds begin. Where a pattern has a `?`, any byte may stand.
const PATTERNS: [(&[u8], &str); 32] = [
    (b"%PDF-", "application/pdf"),
    (b"%!PS-Adobe-", "application/postscript"),
    (b"\xfe\xff??", "text/plain; charset=utf-16be"),
    (b"\xff\xfe??", "text/plain; charset=utf-16le"),
    (b"\xef\xbb\xbf?", TEXT),
    (b"\0\0\x01\0", "image/x-icon"),
    (b"\0\0\x02\0", "image/x-icon"),
    (b"BM", "image/bmp"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"RIFF????WEBPVP", "image/webp"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"FORM????AIFF", "audio/aiff"),
    (b"ID3", "audio/mpeg"),
    (b"OggS\0", "application/ogg"),
    (b"MThd\0\0\0\x06", "audio/midi"),
    (b"RIFF????AVI ", "video/avi"),
    (b"RIFF????WAVE", "audio/wave"),
    (b"\x1a\x45\xdf\xa3", "video/webm"),
    (b"??????????????????????????????????LP", "application/vnd.ms-fontobject"),
    (b"\0\x01\0\0", "font/ttf"),
    (b"OTTO", "font/otf"),
    (b"ttcf", "font/collection"),
    (b"wOFF", "font/woff"),
    (b"wOF2", "font/woff2"),
    (b"\x1f\x8b\x08", "application/x-gzip"),
    (b"PK\x03\x04", "application/zip"),
    (b"Rar!\x1a\x07\0", "application/x-rar-compressed"),
    (b"Rar!\x1a\x07\x01\0", "application/x-rar-compressed"),
    (b"\0asm", "application/wasm"),
    (b".snd", "audio/basic"),
];

/// The content type of a body that begins like this.
#[must_use]
pub(super) fn content_type(begin: &[u8]) -> &'static str {
    let begin = begin.get(..LOOKED_AT).unwrap_or(begin);
    let blank = begin.iter().take_while(|byte| matches!(byte, b'\t' | b'\n' | b'\x0c' | b'\r' | b' ')).count();
    let shown = begin.get(blank..).unwrap_or_default();
    if HTML_TAGS.iter().any(|tag| is_tag(shown, tag.as_bytes())) {
        return HTML;
    }
    if shown.starts_with(b"<?xml") {
        return "text/xml; charset=utf-8";
    }
    if let Some((_, kind)) = PATTERNS.iter().find(|(pattern, _)| fits(begin, pattern)) {
        return kind;
    }
    if is_mp4(begin) {
        return "video/mp4";
    }
    if shown.iter().any(|byte| is_binary(*byte)) { UNKNOWN } else { TEXT }
}

fn is_tag(text: &[u8], tag: &[u8]) -> bool {
    let head = text.get(..tag.len()).is_some_and(|head| head.eq_ignore_ascii_case(tag));
    head && matches!(text.get(tag.len()), Some(b' ' | b'>'))
}

fn fits(text: &[u8], pattern: &[u8]) -> bool {
    text.len() >= pattern.len() && text.iter().zip(pattern).all(|(byte, wanted)| *wanted == b'?' || byte == wanted)
}

/// A box of type `ftyp` that names a brand of MP4.
fn is_mp4(begin: &[u8]) -> bool {
    let Some((size, rest)) = begin.split_first_chunk::<4>() else { return false };
    let size = usize::try_from(u32::from_be_bytes(*size)).unwrap_or(usize::MAX);
    if begin.len() < 12 || size % 4 != 0 || begin.len() < size || !rest.starts_with(b"ftyp") {
        return false;
    }
    let brands = begin.get(8..size).unwrap_or_default().chunks_exact(4);
    // The second of them is a version.
    brands.enumerate().any(|(place, brand)| place != 1 && brand.starts_with(b"mp4"))
}

fn is_binary(byte: u8) -> bool {
    matches!(byte, 0..=0x08 | 0x0b | 0x0e..=0x1a | 0x1c..=0x1f)
}

#[cfg(test)]
mod tests {
    use super::{HTML, TEXT, UNKNOWN, content_type};

    #[test]
    fn each_kind_is_known_by_its_beginning() {
        for (begin, kind) in [
            (b"".as_slice(), TEXT),
            (b"plain", TEXT),
            (b"{\"a\":1}", TEXT),
            (b" \n<!doctype html><p>", HTML),
            (b"<html>", HTML),
            (b"<b attribute>", HTML),
            (b"<bold>", TEXT),
            (b"<html", TEXT),
            (b"\t<?xml version='1.0'?>", "text/xml; charset=utf-8"),
            (b"\xef\xbb\xbfx\0", TEXT),
            (b"\xff\xfea\0", "text/plain; charset=utf-16le"),
            (b"caf\xe9", TEXT),
            (b"a\0", UNKNOWN),
            (b"a\x1bb", TEXT),
            (b"\x89PNG\r\n\x1a\n..", "image/png"),
            (b"\xff\xd8\xff\xe0", "image/jpeg"),
            (b"RIFF1234WEBPVP8", "image/webp"),
            (b"RIFF1234WAVE", "audio/wave"),
            (b"%PDF-1.7", "application/pdf"),
            (b"\x1f\x8b\x08\0", "application/x-gzip"),
            (b"PK\x03\x04", "application/zip"),
            (b"\0\0\0\x10ftypmp42\0\0\0\0", "video/mp4"),
            (b"\0\0\0\x10ftypisommp42", UNKNOWN),
        ] {
            assert_eq!(content_type(begin), kind, "{begin:?}");
        }
        assert_eq!(content_type(&[[b'a'; 512].as_slice(), b"\0"].concat()), TEXT);
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_panic(bytes: Vec<u8>) {
            proptest::prop_assert!(content_type(&bytes).contains('/'));
        }
    }
}

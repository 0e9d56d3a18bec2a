//! JSON strings: out of their escapes and into them, as Go does it.
//!
//! Promises: reading never fails (a lone surrogate becomes U+FFFD); writing escapes `<`, `>`, `&` and the two line
//! separators, so that an answer pasted into a script element stays data.

use std::borrow::Cow;

use bytes::Bytes;

/// The meaning of a JSON string, given with its quotes; borrowed if nothing in it is escaped.
pub(crate) fn meaning(quoted: &[u8]) -> Cow<'_, str> {
    if quoted.contains(&b'\\') {
        return unescape(quoted).into();
    }
    let inner = quoted.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(quoted);
    String::from_utf8_lossy(inner)
}

/// The meaning of a JSON string, given with its quotes.
pub(super) fn unescape(quoted: &[u8]) -> String {
    let inner = quoted.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(quoted);
    let inner = String::from_utf8_lossy(inner);
    let mut pieces = inner.split('\\');
    let mut out = String::with_capacity(inner.len());
    out.push_str(pieces.next().unwrap_or_default());
    let mut high: Option<u32> = None;
    while let Some(piece) = pieces.next() {
        let Some(letter) = piece.chars().next() else {
            // Two backslashes in a row: the second is the text, what follows it is plain.
            flush(&mut high, &mut out);
            out.push('\\');
            out.push_str(pieces.next().unwrap_or_default());
            continue;
        };
        let (unit, tail) = match letter {
            'u' => (piece.get(1..5).and_then(|hex| u32::from_str_radix(hex, 16).ok()), piece.get(5..)),
            'b' => (Some(0x08), piece.get(1..)),
            'f' => (Some(0x0c), piece.get(1..)),
            'n' => (Some(0x0a), piece.get(1..)),
            'r' => (Some(0x0d), piece.get(1..)),
            't' => (Some(0x09), piece.get(1..)),
            other => (Some(u32::from(other)), piece.get(other.len_utf8()..)),
        };
        push_unit(unit.unwrap_or(0xfffd), letter == 'u', &mut high, &mut out);
        let tail = tail.unwrap_or_default();
        if !tail.is_empty() {
            flush(&mut high, &mut out);
            out.push_str(tail);
        }
    }
    flush(&mut high, &mut out);
    out
}

/// Adds a UTF-16 unit, holding the first half of a pair back until the second comes.
fn push_unit(unit: u32, from_hex: bool, high: &mut Option<u32>, out: &mut String) {
    match (high.take(), unit) {
        (Some(first), 0xdc00..=0xdfff) if from_hex => {
            let code = 0x1_0000 + ((first - 0xd800) << 10) + (unit - 0xdc00);
            out.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        (held, _) => {
            if held.is_some() {
                out.push(char::REPLACEMENT_CHARACTER);
            }
            if matches!(unit, 0xd800..=0xdbff) {
                *high = Some(unit);
            } else {
                out.push(char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
        }
    }
}

fn flush(high: &mut Option<u32>, out: &mut String) {
    if high.take().is_some() {
        out.push(char::REPLACEMENT_CHARACTER);
    }
}

/// Writes `text` as a JSON string with its quotes.
pub fn write_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let mut plain = 0;
    for (at, letter) in text.char_indices() {
        let Some(escape) = escape(letter) else { continue };
        out.extend_from_slice(text.as_bytes().get(plain..at).unwrap_or_default());
        out.extend_from_slice(escape.as_bytes());
        plain = at + letter.len_utf8();
    }
    out.extend_from_slice(text.as_bytes().get(plain..).unwrap_or_default());
    out.push(b'"');
}

fn escape(letter: char) -> Option<Cow<'static, str>> {
    Some(match letter {
        '"' => r#"\""#.into(),
        '\\' => r"\\".into(),
        '\n' => r"\n".into(),
        '\r' => r"\r".into(),
        '\t' => r"\t".into(),
        '\u{8}' => r"\b".into(),
        '\u{c}' => r"\f".into(),
        '\0'..='\u{1f}' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => format!("\\u{:04x}", u32::from(letter)).into(),
        _ => return None,
    })
}

/// The same bytes if they are UTF-8, else a copy with U+FFFD for every byte that is not.
pub(super) fn repaired(bytes: &Bytes) -> Bytes {
    let mut rest: &[u8] = bytes;
    let mut copy = Vec::new();
    while let Err(error) = std::str::from_utf8(rest) {
        let (good, bad) = rest.split_at(error.valid_up_to());
        copy.extend_from_slice(good);
        copy.extend_from_slice("\u{fffd}".as_bytes());
        rest = bad.get(1..).unwrap_or_default();
    }
    if copy.is_empty() {
        return bytes.clone();
    }
    copy.extend_from_slice(rest);
    copy.into()
}

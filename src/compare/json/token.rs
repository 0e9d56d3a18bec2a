//! The tokens of a JSON text: where each ends, if it is one.
//!
//! All take a place in the text and give a later one, so that it can stay in a register; `None` where the text is no JSON.

use crate::model::data::{after_space, plain_end};

use super::document::Kind;

/// The end of a value that is neither a list nor an object, and what it is.
#[inline]
pub(super) fn scalar(text: &[u8], start: usize, first: u8) -> Option<(usize, Kind)> {
    Some(match first {
        b'"' => {
            let end = plain_end(text, start + 1);
            if text.get(end) == Some(&b'"') {
                (end + 1, Kind::Text { is_escaped: false })
            } else {
                (escaped(text, end)?, Kind::Text { is_escaped: true })
            }
        }
        b'-' | b'0'..=b'9' => (number(text, start)?, Kind::Number),
        b't' => (word(text, start, b"true")?, Kind::Bool(true)),
        b'f' => (word(text, start, b"false")?, Kind::Bool(false)),
        b'n' => (word(text, start, b"null")?, Kind::Null),
        _ => return None,
    })
}

/// The first place from `at` on that is not white space, and what stands there, where the text must not end.
#[inline]
pub(super) fn more(text: &[u8], at: usize) -> Option<(usize, u8)> {
    match after_space(text, at) {
        (at, Some(byte)) => Some((at, byte)),
        (_, None) => None,
    }
}

/// The end of a string that is plain up to `at`, and not there.
pub(super) fn escaped(text: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match text.get(at) {
            Some(b'"') => return Some(at + 1),
            Some(b'\\') => at = plain_end(text, escape(text, at + 1)?),
            _ => return None,
        }
    }
}

/// The end of an escape, whose backslash stands before `at`.
fn escape(text: &[u8], at: usize) -> Option<usize> {
    match text.get(at) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Some(at + 1),
        Some(b'u') => {
            let digits = text.get(at + 1..at + 5).unwrap_or_default();
            let is_code = digits.len() == 4 && digits.iter().all(u8::is_ascii_hexdigit);
            if is_code { Some(at + 5) } else { None }
        }
        _ => None,
    }
}

#[inline]
fn number(text: &[u8], mut at: usize) -> Option<usize> {
    at += usize::from(text.get(at) == Some(&b'-'));
    at = if text.get(at) == Some(&b'0') { at + 1 } else { digits(text, at)? };
    if text.get(at) == Some(&b'.') {
        at = digits(text, at + 1)?;
    }
    if matches!(text.get(at), Some(b'e' | b'E')) {
        at += 1;
        at += usize::from(matches!(text.get(at), Some(b'+' | b'-')));
        at = digits(text, at)?;
    }
    Some(at)
}

/// One digit or more.
#[inline]
fn digits(text: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    while text.get(at).is_some_and(u8::is_ascii_digit) {
        at += 1;
    }
    if at == start { None } else { Some(at) }
}

#[inline]
fn word(text: &[u8], at: usize, word: &[u8]) -> Option<usize> {
    let end = at + word.len();
    if text.get(at..end) == Some(word) { Some(end) } else { None }
}

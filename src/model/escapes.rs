//! Percent escapes as Go reads and writes them, in one place for paths and queries; and bytes that are not UTF-8, which
//! Go takes for text like any other.
//!
//! Promises: no byte of a client's path is lost on its way to a backend.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC};

/// What Go escapes in a path that was not given in escaped form.
pub const PATH: AsciiSet = NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b',')
    .remove(b'/')
    .remove(b':')
    .remove(b';')
    .remove(b'=')
    .remove(b'@');

/// Before the first stand-in: each byte from 0x80 on has one of the last characters there are, which nobody uses.
const BEFORE_STAND_INS: u32 = 0x0010_ff00;

fn is_stand_in(letter: char) -> bool {
    u32::from(letter) >= BEFORE_STAND_INS + 0x80
}

fn stand_in(byte: u8) -> char {
    char::from_u32(BEFORE_STAND_INS + u32::from(byte)).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// Bytes as text from which [`bytes_of`] gets them back: what is not UTF-8 is put down in stand-ins.
#[must_use]
pub fn text_of(bytes: Vec<u8>) -> String {
    let bytes = match String::from_utf8(bytes) {
        Ok(text) if !text.contains(is_stand_in) => return text,
        Ok(text) => text.into_bytes(),
        Err(error) => error.into_bytes(),
    };
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for letter in chunk.valid().chars() {
            if is_stand_in(letter) {
                text.extend(letter.encode_utf8(&mut [0; 4]).bytes().map(stand_in));
            } else {
                text.push(letter);
            }
        }
        text.extend(chunk.invalid().iter().copied().map(stand_in));
    }
    text
}

/// The bytes that a text of [`text_of`] stands for.
#[must_use]
pub fn bytes_of(text: &str) -> Cow<'_, [u8]> {
    if !text.contains(is_stand_in) {
        return text.as_bytes().into();
    }
    let mut bytes = Vec::with_capacity(text.len());
    for letter in text.chars() {
        match u8::try_from(u32::from(letter).wrapping_sub(BEFORE_STAND_INS)) {
            Ok(byte) if is_stand_in(letter) => bytes.push(byte),
            _ => bytes.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    bytes.into()
}

/// A text of [`text_of`] for those who can only take UTF-8: U+FFFD for what is none.
#[must_use]
pub fn shown(text: &str) -> Cow<'_, str> {
    if !text.contains(is_stand_in) {
        return text.into();
    }
    String::from_utf8_lossy(&bytes_of(text)).into_owned().into()
}

/// Whether every `%` of a text begins an escape.
#[must_use]
pub fn are_whole(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.iter().enumerate().filter(|(_, byte)| **byte == b'%').all(|(at, _)| {
        matches!(bytes.get(at + 1..at + 3), Some([high, low]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit())
    })
}

#[cfg(test)]
mod tests {
    use super::{are_whole, bytes_of, shown, text_of};

    proptest::proptest! {
        #[test]
        fn text_keeps_every_byte(bytes: Vec<u8>) {
            let text = text_of(bytes.clone());
            proptest::prop_assert_eq!(bytes_of(&text), bytes);
        }
    }

    #[test]
    fn stand_ins_that_a_client_sends_are_bytes_too() {
        let sent = "a\u{10ffe9}é".as_bytes().to_vec();
        assert_eq!(bytes_of(&text_of(sent.clone())), sent);
        assert_ne!(text_of(sent), text_of(b"a\xe9\xc3\xa9".to_vec()));
        assert_eq!(shown(&text_of(b"a\xe9".to_vec())), "a\u{fffd}");
    }

    #[test]
    fn a_percent_sign_without_two_digits_escapes_nothing() {
        assert!(["", "a", "%20", "%c3%A4b"].into_iter().all(are_whole));
        assert!(!["%", "a%2", "%zz", "%20%"].into_iter().any(are_whole));
    }
}

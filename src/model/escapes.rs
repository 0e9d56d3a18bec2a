//! Percent escapes as Go reads and writes them, in one place for paths and queries.

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
    use super::are_whole;

    #[test]
    fn a_percent_sign_without_two_digits_escapes_nothing() {
        assert!(["", "a", "%20", "%c3%A4b"].into_iter().all(are_whole));
        assert!(!["%", "a%2", "%zz", "%20%"].into_iter().any(are_whole));
    }
}

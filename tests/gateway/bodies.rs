//! Bodies in which no two parts are alike, so that a lost, doubled or swapped piece shows.

use std::sync::LazyLock;

/// The longest there is, in bytes; the others are its beginnings.
pub(crate) const LONGEST: usize = 10 * 1024 * 1024;

static WHOLE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut whole = Vec::with_capacity(LONGEST);
    for number in 0..LONGEST as u64 / 8 {
        whole.extend_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    }
    whole
});

/// So many bytes, at most [`LONGEST`].
pub(crate) fn body(bytes: usize) -> &'static [u8] {
    &WHOLE[..bytes]
}

/// Whether these bytes are what [`body`] makes of their number.
pub(crate) fn is_beginning(bytes: &[u8]) -> bool {
    WHOLE.starts_with(bytes)
}

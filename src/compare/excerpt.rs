//! Cutting what a difference shows out of the values that differ.

use xxhash_rust::xxh3::xxh3_64;

use super::{
    difference::{EXCERPT_BYTES_MAX, Excerpt, ValueKind},
    field_names::beginning,
};

impl Excerpt {
    /// Of a text, whose whole has this hash.
    pub(super) fn new(kind: ValueKind, text: &str, hash: u64) -> Self {
        Self { kind, text: beginning(text, EXCERPT_BYTES_MAX).into(), bytes: text.len(), hash }
    }

    /// Of a text that may be no UTF-8.
    pub(super) fn of_text(text: &[u8]) -> Self {
        // A cut within a letter must not show as a broken one.
        let shown = text.get(..EXCERPT_BYTES_MAX.min(text.len())).unwrap_or_default();
        let shown = match std::str::from_utf8(shown) {
            Err(error) if error.error_len().is_none() => shown.get(..error.valid_up_to()).unwrap_or_default(),
            _ => shown,
        };
        let shown = String::from_utf8_lossy(shown);
        let cut = beginning(&shown, EXCERPT_BYTES_MAX);
        Self { kind: ValueKind::Text, text: cut.into(), bytes: text.len(), hash: xxh3_64(text) }
    }

    /// Of bytes, as hexadecimal digits.
    pub(super) fn of_bytes(bytes: &[u8]) -> Self {
        let shown = bytes.iter().take(EXCERPT_BYTES_MAX / 2).map(|byte| format!("{byte:02x}"));
        Self {
            kind: ValueKind::Bytes,
            text: shown.collect::<String>().into(),
            bytes: bytes.len(),
            hash: xxh3_64(bytes),
        }
    }

    /// Of a body of which only the hash is known.
    pub(super) fn of_hash(bytes: u64, hash: u128) -> Self {
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        // The lower half; what is equal has equal ones.
        Self { kind: ValueKind::Bytes, text: format!("xxh3 {hash:032x}").into(), bytes, hash: hash as u64 }
    }
}

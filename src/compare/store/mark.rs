//! What stands in place of a secret: equal secrets have equal marks.
//!
//! A mark is HMAC-SHA256 with a key that the process draws when it starts, cut to 64 bits. An HMAC rather than a plain
//! hash, because secrets such as card numbers can be tried out one by one by whoever can compute the hash himself; and
//! rather than the standard library's keyed hash, which is made for tables and not for being shown. Marks of different
//! processes can't be compared.

use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    sync::Arc,
};

use ring::{hmac, rand::SystemRandom};
use serde::{Serialize, Serializer};

/// The key of a process. Clones are the same key.
#[derive(Clone)]
pub struct MarkKey(Arc<hmac::Key>);

/// What stands in place of a secret, 16 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Mark(u64);

impl MarkKey {
    /// A key that nobody knows.
    #[must_use]
    pub fn random() -> Self {
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new());
        Self(Arc::new(key.unwrap_or_else(|_no_randomness| hmac::Key::new(hmac::HMAC_SHA256, &seed_of_tables()))))
    }

    /// The mark of these parts, one after the other.
    #[must_use]
    pub fn mark(&self, parts: &[&[u8]]) -> Mark {
        let mut context = hmac::Context::with_key(&self.0);
        parts.iter().for_each(|part| context.update(part));
        let tag = context.sign();
        Mark(tag.as_ref().iter().take(8).fold(0, |mark, byte| mark << 8 | u64::from(*byte)))
    }
}

/// What the standard library seeds its tables with comes from the system too.
fn seed_of_tables() -> Vec<u8> {
    let state = RandomState::new();
    (0..4_u8).flat_map(|part| state.hash_one(part).to_le_bytes()).collect()
}

impl fmt::Debug for MarkKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("MarkKey(…)")
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:016x}", self.0)
    }
}

impl fmt::Debug for Mark {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl Serialize for Mark {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_have_equal_marks_under_one_key_only() {
        let (key, other) = (MarkKey::random(), MarkKey::random());
        assert_eq!(key.mark(&[b"ab", b"c"]), key.clone().mark(&[b"abc"]));
        assert_ne!(key.mark(&[b"abc"]), key.mark(&[b"abd"]));
        assert_ne!(key.mark(&[b"abc"]), other.mark(&[b"abc"]));
        assert_ne!(seed_of_tables(), seed_of_tables());
    }

    #[test]
    fn a_mark_has_sixteen_digits_and_a_key_is_not_printed() {
        assert_eq!(Mark(0xab).to_string(), "00000000000000ab");
        assert_eq!(format!("{:?}", MarkKey::random()), "MarkKey(…)");
    }
}

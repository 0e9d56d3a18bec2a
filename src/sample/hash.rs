//! The hash that decides who is sampled.
//!
//! Frozen for samples: `golden.json` holds values of it, and a file of another gateway may rely on them. It is XXH3 of the
//! salt, a byte that says what for, and the key, in its 64-bit form with seed 0.

use xxhash_rust::xxh3::{Xxh3, xxh3_64};

/// Salt and key up to this many bytes are hashed in one go, which is several times faster than in pieces.
const AT_ONCE_MAX: usize = 192;

/// What a hash is taken for: the same key gives independent numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Whether a request is copied.
    Sample,
    /// Whether a copy is left out on purpose.
    Holdout,
}

impl Purpose {
    const fn byte(self) -> u8 {
        match self {
            Self::Sample => 0x00,
            Self::Holdout => 0x01,
        }
    }
}

/// `xxh3_64(salt ‖ purpose ‖ key)`.
#[must_use]
pub fn hash(salt: &[u8], purpose: Purpose, key: &[u8]) -> u64 {
    let mut joined = [0; AT_ONCE_MAX];
    at_once(&mut joined, [salt, &[purpose.byte()], key]).unwrap_or_else(|| in_pieces([salt, &[purpose.byte()], key]))
}

/// `None` when the parts don't fit.
fn at_once(joined: &mut [u8], parts: [&[u8]; 3]) -> Option<u64> {
    let mut length = 0;
    for part in parts {
        joined.get_mut(length..length + part.len())?.copy_from_slice(part);
        length += part.len();
    }
    joined.get(..length).map(xxh3_64)
}

fn in_pieces(parts: [&[u8]; 3]) -> u64 {
    let mut whole = Xxh3::new();
    for part in parts {
        whole.update(part);
    }
    whole.digest()
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    proptest! {
        #[test]
        fn it_makes_no_difference_whether_the_parts_fit(salt in vec(any::<u8>(), 0..300), key in vec(any::<u8>(), 0..300)) {
            for purpose in [Purpose::Sample, Purpose::Holdout] {
                let parts = [&salt[..], &[purpose.byte()], &key[..]];
                prop_assert_eq!(hash(&salt, purpose, &key), xxh3_64(&parts.concat()));
            }
        }
    }
}

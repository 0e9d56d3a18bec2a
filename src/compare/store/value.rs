//! A value of traffic as it is kept: shown, or replaced by what it is, about how long it is, and a mark.
//!
//! Promises: `Debug` prints no value, not even one that is shown.

use std::fmt;

use serde::{Serialize, Serializer};

use super::Mark;
use crate::compare::{ValueKind, difference::EXCERPT_BYTES_MAX};

/// A value as it is kept.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum StoredValue {
    /// As it is, or its beginning.
    Shown {
        /// What it is.
        #[serde(rename = "type")]
        kind: ValueKind,
        /// Its text, [`EXCERPT_BYTES_MAX`] bytes at most; within it, secrets may be replaced.
        text: Box<str>,
        /// How long the whole is, in bytes.
        bytes: usize,
        /// Whether something is missing at the end of the text.
        #[serde(rename = "cut")]
        is_cut: bool,
    },
    /// Replaced.
    Hidden {
        /// What it is.
        #[serde(rename = "type")]
        kind: ValueKind,
        /// About how long it is.
        length: LengthClass,
        /// Equal values have equal ones.
        mark: Mark,
    },
}

/// About how many bytes a value has: none, up to 8, up to 16, and so on in powers of two. `true` and `false` are alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LengthClass(u32);

impl LengthClass {
    /// The class of so many bytes.
    #[must_use]
    pub const fn of(bytes: usize) -> Self {
        Self(match bytes {
            0 => 0,
            1..=8 => 3,
            more => usize::BITS - (more - 1).leading_zeros(),
        })
    }
}

impl fmt::Display for LengthClass {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => formatter.write_str("0"),
            3 => formatter.write_str("1-8"),
            power => write!(formatter, "{}-{}", (1_u128 << (power - 1)) + 1, 1_u128 << power),
        }
    }
}

impl Serialize for LengthClass {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl StoredValue {
    /// A value that is shown, as far as it may be long.
    pub(super) fn shown(kind: ValueKind, text: &str, bytes: usize, is_cut: bool) -> Self {
        let kept = beginning(text, EXCERPT_BYTES_MAX);
        Self::Shown { kind, text: kept.into(), bytes, is_cut: is_cut || kept.len() < text.len() }
    }

    /// How many bytes its text takes.
    pub(super) fn text_bytes(&self) -> usize {
        match self {
            Self::Shown { text, .. } => text.len(),
            Self::Hidden { .. } => 0,
        }
    }
}

impl fmt::Debug for StoredValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shown { kind, bytes, .. } => write!(formatter, "Shown({kind:?}, {bytes} bytes)"),
            Self::Hidden { kind, length, mark } => write!(formatter, "Hidden({kind:?}, {length} bytes, {mark})"),
        }
    }
}

/// The first bytes of a text, cut at a character.
pub(super) fn beginning(text: &str, bytes_max: usize) -> &str {
    let end = text.len().min(bytes_max);
    let cut = (0..=end).rev().find(|&at| text.is_char_boundary(at)).unwrap_or_default();
    text.split_at_checked(cut).map_or("", |(kept, _)| kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_fall_into_powers_of_two() {
        for (bytes, class) in
            [(0, "0"), (1, "1-8"), (8, "1-8"), (9, "9-16"), (16, "9-16"), (17, "17-32"), (1000, "513-1024")]
        {
            assert_eq!(LengthClass::of(bytes).to_string(), class, "{bytes}");
        }
        assert_eq!(LengthClass::of(usize::MAX).to_string(), "9223372036854775809-18446744073709551616");
    }

    #[test]
    fn texts_are_cut_at_characters() {
        for (bytes, kept) in [(0, ""), (1, "a"), (2, "a"), (3, "aé"), (9, "aéb")] {
            assert_eq!(beginning("aéb", bytes), kept);
        }
    }

    #[test]
    fn no_value_is_printed() {
        let shown = StoredValue::shown(ValueKind::String, "\"hunter2\"", 9, false);
        assert_eq!(format!("{shown:?}"), "Shown(String, 9 bytes)");
    }
}

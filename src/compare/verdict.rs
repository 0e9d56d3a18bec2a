//! What came of comparing one pair of answers.

use serde::Serialize;

use super::{Difference, DifferenceKind};

/// What the comparator says of a pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// The verdict as far as one pair can tell: never [`Verdict::Noise`].
    pub verdict: Verdict,
    /// What differs and counts, the first hundred.
    pub differences: Vec<Difference>,
    /// The fields that differ as well but are not among these, and in which way, each once.
    pub further: Vec<(Box<str>, DifferenceKind)>,
    /// Whether there may be more, at fields that are not among all those.
    pub is_truncated: bool,
    /// How many differences the rules ignore, as far as they were counted.
    pub ignored: u32,
}

impl Comparison {
    /// The fields that differ, in which way; one may occur more than once.
    pub fn fields(&self) -> impl Iterator<Item = (&str, DifferenceKind)> {
        let kept = self.differences.iter().map(|difference| (&*difference.path, difference.kind));
        kept.chain(self.further.iter().map(|(path, kind)| (&**path, *kind)))
    }
}

/// How a pair counts. `Ignored` and `Noise` are never added to `Match`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Nothing differs.
    Match,
    /// Only what the rules ignore differs.
    Ignored,
    /// Only what is noise differs.
    Noise,
    /// Something differs.
    Mismatch,
    /// It can't be told.
    Incomparable(Incomparable),
}

impl Verdict {
    /// Its label; of a pair that can't be compared, the reason.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Match => "match",
            Self::Ignored => "ignored",
            Self::Noise => "noise",
            Self::Mismatch => "mismatch",
            Self::Incomparable(why) => why.label(),
        }
    }
}

/// Why a pair can't be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Incomparable {
    /// The shadow gave no answer.
    ShadowError,
    /// The shadow gave none in time.
    ShadowTimeout,
    /// There is no live answer.
    LiveError,
    /// A body, its depth or the number of its values is above the limit.
    TooLarge,
    /// A body can't be unpacked or decoded.
    Encoding,
    /// The memory budget was used up.
    Memory,
    /// The time for comparing was used up.
    Budget,
    /// Comparing it failed; that is a fault of this program.
    Panic,
}

impl Incomparable {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::ShadowError,
        Self::ShadowTimeout,
        Self::LiveError,
        Self::TooLarge,
        Self::Encoding,
        Self::Memory,
        Self::Budget,
        Self::Panic,
    ];

    /// Its label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::ShadowError => "shadow_error",
            Self::ShadowTimeout => "shadow_timeout",
            Self::LiveError => "live_error",
            Self::TooLarge => "too_large",
            Self::Encoding => "encoding",
            Self::Memory => "memory",
            Self::Budget => "budget",
            Self::Panic => "panic",
        }
    }
}

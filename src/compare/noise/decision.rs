//! What is decided of a field, and what others get to see of it.

use serde::Serialize;

use crate::compare::DifferenceKind;

/// What a field is taken for.
///
/// Decisions change only when all fields are looked at, at pairs 50, 100, 200 and so on; reading them changes nothing.
/// A field that was called different can become noise, if what is seen later says so, but never undecided again: a real
/// difference must not come and go with the level that a look has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// The shadow differs in it more often than a second live answer, beyond chance. Differences count.
    Different,
    /// Too little was seen. Differences count.
    Undecided,
    /// A second live answer was seen to differ in it: the shadow does not do so surely more often, and surely not twice as
    /// often where the second live answer does not. Differences do not count.
    Noise,
}

/// One field, for people and programs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FieldRow {
    /// The place with `[*]` for every index.
    pub path: Box<str>,
    /// In which way answers differ there.
    pub kind: DifferenceKind,
    /// Pairs in which the shadow differs from the live answer there.
    pub raw: u64,
    /// As a share of all pairs, 0 to 1.
    pub raw_rate: Option<f64>,
    /// Pairs in which the second live answer differs from the first.
    pub noise: u64,
    /// As a share of the pairs that have a second live answer, 0 to 1; `None` while there are none.
    pub noise_rate: Option<f64>,
    /// Pairs with a second live answer in which only the shadow differs from the first.
    pub c10: u64,
    /// Pairs in which only the second live answer does.
    pub c01: u64,
    /// What it is taken for.
    pub decision: Decision,
    /// How likely chance alone makes the shadow differ that much more often, at the last look; 1 where it differs too
    /// little more to matter. `None` before the first look and where no test is made.
    pub p_value: Option<f64>,
    /// When it was first seen on either side, in milliseconds since 1970.
    pub first_seen_ms: u64,
    /// When it was last seen on either side, in milliseconds since 1970.
    pub last_seen_ms: u64,
    /// A person says that it is noise. Then it is, whatever is decided.
    pub ignored: bool,
}

/// How far the decisions are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldsSummary {
    /// Compared pairs.
    pub pairs: u64,
    /// Those that have a second live answer.
    pub baseline_pairs: u64,
    /// Fields that are kept.
    pub fields: u64,
    /// Differences that found no room among them; they count.
    pub overflow: u64,
    /// How often all fields were looked at.
    pub looks: u32,
    /// After how many pairs they will be looked at next: pairs with a second live answer, or, where noise is learned
    /// already, all pairs. `None` where every look decides anew, or none does.
    pub next_look: Option<u64>,
    /// Whether noise is still being learned.
    pub learning: bool,
}

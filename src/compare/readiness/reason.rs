//! One thing that speaks for a shadow or against it.

use serde::Serialize;

/// What was looked at, for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// Whether the shadow copies.
    State,
    /// How many pairs were compared.
    Pairs,
    /// What share of them differs.
    Mismatches,
    /// Whether a field surely differs by more than noise.
    Fields,
    /// Whether the shadow fails more often.
    Errors,
    /// Whether it is slower.
    Latency,
    /// Whether enough of what should have been copied was.
    Drops,
    /// Whether what both sides answered could be compared.
    Comparable,
    /// Whether each status that live answers have was compared.
    Coverage,
    /// Whether more than one thing was asked for, where there is more than one.
    Variety,
    /// Whether it makes live replies slower.
    Overhead,
}

impl Code {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 11] = [
        Self::State,
        Self::Pairs,
        Self::Mismatches,
        Self::Fields,
        Self::Errors,
        Self::Latency,
        Self::Drops,
        Self::Comparable,
        Self::Coverage,
        Self::Variety,
        Self::Overhead,
    ];

    /// Its label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::Pairs => "pairs",
            Self::Mismatches => "mismatches",
            Self::Fields => "fields",
            Self::Errors => "errors",
            Self::Latency => "latency",
            Self::Drops => "drops",
            Self::Comparable => "comparable",
            Self::Coverage => "coverage",
            Self::Variety => "variety",
            Self::Overhead => "overhead",
        }
    }
}

/// Whether it speaks for the shadow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Holding {
    /// It does.
    Holds,
    /// It can't be told yet.
    Unknown,
    /// It speaks against it.
    Fails,
}

/// A reason for a judgement.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reason {
    /// What was looked at.
    pub code: Code,
    /// What came of it.
    pub holding: Holding,
    /// A sentence for people, with its figures.
    pub says: String,
    /// What was measured; null if it is no number.
    pub measured: Option<f64>,
    /// What it may be at most (at least for `pairs`, `coverage` and `variety`); null if it is no number.
    pub limit: Option<f64>,
    /// What it is about: fields, statuses. The first ten.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
}

impl Reason {
    pub(super) fn new(code: Code, holding: Holding, says: impl Into<String>) -> Self {
        Self { code, holding, says: says.into(), measured: None, limit: None, names: Vec::new() }
    }

    pub(super) fn measuring(self, measured: f64, limit: f64) -> Self {
        Self { measured: Some(measured), limit: Some(limit), ..self }
    }

    pub(super) fn naming(self, names: Vec<String>) -> Self {
        Self { names, ..self }
    }
}

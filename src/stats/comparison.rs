//! What the comparison of a shadow's answers has come to, as pages and metrics show it.

use serde::Serialize;

/// Whoever compares the answers of one shadow.
pub trait Compared: Send + Sync {
    /// What it has come to.
    fn comparison(&self) -> ComparisonFigures;
}

/// The figures of one comparison. `begun = void + waiting + Σ verdicts + Σ incomparable`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ComparisonFigures {
    /// The share of the copies whose answers are compared, 0 to 1.
    pub sample: f64,
    /// Copies that were not drawn to be compared, since the start.
    pub left_out: u64,
    /// Pairs that count no more since the comparison began anew; in none of the figures below.
    pub forgotten: u64,
    /// Pairs that were to be compared.
    pub begun: u64,
    /// Of those, pairs whose copy was not sent or ended unseen, or whose live answer is a variant's.
    pub void: u64,
    /// Of the void ones, pairs whose live answer a variant of a split gave in place of the base.
    pub of_variants: u64,
    /// Of those, pairs that are under way or wait to be compared.
    pub waiting: u64,
    /// Pairs by verdict: `match`, `ignored`, `noise`, `mismatch`.
    pub verdicts: Vec<(&'static str, u64)>,
    /// Pairs that can't be compared, by reason.
    pub incomparable: Vec<(&'static str, u64)>,
    /// Pairs by the class of the live answer and that of the shadow's: `2xx`, `failed`.
    pub matrix: Vec<(&'static str, &'static str, u64)>,
    /// Places in which answers differed, by the way in which they did.
    pub kinds: Vec<(&'static str, u64)>,
    /// Fields that differ for real, that are noise, and that are not decided.
    pub fields: Vec<(&'static str, u64)>,
    /// By how much the shadow's answers took longer than the live ones of the same requests, in seconds.
    pub slower_than_live: Option<Spread>,
    /// By how much they took longer than second live answers, which began at the same moment, in seconds.
    pub slower_than_baseline: Option<Spread>,
    /// Ways to differ that are kept.
    pub clusters: u64,
    /// Bytes of kept samples.
    pub store_bytes: u64,
    /// Seconds spent on comparing.
    pub compare_seconds: f64,
}

/// Quantiles of differences; negative ones are quicker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Spread {
    /// How many there were.
    pub count: u64,
    /// Half of them are below.
    pub p50: f64,
    /// 95 of 100 are below.
    pub p95: f64,
    /// 99 of 100 are below.
    pub p99: f64,
}

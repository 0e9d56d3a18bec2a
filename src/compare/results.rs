//! What came of a comparison, as it is handed out.
//!
//! Promises of whoever implements it: nothing that traffic says leaves it unredacted; answers are bounded.

use serde_json::Value;
use tokio::time::Instant;

use crate::{
    config::shadow::Share,
    stats::{Compared, Overhead},
};

use super::{DifferenceKind, Losses, Readiness, ReadinessLimits, Situation, Watched};

/// The comparison of one shadow, for pages and programs.
pub trait Results: Watched + Compared {
    /// Everything about the comparison: pairs, verdicts, the matrix of outcomes, how long answers took, how the
    /// differences of their durations are spread.
    fn told(&self, now: Instant) -> Value;

    /// Whether the shadow can take the live backend's place.
    fn readiness(&self, outside: &Outside<'_>) -> Readiness;

    /// The fields that differ, with how often they do and what is decided about them.
    fn fields(&self) -> Value;

    /// Differences that belong together.
    fn clusters(&self) -> Value;

    /// The pairs with differences that are kept.
    fn diffs(&self) -> Value;

    /// The same, one JSON object a line.
    fn diffs_by_line(&self) -> String;

    /// Forgets all pairs, fields and differences, as for another version of the shadow.
    fn forget(&self, now: Instant);

    /// Compares another share of the copies from now on.
    fn set_sample(&self, sample: Share);

    /// Takes the differences of a field for noise from now on, those of one kind or all; gives how the field is shown and
    /// the line of the configuration that keeps it so, if it may be shown. `None` when no such field is known.
    fn ignore(&self, field: WhichField<'_>, kind: Option<DifferenceKind>) -> Option<Value>;

    /// Takes that back: what differs there counts from now on as if nobody had said anything. Gives how the field is
    /// shown. `None` when no such field is known.
    fn heed(&self, field: WhichField<'_>, kind: Option<DifferenceKind>) -> Option<Value>;
}

/// Which field is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhichField<'a> {
    /// The one at this place, with `[*]` for every index.
    Path(&'a str),
    /// The one that the list of fields gives this ID: its place may be a secret, and is not shown then.
    Id(&'a str),
}

/// What is known about a shadow outside of its comparison.
#[derive(Clone, Copy, Debug)]
pub struct Outside<'a> {
    /// What it does at the moment.
    pub situation: Situation,
    /// Copies that were wanted and not sent.
    pub losses: &'a Losses,
    /// Copies that were sent.
    pub sent: u64,
    /// The endpoint's path, with its placeholders.
    pub path: &'a str,
    /// Requests to it.
    pub offered: u64,
    /// Of those, the ones that the policy keeps out, by reason.
    pub kept_out: &'a [(&'static str, u64)],
    /// What it costs the clients; `None` without a hold-out.
    pub overhead: Option<&'a Overhead>,
    /// How good it must be.
    pub limits: ReadinessLimits,
}

//! What a judgement of readiness stands on.

use crate::{compare::Sums, stats::Overhead};

use super::ReadinessLimits;

/// What is known about one shadow.
#[derive(Clone, Debug)]
pub struct Evidence<'a> {
    /// What it does at the moment.
    pub situation: Situation,
    /// Its pairs since the comparison began.
    pub sums: &'a Sums,
    /// The fields that surely differ by more than noise, as far as they are named; paths, never values.
    pub different_fields: &'a [String],
    /// How many fields surely do.
    pub different: u64,
    /// How many different places were seen in answers.
    pub field_patterns: u64,
    /// Copies that had no room, whatever it was that had none.
    pub dropped: u64,
    /// Copies that were sent.
    pub sent: u64,
    /// What the shadow costs the clients; `None` without a hold-out.
    pub overhead: Option<&'a Overhead>,
    /// How good it must be.
    pub limits: ReadinessLimits,
}

/// What a shadow does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Situation {
    /// It copies.
    #[default]
    Running,
    /// Somebody paused it.
    Paused,
    /// A stop rule paused it, or switched all shadows off.
    Stopped,
    /// Somebody, a signal or the kill file switched all shadows off.
    Killed,
    /// Its time is over, or has not begun. What was seen counts.
    Expired,
    /// It sends nothing.
    DryRun,
    /// Its answers are not compared.
    NotCompared,
}

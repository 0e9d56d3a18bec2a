//! What a judgement of readiness stands on.

use crate::compare::{Outside, Sums, variety::AskedFor};

/// What is known about one shadow.
#[derive(Clone, Debug)]
pub struct Evidence<'a> {
    /// What is known about it outside of its comparison.
    pub outside: Outside<'a>,
    /// Its pairs since the comparison began.
    pub sums: &'a Sums,
    /// The fields that surely differ by more than noise, as far as they are named; paths, never values.
    pub different_fields: &'a [String],
    /// How many fields surely do.
    pub different: u64,
    /// How many different places were seen in answers.
    pub field_patterns: u64,
    /// How many different things were asked for in the pairs that were compared.
    pub asked_for: AskedFor,
}

/// Copies that were wanted and not sent, by reason, and by whose doing it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    /// The shadow is too slow for them, or fails.
    pub of_shadow: Vec<(&'static str, u64)>,
    /// The gateway protects its clients or itself, or was told not to copy such requests.
    pub of_gateway: Vec<(&'static str, u64)>,
}

impl Losses {
    /// Those that are the shadow's doing, and all.
    #[must_use]
    pub fn counts(&self) -> [u64; 2] {
        let [shadow, gateway] = [&self.of_shadow, &self.of_gateway]
            .map(|reasons| reasons.iter().fold(0_u64, |all, (_, count)| all.saturating_add(*count)));
        [shadow, shadow.saturating_add(gateway)]
    }
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

//! One pair, as far as it is counted: its verdict, and how each of its calls ended.

use std::time::Duration;

use crate::{
    compare::Verdict,
    model::{Kind, seen::Sight},
};

/// A pair that was looked at, whatever came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PairRecord {
    /// How it counts.
    pub verdict: Verdict,
    /// The live call.
    pub live: LegOutcome,
    /// The shadow's.
    pub shadow: LegOutcome,
    /// The second live call, if there was one.
    pub baseline: Option<LegOutcome>,
    /// Whether the second live answer differs from the first in more than noise; `None` if it was not compared.
    pub baseline_differs: Option<bool>,
}

/// How one call of a pair ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LegOutcome {
    /// With what.
    pub ending: Ending,
    /// After how long. Only that of answers is counted: a refused connection is not a fast answer.
    pub took: Duration,
}

/// What a call ended with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// An answer with this status.
    Status(u16),
    /// None.
    Failed(Kind),
}

impl LegOutcome {
    /// Whether it is held against its side: it gave no answer or a 5xx one. A call that was given up because its client
    /// left, or because copies were switched off, is held against nobody.
    #[must_use]
    pub fn is_error(&self) -> bool {
        match self.ending {
            Ending::Status(status) => status / 100 == 5,
            Ending::Failed(kind) => kind != Kind::Cancelled,
        }
    }

    /// Whether it was not made, since what stands around its backend refused it.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.ending == Ending::Failed(Kind::Refused)
    }
}

impl From<&Sight> for LegOutcome {
    fn from(sight: &Sight) -> Self {
        match sight {
            Sight::Answer(seen) => Self { ending: Ending::Status(seen.status.as_u16()), took: seen.took },
            Sight::Failed(kind) => Self { ending: Ending::Failed(*kind), took: Duration::ZERO },
        }
    }
}

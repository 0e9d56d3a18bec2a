//! What the pairs of a span of time add up to.
//!
//! Pure data: sums of two spans merged are those of both together.

use crate::{
    compare::{Incomparable, Verdict},
    stats::latency::Latencies,
};

use super::{
    record::{Ending, LegOutcome, PairRecord},
    statuses::Statuses,
};

/// How a call may end in the matrix, by its place there.
pub const OUTCOMES: [&str; 6] = ["1xx", "2xx", "3xx", "4xx", "5xx", "failed"];

/// The place of calls without an answer, or with a status that is none.
const FAILED: usize = OUTCOMES.len() - 1;

/// Counts and durations of pairs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Pairs with the verdict [`Verdict::Match`].
    pub matches: u64,
    /// [`Verdict::Ignored`].
    pub ignored: u64,
    /// [`Verdict::Noise`].
    pub noise: u64,
    /// [`Verdict::Mismatch`].
    pub mismatches: u64,
    /// Of the noise, pairs that counted as mismatches before it was known.
    pub reappraised: u64,
    /// Pairs whose second live answer was compared.
    pub baseline_pairs: u64,
    /// Of those, pairs in which it differs from the first in more than noise.
    pub baseline_mismatches: u64,
    /// Of those with a second live answer, pairs in which it does not and the shadow's does.
    pub only_shadow_differs: u64,
    /// Pairs in which it does and the shadow's does not.
    pub only_baseline_differs: u64,
    /// [`Verdict::Incomparable`], in the order of [`Incomparable::ALL`].
    pub incomparable: [u64; Incomparable::ALL.len()],
    /// Of those, pairs of which not even the endings are known: they are in nothing below.
    pub unseen: u64,
    /// Pairs whose live call is an error, see [`LegOutcome::is_error`].
    pub live_errors: u64,
    /// Pairs whose shadow call is one.
    pub shadow_errors: u64,
    /// Pairs in which both are.
    pub both_errors: u64,
    /// Second live calls that the live backend's own limit or breaker left no room for, so that they were not made.
    pub baseline_refused: u64,
    /// Pairs by how the live call (first) and the shadow's (second) ended, see [`OUTCOMES`].
    pub matrix: [[u64; OUTCOMES.len()]; OUTCOMES.len()],
    /// Pairs by status.
    pub statuses: Statuses,
    /// How long live answers took.
    pub live: Latencies,
    /// How long the shadow's took.
    pub shadow: Latencies,
    /// How long second live answers took.
    pub baseline: Latencies,
    /// How long the shadow's took in pairs that have a second live answer.
    pub shadow_beside_baseline: Latencies,
}

impl Sums {
    /// Pairs that were looked at.
    #[must_use]
    pub fn pairs(&self) -> u64 {
        self.compared() + self.incomparable.iter().sum::<u64>()
    }

    /// Pairs that could be compared.
    #[must_use]
    pub const fn compared(&self) -> u64 {
        self.matches + self.ignored + self.noise + self.mismatches
    }

    /// How many pairs could not be compared for this reason.
    #[must_use]
    pub fn incomparable_for(&self, reason: Incomparable) -> u64 {
        let place = Incomparable::ALL.iter().position(|one| *one == reason);
        place.and_then(|place| self.incomparable.get(place)).copied().unwrap_or(0)
    }

    /// The share of the compared pairs that differ; 0 when there are none.
    #[must_use]
    pub fn mismatch_rate(&self) -> f64 {
        share(self.mismatches, self.compared())
    }

    /// The share of pairs in which the shadow is in error, less that of the live side; 0 when there are none.
    #[must_use]
    pub fn error_delta(&self) -> f64 {
        share(self.shadow_errors, self.ended()) - share(self.live_errors, self.ended())
    }

    /// Pairs whose endings are known.
    #[must_use]
    pub fn ended(&self) -> u64 {
        self.pairs().saturating_sub(self.unseen)
    }

    /// Pairs in which only the shadow is in error, and those in which only the live side is.
    #[must_use]
    pub const fn lone_errors(&self) -> [u64; 2] {
        [self.shadow_errors.saturating_sub(self.both_errors), self.live_errors.saturating_sub(self.both_errors)]
    }

    /// Counts pairs that nobody had the time to look at.
    pub(super) fn turn_away(&mut self, pairs: u64) {
        let places = Incomparable::ALL.iter().zip(&mut self.incomparable);
        places.filter(|(one, _)| **one == Incomparable::Budget).for_each(|(_, count)| *count += pairs);
        self.unseen += pairs;
    }

    /// Counts a pair, its durations aside.
    pub(super) fn count(&mut self, record: &PairRecord) {
        let is_compared = match record.verdict {
            Verdict::Match => add(&mut self.matches),
            Verdict::Ignored => add(&mut self.ignored),
            Verdict::Noise => add(&mut self.noise),
            Verdict::Mismatch => add(&mut self.mismatches),
            Verdict::Incomparable(reason) => {
                let places = Incomparable::ALL.iter().zip(&mut self.incomparable);
                places.filter(|(one, _)| **one == reason).for_each(|(_, count)| *count += 1);
                false
            }
        };
        if let Some(second_differs) = record.baseline_differs {
            let shadow_differs = record.verdict == Verdict::Mismatch;
            self.baseline_pairs += 1;
            self.baseline_mismatches += u64::from(second_differs);
            self.only_shadow_differs += u64::from(shadow_differs && !second_differs);
            self.only_baseline_differs += u64::from(second_differs && !shadow_differs);
        }
        self.live_errors += u64::from(record.live.is_error());
        self.shadow_errors += u64::from(record.shadow.is_error());
        self.both_errors += u64::from(record.live.is_error() && record.shadow.is_error());
        self.baseline_refused += u64::from(record.baseline.is_some_and(|leg| leg.is_refused()));
        if let Some(cell) = self.matrix.get_mut(place(&record.live)).and_then(|row| row.get_mut(place(&record.shadow)))
        {
            *cell += 1;
        }
        if let Ending::Status(status) = record.live.ending {
            self.statuses.count(status, is_compared);
        }
    }

    /// Counts mismatches as noise, which they have turned out to be.
    pub(super) fn reappraise(&mut self, pairs: u64) {
        let pairs = pairs.min(self.mismatches);
        self.mismatches -= pairs;
        self.noise += pairs;
        self.reappraised += pairs;
    }

    /// Counts all mismatches as noise, and forgets what second live answers say of them.
    pub(super) fn forgive(&mut self) {
        self.reappraise(self.mismatches);
        (self.baseline_pairs, self.baseline_mismatches) = (0, 0);
        (self.only_shadow_differs, self.only_baseline_differs) = (0, 0);
    }

    /// Adds what another counted.
    pub fn merge(&mut self, other: &Self) {
        self.matches += other.matches;
        self.ignored += other.ignored;
        self.noise += other.noise;
        self.mismatches += other.mismatches;
        self.incomparable.iter_mut().zip(other.incomparable).for_each(|(own, more)| *own += more);
        self.unseen += other.unseen;
        self.reappraised += other.reappraised;
        self.baseline_pairs += other.baseline_pairs;
        self.baseline_mismatches += other.baseline_mismatches;
        self.only_shadow_differs += other.only_shadow_differs;
        self.only_baseline_differs += other.only_baseline_differs;
        self.live_errors += other.live_errors;
        self.shadow_errors += other.shadow_errors;
        self.both_errors += other.both_errors;
        self.baseline_refused += other.baseline_refused;
        let cells = self.matrix.as_flattened_mut().iter_mut();
        cells.zip(other.matrix.as_flattened()).for_each(|(own, more)| *own += more);
        self.statuses.merge(&other.statuses);
        for (own, more) in [
            (&mut self.live, &other.live),
            (&mut self.shadow, &other.shadow),
            (&mut self.baseline, &other.baseline),
            (&mut self.shadow_beside_baseline, &other.shadow_beside_baseline),
        ] {
            own.merge(more);
        }
    }
}

/// Counts one more that was compared.
const fn add(count: &mut u64) -> bool {
    *count += 1;
    true
}

fn place(leg: &LegOutcome) -> usize {
    match leg.ending {
        Ending::Status(status) => match (status / 100).checked_sub(1) {
            Some(class) if class < 5 => usize::from(class),
            _ => FAILED,
        },
        Ending::Failed(_) => FAILED,
    }
}

/// What part of all this is; 0 when there is nothing.
pub(crate) fn share(part: u64, all: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "counts beyond 2^53 are not reached")]
    let (part, all) = (part as f64, all as f64);
    if all > 0.0 { part / all } else { 0.0 }
}

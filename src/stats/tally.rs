//! What was counted about one series between two moments.

use super::detail::Detail;
use super::event::{CLASS_5XX, CLASSES, Outcome, class};
use super::exemplar::Exemplars;
use super::latency::Latencies;

/// The counts of one series.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Calls begun.
    pub started: u64,
    /// Calls ended, in whatever way.
    pub finished: u64,
    /// Of those, the ones whose client had gone.
    pub abandoned: u64,
    /// Replies sent without some of their parts.
    pub incomplete: u64,
    /// Statuses, by [`class`].
    pub classes: [u64; CLASSES],
    /// Calls without an answer, by kind; sorted by kind.
    pub failed: Vec<(&'static str, u64)>,
}

impl Counts {
    /// Books how one call ended.
    pub(crate) fn finish(&mut self, outcome: Outcome) {
        self.finished += 1;
        match outcome {
            Outcome::Status(status) => {
                if let Some(count) = self.classes.get_mut(class(status)) {
                    *count += 1;
                }
            }
            Outcome::Failed(kind) => self.fail(kind, 1),
        }
    }

    /// Calls begun and not ended.
    #[must_use]
    pub const fn in_flight(&self) -> u64 {
        self.started.saturating_sub(self.finished)
    }

    /// Calls that ended in a 5xx status or without an answer.
    #[must_use]
    pub fn errors(&self) -> u64 {
        let answered = self.classes.get(CLASS_5XX).copied().unwrap_or(0);
        answered + self.failed.iter().map(|&(_, count)| count).sum::<u64>()
    }

    /// Adds what another counted.
    pub fn merge(&mut self, other: &Self) {
        self.started += other.started;
        self.finished += other.finished;
        self.abandoned += other.abandoned;
        self.incomplete += other.incomplete;
        for (own, more) in self.classes.iter_mut().zip(other.classes) {
            *own += more;
        }
        for &(kind, count) in &other.failed {
            self.fail(kind, count);
        }
    }

    /// Hands out the counts and starts again at zero, keeping the memory.
    pub(crate) fn take(&mut self) -> Self {
        let failed = self.failed.iter().copied().filter(|&(_, count)| count > 0).collect();
        self.failed.iter_mut().for_each(|(_, count)| *count = 0);
        let kept = std::mem::take(&mut self.failed);
        let taken = std::mem::replace(self, Self { failed: kept, ..Self::default() });
        Self { failed, ..taken }
    }

    fn fail(&mut self, kind: &'static str, count: u64) {
        match self.failed.binary_search_by_key(&kind, |&(own, _)| own) {
            Ok(place) => {
                if let Some((_, total)) = self.failed.get_mut(place) {
                    *total += count;
                }
            }
            Err(place) => self.failed.insert(place, (kind, count)),
        }
    }
}

/// The counts and durations of one series.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// What happened how often.
    pub counts: Counts,
    /// How long it took; abandoned calls are not in here.
    pub latency: Latencies,
    /// More of it, where it is asked for.
    pub detail: Option<Box<Detail>>,
    /// Traced ones among them, if there were any.
    pub exemplars: Option<Box<Exemplars>>,
}

impl Tally {
    /// Adds what another counted.
    pub fn merge(&mut self, other: &Self) {
        self.counts.merge(&other.counts);
        self.latency.merge(&other.latency);
        if let Some(detail) = &other.detail {
            self.detail.get_or_insert_default().merge(detail);
        }
        if let Some(exemplars) = &other.exemplars {
            self.exemplars.get_or_insert_default().merge(exemplars);
        }
    }
}

//! What the original's metrics tell apart beyond [`super::tally`]: exact statuses, sizes, and how calls ended.
//!
//! Hot path, but only where the file asks for these metrics; bounded by the statuses and endings there are.

use std::time::Duration;

use hdrhistogram::Histogram;

use super::latency::Latencies;
use super::samples::Samples;

/// How many different statuses of one endpoint are told apart; the rest counts as status 0.
const STATUSES_MAX: usize = 64;

/// The number of endings: complete or not, in error or not.
pub const ENDINGS: usize = 4;

/// How a call ended, in the original's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    /// Whether nothing is missing from the answer.
    pub complete: bool,
    /// Whether something went wrong.
    pub error: bool,
}

impl Ending {
    /// Every ending, by its place.
    pub const ALL: [Self; ENDINGS] = [
        Self { complete: false, error: false },
        Self { complete: false, error: true },
        Self { complete: true, error: false },
        Self { complete: true, error: true },
    ];

    /// Its place in [`Self::ALL`].
    #[must_use]
    pub fn place(self) -> usize {
        usize::from(self.complete) * 2 + usize::from(self.error)
    }
}

/// Which layers are counted in this detail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Layers {
    /// Replies of endpoints.
    pub router: bool,
    /// Calls of endpoints, behind their guards.
    pub proxy: bool,
    /// Calls of backends.
    pub backend: bool,
}

/// The detail of one series between two moments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Detail {
    /// Replies by status.
    pub statuses: Vec<(u16, u64)>,
    /// Their sizes, in bytes instead of microseconds.
    pub sizes: Latencies,
    /// Calls by how they ended, with their durations.
    pub ended: [Latencies; ENDINGS],
}

impl Detail {
    /// Adds what another counted.
    pub fn merge(&mut self, other: &Self) {
        for &(status, count) in &other.statuses {
            add_status(&mut self.statuses, status, count);
        }
        self.sizes.merge(&other.sizes);
        for (own, more) in self.ended.iter_mut().zip(&other.ended) {
            own.merge(more);
        }
    }
}

/// The detail of one series on one thread, since it was last taken.
#[derive(Debug, Default)]
pub(crate) struct DetailCell {
    statuses: Vec<(u16, u64)>,
    sizes: Samples,
    ended: [Samples; ENDINGS],
}

impl DetailCell {
    /// Counts one reply; an unknown size is left out.
    pub(crate) fn reply(&mut self, status: u16, bytes: Option<u64>) {
        add_status(&mut self.statuses, status, 1);
        if let Some(bytes) = bytes {
            self.sizes.record_value(u32::try_from(bytes).unwrap_or(u32::MAX));
        }
    }

    /// Counts one call.
    pub(crate) fn end(&mut self, ending: Ending, elapsed: Duration) {
        if let Some(samples) = self.ended.get_mut(ending.place()) {
            samples.record(elapsed);
        }
    }

    /// Hands out what was counted and starts again, keeping the memory.
    pub(crate) fn take(&mut self, rounding: &Histogram<u32>) -> Detail {
        let statuses = self.statuses.iter().copied().filter(|&(_, count)| count > 0).collect();
        self.statuses.iter_mut().for_each(|(_, count)| *count = 0);
        let ended = self.ended.each_mut().map(|samples| samples.take(rounding));
        Detail { statuses, sizes: self.sizes.take(rounding), ended }
    }
}

fn add_status(statuses: &mut Vec<(u16, u64)>, status: u16, count: u64) {
    let known = statuses.iter().position(|&(own, _)| own == status);
    let full = known.is_none() && statuses.len() >= STATUSES_MAX;
    let place = if full { statuses.iter().position(|&(own, _)| own == 0) } else { known };
    match place.and_then(|place| statuses.get_mut(place)) {
        Some((_, total)) => *total += count,
        None => statuses.push((if full { 0 } else { status }, count)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::samples::rounding;

    #[test]
    fn every_ending_stands_at_its_place() {
        for (place, ending) in Ending::ALL.into_iter().enumerate() {
            assert_eq!(ending.place(), place);
        }
    }

    #[test]
    fn statuses_beyond_the_limit_count_as_status_0() {
        let mut cell = DetailCell::default();
        (100..400).for_each(|status| cell.reply(status, Some(1)));
        let taken = cell.take(&rounding());
        assert_eq!(taken.statuses.len(), STATUSES_MAX + 1);
        assert_eq!(taken.statuses.last(), Some(&(0, 300 - STATUSES_MAX as u64)));
        assert_eq!(cell.take(&rounding()), Detail::default());
    }

    #[test]
    fn merging_adds_status_by_status_and_ending_by_ending() {
        let mut cell = DetailCell::default();
        cell.reply(200, Some(7));
        cell.reply(404, None);
        cell.end(Ending { complete: true, error: false }, Duration::from_millis(1));
        let one = cell.take(&rounding());
        let mut both = one.clone();
        both.merge(&one);
        assert_eq!(both.statuses, [(200, 2), (404, 2)]);
        assert_eq!((both.sizes.count(), both.ended[2].count(), both.ended[0].count()), (2, 2, 0));
    }
}

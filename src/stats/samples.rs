//! The durations of one series on one thread, since they were last taken.
//!
//! Hot path: runs twice per request. The first durations go to a short list, so that a series seldom called costs next
//! to nothing; a list that fills up empties into a histogram, which is kept from then on.

use std::time::Duration;

use hdrhistogram::Histogram;

use super::latency::Latencies;

/// How many durations the list holds.
const FEW: usize = 32;

/// The longest duration told apart, in microseconds: one hour.
const LONGEST_US: u32 = 3_600_000_000;

/// Two significant digits tell 1.00 s from 1.01 s.
const DIGITS: u8 = 2;

/// Durations of one series, until [`Samples::take`].
#[derive(Debug, Default)]
pub(crate) struct Samples {
    few: Vec<u32>,
    many: Option<Box<Histogram<u32>>>,
    sum_us: u64,
    max_us: u32,
}

/// An empty histogram, which also knows the rounding that all share.
pub(crate) fn rounding() -> Histogram<u32> {
    Histogram::new(DIGITS).expect("the number of digits is a constant within the allowed range")
}

impl Samples {
    /// Counts one duration; longer than an hour counts as an hour.
    pub(crate) fn record(&mut self, elapsed: Duration) {
        self.record_value(u32::try_from(elapsed.as_micros()).unwrap_or(LONGEST_US));
    }

    /// Counts one value of any unit; more than [`LONGEST_US`] counts as that.
    pub(crate) fn record_value(&mut self, value: u32) {
        let us = value.min(LONGEST_US);
        self.sum_us = self.sum_us.saturating_add(u64::from(us));
        self.max_us = self.max_us.max(us);
        if self.few.len() >= FEW {
            self.spill();
        }
        self.few.push(us);
    }

    /// Hands out what was counted and starts again, keeping the memory. `rounding` comes from [`rounding`].
    pub(crate) fn take(&mut self, rounding: &Histogram<u32>) -> Latencies {
        let (sum_us, max_us) = (std::mem::take(&mut self.sum_us), std::mem::take(&mut self.max_us));
        if self.many.as_ref().is_some_and(|many| !many.is_empty()) {
            self.spill();
        }
        let round = |value: u64| u32::try_from(rounding.highest_equivalent(value)).unwrap_or(u32::MAX);
        match &mut self.many {
            Some(many) if !many.is_empty() => {
                let cells = many
                    .iter_recorded()
                    .map(|cell| (round(cell.value_iterated_to()), u64::from(cell.count_at_value())));
                let taken = Latencies::from_sorted(cells, sum_us, max_us);
                many.reset();
                taken
            }
            _ => {
                self.few.sort_unstable();
                Latencies::from_sorted(self.few.drain(..).map(|us| (round(u64::from(us)), 1)), sum_us, max_us)
            }
        }
    }

    fn spill(&mut self) {
        let many = self.many.get_or_insert_with(|| Box::new(rounding()));
        for us in self.few.drain(..) {
            let recorded = many.record(u64::from(us));
            debug_assert!(recorded.is_ok(), "the histogram grows to any duration up to an hour");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn taken(micros: &[u64]) -> Latencies {
        let mut samples = Samples::default();
        micros.iter().for_each(|&us| samples.record(Duration::from_micros(us)));
        samples.take(&rounding())
    }

    proptest! {
        #[test]
        fn the_list_and_the_histogram_round_alike(micros in prop::collection::vec(0_u64..10_000_000_000, 0..120)) {
            let mut merged = Latencies::default();
            micros.chunks(FEW / 2).for_each(|chunk| merged.merge(&taken(chunk)));
            prop_assert_eq!(merged, taken(&micros));
        }

        #[test]
        fn rounding_is_within_one_percent(us in 1_u64..3_600_000_000) {
            let mut samples = taken(&[us]);
            samples.merge(&taken(&[3_600_000_000]));
            let read = u64::from(samples.quantile_us(0.5));
            prop_assert!(read >= us && (read - us) * 100 <= us, "{} read as {}", us, read);
        }
    }

    #[test]
    fn taking_starts_again() {
        let mut samples = Samples::default();
        (0..100).for_each(|ms| samples.record(Duration::from_millis(ms)));
        assert_eq!(samples.take(&rounding()).count(), 100);
        assert_eq!(samples.take(&rounding()), Latencies::default());
        samples.record(Duration::from_secs(u64::MAX));
        assert_eq!(samples.take(&rounding()).max_us(), LONGEST_US);
    }
}

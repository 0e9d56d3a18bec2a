//! How long calls took: counts by value, as sparse as the calls were.
//!
//! Values are microseconds, rounded up to the precision of the recorders' histograms (two significant digits). Merging
//! is exact: the latencies of two threads merged are those of one thread that saw both.

/// Counts by duration, with the exact sum and maximum.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Latencies {
    /// (value in µs, count), by rising value, no value twice, no count 0.
    cells: Vec<(u32, u64)>,
    sum_us: u64,
    max_us: u32,
}

impl Latencies {
    /// From (value in µs, count) in rising order, the sum of the exact durations and the longest.
    #[must_use]
    pub(crate) fn from_sorted(cells: impl IntoIterator<Item = (u32, u64)>, sum_us: u64, max_us: u32) -> Self {
        let mut own: Vec<(u32, u64)> = Vec::new();
        for (value, count) in cells {
            match own.last_mut() {
                Some((last, total)) if *last == value => *total = total.saturating_add(count),
                _ => own.push((value, count)),
            }
        }
        own.shrink_to_fit();
        Self { cells: own, sum_us, max_us }
    }

    /// How many durations were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.cells.iter().map(|&(_, count)| count).sum()
    }

    /// Their sum in microseconds.
    #[must_use]
    pub const fn sum_us(&self) -> u64 {
        self.sum_us
    }

    /// The longest in microseconds; 0 when there was none.
    #[must_use]
    pub const fn max_us(&self) -> u32 {
        self.max_us
    }

    /// The shortest in microseconds, rounded as all are; 0 when there was none.
    #[must_use]
    pub fn min_us(&self) -> u32 {
        self.cells.first().map_or(0, |&(value, _)| value.min(self.max_us))
    }

    /// Their mean in microseconds; 0 when there was none.
    #[must_use]
    pub fn mean_us(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "counts and sums beyond 2^53 are not reached")]
        let (sum, count) = (self.sum_us as f64, self.count() as f64);
        if count > 0.0 { sum / count } else { 0.0 }
    }

    /// Their standard deviation in microseconds; 0 when there was none.
    #[must_use]
    pub fn deviation_us(&self) -> f64 {
        let mean = self.mean_us();
        let (mut squares, mut total) = (0.0, 0.0);
        for &(value, count) in &self.cells {
            #[expect(clippy::cast_precision_loss, reason = "as above")]
            let count = count as f64;
            squares += (f64::from(value) - mean).powi(2) * count;
            total += count;
        }
        if total > 0.0 { (squares / total).sqrt() } else { 0.0 }
    }

    /// The value in µs that the fraction `quantile` (0..=1) of the durations does not exceed; 0 when there was none.
    #[must_use]
    pub fn quantile_us(&self, quantile: f64) -> u32 {
        #[expect(
            clippy::cast_precision_loss,
            reason = "counts beyond 2^53 are not reached, and a quantile is a fraction"
        )]
        let wanted = self.count() as f64 * quantile.clamp(0.0, 1.0);
        let mut seen = 0.0;
        for &(value, count) in &self.cells {
            #[expect(clippy::cast_precision_loss, reason = "as above")]
            {
                seen += count as f64;
            }
            if seen >= wanted {
                return value.min(self.max_us);
            }
        }
        self.max_us
    }

    /// The duration in µs that stands at `rank`, the shortest at 1; `None` beyond the last.
    #[must_use]
    pub fn at_rank_us(&self, rank: u64) -> Option<u32> {
        let mut seen: u64 = 0;
        self.cells.iter().find_map(|&(value, count)| {
            seen = seen.saturating_add(count);
            (rank >= 1 && seen >= rank).then(|| value.min(self.max_us))
        })
    }

    /// For each of the rising `bounds_us`, how many durations were not longer.
    #[must_use]
    pub fn cumulative<const N: usize>(&self, bounds_us: &[u32; N]) -> [u64; N] {
        let mut cells = self.cells.iter().peekable();
        let mut seen = 0;
        bounds_us.map(|bound| {
            while let Some((_, count)) = cells.next_if(|&&(value, _)| value <= bound) {
                seen += count;
            }
            seen
        })
    }

    /// What was counted since an earlier moment, when `earlier` was all there was. The longest is not known to the
    /// microsecond any more: it is that of all, or the longest that is left as it was rounded.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let mut before = earlier.cells.iter().peekable();
        let mut cells = Vec::new();
        for &(value, count) in &self.cells {
            while before.next_if(|&&(own, _)| own < value).is_some() {}
            let known = before.next_if(|&&(own, _)| own == value).map_or(0, |&(_, known)| known);
            let left = count.saturating_sub(known);
            if left > 0 {
                cells.push((value, left));
            }
        }
        let longest = cells.last().map_or(0, |&(value, _)| value);
        Self { cells, sum_us: self.sum_us.saturating_sub(earlier.sum_us), max_us: longest.min(self.max_us) }
    }

    /// Adds what another counted.
    pub fn merge(&mut self, other: &Self) {
        self.sum_us = self.sum_us.saturating_add(other.sum_us);
        self.max_us = self.max_us.max(other.max_us);
        if other.cells.is_empty() {
            return;
        }
        let mut unknown = Vec::new();
        for &(value, count) in &other.cells {
            match self.cells.binary_search_by_key(&value, |&(own, _)| own) {
                Ok(place) => {
                    if let Some((_, total)) = self.cells.get_mut(place) {
                        *total = total.saturating_add(count);
                    }
                }
                Err(_) => unknown.push((value, count)),
            }
        }
        if !unknown.is_empty() {
            self.cells.append(&mut unknown);
            self.cells.sort_unstable_by_key(|&(value, _)| value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn latencies(mut values: Vec<u32>) -> Latencies {
        values.sort_unstable();
        let sum = values.iter().map(|&value| u64::from(value)).sum();
        let max = values.last().copied().unwrap_or(0);
        Latencies::from_sorted(values.into_iter().map(|value| (value, 1)), sum, max)
    }

    proptest! {
        #[test]
        fn merging_equals_counting_together(one in prop::collection::vec(0_u32..50, 0..40), two in prop::collection::vec(0_u32..50, 0..40)) {
            let mut merged = latencies(one.clone());
            merged.merge(&latencies(two.clone()));
            prop_assert_eq!(merged, latencies([one, two].concat()));
        }

        #[test]
        fn what_was_counted_since_is_what_came_after(one in prop::collection::vec(0_u32..50, 0..40), two in prop::collection::vec(0_u32..50, 0..40)) {
            let (earlier, later) = (latencies(one.clone()), latencies([one, two.clone()].concat()));
            prop_assert_eq!(later.since(&earlier), latencies(two));
        }

        #[test]
        fn quantiles_rise_and_end_at_the_maximum(values in prop::collection::vec(any::<u32>(), 1..40)) {
            let all = latencies(values.clone());
            let quantiles = [0.0, 0.5, 0.9, 0.99, 0.999, 1.0].map(|quantile| all.quantile_us(quantile));
            prop_assert!(quantiles.is_sorted());
            prop_assert_eq!(quantiles.last().copied(), values.iter().copied().max());
        }
    }

    #[test]
    fn bounds_count_what_is_not_longer() {
        assert_eq!(latencies(vec![1, 5, 5, 9]).cumulative(&[0, 5, 8, 100]), [0, 3, 3, 4]);
    }

    #[test]
    fn ranks_count_from_one_to_the_last() {
        let all = latencies(vec![1, 5, 5, 9]);
        assert_eq!(
            [0, 1, 2, 3, 4, 5].map(|rank| all.at_rank_us(rank)),
            [None, Some(1), Some(5), Some(5), Some(9), None]
        );
    }

    #[test]
    fn nothing_counted_reads_as_zero() {
        let none = Latencies::default();
        assert_eq!((none.count(), none.quantile_us(0.99), none.max_us(), none.sum_us()), (0, 0, 0, 0));
        assert_eq!((none.min_us(), none.mean_us().to_bits(), none.deviation_us().to_bits()), (0, 0, 0));
    }
}

//! By how much a shadow's answers took longer than live ones, request by request.
//!
//! The percentiles are those of the differences and not differences of percentiles: a shadow that is slow for one half of
//! the requests and quick for the other has the same percentiles as the live side, and differences that show it.
//!
//! Promises: memory is bounded whatever is recorded; values are told apart to 1 %, those below 256 µs exactly; nothing
//! here knows a clock.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

/// Larger differences count as this, in microseconds: one hour.
const LARGEST_US: u64 = 3_600_000_000;

/// Two significant digits tell 1.00 s from 1.01 s.
const DIGITS: u8 = 2;

/// How many points a curve has at most.
pub const CURVE_POINTS_MAX: usize = 64;

/// Signed differences, counted.
#[derive(Clone, Debug)]
pub struct Deltas {
    /// By how much the shadow was quicker.
    quicker: Histogram<u64>,
    /// By how much it was slower, those that took the same time included.
    slower: Histogram<u64>,
}

impl Default for Deltas {
    fn default() -> Self {
        Self { quicker: empty(), slower: empty() }
    }
}

fn empty() -> Histogram<u64> {
    Histogram::new(DIGITS).expect("the number of digits is a constant within the allowed range")
}

impl Deltas {
    /// Counts a request: how long the shadow took, and how long the live answer it is measured by.
    pub fn record(&mut self, shadow: Duration, live: Duration) {
        let microseconds = |took: Duration| u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let (shadow, live) = (microseconds(shadow), microseconds(live));
        let side = if shadow < live { &mut self.quicker } else { &mut self.slower };
        let recorded = side.record(shadow.abs_diff(live).min(LARGEST_US));
        debug_assert!(recorded.is_ok(), "the histogram grows to any difference up to an hour");
    }

    /// Adds what others counted.
    pub fn merge(&mut self, other: &Self) {
        for (own, others) in [(&mut self.quicker, &other.quicker), (&mut self.slower, &other.slower)] {
            let added = own.add(others);
            debug_assert!(added.is_ok(), "all have the same digits and grow alike");
        }
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.quicker.len().saturating_add(self.slower.len())
    }

    /// What others get to see.
    #[must_use]
    pub fn snapshot(&self) -> DeltaSnapshot {
        let cells = self.cells();
        let count = self.count();
        DeltaSnapshot {
            count,
            quicker: self.quicker.len(),
            slower: self.slower.len() - self.slower.count_at(0),
            percentiles_us: Percentiles::of(&cells, count),
            curve: curve(&cells, count),
        }
    }

    /// The differences with how often each occurs, in order.
    fn cells(&self) -> Vec<Cell> {
        let of = |side: &Histogram<u64>, sign: i64| -> Vec<Cell> {
            let cell = |value: u64, times| {
                let us = i64::try_from(side.median_equivalent(value).min(LARGEST_US)).unwrap_or(i64::MAX);
                Cell { us: sign * us, times }
            };
            side.iter_recorded().map(|at| cell(at.value_iterated_to(), at.count_at_value())).collect()
        };
        let quicker = of(&self.quicker, -1);
        quicker.into_iter().rev().chain(of(&self.slower, 1)).collect()
    }
}

#[derive(Clone, Copy, Debug)]
struct Cell {
    us: i64,
    times: u64,
}

/// Differences, for people and programs. Above zero the shadow is slower.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct DeltaSnapshot {
    /// Requests.
    pub count: u64,
    /// Those for which the shadow was quicker.
    pub quicker: u64,
    /// Those for which it was slower; the rest took the same time, to a microsecond.
    pub slower: u64,
    /// `None` until there is a request.
    pub percentiles_us: Option<Percentiles>,
    /// Which share of the differences, 0 to 1, is not above how many microseconds; [`CURVE_POINTS_MAX`] points at most, from
    /// the smallest difference to the largest.
    pub curve: Vec<(i64, f64)>,
}

/// Percentiles of the differences, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Percentiles {
    pub p1: i64,
    pub p5: i64,
    pub p25: i64,
    pub p50: i64,
    pub p75: i64,
    pub p95: i64,
    pub p99: i64,
}

impl Percentiles {
    fn of(cells: &[Cell], count: u64) -> Option<Self> {
        let at = |percent: u64| {
            let rank = u128::from(count) * u128::from(percent);
            let mut seen = 0_u128;
            let reached = cells.iter().find(|cell| {
                seen += u128::from(cell.times) * 100;
                seen >= rank
            });
            reached.map(|cell| cell.us)
        };
        Some(Self { p1: at(1)?, p5: at(5)?, p25: at(25)?, p50: at(50)?, p75: at(75)?, p95: at(95)?, p99: at(99)? })
    }
}

/// The smallest difference, and then each that completes another 63rd of all.
fn curve(cells: &[Cell], count: u64) -> Vec<(i64, f64)> {
    let steps = CURVE_POINTS_MAX as u128 - 1;
    let (mut seen, mut last) = (0_u128, None);
    let points = cells.iter().filter_map(|cell| {
        seen += u128::from(cell.times);
        let step = seen * steps / u128::from(count.max(1));
        if last.is_some_and(|last| step <= last) {
            return None;
        }
        last = Some(step);
        #[expect(clippy::cast_precision_loss, reason = "for a chart")]
        let share = seen as f64 / count as f64;
        Some((cell.us, share))
    });
    points.collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(differences: impl IntoIterator<Item = i64>) -> Deltas {
        let mut deltas = Deltas::default();
        let live = 10_000_000_000_000;
        for us in differences {
            let shadow = u64::try_from(live + us).unwrap();
            deltas.record(Duration::from_micros(shadow), Duration::from_micros(live.unsigned_abs()));
        }
        deltas
    }

    #[test]
    fn percentiles_are_those_of_the_differences() {
        let snapshot = of((-49..=50).rev()).snapshot();
        let expected = Percentiles { p1: -49, p5: -45, p25: -25, p50: 0, p75: 25, p95: 45, p99: 49 };
        assert_eq!(snapshot.percentiles_us, Some(expected));
        assert_eq!((snapshot.count, snapshot.quicker, snapshot.slower), (100, 49, 50));
    }

    #[test]
    fn nothing_has_no_percentiles() {
        assert_eq!(Deltas::default().snapshot(), DeltaSnapshot::default());
    }

    #[test]
    fn equal_percentiles_can_hide_differences() {
        let mut deltas = Deltas::default();
        let [short, long] = [10, 20].map(Duration::from_millis);
        (0..50).for_each(|_| deltas.record(short, long));
        (0..50).for_each(|_| deltas.record(long, short));
        let shown = deltas.snapshot().percentiles_us.unwrap();
        assert!((shown.p5 + 10_000).abs() <= 100 && (shown.p95 - 10_000).abs() <= 100, "{shown:?}");
    }

    #[test]
    fn no_difference_is_too_large() {
        let mut deltas = Deltas::default();
        deltas.record(Duration::MAX, Duration::ZERO);
        deltas.record(Duration::ZERO, Duration::MAX);
        let snapshot = deltas.snapshot();
        let found = snapshot.percentiles_us.unwrap();
        assert!((3_564_000_000..=3_600_000_000).contains(&found.p99) && found.p1 == -found.p99, "{found:?}");
        assert_eq!((snapshot.quicker, snapshot.slower), (1, 1));
    }

    #[test]
    fn what_is_shown_names_its_unit() {
        let shown = serde_json::to_value(of([-5, 5]).snapshot()).unwrap();
        assert_eq!(shown["percentiles_us"]["p1"], -5);
        assert_eq!(shown["curve"], serde_json::json!([[-5, 0.5], [5, 1.0]]));
    }

    proptest! {
        #[test]
        fn any_difference_is_kept_to_one_percent(us in -3_600_000_000_i64..=3_600_000_000) {
            let shown = of([us]).snapshot().percentiles_us.unwrap().p50;
            prop_assert!((shown - us).abs() <= us.abs() / 100, "{shown} for {us}");
        }

        #[test]
        fn merging_is_recording_together(one in proptest::collection::vec(-9_000_000..9_000_000_i64, 0..80), other in proptest::collection::vec(-9_000..9_000_i64, 0..80)) {
            let mut merged = of(one.clone());
            merged.merge(&of(other.clone()));
            prop_assert_eq!(merged.snapshot(), of(one.into_iter().chain(other)).snapshot());
        }

        #[test]
        fn curves_rise_from_the_smallest_to_all(differences in proptest::collection::vec(-200_000..200_000_i64, 1..500)) {
            let snapshot = of(differences).snapshot();
            let curve = snapshot.curve;
            prop_assert!(curve.len() <= CURVE_POINTS_MAX);
            prop_assert_eq!(curve.last().map(|point| point.1), Some(1.0));
            prop_assert!(curve.windows(2).all(|both| both[0].0 < both[1].0 && both[0].1 < both[1].1));
            let found = snapshot.percentiles_us.unwrap();
            prop_assert!(curve[0].0 <= found.p1 && found.p1 <= found.p5 && found.p95 <= found.p99);
        }
    }
}

//! Exemplars: for each bucket of a histogram the last traced request that fell into it, so that a slow bucket leads to
//! the trace of a slow request.
//!
//! Promises: bounded, one place for each bucket; a request that is not traced costs nothing here and finds no memory.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::snapshot::BOUNDS_US;

/// One for each bound, and one beyond the last.
const PLACES: usize = BOUNDS_US.len() + 1;

/// The number of a trace, whose 32 hexadecimal digits are its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceNumber(pub u128);

/// A request of which there is a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exemplar {
    /// Its trace.
    pub trace: TraceNumber,
    /// How long it took, in microseconds.
    pub took_us: u64,
    /// When it ended, in milliseconds since 1970.
    pub at_ms: u64,
}

/// The exemplars of one histogram.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exemplars([Option<Exemplar>; PLACES]);

impl Exemplars {
    /// Keeps a request that ended now, in place of the one before it in its bucket.
    pub(crate) fn record(&mut self, trace: TraceNumber, took: Duration) {
        let took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let at_ms = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
        let place = BOUNDS_US.partition_point(|bound| u64::from(*bound) < took_us);
        if let Some(slot) = self.0.get_mut(place) {
            *slot = Some(Exemplar { trace, took_us, at_ms });
        }
    }

    /// Takes over what was kept since.
    pub(crate) fn merge(&mut self, later: &Self) {
        for (own, other) in self.0.iter_mut().zip(later.0) {
            *own = other.or(*own);
        }
    }

    /// That of the bucket up to the bound in this place of [`BOUNDS_US`]; that of the last one behind them.
    #[must_use]
    pub fn of_bucket(&self, place: usize) -> Option<&Exemplar> {
        self.0.get(place)?.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn took(exemplars: &Exemplars) -> Vec<(usize, u64)> {
        let kept = |place| exemplars.of_bucket(place).map(|exemplar| (place, exemplar.took_us));
        (0..PLACES + 1).filter_map(kept).collect()
    }

    #[test]
    fn a_request_stands_for_the_bucket_whose_bound_it_does_not_exceed() {
        let mut exemplars = Exemplars::default();
        for us in [0, 500, 501, 30_000_000, 30_000_001] {
            exemplars.record(TraceNumber(1), Duration::from_micros(us));
        }
        let last = PLACES - 1;
        assert_eq!(took(&exemplars), [(0, 500), (1, 501), (last - 1, 30_000_000), (last, 30_000_001)]);
        exemplars.record(TraceNumber(1), Duration::MAX);
        assert_eq!(took(&exemplars).last(), Some(&(last, u64::MAX)));
    }

    #[test]
    fn what_was_kept_later_takes_the_place_of_what_was_there() {
        let (mut one, mut two) = (Exemplars::default(), Exemplars::default());
        one.record(TraceNumber(1), Duration::from_micros(400));
        one.record(TraceNumber(2), Duration::from_millis(2));
        two.record(TraceNumber(3), Duration::from_micros(300));
        one.merge(&two);
        let traces = [0, 2].map(|place| one.of_bucket(place).map(|exemplar| exemplar.trace));
        assert_eq!(traces, [Some(TraceNumber(3)), Some(TraceNumber(2))]);
    }
}

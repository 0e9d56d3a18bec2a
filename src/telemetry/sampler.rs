//! Which traces are recorded: those that the caller records, and a share of those that begin here.

use crate::model::scope::TraceId;

/// The share of traces that begin here and are recorded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampler {
    /// What the second half of a trace's number, without its last bit, must be below; `None` records all.
    below: Option<u64>,
}

impl Sampler {
    /// Records this share, a number from 0 to 1; 0 records all, as in the original.
    #[must_use]
    pub fn new(rate: f64) -> Self {
        // A rate below 1 is below 2⁶³ here, and a float is cut off where it is turned into a number.
        let below = (rate > 0.0 && rate < 1.0).then_some((rate * (1_u64 << 63) as f64) as u64);
        Self { below }
    }

    /// Whether a trace with this number is recorded; every gateway decides alike.
    #[must_use]
    pub fn records(self, trace: &TraceId) -> bool {
        let number = u128::from_be_bytes(*trace) as u64;
        self.below.is_none_or(|below| number >> 1 < below)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_about_what_it_says_and_zero_is_all() {
        let trace = |number: u64| u128::from(number).to_be_bytes();
        for (rate, low, high) in [(0.0, true, true), (1.0, true, true), (0.5, true, false), (1e-9, true, false)] {
            let sampler = Sampler::new(rate);
            assert_eq!((sampler.records(&trace(0)), sampler.records(&trace(u64::MAX))), (low, high), "{rate}");
        }
        let quarter = Sampler::new(0.25);
        let step = u64::MAX / 1000;
        let recorded = (0..1000).filter(|number| quarter.records(&trace(number * step))).count();
        assert!((249..=251).contains(&recorded), "{recorded}");
    }
}

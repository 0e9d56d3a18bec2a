//! A share of all requests, compared with a hash without rounding on the way.

/// A share from 0 (nothing) to 1 (everything).
///
/// Kept as the number below which a 64-bit hash must lie, so that growing a share only ever adds requests to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(u64);

impl Share {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// Everything.
    pub const ALL: Self = Self(u64::MAX);

    /// The share of `ratio`; `None` unless it is a number from 0 to 1.
    #[must_use]
    pub fn of_ratio(ratio: f64) -> Option<Self> {
        // 2^64 as a float; the product is exact but for the last bits, and 1.0 saturates to everything.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "casts of floats saturate")]
        (0.0..=1.0).contains(&ratio).then_some(Self((ratio * 18_446_744_073_709_551_616.0) as u64))
    }

    /// The share whose threshold [`Share::threshold`] gave.
    #[must_use]
    pub const fn of_threshold(threshold: u64) -> Self {
        Self(threshold)
    }

    /// The threshold as a plain number, for an atomic cell.
    #[must_use]
    pub const fn threshold(self) -> u64 {
        self.0
    }

    /// As a number from 0 to 1.
    #[must_use]
    pub fn ratio(self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "for people")]
        if self == Self::ALL { 1.0 } else { self.0 as f64 / 18_446_744_073_709_551_616.0 }
    }

    /// Whether a request with this hash is part of the share.
    #[must_use]
    pub const fn takes(self, hash: u64) -> bool {
        hash < self.0 || self.0 == u64::MAX
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Share;

    #[test]
    fn the_ends_are_nothing_and_everything() {
        assert_eq!((Share::of_ratio(0.0), Share::of_ratio(1.0)), (Some(Share::NONE), Some(Share::ALL)));
        assert!(!Share::NONE.takes(0) && Share::ALL.takes(u64::MAX));
        assert!([-0.1, 1.1, f64::NAN, f64::INFINITY].into_iter().all(|ratio| Share::of_ratio(ratio).is_none()));
    }

    proptest! {
        #[test]
        fn a_larger_share_takes_all_that_a_smaller_one_takes(one in 0.0..=1.0f64, other in 0.0..=1.0f64, hash: u64) {
            let (small, large) = (one.min(other), one.max(other));
            let takes = |ratio| Share::of_ratio(ratio).is_some_and(|share| share.takes(hash));
            prop_assert!(!takes(small) || takes(large));
        }
    }
}

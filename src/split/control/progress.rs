//! How far a split had come when a step of its ramp began, and whether what came since is enough for the next one.
//!
//! Pure but for the look itself. A ramp is held back by plain figures, which costs nothing but time; only what stops a
//! variant has to be sure.

use tokio::time::Instant;

use crate::{
    config::SplitStop,
    split::{Calls, Splitter},
};

/// How far a split with a ramp, which has one variant, had come at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// The calls of the base.
    pub base: Calls,
    /// The calls of the variant.
    pub variant: Calls,
}

impl Progress {
    /// How far it has come.
    #[must_use]
    pub fn of(splitter: &Splitter) -> Self {
        let variant = splitter.arms().first().map(|arm| arm.total()).unwrap_or_default();
        Self { base: splitter.base().total(), variant }
    }

    /// What came after an earlier moment.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Self {
        Self { base: self.base.since(earlier.base), variant: self.variant.since(earlier.variant) }
    }
}

/// What a ramp goes by.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// How far the split has come.
    pub seen: Progress,
    /// The 99th percentiles of base and variant in the window, in milliseconds, where the variant's is above its limit.
    pub too_slow: Option<[f64; 2]>,
}

impl Look {
    /// What there is to see now. It takes a while where much was counted, and is done without the lock of the desk.
    #[must_use]
    pub fn at(splitter: &Splitter, rules: &SplitStop, now: Instant) -> Self {
        let too_slow = rules.p99_ratio.zip(splitter.arms().first()).and_then(|(limit, arm)| {
            let since = arm.since();
            let [base, variant] = [splitter.base(), arm].map(|arm| arm.figures(since, now).p99_ms());
            (variant > base * limit).then_some([base, variant])
        });
        Self { seen: Progress::of(splitter), too_slow }
    }

    /// What holds a step back that began at `entry`; `None` if nothing does.
    #[must_use]
    pub fn hindrance(&self, rules: &SplitStop, entry: Progress) -> Option<String> {
        let Progress { base, variant } = self.seen.since(entry);
        let wanted = rules.min_requests.max(1);
        if variant.requests < wanted {
            return Some(format!("{} of {wanted} calls of the variant ended in it", variant.requests));
        }
        if base.requests < wanted {
            return Some(format!("{} of {wanted} calls of the base ended in it", base.requests));
        }
        let [of_base, of_variant] = [base, variant].map(Calls::failed_share);
        if rules.error_delta.is_some_and(|limit| of_variant - of_base > limit) {
            let [of_base, of_variant] = [of_base, of_variant].map(|share| share * 100.0);
            return Some(format!("{of_variant:.2}% of its calls in it fail, {of_base:.2}% of the base's"));
        }
        let [base, variant] = self.too_slow?;
        Some(format!("its p99 is {variant:.1} ms, the base's {base:.1} ms"))
    }
}

//! How the numbers from 0 to 2⁶⁴ are shared out among the variants of a split: a few atomics.
//!
//! ```text
//! 0                                                        2⁶⁴
//! ├─ first ─┤─ third ─┤─ …      base      … ─├─ 4th ─├─ second ─┤
//! ```
//!
//! The first, third, … variant are stacked from below, the second, fourth, … from above. So the first has the same
//! requests as a sample of its rate; the first two grow towards each other and never take anybody from each other; and of
//! more, one that grows moves only the border of those that lie behind it on its side.
//!
//! Runs once per call of a split: one load per variant.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::config::shadow::Share;

/// The shares of the variants as they are now.
#[derive(Debug)]
pub struct Dial {
    /// For each variant how far its stack reaches with it.
    reaches: Box<[AtomicU64]>,
}

impl Dial {
    /// A dial at these rates.
    #[must_use]
    pub fn new(rates: &[Share]) -> Self {
        let dial = Self { reaches: rates.iter().map(|_| AtomicU64::new(0)).collect() };
        dial.set(rates);
        dial
    }

    /// Changes the rates, which should be 1 together at most; what lies in two parts is the earlier one's.
    pub fn set(&self, rates: &[Share]) {
        let mut stacks = [0_u64; 2];
        for (place, (reach, rate)) in self.reaches.iter().zip(rates).enumerate() {
            let [below, above] = &mut stacks;
            let stack = if is_stacked_from_below(place) { below } else { above };
            *stack = stack.saturating_add(rate.threshold());
            reach.store(*stack, Ordering::Relaxed);
        }
    }

    /// Whether nothing is taken, whatever the number.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.reaches.iter().all(|reach| reach.load(Ordering::Relaxed) == 0)
    }

    /// The variant whose part a number lies in; `None` for the base.
    #[must_use]
    pub fn pick(&self, number: u64) -> Option<usize> {
        self.reaches.iter().enumerate().position(|(place, reach)| {
            let number = if is_stacked_from_below(place) { number } else { !number };
            Share::of_threshold(reach.load(Ordering::Relaxed)).takes(number)
        })
    }
}

fn is_stacked_from_below(place: usize) -> bool {
    place.is_multiple_of(2)
}

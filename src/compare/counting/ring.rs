//! A window that slides in steps: the sums of its slots, the oldest of which go as time passes.
//!
//! Bounded: at most [`SLOTS`] sums and one that adds the finished ones up, so that reading merges two and not twenty.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

use super::Sums;

/// In how many steps a window slides.
pub const SLOTS: u64 = 20;

/// Sums over the last while.
#[derive(Debug)]
pub(super) struct Ring {
    /// When the first slot began.
    epoch: Instant,
    /// How long a slot is.
    slot: Duration,
    /// By rising number since the epoch; slots without a pair are absent.
    slots: VecDeque<(u64, Sums)>,
    /// The sum of all but the last.
    finished: Sums,
}

impl Ring {
    /// An empty window of this length.
    pub(super) fn new(window: Duration, now: Instant) -> Self {
        let slot = window.div_f64(20.0).max(Duration::from_millis(1));
        Self { epoch: now, slot, slots: VecDeque::new(), finished: Sums::default() }
    }

    /// Forgets everything.
    pub(super) fn restart(&mut self, now: Instant) {
        self.epoch = now;
        self.slots.clear();
        self.finished = Sums::default();
    }

    /// Changes the sums of all slots. The change must be one that makes no difference whether sums are added up before or
    /// after it.
    pub(super) fn for_each(&mut self, change: impl Fn(&mut Sums)) {
        self.slots.iter_mut().for_each(|(_, sums)| change(sums));
        change(&mut self.finished);
    }

    /// Where what happens now is counted.
    pub(super) fn slot_at(&mut self, now: Instant) -> &mut Sums {
        let number = self.number(now);
        if self.slots.back().is_none_or(|(last, _)| *last < number) {
            self.slots.push_back((number, Sums::default()));
            self.forget(number);
        }
        // A moment before the last slot, if there is one, is counted there.
        let place = self.slots.len().saturating_sub(1);
        &mut self.slots.get_mut(place).expect("a slot was pushed if there was none").1
    }

    /// The sums of the window that ends now.
    pub(super) fn read(&mut self, now: Instant) -> Sums {
        self.forget(self.number(now));
        let mut sums = self.finished.clone();
        if let Some((_, last)) = self.slots.back() {
            sums.merge(last);
        }
        sums
    }

    /// Whether two moments are counted in different slots.
    pub(super) fn is_in_another_slot(&self, one: Instant, other: Instant) -> bool {
        self.number(one) != self.number(other)
    }

    fn number(&self, now: Instant) -> u64 {
        let since = now.saturating_duration_since(self.epoch).as_nanos();
        u64::try_from(since / self.slot.as_nanos().max(1)).unwrap_or(u64::MAX)
    }

    /// Drops the slots that are out of the window whose last slot has this number, and adds the finished ones up if
    /// there are others than before.
    fn forget(&mut self, number: u64) {
        let before = self.slots.len();
        while self.slots.front().is_some_and(|(first, _)| number.saturating_sub(*first) >= SLOTS) {
            self.slots.pop_front();
        }
        let is_new = self.slots.back().is_some_and(|(last, sums)| *last == number && *sums == Sums::default());
        if is_new || self.slots.len() != before {
            let mut finished = Sums::default();
            let count = self.slots.len().saturating_sub(1);
            self.slots.iter().take(count).for_each(|(_, sums)| finished.merge(sums));
            self.finished = finished;
        }
    }
}

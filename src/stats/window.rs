//! The last minute, second by second: what rates and recent latencies are computed from.
//!
//! Bounded: sixty seconds of counts and ten of latencies, for the series that were touched in them.

use std::collections::{HashMap, VecDeque};

use super::latency::Latencies;
use super::tally::Tally;

/// How many whole seconds of history are kept.
pub const HISTORY_SECONDS: usize = 60;

/// How many whole seconds the rates and recent latencies cover.
pub const RECENT_SECONDS: usize = 10;

/// One sort of series over the last minute.
#[derive(Debug, Default)]
pub(crate) struct Window {
    /// By rising second; seconds in which nothing was reported are absent.
    slots: VecDeque<Slot>,
}

#[derive(Debug)]
struct Slot {
    second: u64,
    /// Whether its latencies are forgotten, so that nobody looks at all of its series again.
    is_history: bool,
    series: HashMap<u32, Moment>,
}

/// One series in one second.
#[derive(Debug, Default)]
struct Moment {
    finished: u64,
    errors: u64,
    latency: Latencies,
    /// What is left of `latency` once the second is no longer recent.
    p99_us: u32,
}

/// One series over the window.
#[derive(Debug)]
pub(crate) struct Recent {
    /// Calls ended within the recent seconds.
    pub(crate) finished: u64,
    /// Of those, the ones in error.
    pub(crate) errors: u64,
    /// How long they took.
    pub(crate) latency: Latencies,
    /// Calls ended in each second of the history, oldest first.
    pub(crate) finished_by_second: [u32; HISTORY_SECONDS],
    /// The 99th percentile in each second of the history, in µs, oldest first.
    pub(crate) p99_us_by_second: [u32; HISTORY_SECONDS],
}

impl Default for Recent {
    fn default() -> Self {
        Self {
            finished: 0,
            errors: 0,
            latency: Latencies::default(),
            finished_by_second: [0; HISTORY_SECONDS],
            p99_us_by_second: [0; HISTORY_SECONDS],
        }
    }
}

impl Window {
    /// Adds what a report says about a series; `second` never falls.
    pub(crate) fn add(&mut self, second: u64, id: u32, tally: &Tally) {
        if self.slots.back().is_none_or(|slot| slot.second < second) {
            self.advance(second);
            self.slots.push_back(Slot { second, is_history: false, series: HashMap::new() });
        }
        let Some(slot) = self.slots.back_mut() else { return };
        let moment = slot.series.entry(id).or_default();
        moment.finished += tally.counts.finished;
        moment.errors += tally.counts.errors();
        moment.latency.merge(&tally.latency);
    }

    /// Reads the whole seconds before `second`, by series; series without a call in them are absent.
    pub(crate) fn read(&mut self, second: u64) -> HashMap<u32, Recent> {
        self.advance(second);
        let mut all: HashMap<u32, Recent> = HashMap::new();
        for slot in &self.slots {
            let Some(age) = age(second, slot.second) else { continue };
            for (&id, moment) in &slot.series {
                all.entry(id).or_default().add(age, moment);
            }
        }
        all
    }

    /// Gives series other numbers; those without a new one are forgotten.
    pub(crate) fn renumber(&mut self, numbers: impl Fn(u32) -> Option<u32>) {
        for slot in &mut self.slots {
            let old = std::mem::take(&mut slot.series);
            slot.series = old.into_iter().filter_map(|(id, moment)| Some((numbers(id)?, moment))).collect();
        }
    }

    /// Forgets seconds that are history, and the latencies of those that are no longer recent.
    fn advance(&mut self, second: u64) {
        while self.slots.front().is_some_and(|slot| second.saturating_sub(slot.second) > HISTORY_SECONDS as u64) {
            self.slots.pop_front();
        }
        let old = |slot: &&mut Slot| second.saturating_sub(slot.second) > RECENT_SECONDS as u64;
        for slot in self.slots.iter_mut().take_while(old).filter(|slot| !slot.is_history) {
            slot.is_history = true;
            for moment in slot.series.values_mut().filter(|moment| moment.latency != Latencies::default()) {
                moment.p99_us = moment.latency.quantile_us(0.99);
                moment.latency = Latencies::default();
            }
        }
    }
}

/// How many seconds ago a slot was, from 1; `None` when it is still running or no longer kept.
fn age(now: u64, second: u64) -> Option<usize> {
    let age = usize::try_from(now.checked_sub(second)?).ok()?;
    (1..=HISTORY_SECONDS).contains(&age).then_some(age)
}

impl Recent {
    fn add(&mut self, age: usize, moment: &Moment) {
        let recent = age <= RECENT_SECONDS;
        if recent {
            self.finished += moment.finished;
            self.errors += moment.errors;
            self.latency.merge(&moment.latency);
        }
        let place = HISTORY_SECONDS.saturating_sub(age);
        if let Some(finished) = self.finished_by_second.get_mut(place) {
            *finished = u32::try_from(moment.finished).unwrap_or(u32::MAX);
        }
        if let Some(p99_us) = self.p99_us_by_second.get_mut(place) {
            *p99_us = if recent { moment.latency.quantile_us(0.99) } else { moment.p99_us };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(finished: u64, us: u32) -> Tally {
        let mut tally = Tally::default();
        tally.counts.finished = finished;
        tally.latency = Latencies::from_sorted([(us, finished)], finished * u64::from(us), us);
        tally
    }

    #[test]
    fn the_running_second_is_not_counted_yet() {
        let mut window = Window::default();
        window.add(5, 0, &tally(3, 100));
        assert!(window.read(5).is_empty());
        let recent = &window.read(6)[&0];
        assert_eq!((recent.finished, recent.latency.count()), (3, 3));
        assert_eq!(recent.finished_by_second[HISTORY_SECONDS - 1], 3);
    }

    #[test]
    fn history_outlives_what_is_recent_and_then_goes() {
        let mut window = Window::default();
        window.add(1, 7, &tally(4, 250));
        let read = window.read(1 + RECENT_SECONDS as u64 + 1);
        assert_eq!((read[&7].finished, read[&7].latency.count()), (0, 0));
        assert_eq!(read[&7].p99_us_by_second[HISTORY_SECONDS - RECENT_SECONDS - 1], 250);
        assert!(window.read(1 + HISTORY_SECONDS as u64 + 1).is_empty());
        assert!(window.slots.is_empty());
    }

    #[test]
    fn renumbered_series_keep_their_history() {
        let mut window = Window::default();
        window.add(1, 0, &tally(1, 10));
        window.add(1, 1, &tally(2, 10));
        window.renumber(|id| (id == 1).then_some(9));
        let read = window.read(2);
        assert_eq!(read.len(), 1);
        assert_eq!(read[&9].finished, 2);
    }
}

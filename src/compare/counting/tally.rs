//! The tally of one shadow: what its pairs add up to, since it began and over the window of its stop rules.
//!
//! Pairs are counted on the thread that compares, never on one that serves clients.

use std::time::Duration;

use hdrhistogram::Histogram;
use tokio::time::Instant;

use crate::stats::{
    latency::Latencies,
    samples::{Samples, rounding},
};

use super::{
    Sums,
    record::{Ending, LegOutcome, PairRecord},
    ring::Ring,
};

/// The pairs of one shadow.
#[derive(Debug)]
pub struct Tally {
    total: Sums,
    recent: Ring,
    fresh: Fresh,
    /// When the durations in `fresh` were counted last.
    counted: Instant,
    rounding: Histogram<u32>,
}

/// Durations that are in no sum yet.
#[derive(Debug, Default)]
struct Fresh {
    count: usize,
    live: Samples,
    shadow: Samples,
    baseline: Samples,
    shadow_beside_baseline: Samples,
}

/// After how many pairs their durations are added to the sums.
const FRESH_MAX: usize = 256;

impl Tally {
    /// An empty tally whose window is this long.
    #[must_use]
    pub fn new(window: Duration, now: Instant) -> Self {
        Self {
            total: Sums::default(),
            recent: Ring::new(window, now),
            fresh: Fresh::default(),
            counted: now,
            rounding: rounding(),
        }
    }

    /// Counts a pair.
    pub fn record(&mut self, record: &PairRecord, now: Instant) {
        // Durations belong to the slot of their pairs.
        if self.fresh.count >= FRESH_MAX || self.recent.is_in_another_slot(self.counted, now) {
            self.settle();
        }
        self.total.count(record);
        self.recent.slot_at(now).count(record);
        self.counted = now;
        self.fresh.count += 1;
        time(&mut self.fresh.live, &record.live);
        time(&mut self.fresh.shadow, &record.shadow);
        if let Some(baseline) = &record.baseline {
            time(&mut self.fresh.baseline, baseline);
            time(&mut self.fresh.shadow_beside_baseline, &record.shadow);
        }
    }

    /// Counts pairs of which nothing was looked at, for want of room.
    pub fn turn_away(&mut self, pairs: u64, now: Instant) {
        self.settle();
        self.total.turn_away(pairs);
        self.recent.slot_at(now).turn_away(pairs);
    }

    /// All pairs since the beginning.
    pub fn total(&mut self) -> &Sums {
        self.settle();
        &self.total
    }

    /// The pairs of the window that ends now. It slides in twenty steps, so it is up to a twentieth shorter.
    pub fn recent(&mut self, now: Instant) -> Sums {
        self.settle();
        self.recent.read(now)
    }

    /// Counts pairs that counted as differing as noise. Which of them are in the window is not known, so there all are
    /// forgiven; errors and durations stay, as they say the same as before.
    pub fn reappraise(&mut self, pairs: u64) {
        self.total.reappraise(pairs);
        self.recent.for_each(Sums::forgive);
    }

    /// Lets the window begin anew, so that what was before is not held against what comes.
    pub fn restart(&mut self, now: Instant) {
        self.settle();
        self.recent.restart(now);
    }

    /// Adds the fresh durations to the sums.
    fn settle(&mut self) {
        if self.fresh.count == 0 {
            return;
        }
        self.fresh.count = 0;
        let slot = self.recent.slot_at(self.counted);
        let add = |from: &mut Samples, total: &mut Latencies, recent: &mut Latencies| {
            let taken = from.take(&self.rounding);
            total.merge(&taken);
            recent.merge(&taken);
        };
        add(&mut self.fresh.live, &mut self.total.live, &mut slot.live);
        add(&mut self.fresh.shadow, &mut self.total.shadow, &mut slot.shadow);
        add(&mut self.fresh.baseline, &mut self.total.baseline, &mut slot.baseline);
        let beside = (&mut self.total.shadow_beside_baseline, &mut slot.shadow_beside_baseline);
        add(&mut self.fresh.shadow_beside_baseline, beside.0, beside.1);
    }
}

fn time(samples: &mut Samples, leg: &LegOutcome) {
    if let Ending::Status(_) = leg.ending {
        samples.record(leg.took);
    }
}

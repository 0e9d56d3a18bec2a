//! What one part of a split did lately: its calls, how many failed, and how long they took.
//!
//! Filled by the stats actor from the reports of the threads, so that the live path counts nothing twice. Bounded: a
//! window in slots, each with as many durations as two digits can tell apart.

use std::{
    collections::VecDeque,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

use crate::{
    model::Kind,
    stats::{Portion, PortionStanding, latency::Latencies, tally::Counts, tally::Tally},
};

/// The window where no rule names one.
const USUAL_WINDOW: Duration = Duration::from_secs(600);
/// Into how many slots a window is divided.
const SLOTS: u32 = 60;

/// One part of a split.
#[derive(Debug)]
pub struct Arm {
    id: String,
    variant: String,
    /// The bits of a float.
    rate: AtomicU64,
    is_stopped: AtomicBool,
    window: Duration,
    slots: Mutex<Slots>,
}

#[derive(Debug, Default)]
struct Slots {
    /// By rising time.
    all: VecDeque<Slot>,
    /// Since the start, whatever was forgotten.
    total: Calls,
    /// What was counted before is not looked at.
    since: Option<Instant>,
}

#[derive(Debug)]
struct Slot {
    begun: Instant,
    figures: Figures,
}

/// Calls of one part, and how many failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    /// Calls that ended; those that clients broke off are none.
    pub requests: u64,
    /// Of those, the ones that ended in a 5xx status or without an answer that could be used.
    pub failed: u64,
}

impl Calls {
    /// What came after an earlier moment.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Self {
        Self {
            requests: self.requests.saturating_sub(earlier.requests),
            failed: self.failed.saturating_sub(earlier.failed),
        }
    }

    /// The share of the calls that failed, 0 to 1.
    #[must_use]
    pub fn failed_share(self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "counts beyond 2^53 are not reached")]
        let (failed, requests) = (self.failed as f64, self.requests as f64);
        if requests > 0.0 { failed / requests } else { 0.0 }
    }
}

/// What was counted in a window.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Calls that ended; those that clients broke off are none.
    pub requests: u64,
    /// Of those, the ones that ended in a 5xx status or without an answer that could be used.
    pub failed: u64,
    /// How long they took.
    pub latency: Latencies,
}

impl Figures {
    /// The share of the calls that failed, 0 to 1.
    #[must_use]
    pub fn failed_share(&self) -> f64 {
        Calls { requests: self.requests, failed: self.failed }.failed_share()
    }

    /// The 99th percentile of their durations, in milliseconds.
    #[must_use]
    pub fn p99_ms(&self) -> f64 {
        f64::from(self.latency.quantile_us(0.99)) / 1e3
    }

    fn add(&mut self, other: &Self) {
        self.requests += other.requests;
        self.failed += other.failed;
        self.latency.merge(&other.latency);
    }

    /// What a report says. Calls that were broken off, or whose upload was, say nothing about who was called.
    fn of(tally: &Tally) -> Self {
        let broken_off = of_client(&tally.counts);
        Self {
            requests: tally.counts.finished.saturating_sub(broken_off),
            failed: tally.counts.errors().saturating_sub(broken_off),
            latency: tally.latency.clone(),
        }
    }
}

fn of_client(counts: &Counts) -> u64 {
    let kinds = [Kind::Cancelled.label(), Kind::Upload.label()];
    counts.failed.iter().filter(|(kind, _)| kinds.contains(kind)).map(|(_, count)| count).sum()
}

impl Arm {
    /// A part of the split of that id, which takes this share, and of which nothing is measured yet.
    #[must_use]
    pub fn new(id: String, variant: String, rate: f64, window: Option<Duration>) -> Self {
        let window = window.unwrap_or(USUAL_WINDOW);
        let (rate, is_stopped) = (AtomicU64::new(rate.to_bits()), AtomicBool::new(false));
        Self { id, variant, rate, is_stopped, window, slots: Mutex::default() }
    }

    pub(super) fn set_rate(&self, rate: f64) {
        self.rate.store(rate.to_bits(), Ordering::Relaxed);
    }

    pub(super) fn set_stopped(&self, is_stopped: bool) {
        self.is_stopped.store(is_stopped, Ordering::Relaxed);
    }

    /// What was counted in the window that ends now, and not before `since`.
    #[must_use]
    pub fn figures(&self, since: Option<Instant>, now: Instant) -> Figures {
        let slots = self.lock();
        let since = since.max(slots.since).max(now.checked_sub(self.window));
        let mut figures = Figures::default();
        for slot in slots.all.iter().filter(|slot| since.is_none_or(|since| slot.begun >= since)) {
            figures.add(&slot.figures);
        }
        figures
    }

    /// All calls since the start.
    #[must_use]
    pub fn total(&self) -> Calls {
        self.lock().total
    }

    /// Since when it is looked at; `None` from the start.
    #[must_use]
    pub fn since(&self) -> Option<Instant> {
        self.lock().since
    }

    /// Looks only at what comes from now on.
    pub fn begin_anew(&self, now: Instant) {
        let mut slots = self.lock();
        slots.all.clear();
        slots.since = Some(now);
    }

    fn lock(&self) -> MutexGuard<'_, Slots> {
        // Additions don't panic, so a poisoned lock guards sound numbers all the same.
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Portion for Arm {
    fn book(&self, tally: &Tally, now: Instant) {
        let (length, figures) = (self.window / SLOTS, Figures::of(tally));
        let mut slots = self.lock();
        slots.total.requests += figures.requests;
        slots.total.failed += figures.failed;
        if slots.all.back().is_none_or(|slot| now.saturating_duration_since(slot.begun) >= length) {
            slots.all.push_back(Slot { begun: now, figures: Figures::default() });
        }
        while slots.all.len() > SLOTS as usize {
            slots.all.pop_front();
        }
        if let Some(slot) = slots.all.back_mut() {
            slot.figures.add(&figures);
        }
    }

    fn share(&self) -> PortionStanding {
        let rate = f64::from_bits(self.rate.load(Ordering::Relaxed));
        let stopped = self.is_stopped.load(Ordering::Relaxed);
        PortionStanding { id: self.id.clone(), variant: self.variant.clone(), rate, stopped }
    }
}

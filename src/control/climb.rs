//! A ramp that stop rules hold back: it climbs a step only when the step before has shown enough.
//!
//! While nothing holds it back it stands where the clock says, as every other node does. What holds it back is what this
//! node has seen, so from then on the nodes may differ: each later step comes as much later as this one was held.

use std::time::{Duration, SystemTime};

use crate::config::shadow::{Ramp, Share};

use super::schedule::step_at;

/// Where a ramp stands whose steps are to show something first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Climb<Seen> {
    /// The place of its step.
    pub step: usize,
    /// By how much it is behind the clock.
    pub behind: Duration,
    /// Whether its next step is due and has not come.
    pub is_held: bool,
    /// What had been seen when the step began.
    pub entry: Seen,
}

/// What came of looking at the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Climbed {
    /// Nothing new.
    Stayed,
    /// Its next step is due, and is held back.
    Held,
    /// Its next step has come.
    Advanced,
}

impl<Seen> Climb<Seen> {
    /// A ramp that begins where the clock says.
    #[must_use]
    pub fn new(ramp: &Ramp, now: SystemTime, entry: Seen) -> Self {
        let step = step_at(ramp, now).unwrap_or(0);
        Self { step, behind: Duration::ZERO, is_held: false, entry }
    }

    /// The rate of its step.
    #[must_use]
    pub fn rate(&self, ramp: &Ramp) -> Option<Share> {
        ramp.steps.get(self.step).map(|step| step.rate)
    }

    /// When the next step is due; `None` on the last one.
    #[must_use]
    pub fn next_at(&self, ramp: &Ramp) -> Option<SystemTime> {
        let next = self.step.checked_add(1).filter(|next| *next < ramp.steps.len())?;
        begin(ramp, next)?.checked_add(self.behind)
    }

    /// Looks at the clock, and climbs one step if it is due and what was seen permits it.
    pub fn tick(&mut self, ramp: &Ramp, now: SystemTime, seen: Seen, permits: bool) -> Climbed {
        let due = now.checked_sub(self.behind).and_then(|now| step_at(ramp, now)).unwrap_or(0);
        if due <= self.step {
            if due < self.step {
                // Somebody has set the clock back.
                (self.step, self.entry) = (due, seen);
            }
            self.is_held = false;
            return Climbed::Stayed;
        }
        if !permits {
            return if std::mem::replace(&mut self.is_held, true) { Climbed::Stayed } else { Climbed::Held };
        }
        self.step += 1;
        self.entry = seen;
        let is_late = std::mem::take(&mut self.is_held) || due > self.step;
        if let Some(begin) = begin(ramp, self.step).filter(|_| is_late) {
            self.behind = now.duration_since(begin).unwrap_or(self.behind);
        }
        Climbed::Advanced
    }
}

/// When a step begins by the clock.
fn begin(ramp: &Ramp, step: usize) -> Option<SystemTime> {
    let mut before = ramp.steps.iter().take(step);
    before.try_fold(ramp.start, |begin, step| begin.checked_add(step.lasts.unwrap_or_default()))
}

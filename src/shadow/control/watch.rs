//! One shadow as its stop rules watch it: what they measured last, and where that comes from.
//!
//! Measuring happens outside of the lock over all controls; what was measured before somebody resumed the shadow is
//! thrown away.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::{
    compare::Results,
    config::shadow::{Policy, StopOn},
    shadow::Gate,
    stats::{Arms, latency::Latencies},
};

use super::rules::{Measure, Progress, measure};

/// In how many steps the window over live replies slides.
const STEPS: u32 = 10;

/// What the rules know about one shadow.
#[derive(Clone, Debug, Default)]
pub(super) struct Watch {
    /// What was measured last; empty without rules, and before they were looked at.
    pub(super) measures: Vec<Measure>,
    /// How far its pairs had come then.
    pub(super) progress: Progress,
    /// How often the windows began anew.
    restarts: u64,
    replies: Arc<Mutex<Replies>>,
}

/// Who measures one shadow, without the lock over all.
pub(super) struct Watcher {
    pub(super) gate: Arc<Gate>,
    policy: Arc<Policy>,
    comparison: Option<Arc<dyn Results>>,
    restarts: u64,
    replies: Arc<Mutex<Replies>>,
}

/// What was measured.
pub(super) struct Look {
    measures: Vec<Measure>,
    progress: Progress,
    restarts: u64,
}

impl Watch {
    /// Who measures a shadow with this policy; `None` without rules.
    pub(super) fn watcher(
        &self,
        gate: &Arc<Gate>,
        policy: Option<&Arc<Policy>>,
        comparison: Option<&Arc<dyn Results>>,
    ) -> Option<Watcher> {
        let policy = policy.filter(|policy| policy.stop_on.is_some())?;
        Some(Watcher {
            gate: Arc::clone(gate),
            policy: Arc::clone(policy),
            comparison: comparison.cloned(),
            restarts: self.restarts,
            replies: Arc::clone(&self.replies),
        })
    }

    /// Takes in what was measured, unless the windows began anew meanwhile; tells whether it did.
    pub(super) fn take_in(&mut self, look: Look) -> bool {
        let is_current = look.restarts == self.restarts;
        if is_current {
            (self.measures, self.progress) = (look.measures, look.progress);
        }
        is_current
    }

    /// Lets the windows begin anew.
    pub(super) fn restart(&mut self, comparison: Option<&Arc<dyn Results>>, now: Instant) {
        self.restarts = self.restarts.wrapping_add(1);
        self.measures.clear();
        self.replies.lock().unwrap_or_else(PoisonError::into_inner).marks.clear();
        if let Some(comparison) = comparison {
            comparison.restart(now);
        }
    }
}

impl Watcher {
    /// Measures.
    pub(super) fn look(&self, now: Instant) -> Look {
        let (mut measures, mut progress) = (Vec::new(), Progress::default());
        if let Some(rules) = &self.policy.stop_on {
            let recent = self.comparison.as_ref().map(|comparison| comparison.recent(now));
            let replies = self.replies(rules, now);
            measures = measure(rules, recent.as_ref(), replies.as_ref());
        }
        if let Some(comparison) = &self.comparison {
            progress = Progress::of(&comparison.total());
        }
        Look { measures, progress, restarts: self.restarts }
    }

    fn replies(&self, rules: &StopOn, now: Instant) -> Option<[Latencies; 2]> {
        rules.overhead_p99?;
        let mut replies = self.replies.lock().unwrap_or_else(PoisonError::into_inner);
        Some(replies.read(self.gate.arms()?, rules.window, now))
    }
}

/// Live replies of the last while: marks of what had been counted, one for each step of the window.
#[derive(Debug, Default)]
struct Replies {
    marks: VecDeque<(Instant, [Latencies; 2])>,
}

impl Replies {
    /// Those of the window that ends now, which slides in steps and is up to one longer.
    fn read(&mut self, arms: &Arms, window: Duration, now: Instant) -> [Latencies; 2] {
        let counted = arms.latencies();
        let age = |at: Instant| now.saturating_duration_since(at);
        if self.marks.back().is_none_or(|(at, _)| age(*at) >= window / STEPS) {
            self.marks.push_back((now, counted.clone()));
        }
        while self.marks.get(1).is_some_and(|(at, _)| age(*at) >= window) {
            self.marks.pop_front();
        }
        let Some((_, [shadowed, holdout])) = self.marks.front() else { return counted };
        [counted[0].since(shadowed), counted[1].since(holdout)]
    }
}

//! What was seen of one field.

use std::time::SystemTime;

use super::{Decision, FieldRow};
use crate::compare::DifferenceKind;

/// A place in an answer with one way to differ there. A pair counts once, however often the place occurs in it.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) kind: DifferenceKind,
    /// Pairs in which the shadow differs.
    pub(super) raw: u64,
    /// Those of them that have a second live answer.
    pub(super) shadow: u64,
    /// Pairs in which the second live answer differs.
    pub(super) baseline: u64,
    /// Pairs in which both do.
    pub(super) both: u64,
    pub(super) decision: Decision,
    /// As of the last look.
    pub(super) p_value: Option<f64>,
    /// A person says that it is noise.
    pub(super) is_ignored: bool,
    first_seen: SystemTime,
    last_seen: SystemTime,
    /// The last pairs, counted from 1, in which either side differed.
    shadow_pair: u64,
    baseline_pair: u64,
}

impl Field {
    pub(super) const fn new(kind: DifferenceKind, decision: Decision, now: SystemTime) -> Self {
        Self {
            kind,
            raw: 0,
            shadow: 0,
            baseline: 0,
            both: 0,
            decision,
            p_value: None,
            is_ignored: false,
            first_seen: now,
            last_seen: now,
            shadow_pair: 0,
            baseline_pair: 0,
        }
    }

    /// The shadow differs in this pair.
    pub(super) fn note_shadow(&mut self, pair: u64, has_baseline: bool, now: SystemTime) {
        if self.shadow_pair != pair {
            self.shadow_pair = pair;
            self.last_seen = now;
            self.raw += 1;
            self.shadow += u64::from(has_baseline);
        }
    }

    /// The second live answer differs in this pair. What the shadow does in it was noted before.
    pub(super) fn note_baseline(&mut self, pair: u64, now: SystemTime) {
        if self.baseline_pair != pair {
            self.baseline_pair = pair;
            self.last_seen = now;
            self.baseline += 1;
            self.both += u64::from(self.shadow_pair == pair);
        }
    }

    /// `c10`: pairs in which only the shadow differs, of those with a second live answer.
    pub(super) const fn only_shadow(&self) -> u64 {
        self.shadow - self.both
    }

    /// `c01`: pairs in which only the second live answer differs.
    pub(super) const fn only_baseline(&self) -> u64 {
        self.baseline - self.both
    }

    pub(super) fn row(&self, path: &str, decision: Decision, pairs: u64, baseline_pairs: u64) -> FieldRow {
        #[expect(clippy::cast_precision_loss, reason = "for people")]
        let rate = |count: u64, of: u64| (of > 0).then(|| count as f64 / of as f64);
        FieldRow {
            path: path.into(),
            kind: self.kind,
            raw: self.raw,
            raw_rate: rate(self.raw, pairs),
            noise: self.baseline,
            noise_rate: rate(self.baseline, baseline_pairs),
            c10: self.only_shadow(),
            c01: self.only_baseline(),
            decision,
            p_value: self.p_value,
            first_seen_ms: milliseconds(self.first_seen),
            last_seen_ms: milliseconds(self.last_seen),
            ignored: self.is_ignored,
        }
    }
}

/// Since 1970.
fn milliseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

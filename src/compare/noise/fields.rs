//! The fields of one shadow: what was seen of each, and what it is taken for.
//!
//! Runs once per compared pair, on the comparison's thread: a look at a table per difference, and all fields only at a
//! look, of which there are some twenty in a million pairs.

use std::{collections::HashMap, time::SystemTime};

use super::{
    Decision, FALSE_ALARMS, FieldRow, FieldsSummary,
    count::Field,
    diffy,
    evidence::{Evidence, Share, learned, paired},
    judge,
    learning::Learning,
    looks::Looks,
};
use crate::{
    compare::{Comparison, DifferenceKind, Incomparable, Verdict},
    config::shadow::{Baseline, BaselineMode},
};

/// How many places are kept, each with all ways to differ.
pub const FIELDS_MAX: usize = 2000;

/// A longer place is not kept, in bytes of UTF-8.
pub const PATH_BYTES_MAX: usize = 1024;

/// See the module.
#[derive(Debug)]
pub struct Fields {
    mode: Mode,
    /// By place; of each the ways to differ that were seen.
    table: HashMap<Box<str>, Vec<Field>>,
    pairs: u64,
    baseline_pairs: u64,
    overflow: u64,
}

/// How it is decided.
#[derive(Debug)]
enum Mode {
    Off,
    DualPrimary(Looks),
    /// Half of the chance of a false alarm is for the looks while it learns, half for those afterwards.
    Learned(Looks, Learning),
    Diffy,
}

impl Fields {
    /// Nothing seen yet.
    #[must_use]
    pub fn new(baseline: &Baseline) -> Self {
        let mode = match baseline.mode {
            BaselineMode::Off => Mode::Off,
            BaselineMode::DualPrimary => Mode::DualPrimary(Looks::new(FALSE_ALARMS)),
            BaselineMode::Learned { lasts, pairs } => {
                Mode::Learned(Looks::new(FALSE_ALARMS / 2.0), Learning::new(lasts, pairs))
            }
            BaselineMode::Diffy => Mode::Diffy,
        };
        Self { mode, table: HashMap::new(), pairs: 0, baseline_pairs: 0, overflow: 0 }
    }

    /// Whether a second live answer to a request tells anything now. Which share of the requests gets one is for the
    /// caller to say.
    #[must_use]
    pub fn wants_baseline(&self, now: SystemTime) -> bool {
        match &self.mode {
            Mode::Off => false,
            Mode::DualPrimary(_) | Mode::Diffy => true,
            Mode::Learned(_, learning) => learning.is_under_way(now),
        }
    }

    /// Counts a compared pair: where the shadow's answer differs from the live one, and, if there is a second live
    /// answer, where that one does. A field may occur more than once. Pairs that match must be counted too.
    pub fn record<'a>(
        &mut self,
        shadow: impl IntoIterator<Item = (&'a str, DifferenceKind)>,
        baseline: Option<impl IntoIterator<Item = (&'a str, DifferenceKind)>>,
        now: SystemTime,
    ) {
        let baseline = baseline.filter(|_| !self.has_learned());
        let has_baseline = baseline.is_some();
        self.pairs += 1;
        self.baseline_pairs += u64::from(has_baseline);
        let pair = self.pairs;
        for (path, kind) in shadow {
            if let Some(field) = self.field(path, kind, now) {
                field.note_shadow(pair, has_baseline, now);
            }
        }
        for (path, kind) in baseline.into_iter().flatten() {
            if let Some(field) = self.field(path, kind, now) {
                field.note_baseline(pair, now);
            }
        }
        self.look_if_due(now);
    }

    /// Whether differences in the field do not count, as far as is decided now.
    #[must_use]
    pub fn is_noise(&self, path: &str, kind: DifferenceKind) -> bool {
        let field = self.find(path, kind);
        field.is_some_and(|field| field.is_ignored || self.decision_of(field) == Decision::Noise)
    }

    /// What the field is taken for; `None` if it was never seen, or found no room.
    #[must_use]
    pub fn decision(&self, path: &str, kind: DifferenceKind) -> Option<Decision> {
        self.find(path, kind).map(|field| self.decision_of(field))
    }

    /// The verdict of a pair: noise where all that differs is noise. Where more fields differ than are known, and all that
    /// are known are noise, it can't be told.
    #[must_use]
    pub fn verdict(&self, comparison: &Comparison) -> Verdict {
        let is_noise = comparison.verdict == Verdict::Mismatch
            && !comparison.differences.is_empty()
            && comparison.fields().all(|(path, kind)| self.is_noise(path, kind));
        match comparison.verdict {
            _ if is_noise && comparison.is_truncated => Verdict::Incomparable(Incomparable::TooLarge),
            _ if is_noise => Verdict::Noise,
            verdict => verdict,
        }
    }

    /// A person says that a field is noise, in one way to differ or in all that were seen. Returns whether it is known;
    /// if not, nothing is changed.
    pub fn ignore(&mut self, path: &str, kind: Option<DifferenceKind>) -> bool {
        self.mark(path, kind, |field| field.is_ignored = true)
    }

    /// Takes an [`Fields::ignore`] back. Returns whether the field is known.
    pub fn heed(&mut self, path: &str, kind: Option<DifferenceKind>) -> bool {
        self.mark(path, kind, |field| field.is_ignored = false)
    }

    /// The places of all fields, in no order.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.table.keys().map(|path| &**path)
    }

    /// All fields: first those that differ for real, then undecided ones, then noise; of each the most frequent first.
    #[must_use]
    pub fn rows(&self) -> Vec<FieldRow> {
        let fields = self.table.iter().flat_map(|(path, kinds)| kinds.iter().map(move |field| (&**path, field)));
        let row =
            |(path, field): (&str, &Field)| field.row(path, self.decision_of(field), self.pairs, self.baseline_pairs);
        let mut rows: Vec<FieldRow> = fields.map(row).collect();
        rows.sort_by(|one, other| {
            let by_weight = (one.decision, other.raw).cmp(&(other.decision, one.raw));
            by_weight.then_with(|| (&one.path, one.kind).cmp(&(&other.path, other.kind)))
        });
        rows
    }

    /// Whether a test tells what differs for real from noise. Without one nothing is known of a field but that it once
    /// differed, and only the share of the pairs that differ says how bad that is.
    #[must_use]
    pub const fn judges(&self) -> bool {
        !matches!(self.mode, Mode::Off)
    }

    /// How many fields differ for real, are not decided, and are noise.
    #[must_use]
    pub fn decided(&self) -> [(&'static str, u64); 3] {
        let [mut different, mut undecided, mut noise] = [0; 3];
        for field in self.table.values().flatten() {
            match self.decision_of(field) {
                _ if field.is_ignored => noise += 1,
                Decision::Noise => noise += 1,
                Decision::Different => different += 1,
                Decision::Undecided => undecided += 1,
            }
        }
        [("different", different), ("undecided", undecided), ("noise", noise)]
    }

    /// How far the decisions are.
    #[must_use]
    pub fn summary(&self) -> FieldsSummary {
        let looks = self.looks();
        FieldsSummary {
            pairs: self.pairs,
            baseline_pairs: self.baseline_pairs,
            fields: self.table.values().map(|kinds| kinds.len() as u64).sum(),
            overflow: self.overflow,
            looks: looks.map_or(0, Looks::made),
            next_look: looks.map(Looks::next),
            learning: matches!(&self.mode, Mode::Learned(_, learning) if !learning.is_over()),
        }
    }

    /// How often all fields were looked at.
    #[must_use]
    pub fn looks_made(&self) -> u32 {
        self.looks().map_or(0, Looks::made)
    }

    const fn looks(&self) -> Option<&Looks> {
        match &self.mode {
            Mode::DualPrimary(looks) | Mode::Learned(looks, _) => Some(looks),
            Mode::Off | Mode::Diffy => None,
        }
    }

    const fn has_learned(&self) -> bool {
        matches!(&self.mode, Mode::Learned(_, learning) if learning.is_over())
    }

    fn decision_of(&self, field: &Field) -> Decision {
        match self.mode {
            Mode::Off => Decision::Different,
            Mode::Diffy => diffy::decide(field, self.baseline_pairs),
            Mode::DualPrimary(_) | Mode::Learned(..) => field.decision,
        }
    }

    fn find(&self, path: &str, kind: DifferenceKind) -> Option<&Field> {
        self.table.get(path)?.iter().find(|field| field.kind == kind)
    }

    fn mark(&mut self, path: &str, kind: Option<DifferenceKind>, mark: impl Fn(&mut Field)) -> bool {
        let kinds = self.table.get_mut(path).into_iter().flatten();
        let meant = kinds.filter(|field| kind.is_none_or(|kind| field.kind == kind));
        meant.map(mark).count() > 0
    }

    /// The field, made if there is room for it.
    fn field(&mut self, path: &str, kind: DifferenceKind, now: SystemTime) -> Option<&mut Field> {
        if !self.table.contains_key(path) {
            if self.table.len() >= FIELDS_MAX || path.len() > PATH_BYTES_MAX {
                self.overflow += 1;
                return None;
            }
            self.table.insert(path.into(), Vec::with_capacity(1));
        }
        let kinds = self.table.get_mut(path)?;
        let place = kinds.iter().position(|field| field.kind == kind).unwrap_or_else(|| {
            kinds.push(Field::new(kind, Decision::Undecided, now));
            kinds.len() - 1
        });
        kinds.get_mut(place)
    }

    fn look_if_due(&mut self, now: SystemTime) {
        let (pairs, baseline_pairs) = (self.pairs, self.baseline_pairs);
        match &mut self.mode {
            Mode::Off | Mode::Diffy => {}
            Mode::DualPrimary(looks) => {
                if let Some(level) = looks.due(baseline_pairs) {
                    self.look(level, |field| paired(field, baseline_pairs));
                }
            }
            Mode::Learned(looks, learning) => {
                let ends = learning.ends(baseline_pairs, now);
                let level = if ends {
                    let level = looks.last();
                    *looks = Looks::after(FALSE_ALARMS / 2.0, pairs, looks.made());
                    Some(level)
                } else if learning.is_over() {
                    looks.due(pairs)
                } else {
                    looks.due(baseline_pairs)
                };
                match (level, learning.weight(now).filter(|_| !ends)) {
                    (None, _) => {}
                    // Pairs tell more than two rates, so they have the last word on what was learned.
                    (Some(level), None) => self.look(level, |field| paired(field, baseline_pairs)),
                    (Some(level), Some(weight)) => self.look(level, |field| {
                        let share = |hits, of| Share { hits, of };
                        learned(share(field.raw, pairs), share(field.baseline, baseline_pairs), weight)
                    }),
                }
            }
        }
    }

    /// Decides about all fields. What a person ignores is no longer a question, and left out.
    fn look(&mut self, level: f64, evidence_of: impl Fn(&Field) -> Evidence) {
        let fields = self.table.values_mut().flatten().filter(|field| !field.is_ignored);
        let judged: Vec<(&mut Field, Evidence)> = fields
            .map(|field| {
                let evidence = evidence_of(field);
                (field, evidence)
            })
            .collect();
        let limit = judge::limit(judged.iter().map(|(_, evidence)| *evidence), level);
        for (field, evidence) in judged {
            field.p_value = Some(evidence.p_value);
            field.decision = judge::decide(evidence, limit, field.decision);
        }
    }
}

//! What was found so far in one pair: differences, up to a limit, at which other fields there are more, and how many
//! don't count.

use std::collections::HashSet;

use super::{
    Comparison, Difference, DifferenceKind, Excerpt, FieldNames, Incomparable, Verdict,
    field_names::{BODY, FieldId},
};

/// How many differences of one pair are kept.
pub(super) const DIFFERENCES_MAX: usize = 100;

/// How many fields are noted at which there are differences that are not kept, each in one way.
pub(super) const FURTHER_MAX: usize = 2000;

/// What was found.
pub(super) struct Findings<'n> {
    pub(super) names: &'n mut FieldNames,
    differences: Vec<Difference>,
    /// The fields that differ, in which way, each once, in the order in which they were found.
    fields: Vec<(FieldId, DifferenceKind)>,
    known: HashSet<(FieldId, DifferenceKind)>,
    /// How many of the fields have a difference that is kept; those after them have none.
    kept: usize,
    /// Differences beyond those that are kept, at fields that are known.
    repeated: u64,
    is_truncated: bool,
    ignored: u32,
    incomparable: Option<Incomparable>,
}

/// How much had been found at some moment.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    differences: usize,
    fields: usize,
    kept: usize,
    repeated: u64,
    is_truncated: bool,
    ignored: u32,
}

/// What a place holds on the live side and on the shadow's.
pub(super) type Both = (Option<Excerpt>, Option<Excerpt>);

impl<'n> Findings<'n> {
    pub(super) fn new(names: &'n mut FieldNames) -> Self {
        Self {
            names,
            differences: Vec::new(),
            fields: Vec::new(),
            known: HashSet::new(),
            kept: 0,
            repeated: 0,
            is_truncated: false,
            ignored: 0,
            incomparable: None,
        }
    }

    /// Keeps a difference in the very place `at`, or notes that there was one more than are kept.
    pub(super) fn add(&mut self, field: FieldId, at: &str, kind: DifferenceKind, (live, shadow): Both) {
        if self.is_full() {
            return self.note_more(field, kind);
        }
        if self.known.insert((field, kind)) {
            self.fields.push((field, kind));
            self.kept = self.fields.len();
        }
        let path = self.names.text(field).into();
        self.differences.push(Difference { path, at: at.into(), kind, live, shadow });
    }

    /// Notes a difference that is not kept. That a field differs is known all the same, once: a long list with a noisy
    /// field in each element says no more with its thousandth element than with its first.
    pub(super) fn note_more(&mut self, field: FieldId, kind: DifferenceKind) {
        if self.known.contains(&(field, kind)) {
            self.repeated = self.repeated.saturating_add(1);
        } else if self.fields.len() - self.kept < FURTHER_MAX {
            self.known.insert((field, kind));
            self.fields.push((field, kind));
        } else {
            self.is_truncated = true;
        }
    }

    /// Keeps a difference of the body as a whole, or at some place in it.
    pub(super) fn add_body(&mut self, kind: DifferenceKind, at: &str, both: Both) {
        self.add(BODY, at, kind, both);
    }

    /// Counts a difference that the rules ignore.
    pub(super) fn ignore(&mut self) {
        self.ignored = self.ignored.saturating_add(1);
    }

    /// Notes why something could not be compared.
    pub(super) fn give_up(&mut self, reason: Incomparable) {
        self.incomparable = Some(reason);
    }

    /// Whether the next difference would not be kept.
    pub(super) fn is_full(&self) -> bool {
        self.differences.len() >= DIFFERENCES_MAX
    }

    /// Whether more fields differ than are noted, so that looking on tells nothing.
    pub(super) fn is_truncated(&self) -> bool {
        self.is_truncated
    }

    pub(super) fn mark(&self) -> Mark {
        Mark {
            differences: self.differences.len(),
            fields: self.fields.len(),
            kept: self.kept,
            repeated: self.repeated,
            is_truncated: self.is_truncated,
            ignored: self.ignored,
        }
    }

    /// Whether differences were added since then.
    pub(super) fn has_grown(&self, since: Mark) -> bool {
        self.differences.len() > since.differences
            || self.fields.len() > since.fields
            || self.repeated > since.repeated
            || (self.is_truncated && !since.is_truncated)
    }

    /// Forgets what was found since then.
    pub(super) fn rewind(&mut self, mark: Mark) {
        self.differences.truncate(mark.differences);
        for forgotten in self.fields.drain(mark.fields.min(self.fields.len())..) {
            self.known.remove(&forgotten);
        }
        (self.kept, self.repeated) = (mark.kept, mark.repeated);
        (self.is_truncated, self.ignored) = (mark.is_truncated, mark.ignored);
    }

    /// What comes of it. A difference is one even where something else could not be compared; then there may be more.
    pub(super) fn finish(self) -> Comparison {
        let verdict = match self.incomparable {
            _ if !self.differences.is_empty() => Verdict::Mismatch,
            Some(reason) => Verdict::Incomparable(reason),
            None if self.ignored > 0 => Verdict::Ignored,
            None => Verdict::Match,
        };
        let names = &*self.names;
        let further =
            self.fields.iter().skip(self.kept).map(|(field, kind)| (names.text(*field).into(), *kind)).collect();
        Comparison {
            verdict,
            is_truncated: self.is_truncated || (self.incomparable.is_some() && !self.differences.is_empty()),
            further,
            differences: self.differences,
            ignored: self.ignored,
        }
    }
}

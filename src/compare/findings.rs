//! What was found so far in one pair: differences, up to a limit, and how many don't count.

use super::{Comparison, Difference, DifferenceKind, Excerpt, FieldNames, Incomparable, Verdict};

/// How many differences of one pair are kept.
pub(super) const DIFFERENCES_MAX: usize = 100;

/// What was found.
pub(super) struct Findings<'n> {
    pub(super) names: &'n mut FieldNames,
    differences: Vec<Difference>,
    /// Differences beyond those that are kept, at fields of which one is kept.
    repeated: u64,
    is_truncated: bool,
    ignored: u32,
    incomparable: Option<Incomparable>,
}

/// How much had been found at some moment.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    differences: usize,
    repeated: u64,
    is_truncated: bool,
    ignored: u32,
}

impl<'n> Findings<'n> {
    pub(super) fn new(names: &'n mut FieldNames) -> Self {
        Self { names, differences: Vec::new(), repeated: 0, is_truncated: false, ignored: 0, incomparable: None }
    }

    /// Keeps a difference, or notes that there was one more than are kept.
    pub(super) fn add(&mut self, difference: Difference) {
        if self.differences.len() < DIFFERENCES_MAX {
            self.differences.push(difference);
        } else {
            self.note_more(&difference.path, difference.kind);
        }
    }

    /// Notes a difference that is not kept. Only one at a field of which none is kept leaves something unknown: a long list
    /// with a noisy field in each element says no more with its thousandth element than with its first.
    pub(super) fn note_more(&mut self, path: &str, kind: DifferenceKind) {
        if self.differences.iter().any(|kept| kept.kind == kind && &*kept.path == path) {
            self.repeated = self.repeated.saturating_add(1);
        } else {
            self.is_truncated = true;
        }
    }

    /// Keeps a difference of the body as a whole, or at some place in it.
    pub(super) fn add_body(&mut self, kind: DifferenceKind, at: &str, live: Option<Excerpt>, shadow: Option<Excerpt>) {
        self.add(Difference { path: "body".into(), at: at.into(), kind, live, shadow });
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

    pub(super) fn is_truncated(&self) -> bool {
        self.is_truncated
    }

    pub(super) fn mark(&self) -> Mark {
        Mark {
            differences: self.differences.len(),
            repeated: self.repeated,
            is_truncated: self.is_truncated,
            ignored: self.ignored,
        }
    }

    /// Whether differences were added since then.
    pub(super) fn has_grown(&self, since: Mark) -> bool {
        self.differences.len() > since.differences
            || self.repeated > since.repeated
            || (self.is_truncated && !since.is_truncated)
    }

    /// Forgets what was found since then.
    pub(super) fn rewind(&mut self, mark: Mark) {
        self.differences.truncate(mark.differences);
        (self.repeated, self.is_truncated, self.ignored) = (mark.repeated, mark.is_truncated, mark.ignored);
    }

    /// What comes of it. A difference is one even where something else could not be compared; then there may be more.
    pub(super) fn finish(self) -> Comparison {
        let verdict = match self.incomparable {
            _ if !self.differences.is_empty() => Verdict::Mismatch,
            Some(reason) => Verdict::Incomparable(reason),
            None if self.ignored > 0 => Verdict::Ignored,
            None => Verdict::Match,
        };
        Comparison {
            verdict,
            is_truncated: self.is_truncated || (self.incomparable.is_some() && !self.differences.is_empty()),
            differences: self.differences,
            ignored: self.ignored,
        }
    }
}

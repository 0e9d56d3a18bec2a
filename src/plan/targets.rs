//! Who the backends are, across reloads: a number that a target keeps for as long as plans name it.
//!
//! Numbers of series say where a backend stands in one plan; these say that a backend of this plan is that one of the
//! plan before, so that its connections may be used on.

use crate::stats::BackendId;

/// A target that is called alike, at the same hosts and through the same kind of connections, by every plan that has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TargetId(u64);

/// The targets of one plan, by the number of the backend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Targets {
    ids: Vec<TargetId>,
    next: u64,
}

impl Targets {
    /// The targets of a plan that has no predecessor.
    #[must_use]
    pub fn first(count: usize) -> Self {
        Self { ids: Vec::new(), next: 0 }.successors(std::iter::repeat_n(None, count))
    }

    /// The targets of the plan after this one: for each backend the one of this plan that it goes on with, or a new one.
    #[must_use]
    pub fn successors(&self, former: impl IntoIterator<Item = Option<BackendId>>) -> Self {
        let mut next = self.next;
        let mut fresh = || {
            next += 1;
            TargetId(next)
        };
        let ids =
            former.into_iter().map(|former| former.and_then(|id| self.of(id)).unwrap_or_else(&mut fresh)).collect();
        Self { ids, next }
    }

    /// The target of a backend; `None` for a number that names none.
    #[must_use]
    pub fn of(&self, backend: BackendId) -> Option<TargetId> {
        self.ids.get(usize::try_from(backend.0).ok()?).copied()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = TargetId> {
        self.ids.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_that_is_gone_never_lends_its_number_to_another() {
        let first = Targets::first(2);
        let second = first.successors([Some(BackendId(1)), None]);
        assert_eq!(second.of(BackendId(0)), first.of(BackendId(1)));
        let third = second.successors([None, Some(BackendId(0)), Some(BackendId(7))]);
        assert_eq!(third.of(BackendId(1)), first.of(BackendId(1)));
        let all: std::collections::HashSet<_> = [&first, &second, &third].into_iter().flat_map(Targets::iter).collect();
        assert_eq!(all.len(), 5);
        assert_eq!(third.of(BackendId(3)), None);
    }
}

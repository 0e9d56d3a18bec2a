//! Which statuses live answers had, and how many pairs with each could be compared.
//!
//! Bounded: an upstream may make statuses up, so only the first [`STATUSES_MAX`] are told apart.

use serde::Serialize;

/// How many statuses are told apart.
pub const STATUSES_MAX: usize = 64;

/// Pairs by the status of their live answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statuses {
    /// By rising status.
    told_apart: Vec<StatusCount>,
    /// Pairs with statuses beyond those.
    others: u64,
}

/// Pairs with one status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct StatusCount {
    /// The status.
    pub status: u16,
    /// Pairs whose live answer had it.
    pub pairs: u64,
    /// Of those, the ones that were compared.
    pub compared: u64,
}

impl Statuses {
    /// Those told apart, by rising status.
    #[must_use]
    pub fn told_apart(&self) -> &[StatusCount] {
        &self.told_apart
    }

    /// Pairs whose status is not told apart any more.
    #[must_use]
    pub const fn others(&self) -> u64 {
        self.others
    }

    /// Pairs with a live answer.
    #[must_use]
    pub fn pairs(&self) -> u64 {
        self.others + self.told_apart.iter().map(|count| count.pairs).sum::<u64>()
    }

    /// Counts a pair.
    pub(super) fn count(&mut self, status: u16, is_compared: bool) {
        self.add(StatusCount { status, pairs: 1, compared: u64::from(is_compared) });
    }

    /// Adds what another counted.
    pub(super) fn merge(&mut self, other: &Self) {
        self.others = self.others.saturating_add(other.others);
        other.told_apart.iter().for_each(|count| self.add(*count));
    }

    fn add(&mut self, more: StatusCount) {
        match self.told_apart.binary_search_by_key(&more.status, |count| count.status) {
            Ok(place) => {
                if let Some(count) = self.told_apart.get_mut(place) {
                    count.pairs = count.pairs.saturating_add(more.pairs);
                    count.compared = count.compared.saturating_add(more.compared);
                }
            }
            Err(place) if self.told_apart.len() < STATUSES_MAX => self.told_apart.insert(place, more),
            Err(_full) => self.others = self.others.saturating_add(more.pairs),
        }
    }
}

//! Where the stats actor finds the books of the shadows, and who takes which part of a split.

use std::sync::Arc;

use dashmap::DashMap;

use super::books::{Books, Ledgered};
use super::comparison::Compared;
use super::names::BackendId;
use super::portion::Portion;
use super::standing::Standing;

/// The shadows and the parts of splits of one plan, by backend. They enter from their own threads; the stats actor only
/// reads.
#[derive(Default)]
pub struct Registry {
    /// The shadows that have books.
    pub shadows: DashMap<BackendId, Arc<dyn Ledgered>>,
    /// Those whose answers are compared.
    pub comparisons: DashMap<BackendId, Arc<dyn Compared>>,
    /// The parts of splits, bases included.
    pub portions: DashMap<BackendId, Arc<dyn Portion>>,
}

impl Registry {
    /// The books of one shadow as they stand, and what it is set to do; `None` when it has not entered.
    #[must_use]
    pub fn look(&self, id: BackendId) -> Option<(Books, Standing)> {
        // The entry's lock is given back before the ledger is asked, so that a slow ledger holds up nobody.
        let shadow = self.shadows.get(&id).map(|entry| Arc::clone(entry.value()))?;
        let compared = self.comparisons.get(&id).map(|entry| Arc::clone(entry.value()));
        let comparison = compared.map(|compared| compared.comparison());
        Some((shadow.books(), Standing { comparison, ..shadow.standing() }))
    }

    /// The part of a split that a backend takes; `None` for most backends.
    #[must_use]
    pub fn portion(&self, id: BackendId) -> Option<Arc<dyn Portion>> {
        if self.portions.is_empty() {
            return None;
        }
        self.portions.get(&id).map(|entry| Arc::clone(entry.value()))
    }
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Registry").field("shadows", &self.shadows.len()).finish()
    }
}

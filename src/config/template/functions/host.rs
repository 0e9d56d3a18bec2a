//! What functions reach: the heap of maps, the surroundings of the template, and the work that is left.

use std::{cell::Cell, fmt};

use super::super::{limits::WORK_MAX, render::Surroundings, value::Heap};

/// Shared by every function call of one rendering.
pub(in crate::config::template) struct Host<'a> {
    /// Where maps are made.
    pub(super) heap: &'a Heap,
    /// Partials and variables.
    pub(super) surroundings: &'a Surroundings<'a>,
    work_left: Cell<usize>,
}

impl<'a> Host<'a> {
    /// A host with all its work before it.
    pub(in crate::config::template) fn new(heap: &'a Heap, surroundings: &'a Surroundings<'a>) -> Self {
        Self { heap, surroundings, work_left: Cell::new(WORK_MAX) }
    }

    /// Counts work: bytes of texts, elements of lists.
    ///
    /// # Errors
    /// When the rendering has done too much of it.
    pub(in crate::config::template) fn spend(&self, amount: usize) -> Result<(), String> {
        let left = self.work_left.get().checked_sub(amount);
        self.work_left.set(left.ok_or("the template handles too much data")?);
        Ok(())
    }
}

impl fmt::Debug for Host<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Host").field("work_left", &self.work_left).finish_non_exhaustive()
    }
}

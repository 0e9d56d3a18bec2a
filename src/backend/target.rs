//! Where a call goes, and who takes part in it on its way.

use crate::{model::Failure, plan::BackendPlan};

use super::{Aim, Asked, fetch::LastTouch, recorded::Recorded, transport::Keep, watch::Watch};

/// Where a call goes.
#[derive(Clone, Copy)]
pub(super) struct Target<'a> {
    pub(super) backend: &'a BackendPlan,
    pub(super) touch: Option<&'a dyn LastTouch>,
    pub(super) watch: Option<&'a Watch<'a>>,
    pub(super) recorded: Option<&'a Recorded<'a>>,
    pub(super) aim: Option<&'a Aim>,
}

impl<'a> Target<'a> {
    pub(super) const fn of(backend: &'a BackendPlan, asked: &Asked<'a>) -> Self {
        Self { backend, touch: asked.touch, watch: None, recorded: None, aim: asked.aim }
    }

    /// The same target, and what is called there is recorded.
    pub(super) const fn recorded(self, recorded: &'a Recorded<'a>) -> Self {
        Self { recorded: Some(recorded), ..self }
    }

    /// Which headers of its answer somebody wants: those who see it, those it passes, and who reads it packed.
    pub(super) fn keep(&self) -> Keep {
        let is_seen = self.watch.is_some() || !self.backend.wires_through.is_empty();
        if is_seen || self.backend.no_op { Keep::All } else { Keep::Packing }
    }

    /// Takes note of what came of the call at the address it was made for.
    pub(super) fn saw<T>(&self, outcome: Result<T, Failure>) -> Result<T, Failure> {
        if let Some(aim) = self.aim {
            aim.saw(&outcome);
        }
        outcome
    }
}

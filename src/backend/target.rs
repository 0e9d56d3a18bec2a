//! Where a call goes, and who else has to do with it.

use crate::{model::Failure, plan::BackendPlan};

use super::{Aim, Asked, LastTouch, watch::Watch};

/// Where a call goes.
#[derive(Clone, Copy)]
pub(super) struct Target<'a> {
    pub(super) backend: &'a BackendPlan,
    pub(super) touch: Option<&'a dyn LastTouch>,
    pub(super) watch: Option<&'a Watch<'a>>,
    pub(super) aim: Option<&'a Aim>,
}

impl<'a> Target<'a> {
    /// The call of a backend, which nobody watches yet.
    pub(super) const fn of(backend: &'a BackendPlan, asked: &Asked<'a>) -> Self {
        Self { backend, touch: asked.touch, watch: None, aim: asked.aim }
    }

    /// Takes note of what came of the call at the address it was made for.
    pub(super) fn saw<T>(&self, outcome: Result<T, Failure>) -> Result<T, Failure> {
        if let Some(aim) = self.aim {
            aim.saw(&outcome);
        }
        outcome
    }
}

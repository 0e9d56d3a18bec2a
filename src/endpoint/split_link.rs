//! The way to a live backend and to those that take a part of its calls.

use std::sync::Arc;

use actix::Recipient;

use crate::{
    backend::Fetch,
    plan::{BackendPlan, SplitPlan},
    split::Splitter,
};

/// The way to the variants of one split.
#[derive(Clone)]
pub struct SplitLink {
    /// Who says which of them takes a call.
    pub splitter: Arc<Splitter>,
    /// Its plan.
    pub plan: Arc<SplitPlan>,
    /// Their actors, in the order of the plan.
    pub variants: Vec<Recipient<Fetch>>,
}

/// Who takes one live call.
#[derive(Clone, Copy)]
pub(super) struct Chosen<'a> {
    /// The place of the call among the live ones.
    pub(super) place: usize,
    /// Its actor.
    pub(super) recipient: &'a Recipient<Fetch>,
    /// What it is called with.
    pub(super) plan: &'a BackendPlan,
    /// The place of the variant; `None` for the base, and where there is no split.
    pub(super) variant: Option<usize>,
}

impl SplitLink {
    /// The variant in this place.
    pub(super) fn variant(&self, place: usize) -> Option<Chosen<'_>> {
        let plan = &self.plan.variants.get(place)?.backend;
        let recipient = self.variants.get(place)?;
        Some(Chosen { place: self.plan.place, recipient, plan, variant: Some(place) })
    }
}

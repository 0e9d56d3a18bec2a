//! A live backend of which others take a part.

use std::sync::Arc;

use crate::{
    config::{
        Backend, Split, SplitStop,
        shadow::{OnMissingKey, Ramp, SampleKey, Share},
    },
    stats::BackendId,
};

use super::BackendPlan;

/// A compiled split.
#[derive(Clone, Debug)]
pub struct SplitPlan {
    /// By which people address it: method, path and place among the endpoint's live backends, `GET:/user/{id}:0`.
    pub id: String,
    /// The place of its base among the endpoint's live backends.
    pub place: usize,
    /// The base, which takes what no variant takes.
    pub base: BackendId,
    /// What of a request decides.
    pub key: SampleKey,
    /// What happens without it.
    pub on_missing_key: OnMissingKey,
    /// With which salt.
    pub salt: String,
    /// The backends that take a part, at least one.
    pub variants: Vec<VariantPlan>,
    /// How the rate of the only variant grows.
    pub ramp: Option<Ramp>,
    /// When a variant is stopped by itself.
    pub stop_on: Option<SplitStop>,
}

/// A compiled variant.
#[derive(Clone, Debug)]
pub struct VariantPlan {
    /// What it is called.
    pub name: String,
    /// The share it takes, unless there is a ramp.
    pub rate: Share,
    /// The call to make.
    pub backend: Arc<BackendPlan>,
}

impl SplitPlan {
    /// The split of the base that stands in this place. `compiled` makes the call of a variant, which has this name.
    pub(super) fn new(
        split: &Split,
        id: String,
        (place, base): (usize, BackendId),
        mut compiled: impl FnMut(&Backend, Option<&str>) -> Arc<BackendPlan>,
    ) -> Self {
        let variants = split.variants.iter().map(|variant| VariantPlan {
            name: variant.name.clone(),
            rate: variant.rate,
            backend: compiled(&variant.backend, Some(&variant.name)),
        });
        Self {
            variants: variants.collect(),
            id,
            place,
            base,
            key: split.key.clone(),
            on_missing_key: split.on_missing_key,
            salt: split.salt.clone(),
            ramp: split.ramp.clone(),
            stop_on: split.stop_on.clone(),
        }
    }

    /// Whether another one divides the same requests in the same way among the same names, wherever those lead.
    #[must_use]
    pub fn divides_like(&self, other: &Self) -> bool {
        let named = |plan: &Self| -> Vec<_> {
            plan.variants.iter().map(|variant| (variant.name.clone(), variant.rate)).collect()
        };
        (&self.id, &self.key, self.on_missing_key, &self.salt)
            == (&other.id, &other.key, other.on_missing_key, &other.salt)
            && (&self.ramp, &self.stop_on) == (&other.ramp, &other.stop_on)
            && named(self) == named(other)
    }
}

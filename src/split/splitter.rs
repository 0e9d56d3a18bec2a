//! Who takes a call of a split.
//!
//! Runs on the live path once per call: no lock, no clock, no random number of its own.

use std::sync::Arc;

use crate::{
    config::{shadow::Share, split::BASE},
    model::Request,
    plan::SplitPlan,
    sample::KeyedHash,
};

use super::{Arm, Dial};

/// A split as all threads share it.
#[derive(Debug)]
pub struct Splitter {
    plan: Arc<SplitPlan>,
    keyed: KeyedHash,
    dial: Arc<Dial>,
    base: Arc<Arm>,
    arms: Vec<Arc<Arm>>,
}

impl Splitter {
    /// A split at the rates that the file says, of which nothing is measured yet.
    #[must_use]
    pub fn new(plan: Arc<SplitPlan>) -> Self {
        let rates: Vec<Share> = plan.variants.iter().map(|variant| variant.rate).collect();
        let window = plan.stop_on.as_ref().map(|rules| rules.window);
        let arm = |name: &str, rate: f64| Arc::new(Arm::new(plan.id.clone(), name.to_owned(), rate, window));
        let left = 1.0 - rates.iter().map(|rate| rate.ratio()).sum::<f64>();
        Self {
            keyed: KeyedHash::new(&plan.key, plan.on_missing_key, &plan.salt),
            dial: Arc::new(Dial::new(&rates)),
            base: arm(BASE, left.max(0.0)),
            arms: plan.variants.iter().map(|variant| arm(&variant.name, variant.rate.ratio())).collect(),
            plan,
        }
    }

    /// The place of the variant that takes a request; `None` for the base. `drawn` is the number that was drawn for the
    /// request, the same for all splits of its endpoint.
    #[must_use]
    pub fn choose(&self, request: &Request, drawn: u64) -> Option<usize> {
        if self.dial.is_idle() {
            return None;
        }
        self.dial.pick(self.keyed.of(request, drawn)?)
    }

    /// Its plan.
    #[must_use]
    pub fn plan(&self) -> &Arc<SplitPlan> {
        &self.plan
    }

    /// What is measured of the base.
    #[must_use]
    pub fn base(&self) -> &Arc<Arm> {
        &self.base
    }

    /// What is measured of the variants, in their order.
    #[must_use]
    pub fn arms(&self) -> &[Arc<Arm>] {
        &self.arms
    }

    /// Changes the rates of all variants.
    pub fn set(&self, rates: &[Share]) {
        self.dial.set(rates);
        let mut left = 1.0_f64;
        for (arm, rate) in self.arms.iter().zip(rates) {
            arm.set_rate(rate.ratio());
            left -= rate.ratio();
        }
        self.base.set_rate(left.max(0.0));
    }
}

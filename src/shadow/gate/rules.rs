//! What a policy adds to the bounds of a gate: who is copied, how often, and when a shadow that fails is left alone.

use std::sync::Arc;

use tokio::time::Instant;

use crate::{
    config::shadow::{Policy, Share},
    plan::ShadowPlan,
    shadow::{Breaker, DropReason, Pace, Recipient, Selector},
    stats::Arms,
};

/// What a policy adds to the bounds.
#[derive(Debug)]
pub(super) struct Rules {
    pub(super) selector: Selector,
    pub(super) copies: Arc<Pace>,
    bytes: Arc<Pace>,
    pub(super) breaker: Option<Arc<Breaker>>,
    /// What the policy says about copies and bytes a second.
    rates: (Option<f64>, Option<f64>),
    /// With a hold-out.
    pub(super) arms: Option<Arms>,
}

impl Rules {
    pub(super) fn new(policy: &Policy, plan: &ShadowPlan) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "a rate need not be exact to the byte")]
        let bytes_per_second = policy.limits.bytes_per_second.map(|bytes| bytes as f64);
        Self {
            selector: Selector::new(policy, Recipient { id: &plan.key, method: &plan.backend.method }),
            copies: Arc::new(Pace::new(policy.limits.per_second)),
            bytes: Arc::new(Pace::new(bytes_per_second)),
            breaker: policy.breaker.map(|settings| Arc::new(Breaker::new(settings))),
            rates: (policy.limits.per_second, bytes_per_second),
            arms: (policy.holdout != Share::NONE).then(Arms::default),
        }
    }

    /// Takes over what is known of the same machines and what was taken out of their rates.
    pub(super) fn go_on_from(&mut self, former: &Self) {
        if self.rates.0 == former.rates.0 {
            self.copies = Arc::clone(&former.copies);
        }
        if self.rates.1 == former.rates.1 {
            self.bytes = Arc::clone(&former.bytes);
        }
        if let (Some(own), Some(former)) = (&mut self.breaker, &former.breaker)
            && own.settings() == former.settings()
        {
            *own = Arc::clone(former);
        }
    }

    /// Takes bytes out of the rate.
    pub(super) fn pay_bytes(&self, bytes: usize, now: Instant) -> Result<(), DropReason> {
        if self.bytes.take(bytes as u64, now) { Ok(()) } else { Err(DropReason::BytesRate) }
    }
}

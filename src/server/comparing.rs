//! What comparing a shadow's answers takes: an experiment, and the live backend once more with a gate of its own.

use std::sync::Arc;

use tokio::time::Instant;

use crate::{
    compare::{Desk, Experiment, experiment::Setup},
    endpoint,
    plan::{EndpointPlan, ShadowPlan},
    shadow::{Gate, KillSwitch, MemoryBudget},
};

/// The comparison of one shadow's answers, which goes on across reloads that change nothing about it.
#[derive(Clone, Debug)]
pub(super) struct Comparing {
    pub(super) experiment: Arc<Experiment>,
    /// Of second live calls, if there are any.
    pub(super) baseline: Option<Arc<Gate>>,
}

impl Comparing {
    /// A new one, if the shadow's policy compares; `desk` is asked for once something does.
    pub(super) fn new(
        endpoint: &Arc<EndpointPlan>,
        shadow: &ShadowPlan,
        (memory, kill): (&Arc<MemoryBudget>, KillSwitch),
        desk: impl FnOnce() -> Desk,
    ) -> Option<Self> {
        let policy = shadow.policy.as_ref()?;
        let against = policy.compare.as_ref()?.against;
        let live = endpoint.live.get(against.place())?;
        let desk = desk();
        let setup = Setup {
            key: shadow.key.clone(),
            policy: Arc::clone(policy),
            live_is_safe: live.method.is_safe(),
            memory: Arc::clone(memory),
            desk: desk.clone(),
        };
        let experiment = Arc::new(Experiment::new(setup, endpoint::whole::merging(endpoint), Instant::now())?);
        desk.look_after(&experiment);
        let baseline = shadow.baseline.as_deref().map(|plan| Arc::new(Gate::of(plan, Arc::clone(memory), kill, true)));
        Some(Self { experiment, baseline })
    }
}

//! The second call that tells what noise is.

use std::sync::Arc;

use crate::{
    component::tables::Place,
    config::{Backend, Endpoint, Service, diagnostic::Findings, shadow::BaselineMode},
    plan::{BackendPlan, ShadowBounds, ShadowPlan},
    stats::{EndpointName, Names},
};

use super::backend::backend_plan;

/// The live backend that a shadow's answers are compared with, once more, if its noise is to be learned; with components of
/// its own, but for those that live calls share with it later.
pub(super) fn baseline_plan(
    shadow: &Backend,
    endpoint: &Endpoint,
    config: &Service,
    place: Place<'_>,
    live: &[Arc<BackendPlan>],
) -> Option<ShadowPlan> {
    let described = shadow.shadow.as_ref()?;
    let compare = described.policy.as_ref()?.compare.as_ref()?;
    if compare.baseline.mode == BaselineMode::Off {
        return None;
    }
    let number = compare.against.place();
    let of_live = endpoint.backends.iter().filter(|backend| backend.shadow.is_none()).nth(number)?;
    // What its settings are worth has been told already, and it is known by the names of the live backend.
    let mut names = Names { endpoints: vec![EndpointName::default()], backends: Vec::new() };
    let backend = backend_plan((of_live, None), endpoint, config, place, &mut names, &mut Findings::default());
    Some(ShadowPlan {
        key: String::new(),
        timeout: endpoint.timeout,
        bounds: ShadowBounds::new(described, &config.shadow),
        policy: None,
        baseline: None,
        backend: Arc::new(BackendPlan { id: live.get(number)?.id, ..backend }),
    })
}

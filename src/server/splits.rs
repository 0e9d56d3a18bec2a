//! Every split of the service, as the plans come and go.

use std::{collections::HashMap, sync::Arc};

use crate::{
    control::{Audit, Moment, Post},
    plan::{BackendPlan, EndpointPlan, Heritage, Plan, SplitPlan},
    split::{Control, Splitter, control::Seat},
    stats::{BackendId, Registry},
};

/// The splits of the present plan.
pub struct Splits {
    control: Arc<Control>,
    /// By the number of the base.
    housed: HashMap<BackendId, Arc<Splitter>>,
    links: Arc<Vec<Vec<Arc<Splitter>>>>,
}

impl Splits {
    /// No splits yet; changes are written into this audit, decisions told to webhooks through this post.
    #[must_use]
    pub fn new(audit: Audit, post: Post) -> Self {
        Self { control: Arc::new(Control::new(audit, post)), housed: HashMap::new(), links: Arc::default() }
    }

    /// Takes over the splits of a plan: those of the former plan go on where nothing about them changed. Enters their parts
    /// into the registry.
    pub fn settle(&mut self, plan: &Plan, heritage: &Heritage, registry: &Registry) {
        let (mut housed, mut links) = (HashMap::new(), Vec::with_capacity(plan.endpoints.len()));
        let mut seats = Vec::new();
        for endpoint in &plan.endpoints {
            let mut of_endpoint = Vec::with_capacity(endpoint.splits.len());
            for split in &endpoint.splits {
                let former = heritage.of(split.base).and_then(|inherited| self.housed.get(&inherited.former));
                let goes_on = former.filter(|former| goes_on(split, former, heritage));
                let splitter = goes_on.map_or_else(|| Arc::new(Splitter::new(Arc::clone(split))), Arc::clone);
                registry.portions.insert(split.base, Arc::clone(splitter.base()) as _);
                for (variant, arm) in split.variants.iter().zip(splitter.arms()) {
                    registry.portions.insert(variant.backend.id, Arc::clone(arm) as _);
                }
                seats.push(seat(plan, endpoint, split, &splitter, former));
                housed.insert(split.base, Arc::clone(&splitter));
                of_endpoint.push(splitter);
            }
            links.push(of_endpoint);
        }
        self.control.settle(seats, Moment::now());
        (self.housed, self.links) = (housed, Arc::new(links));
    }

    /// Where they are controlled.
    #[must_use]
    pub fn control(&self) -> Arc<Control> {
        Arc::clone(&self.control)
    }

    /// The splits by endpoint, in the order of the plan.
    #[must_use]
    pub fn links(&self) -> Arc<Vec<Vec<Arc<Splitter>>>> {
        Arc::clone(&self.links)
    }
}

/// Whether what was asked for and measured before holds for this one too.
fn goes_on(split: &SplitPlan, former: &Splitter, heritage: &Heritage) -> bool {
    let variants = split.variants.iter().map(|variant| variant.backend.id);
    let mut parts = std::iter::once(split.base).chain(variants);
    let is_unchanged = |id: BackendId| heritage.of(id).is_some_and(|inherited| inherited.unchanged);
    parts.all(is_unchanged) && split.divides_like(former.plan())
}

fn seat(
    plan: &Plan,
    endpoint: &EndpointPlan,
    split: &SplitPlan,
    splitter: &Arc<Splitter>,
    former: Option<&Arc<Splitter>>,
) -> Seat {
    let told = |id: BackendId| {
        let name = usize::try_from(id.0).ok().and_then(|place| plan.names.backends.get(place));
        name.map(|name| format!("{} at {}", name.label, name.hosts)).unwrap_or_default()
    };
    let variants = split.variants.iter().map(|variant| &variant.backend);
    Seat {
        method: endpoint.method.to_string(),
        path: endpoint.path.clone(),
        backends: std::iter::once(split.base)
            .chain(variants.map(|backend: &Arc<BackendPlan>| backend.id))
            .map(told)
            .collect(),
        splitter: Arc::clone(splitter),
        former: former.map(Arc::clone),
    }
}

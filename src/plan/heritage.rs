//! What a plan takes over from the one before it: the state of components, and who its backends were.
//!
//! State goes on only where all that made it is the same: circuit breakers, rate limits, tokens and caches of a backend
//! belong to its hosts and its settings, those of an endpoint to its route and its settings.

use std::{collections::HashMap, sync::Arc};

use serde_json::Value;

use crate::{
    config::{Backend, difference::Side},
    stats::{BackendId, Numbers},
};

use super::{BackendPlan, Blueprint, EndpointPlan, Plan, ShadowBounds, ShadowPlan};

/// Which backend of the plan before a backend goes on with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inherited {
    /// Its number in the plan before.
    pub former: BackendId,
    /// Whether it is called exactly as before.
    pub unchanged: bool,
}

/// What the backends of a plan go on with, by their number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heritage(HashMap<BackendId, Inherited>);

impl Heritage {
    /// What a backend goes on with; `None` for one that is new.
    #[must_use]
    pub fn of(&self, backend: BackendId) -> Option<Inherited> {
        self.0.get(&backend).copied()
    }
}

/// Hands the state of `former` on to a plan that nobody shares yet, made of what `side` says.
pub(super) fn inherit(plan: &mut Plan, side: Side<'_>, former: &Blueprint) -> Heritage {
    let heirs = Heirs {
        new: side,
        old: former.side(),
        numbers: Numbers::between(&plan.names, &former.plan.names),
        plan: &former.plan,
        backends: (0..).map(BackendId).zip(backends(former.side())).collect(),
        places: places(&former.plan),
    };
    let mut heritage = Heritage::default();
    let mut targets = HashMap::new();
    let same_connections = heirs.same_connections(plan);
    let mut described = (0..).map(BackendId).zip(backends(side));
    for endpoint in &mut plan.endpoints {
        let Some(endpoint) = Arc::get_mut(endpoint) else { continue };
        heirs.endpoint(endpoint);
        let count = endpoint.answering().count() + endpoint.shadows.len();
        for (id, backend) in described.by_ref().take(count) {
            let Some(found) = heirs.backend(id, backend, endpoint) else { continue };
            if found.same_hosts && same_connections {
                targets.insert(id, found.inherited.former);
            }
            heritage.0.insert(id, found.inherited);
        }
        let EndpointPlan { live, shadows, .. } = endpoint;
        shadows.iter_mut().filter_map(Arc::get_mut).for_each(|shadow| shadow.share_with(live));
    }
    let all = (0..).map(BackendId).take(plan.names.backends.len());
    plan.targets = former.plan.targets.successors(all.map(|id| targets.get(&id).copied()));
    heritage
}

/// The backends of a configuration in the order of their numbers.
fn backends(side: Side<'_>) -> impl Iterator<Item = &Backend> {
    side.service.endpoints.iter().flat_map(|endpoint| &endpoint.backends).flat_map(Backend::with_variants)
}

/// The backends of a plan by their number.
fn places(plan: &Plan) -> HashMap<BackendId, (&BackendPlan, Option<ShadowBounds>)> {
    let mut places = HashMap::with_capacity(plan.names.backends.len());
    for endpoint in &plan.endpoints {
        places.extend(endpoint.answering().map(|backend| (backend.id, (&**backend, None))));
        let shadows = endpoint.shadows.iter();
        places.extend(shadows.map(|shadow| (shadow.backend.id, (&*shadow.backend, Some(shadow.bounds)))));
    }
    places
}

/// What a backend was found to go on with.
struct Found {
    inherited: Inherited,
    same_hosts: bool,
}

/// The search for what goes on.
struct Heirs<'a> {
    new: Side<'a>,
    old: Side<'a>,
    /// From the new plan to the old one.
    numbers: Numbers,
    plan: &'a Plan,
    backends: HashMap<BackendId, &'a Backend>,
    places: HashMap<BackendId, (&'a BackendPlan, Option<ShadowBounds>)>,
}

impl Heirs<'_> {
    /// Whether connections to the same host are still made in the same way.
    fn same_connections(&self, plan: &Plan) -> bool {
        plan.service.pool == self.plan.service.pool
            && plan.service.idle_connections == self.plan.service.idle_connections
            && plan.service.client_tls == self.plan.service.client_tls
            && self.same("/client_tls", "/client_tls")
    }

    /// Whether two parts of the documents are equal, with the files they name.
    fn same(&self, new: &str, old: &str) -> bool {
        self.new.part(new) == self.old.part(old)
    }

    fn same_components(&self, new: &str, old: &str) -> bool {
        self.same(&format!("{new}/extra_config"), &format!("{old}/extra_config"))
    }

    /// Whether a backend has the same components, whatever part of its calls others take; a variant has those of its
    /// base beside its own.
    fn same_components_of(&self, new: &Backend, old: &Backend) -> bool {
        let of = |side: Side<'_>, backend: &Backend| {
            let own = side.part(&format!("{}/extra_config", backend.pointer)).clone();
            let base = base_of(&backend.pointer).map(|base| side.part(&format!("{base}/extra_config")).clone());
            (without_split(own), base.map(without_split))
        };
        of(self.new, new) == of(self.old, old)
    }

    /// Whether a shadow is one under the same policy, also as far as that is made of defaults.
    fn same_shadow(&self, described: &Backend, before: &Backend) -> bool {
        let timeout = |backend: &Backend| backend.shadow.as_ref().map(|shadow| shadow.timeout);
        let of_service = "/extra_config/@shadow";
        let of_endpoint = |backend: &Backend| {
            let (endpoint, _place) = backend.pointer.rsplit_once("/backend/").unwrap_or_default();
            format!("{endpoint}{of_service}")
        };
        described.shadow.is_none() && before.shadow.is_none()
            || timeout(described) == timeout(before)
                && self.new.service.name == self.old.service.name
                && self.same(of_service, of_service)
                && self.same(&of_endpoint(described), &of_endpoint(before))
    }

    /// Whether path parameters stand where they stood: samples and patterns know them by their place.
    fn same_params(&self, endpoint: &EndpointPlan) -> bool {
        let place = self.numbers.endpoint(endpoint.id.0).and_then(|id| usize::try_from(id).ok());
        let former = place.and_then(|place| self.plan.endpoints.get(place));
        former.is_some_and(|former| former.params == endpoint.params)
    }

    /// The components of an endpoint go on with their state when they are set up as before.
    fn endpoint(&self, endpoint: &mut EndpointPlan) {
        let place = |id: u32| usize::try_from(id).ok();
        let Some(former_place) = self.numbers.endpoint(endpoint.id.0).and_then(place) else { return };
        let described = place(endpoint.id.0).and_then(|place| self.new.service.endpoints.get(place));
        let before = self.old.service.endpoints.get(former_place);
        let (Some(described), Some(before), Some(former)) = (described, before, self.plan.endpoints.get(former_place))
        else {
            return;
        };
        let script =
            |side: Side<'_>| side.part(side.service.extra.component("modifier/lua-endpoint").pointer()).clone();
        if self.same_components(&described.pointer, &before.pointer)
            && described.params == before.params
            && script(self.new) == script(self.old)
        {
            endpoint.guards = former.guards.clone();
            endpoint.exchanges = former.exchanges.clone();
        }
    }

    /// Finds what a backend goes on with, and hands it the state of its components if they are set up as before.
    fn backend(&self, id: BackendId, described: &Backend, endpoint: &mut EndpointPlan) -> Option<Found> {
        let former = BackendId(self.numbers.backend(id.0)?);
        let before = self.backends.get(&former)?;
        let (former_plan, former_bounds) = self.places.get(&former)?;
        let same_hosts = described.hosts == before.hosts && described.discovery == before.discovery;
        let (plan, bounds) = backend_mut(endpoint, id)?;
        if same_hosts && self.same_components_of(described, before) {
            plan.calls_through = former_plan.calls_through.clone();
            plan.wires_through = former_plan.wires_through.clone();
        }
        let unchanged = same_hosts
            && bounds == *former_bounds
            && described.method == before.method
            && self.same_shadow(described, before)
            && self.same_params(endpoint)
            && self.same(whole(described), whole(before));
        // A pool of a shadow is as large as its gate is wide.
        let same_width =
            bounds.map(|bounds| bounds.concurrent_max) == former_bounds.map(|bounds| bounds.concurrent_max);
        let network = |backend: &Backend| Some(backend.shadow.as_ref()?.policy.as_ref()?.network);
        let same_pool = same_width && network(described) == network(before);
        Some(Found { inherited: Inherited { former, unchanged }, same_hosts: same_hosts && same_pool })
    }
}

/// The pointer of all that a backend is made of: a variant takes over what it does not say.
fn whole(backend: &Backend) -> &str {
    base_of(&backend.pointer).unwrap_or(&backend.pointer)
}

/// The pointer of the backend that a variant stands beside.
fn base_of(pointer: &str) -> Option<&str> {
    Some(pointer.split_once("/@split/to/")?.0.rsplit_once("/extra_config/")?.0)
}

/// An `extra_config` but for the split in it.
fn without_split(mut extra: Value) -> Value {
    for component in extra.as_object_mut().into_iter().flat_map(|members| members.values_mut()) {
        if let Some(members) = component.as_object_mut() {
            members.remove("@split");
        }
    }
    extra
}

/// A backend of an endpoint by its number, with its bounds if it is a shadow.
fn backend_mut(endpoint: &mut EndpointPlan, id: BackendId) -> Option<(&mut BackendPlan, Option<ShadowBounds>)> {
    if let Some(live) = endpoint.live.iter_mut().find(|backend| backend.id == id) {
        return Some((Arc::get_mut(live)?, None));
    }
    for split in endpoint.splits.iter_mut().filter_map(Arc::get_mut) {
        if let Some(variant) = split.variants.iter_mut().find(|variant| variant.backend.id == id) {
            return Some((Arc::get_mut(&mut variant.backend)?, None));
        }
    }
    let shadow: &mut ShadowPlan = Arc::get_mut(endpoint.shadows.iter_mut().find(|shadow| shadow.backend.id == id)?)?;
    Some((Arc::get_mut(&mut shadow.backend)?, Some(shadow.bounds)))
}

#[cfg(test)]
#[path = "heritage_tests.rs"]
mod tests;

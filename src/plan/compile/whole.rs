//! The plan as a whole, and what components of the whole service share.

use std::sync::Arc;

use crate::{
    backend::FetchedKeys,
    component::{auth::KeyHosts, qos::http_cache::SharedStores},
    config::{Service, diagnostic::Findings},
    plan::{EndpointPlan, Identity, Plan, Targets},
    stats::Names,
};

use super::{endpoint::endpoint_plan, routes::routes, service::service_plan};

/// Compiles a configuration that has no errors. It cannot fail; what components have to say about their settings is in
/// the findings.
#[must_use]
pub fn compile(config: &Service) -> (Plan, Findings) {
    compile_with(config, &Arc::new(Kept::new(config)))
}

/// The same, for a plan whose components share what those of an earlier plan share.
pub(in crate::plan) fn compile_with(config: &Service, kept: &Arc<Kept>) -> (Plan, Findings) {
    let mut findings = Findings::default();
    let mut names = Names::default();
    let endpoints: Vec<Arc<EndpointPlan>> = config
        .endpoints
        .iter()
        .map(|endpoint| Arc::new(endpoint_plan(endpoint, config, kept, &mut names, &mut findings)))
        .collect();
    let service = service_plan(config, &endpoints, &mut findings);
    let targets = Targets::first(names.backends.len());
    let (names, kept) = (Arc::new(names), Arc::clone(kept));
    (Plan { service, routes: routes(config), endpoints, names, targets, kept }, findings)
}

/// What components of the whole service share. Live backends share nothing with shadows but keys.
#[derive(Debug)]
pub struct Kept {
    pub(super) key_hosts: Arc<dyn KeyHosts>,
    pub(super) live: SharedStores,
    pub(super) shadow: SharedStores,
}

impl Kept {
    fn new(config: &Service) -> Self {
        let agent = Identity::new(config.router.hide_version_header).agent;
        let key_hosts: Arc<dyn KeyHosts> = Arc::new(FetchedKeys::new(agent));
        Self { key_hosts, live: SharedStores::default(), shadow: SharedStores::default() }
    }
}

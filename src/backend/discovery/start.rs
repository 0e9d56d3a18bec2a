//! Begins to look up every name that a plan's backends have instead of hosts.

use std::{collections::HashMap, net::SocketAddr, rc::Rc, sync::Arc, time::Duration};

use tokio::{sync::watch, task::JoinHandle};

use crate::plan::{BackendPlan, Plan, ServiceName};

use super::{Found, refresh::refresh, resolver::SrvResolver};

/// The tasks that look up; dropping it ends them, and what was found last stays.
#[derive(Debug)]
pub struct Discovery {
    found: Found,
    tasks: Vec<JoinHandle<()>>,
}

impl Discovery {
    /// Starts a task on this thread for each name of the plan. They ask `servers`, or those of the system.
    #[must_use]
    pub fn start(plan: &Plan, servers: &[SocketAddr]) -> Self {
        let resolver = Rc::new(SrvResolver::new(servers));
        let (mut found, mut tasks) = (HashMap::new(), Vec::new());
        for name in backends(plan).filter_map(|backend| backend.discovered.as_ref()) {
            if !found.contains_key(name) {
                let (sender, receiver) = watch::channel(Arc::default());
                found.insert(name.clone(), receiver);
                let (name, resolver) = (name.clone(), Rc::clone(&resolver));
                tasks.push(actix::spawn(keep(name, plan.service.discovery_period, resolver, sender)));
            }
        }
        Self { found: Found::new(found), tasks }
    }

    /// What is found, for other threads.
    #[must_use]
    pub fn found(&self) -> Found {
        self.found.clone()
    }
}

impl Drop for Discovery {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

async fn keep(
    name: ServiceName,
    period: Duration,
    resolver: Rc<SrvResolver>,
    sender: watch::Sender<Arc<[crate::plan::Base]>>,
) {
    refresh(name, period, async |name: &str| resolver.lookup(name).await, sender).await;
}

fn backends(plan: &Plan) -> impl Iterator<Item = &BackendPlan> {
    plan.endpoints.iter().flat_map(|endpoint| {
        let shadows = endpoint.shadows.iter().map(|shadow| &*shadow.backend);
        endpoint.live.iter().map(|backend| &**backend).chain(shadows)
    })
}

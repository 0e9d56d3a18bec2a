//! Looks up every name that a plan's backends have instead of hosts, from one plan to the next.

use std::{
    collections::{HashMap, HashSet},
    net::SocketAddr,
    rc::Rc,
    sync::Arc,
    time::Duration,
};

use tokio::{sync::watch, task::JoinHandle};

use crate::plan::{BackendPlan, Base, Plan, ServiceName};

use super::{Found, refresh::refresh, resolver::SrvResolver};

/// The tasks that look up; dropping it ends them, and what was found last stays.
pub struct Discovery {
    resolver: Rc<SrvResolver>,
    period: Duration,
    searches: HashMap<ServiceName, Search>,
}

/// The task that looks up one name. Dropping it ends the task.
struct Search {
    hosts: Arc<watch::Sender<Arc<[Base]>>>,
    task: JoinHandle<()>,
}

impl Discovery {
    /// Starts a task on this thread for each name of the plan. They ask `servers`, or those of the system.
    #[must_use]
    pub fn start(plan: &Plan, servers: &[SocketAddr]) -> Self {
        let (resolver, period) = (Rc::new(SrvResolver::new(servers)), plan.service.discovery_period);
        let mut discovery = Self { resolver, period, searches: HashMap::new() };
        discovery.follow(plan);
        discovery
    }

    /// Looks up what another plan names: names that stay keep their hosts, those that nobody has any more are looked up
    /// no longer, and whoever still serves the former plan keeps their last hosts. Gives the new names, which have no
    /// hosts yet.
    pub fn follow(&mut self, plan: &Plan) -> Found {
        let names: HashSet<&ServiceName> = backends(plan).filter_map(|backend| backend.discovered.as_ref()).collect();
        self.searches.retain(|name, _| names.contains(name));
        if self.period != plan.service.discovery_period {
            self.period = plan.service.discovery_period;
            for (name, search) in &mut self.searches {
                *search = Search::begin(name, self.period, &self.resolver, Arc::clone(&search.hosts));
            }
        }
        let mut new = HashMap::new();
        for name in names {
            if !self.searches.contains_key(name) {
                let hosts = Arc::new(watch::Sender::new(Arc::default()));
                new.insert(name.clone(), hosts.subscribe());
                self.searches.insert(name.clone(), Search::begin(name, self.period, &self.resolver, hosts));
            }
        }
        Found::new(new)
    }

    /// What is found, for other threads.
    #[must_use]
    pub fn found(&self) -> Found {
        let receivers = self.searches.iter().map(|(name, search)| (name.clone(), search.hosts.subscribe()));
        Found::new(receivers.collect())
    }
}

impl Search {
    fn begin(
        name: &ServiceName,
        period: Duration,
        resolver: &Rc<SrvResolver>,
        hosts: Arc<watch::Sender<Arc<[Base]>>>,
    ) -> Self {
        let (name, resolver, found) = (name.clone(), Rc::clone(resolver), Arc::clone(&hosts));
        let search = async move {
            refresh(name, period, async |name: &str| resolver.lookup(name).await, &found).await;
        };
        Self { hosts, task: actix::spawn(search) }
    }
}

impl Drop for Search {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn backends(plan: &Plan) -> impl Iterator<Item = &BackendPlan> {
    plan.endpoints.iter().flat_map(|endpoint| {
        let shadows = endpoint.shadows.iter().map(|shadow| &*shadow.backend);
        endpoint.answering().map(|backend| &**backend).chain(shadows)
    })
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;

    use super::*;
    use crate::{
        config::{Environment, Source, load},
        plan::compile,
    };

    /// A plan whose backends are found under these names.
    fn plan(names: &[&str], period: &str) -> Plan {
        let endpoint = |name: &&str| {
            let backend = serde_json::json!({ "host": [name], "url_pattern": "/", "sd": "dns" });
            serde_json::json!({ "endpoint": format!("/{name}"), "backend": [backend] })
        };
        let endpoints: Vec<_> = names.iter().map(endpoint).collect();
        let file = serde_json::json!({ "version": 3, "dns_cache_ttl": period, "endpoints": endpoints });
        let source = Source::Text { name: "k.json".into(), text: file.to_string() };
        compile(&load(&source, &Environment::default()).service.unwrap()).0
    }

    fn name(plan: &Plan) -> ServiceName {
        backends(plan).next().unwrap().discovered.clone().unwrap()
    }

    fn put(discovery: &Discovery, name: &ServiceName, authority: &str) {
        let base = Base { scheme: name.scheme.clone(), authority: authority.parse().unwrap(), prefix: String::new() };
        discovery.searches[name].hosts.send_replace(Arc::new([base]));
    }

    #[test]
    fn names_that_stay_keep_their_hosts_and_those_that_go_are_looked_up_no_longer() {
        actix::System::new().block_on(async {
            // Nobody answers there, and nobody else can.
            let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
            let one = plan(&["a.test"], "1h");
            let mut discovery = Discovery::start(&one, &[silent.local_addr().unwrap()]);
            let a = name(&one);
            put(&discovery, &a, "a:1");
            let of_former_tree = discovery.found().hosts(&a).unwrap();

            let both = plan(&["b.test", "a.test"], "2h");
            let new = discovery.follow(&both);
            let b = name(&both);
            assert!(new.hosts(&b).is_some() && new.hosts(&a).is_none());
            assert_eq!(discovery.found().hosts(&a).unwrap().now().len(), 1);
            put(&discovery, &a, "a:2");
            assert_eq!(of_former_tree.now()[0].authority, "a:2");

            let other = plan(&["b.test"], "2h");
            assert!(discovery.follow(&other).hosts(&b).is_none());
            assert!(discovery.found().hosts(&a).is_none());
            assert_eq!(of_former_tree.now()[0].authority, "a:2");
        });
    }
}

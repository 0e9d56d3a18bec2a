//! The hosts that were found, where every thread sees them.
//!
//! Hot path: runs once per call of a backend whose hosts are found. A look at an atomic number; a lock only after the
//! hosts have changed, and then held for a copy of a pointer.

use std::{cell::RefCell, collections::HashMap, sync::Arc, time::Duration};

use tokio::{
    sync::watch,
    time::{Instant, timeout_at},
};

use crate::plan::{Base, ServiceName};

/// What is found for each name, for threads that start.
#[derive(Clone, Debug, Default)]
pub struct Found(Arc<HashMap<ServiceName, watch::Receiver<Arc<[Base]>>>>);

impl Found {
    pub(super) fn new(names: HashMap<ServiceName, watch::Receiver<Arc<[Base]>>>) -> Self {
        Self(Arc::new(names))
    }

    /// One thread's sight of the hosts of a name; `None` for a name that nobody looks up.
    #[must_use]
    pub fn hosts(&self, name: &ServiceName) -> Option<FoundHosts> {
        self.0.get(name).map(|receiver| FoundHosts::new(receiver.clone()))
    }

    /// Waits until every name has hosts, at most as long as `limit`.
    pub async fn filled(self, limit: Duration) {
        let deadline = Instant::now() + limit;
        for mut receiver in self.0.values().cloned() {
            let _found_or_not = timeout_at(deadline, receiver.wait_for(|hosts| !hosts.is_empty())).await;
        }
    }
}

/// One thread's sight of the hosts of one name.
#[derive(Debug)]
pub struct FoundHosts(RefCell<Seen>);

#[derive(Debug)]
struct Seen {
    receiver: watch::Receiver<Arc<[Base]>>,
    hosts: Arc<[Base]>,
}

impl FoundHosts {
    fn new(mut receiver: watch::Receiver<Arc<[Base]>>) -> Self {
        let hosts = Arc::clone(&receiver.borrow_and_update());
        Self(RefCell::new(Seen { receiver, hosts }))
    }

    /// The hosts as they are now; none before the first look-up that succeeds.
    #[must_use]
    pub fn now(&self) -> Arc<[Base]> {
        let mut seen = self.0.borrow_mut();
        // When nobody looks up any more the last hosts stay.
        if seen.receiver.has_changed().unwrap_or(false) {
            let hosts = Arc::clone(&seen.receiver.borrow_and_update());
            seen.hosts = hosts;
        }
        Arc::clone(&seen.hosts)
    }
}

#[cfg(test)]
mod tests {
    use http::uri::Scheme;

    use super::*;

    fn hosts(names: &[&str]) -> Arc<[Base]> {
        let base = |name: &&str| Base { scheme: Scheme::HTTP, authority: name.parse().unwrap(), prefix: String::new() };
        names.iter().map(base).collect()
    }

    #[test]
    fn every_thread_sees_a_change_and_the_last_hosts_stay() {
        let (sender, receiver) = watch::channel(hosts(&[]));
        let name = ServiceName { name: "x".into(), scheme: Scheme::HTTP };
        let found = Found::new(HashMap::from([(name.clone(), receiver)]));
        let (one, two) = (found.hosts(&name).unwrap(), found.hosts(&name).unwrap());
        assert!(one.now().is_empty());
        sender.send_replace(hosts(&["a", "b"]));
        assert_eq!((one.now().len(), two.now().len(), one.now().len()), (2, 2, 2));
        sender.send_replace(hosts(&["c"]));
        drop(sender);
        assert_eq!(found.hosts(&name).unwrap().now().len(), 1);
        assert!(found.hosts(&ServiceName { name: "y".into(), scheme: Scheme::HTTP }).is_none());
    }

    #[test]
    fn who_waits_for_hosts_waits_no_longer_than_allowed() {
        actix::System::new().block_on(async {
            tokio::time::pause();
            let started = Instant::now();
            let ((empty, one), (_full, two)) = (watch::channel(hosts(&[])), watch::channel(hosts(&["a"])));
            let name = |name: &str| ServiceName { name: name.into(), scheme: Scheme::HTTP };
            let found = Found::new(HashMap::from([(name("x"), one), (name("y"), two)]));
            found.clone().filled(Duration::from_secs(2)).await;
            assert_eq!(started.elapsed().as_secs(), 2);
            empty.send_replace(hosts(&["b"]));
            found.filled(Duration::from_secs(2)).await;
            assert_eq!(started.elapsed().as_secs(), 2);
        });
    }
}

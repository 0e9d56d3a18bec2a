//! Which number a series of one plan has in another: what a reload carries over.
//!
//! Endpoints are the same when method and path are; backends when their endpoint is and they are called alike: by what
//! stands in the labels of their metrics, so that no counter of a label ever falls while there is a series for it. A
//! backend that moves to another host therefore goes on counting. Of backends called alike within one endpoint, the first
//! of the old goes to the first of the new, and so on.

use std::collections::HashMap;

use super::names::Names;

/// From the numbers of one plan to those of another.
#[derive(Debug)]
pub struct Numbers {
    endpoints: Vec<Option<u32>>,
    backends: Vec<Option<u32>>,
}

impl Numbers {
    /// Finds the series of `old` in `new`.
    #[must_use]
    pub fn between(old: &Names, new: &Names) -> Self {
        let endpoints: HashMap<_, u32> = new.endpoints.iter().zip(0..).collect();
        let backends: HashMap<_, u32> = backend_keys(new).into_iter().zip(0..).collect();
        Self {
            endpoints: old.endpoints.iter().map(|name| endpoints.get(name).copied()).collect(),
            backends: backend_keys(old).iter().map(|key| backends.get(key).copied()).collect(),
        }
    }

    /// The new number of an endpoint; `None` when it is gone.
    #[must_use]
    pub fn endpoint(&self, old: u32) -> Option<u32> {
        *self.endpoints.get(usize::try_from(old).ok()?)?
    }

    /// The new number of a backend; `None` when it is gone.
    #[must_use]
    pub fn backend(&self, old: u32) -> Option<u32> {
        *self.backends.get(usize::try_from(old).ok()?)?
    }
}

/// What makes a backend the same: its endpoint, its own names, and how many like it came before.
type BackendKey<'a> = (Option<(&'a str, &'a str)>, &'a str, bool, usize);

fn backend_keys(names: &Names) -> Vec<BackendKey<'_>> {
    let mut seen: HashMap<BackendKey<'_>, usize> = HashMap::new();
    names
        .backends
        .iter()
        .map(|backend| {
            let endpoint = names.endpoints.get(backend.endpoint);
            let endpoint = endpoint.map(|name| (name.method.as_str(), name.path.as_str()));
            let key = (endpoint, backend.label.as_str(), backend.shadow, 0);
            let before = seen.entry(key).or_default();
            let nth = *before;
            *before += 1;
            (key.0, key.1, key.2, nth)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::names::{BackendName, EndpointName};

    fn names(endpoints: &[&str], backends: &[(usize, &str)]) -> Names {
        let endpoint = |path: &&str| EndpointName { method: "GET".into(), path: (*path).into() };
        let backend = |&(endpoint, label): &(usize, &str)| BackendName {
            endpoint,
            label: label.into(),
            hosts: "h".into(),
            shadow: false,
        };
        Names { endpoints: endpoints.iter().map(endpoint).collect(), backends: backends.iter().map(backend).collect() }
    }

    #[test]
    fn a_backend_on_another_host_goes_on_in_its_series() {
        let old = names(&["/a"], &[(0, "x"), (0, "y")]);
        let mut new = names(&["/a"], &[(0, "y"), (0, "x")]);
        new.backends[1].hosts = "elsewhere".into();
        let numbers = Numbers::between(&old, &new);
        assert_eq!([0, 1].map(|id| numbers.backend(id)), [Some(1), Some(0)]);
        new.backends[1].shadow = true;
        assert_eq!(Numbers::between(&old, &new).backend(0), None);
    }

    #[test]
    fn series_are_found_by_name_and_place_among_their_like() {
        let old = names(&["/a", "/b"], &[(0, "x"), (0, "x"), (1, "x"), (1, "y")]);
        let new = names(&["/c", "/b", "/a"], &[(1, "x"), (2, "x"), (2, "x")]);
        let numbers = Numbers::between(&old, &new);
        assert_eq!([0, 1, 2].map(|id| numbers.endpoint(id)), [Some(2), Some(1), None]);
        assert_eq!([0, 1, 2, 3, 4].map(|id| numbers.backend(id)), [Some(1), Some(2), Some(0), None, None]);
    }
}

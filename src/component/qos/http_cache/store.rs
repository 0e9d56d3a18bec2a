//! Kept answers, within bounds of number and size; what was not asked for longest goes first.
//!
//! Promises: the bounds hold at every moment. The original's map without limits would grow until the gateway dies, so
//! here it has the bounds of [`Bounds::default`].

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode};

use crate::model::Headers;

/// What an entry costs beside its bytes, roughly.
const ENTRY_BYTES: usize = 512;

/// How much is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The most entries.
    pub items_max: usize,
    /// The most bytes, headers included.
    pub bytes_max: usize,
    /// The most bytes of one answer's body; a longer one is not kept.
    pub body_bytes_max: usize,
}

impl Default for Bounds {
    /// 65,536 answers of up to 8 MiB, 64 MiB together.
    fn default() -> Self {
        Self { items_max: 1 << 16, bytes_max: 64 << 20, body_bytes_max: 8 << 20 }
    }
}

/// A kept answer.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: Headers,
    /// Its body.
    pub body: Bytes,
    /// The request's headers that it varies with, as they were.
    pub varied: Vec<(HeaderName, Option<HeaderValue>)>,
}

impl Entry {
    fn bytes(&self) -> usize {
        let headers: usize = self.headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
        let varied: usize = self
            .varied
            .iter()
            .map(|(name, value)| name.as_str().len() + value.as_ref().map_or(0, HeaderValue::len))
            .sum();
        ENTRY_BYTES + headers + varied + self.body.len()
    }
}

/// Answers by key.
#[derive(Debug)]
pub struct Store {
    bounds: Bounds,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    entries: HashMap<Arc<str>, Place>,
    by_use: BTreeMap<u64, Arc<str>>,
    uses: u64,
    bytes: usize,
}

#[derive(Debug)]
struct Place {
    entry: Arc<Entry>,
    bytes: usize,
    used: u64,
}

impl Store {
    /// An empty store.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        Self { bounds, kept: Mutex::default() }
    }

    /// Its bounds.
    #[must_use]
    pub fn bounds(&self) -> Bounds {
        self.bounds
    }

    /// The answer kept under a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Arc<Entry>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let Kept { entries, by_use, uses, .. } = &mut *kept;
        let place = entries.get_mut(key)?;
        *uses += 1;
        if let Some(name) = by_use.remove(&place.used) {
            by_use.insert(*uses, name);
        }
        place.used = *uses;
        Some(Arc::clone(&place.entry))
    }

    /// Keeps an answer, if it is not too large; others make room for it.
    pub fn put(&self, key: &str, entry: Arc<Entry>) {
        let bytes = entry.bytes() + key.len();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.remove(key);
        if entry.body.len() >= self.bounds.body_bytes_max || bytes > self.bounds.bytes_max || self.bounds.items_max == 0
        {
            return;
        }
        while kept.entries.len() >= self.bounds.items_max || kept.bytes + bytes > self.bounds.bytes_max {
            let Some((_, oldest)) = kept.by_use.pop_first() else { break };
            if let Some(place) = kept.entries.remove(&oldest) {
                kept.bytes -= place.bytes;
            }
        }
        kept.uses += 1;
        let (used, name) = (kept.uses, Arc::from(key));
        kept.by_use.insert(used, Arc::clone(&name));
        kept.entries.insert(name, Place { entry, bytes, used });
        kept.bytes += bytes;
    }

    /// Forgets what is kept under a key.
    pub fn remove(&self, key: &str) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

impl Kept {
    fn remove(&mut self, key: &str) {
        if let Some(place) = self.entries.remove(key) {
            self.by_use.remove(&place.used);
            self.bytes -= place.bytes;
        }
    }
}

/// The stores that backends with `shared` have in common. Shadows have others than live backends: what a shadow
/// answers must never reach a client.
#[derive(Debug, Default)]
pub struct SharedStores {
    unlimited: OnceLock<Arc<Store>>,
    limited: OnceLock<Arc<Store>>,
}

impl SharedStores {
    /// The store for these limits. As in the original, the first limits asked for hold for everyone.
    pub fn get(&self, limits: Option<Bounds>) -> Arc<Store> {
        let cell = if limits.is_some() { &self.limited } else { &self.unlimited };
        Arc::clone(cell.get_or_init(|| Arc::new(Store::new(limits.unwrap_or_default()))))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entry(bytes: usize) -> Arc<Entry> {
        let body = Bytes::from(vec![0; bytes]);
        Arc::new(Entry { status: StatusCode::OK, headers: Headers::new(), body, varied: Vec::new() })
    }

    fn store(items_max: usize, bytes_max: usize) -> Store {
        Store::new(Bounds { items_max, bytes_max, body_bytes_max: bytes_max })
    }

    #[test]
    fn what_was_not_asked_for_longest_goes_first() {
        let store = store(2, 1 << 20);
        store.put("a", entry(1));
        store.put("b", entry(1));
        assert!(store.get("a").is_some());
        store.put("c", entry(1));
        assert_eq!(["a", "b", "c"].map(|key| store.get(key).is_some()), [true, false, true]);
    }

    #[test]
    fn an_answer_too_large_replaces_the_old_one_with_nothing() {
        let store = store(9, 2000);
        store.put("a", entry(10));
        store.put("a", entry(2000));
        assert!(store.get("a").is_none());
    }

    #[test]
    fn shared_stores_are_the_same_for_all_who_share() {
        let shared = SharedStores::default();
        assert!(Arc::ptr_eq(&shared.get(None), &shared.get(None)));
        let bounds = Bounds { items_max: 1, ..Bounds::default() };
        assert_eq!(shared.get(Some(bounds)).bounds(), shared.get(Some(Bounds::default())).bounds());
    }

    proptest! {
        #[test]
        fn the_bounds_hold_and_the_sums_are_right(
            steps in proptest::collection::vec((0u8..12, 0usize..2000, 0u8..3), 1..200),
        ) {
            let store = store(5, 4000);
            for (key, bytes, what) in steps {
                let key = key.to_string();
                match what {
                    0 => drop(store.get(&key)),
                    1 => store.remove(&key),
                    _ => store.put(&key, entry(bytes)),
                }
                let kept = store.kept.lock().unwrap();
                prop_assert!(kept.entries.len() <= 5 && kept.bytes <= 4000);
                prop_assert_eq!(kept.entries.len(), kept.by_use.len());
                prop_assert_eq!(kept.entries.values().map(|place| place.bytes).sum::<usize>(), kept.bytes);
            }
        }
    }
}

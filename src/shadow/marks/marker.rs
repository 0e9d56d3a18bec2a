//! Writes the marks of a copy.

use std::time::{SystemTime, UNIX_EPOCH};

use http::HeaderValue;
use ring::hmac;

use crate::{
    config::shadow::{Marks, Peer, Policy},
    model::{Headers, Origin},
    plan::origin::{HOPS, signing_key},
};

use super::{
    PairId,
    entry::{ENTRIES_MAX, signed},
    key,
};

/// The marks of one shadow's copies.
#[derive(Clone, Debug)]
pub struct Marker {
    names: Marks,
    /// The process's own, and the first that the file shares.
    keys: Vec<hmac::Key>,
}

impl Marker {
    /// The marker of a policy; `None` when it wants no marks.
    #[must_use]
    pub fn new(policy: &Policy) -> Option<Self> {
        let shared = policy.loop_guard.trusted.iter().find_map(|peer| match peer {
            Peer::Key(secret) => Some(secret.text()),
            Peer::Network(_) => None,
        });
        let names = policy.rewrite.marks.clone()?;
        Some(Self::with_key(key::of_this_process().clone(), shared, names))
    }

    /// The marker of the process with the key `own`.
    pub(super) fn with_key(own: hmac::Key, shared: Option<&str>, names: Marks) -> Self {
        Self { names, keys: std::iter::once(own).chain(shared.map(signing_key)).collect() }
    }

    /// Puts marks in place of those that are there. It comes after everything that removes headers.
    pub fn mark(&self, headers: &mut Headers, origin: &Origin, now: SystemTime) {
        let pair = PairId(origin.pair);
        let now_ms = milliseconds(now);
        headers.insert(self.names.request.clone(), HeaderValue::from_static("1"));
        headers.insert(self.names.sent_at.clone(), HeaderValue::from(now_ms));
        if let Ok(pair) = HeaderValue::from_str(&pair.to_string()) {
            headers.insert(self.names.id.clone(), pair);
        }
        if let Ok(entries) = HeaderValue::from_str(&self.entries(origin, pair, now_ms)) {
            headers.insert(HOPS, entries);
        }
    }

    /// The newest entries that came, and our own.
    fn entries(&self, origin: &Origin, pair: PairId, now_ms: u64) -> String {
        let carried = origin.headers.get(&HOPS).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let hop = origin.hops.saturating_add(1);
        let own = self.keys.iter().rev().map(|key| signed(key, hop, now_ms, pair));
        let mut entries: Vec<String> =
            carried.split(',').filter(|entry| !entry.is_empty()).map(str::to_owned).collect();
        entries.drain(..(entries.len() + self.keys.len()).saturating_sub(ENTRIES_MAX).min(entries.len()));
        entries.extend(own);
        entries.join(",")
    }
}

/// Milliseconds since 1970; 0 before.
pub(super) fn milliseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

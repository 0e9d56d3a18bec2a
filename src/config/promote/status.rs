//! `compare.status` seen from the other side.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::config::shadow::StatusRule;

/// The rule for the same two backends when they have changed places; `None` when it is the same.
///
/// A status that no other may be answered with any more falls back to being itself, which a map can't forbid.
pub(super) fn reversed(rule: &StatusRule) -> Option<Value> {
    let StatusRule::Map(map) = rule else { return None };
    let mut sources: BTreeMap<u16, BTreeSet<u16>> = BTreeMap::new();
    for (live, allowed) in map {
        for shadow in allowed {
            sources.entry(*shadow).or_default().insert(*live);
        }
    }
    // What the map does not name may only be itself.
    let itself: Vec<_> = sources.keys().copied().filter(|code| map.iter().all(|(live, _)| live != code)).collect();
    for code in itself {
        sources.entry(code).or_default().insert(code);
    }
    let codes = |codes: BTreeSet<u16>| codes.into_iter().map(|code| Value::from(code.to_string())).collect();
    let named: Map<_, _> = sources
        .into_iter()
        .filter(|(code, sources)| sources.len() != 1 || !sources.contains(code))
        .map(|(code, sources)| (code.to_string(), Value::Array(codes(sources))))
        .collect();
    Some(Value::Object(named))
}

//! What is different between two configurations, in words for people.
//!
//! Compares documents as they were read: rendered, overridden, migrated, with the state of the files they name. Values
//! are never shown, for some of them are secrets.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde_json::{Map, Value};

use super::{Endpoint, Service};

/// The most differences that are listed; the last line says how many more there are.
const LISTED_MAX: usize = 200;

/// One of the two configurations.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// What was read.
    pub service: &'a Service,
    /// The document it was read from, see [`super::stamp::stamped`].
    pub document: &'a Value,
}

impl Side<'_> {
    /// A part of the document; null where there is none.
    #[must_use]
    pub fn part(&self, pointer: &str) -> &Value {
        self.document.pointer(pointer).unwrap_or(&Value::Null)
    }
}

/// The differences; empty if and only if the documents are equal.
#[must_use]
pub fn differences(old: Side<'_>, new: Side<'_>) -> Vec<String> {
    if old.document == new.document {
        return Vec::new();
    }
    let mut told = of_service(old, new);
    told.extend(of_endpoints(old, new));
    if told.is_empty() {
        told.push("parts that are not served changed".to_owned());
    }
    if let Some(more) = told.len().checked_sub(LISTED_MAX).filter(|more| *more > 0) {
        told.truncate(LISTED_MAX);
        told.push(format!("and {more} more"));
    }
    told
}

fn of_service(old: Side<'_>, new: Side<'_>) -> Vec<String> {
    let mut told = Vec::new();
    for key in changed_keys(old.document, new.document) {
        match key {
            "endpoints" => {}
            "extra_config" => {
                let changed = changed_keys(old.part("/extra_config"), new.part("/extra_config"));
                told.extend(changed.into_iter().map(|name| format!("{name} of the service changed")));
            }
            key => told.push(format!("{key} of the service changed")),
        }
    }
    told
}

fn of_endpoints(old: Side<'_>, new: Side<'_>) -> Vec<String> {
    let before: HashMap<_, _> = old.service.endpoints.iter().map(|endpoint| (route(endpoint), endpoint)).collect();
    let after: HashSet<_> = new.service.endpoints.iter().map(route).collect();
    let mut told = Vec::new();
    for endpoint in &new.service.endpoints {
        let (method, path) = route(endpoint);
        match before.get(&(method, path)) {
            None => told.push(format!("{method} {path} added")),
            Some(former) => {
                let keys = changed_keys(old.part(&former.pointer), new.part(&endpoint.pointer));
                if !keys.is_empty() {
                    told.push(format!("{method} {path}: {} changed", keys.join(", ")));
                }
            }
        }
    }
    let gone = old.service.endpoints.iter().map(route).filter(|route| !after.contains(route));
    told.extend(gone.map(|(method, path)| format!("{method} {path} removed")));
    if told.is_empty() && !old.service.endpoints.iter().map(route).eq(new.service.endpoints.iter().map(route)) {
        told.push("the order of the endpoints changed".to_owned());
    }
    told
}

/// What makes an endpoint the same one.
fn route(endpoint: &Endpoint) -> (&str, &str) {
    (&endpoint.method, &endpoint.path)
}

/// The members that are not the same in both, by name.
fn changed_keys<'a>(old: &'a Value, new: &'a Value) -> Vec<&'a str> {
    let (old, new) = (members(old), members(new));
    let keys: BTreeSet<&str> = [old, new].into_iter().flatten().flat_map(Map::keys).map(String::as_str).collect();
    let of = |side: Option<&'a Map<String, Value>>, key: &str| side.and_then(|members| members.get(key));
    keys.into_iter().filter(|key| of(old, key) != of(new, key)).collect()
}

fn members(value: &Value) -> Option<&Map<String, Value>> {
    value.as_object()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::config::{Environment, Source, load};

    fn endpoint(path: &str, timeout: &str) -> Value {
        json!({ "endpoint": path, "timeout": timeout, "backend": [{ "host": ["http://h"], "url_pattern": "/" }] })
    }

    fn told(old: &Value, new: &Value) -> Vec<String> {
        let read = |document: &Value| {
            let source = Source::Text { name: "k.json".into(), text: document.to_string() };
            let loaded = load(&source, &Environment::default());
            let document = loaded.places.document().unwrap().clone();
            (loaded.service.unwrap(), document)
        };
        let (old, new) = (read(old), read(new));
        differences(Side { service: &old.0, document: &old.1 }, Side { service: &new.0, document: &new.1 })
    }

    fn file(endpoints: &[Value]) -> Value {
        json!({ "version": 3, "endpoints": endpoints })
    }

    #[test]
    fn the_same_file_has_no_differences() {
        let same = file(&[endpoint("/a", "1s")]);
        assert!(told(&same, &same).is_empty());
    }

    #[test]
    fn endpoints_are_known_by_method_and_path() {
        let old = file(&[endpoint("/a", "1s"), endpoint("/b", "1s"), endpoint("/c", "1s")]);
        let new = file(&[endpoint("/d", "1s"), endpoint("/c", "2s"), endpoint("/a", "1s")]);
        assert_eq!(told(&old, &new), ["GET /d added", "GET /c: timeout changed", "GET /b removed"]);
    }

    #[test]
    fn keys_of_the_service_are_told_without_their_values() {
        let old = file(&[endpoint("/a", "1s")]);
        let mut new = old.clone();
        new["timeout"] = json!("3s");
        new["extra_config"] = json!({ "router": { "return_error_msg": true }, "@admin": { "listen": "off" } });
        assert_eq!(
            told(&old, &new),
            ["@admin of the service changed", "router of the service changed", "timeout of the service changed"]
        );
    }

    #[test]
    fn another_order_is_a_difference() {
        let (a, b) = (endpoint("/a", "1s"), endpoint("/b", "1s"));
        assert_eq!(told(&file(&[a.clone(), b.clone()]), &file(&[b, a])), ["the order of the endpoints changed"]);
    }

    #[test]
    fn a_long_list_is_cut() {
        let many: Vec<Value> = (0..LISTED_MAX + 5).map(|number| endpoint(&format!("/{number}"), "1s")).collect();
        let told = told(&file(&[]), &file(&many));
        assert_eq!((told.len(), told.last().unwrap().as_str()), (LISTED_MAX + 1, "and 5 more"));
    }
}

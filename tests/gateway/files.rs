//! Configuration files for tests: short ways to say endpoint, live backend and shadow.

use serde_json::{Value, json};

use crate::upstream::Upstream;

/// The deadline of every mirrored call unless a test says otherwise: hostile shadows are given up this soon.
pub(crate) const SHADOW_TIMEOUT: &str = "500ms";

/// A whole file.
pub(crate) fn service(endpoints: &[Value]) -> Value {
    json!({ "version": 3, "name": "test", "timeout": "10s", "endpoints": endpoints })
}

/// A GET endpoint.
pub(crate) fn endpoint(path: &str, backends: &[Value]) -> Value {
    json!({ "endpoint": path, "backend": backends })
}

/// A backend whose answer the client gets.
pub(crate) fn live(upstream: &Upstream, url_pattern: &str) -> Value {
    json!({ "host": [upstream.host()], "url_pattern": url_pattern })
}

/// A backend whose answer nobody gets.
pub(crate) fn shadow(upstream: &Upstream, url_pattern: &str) -> Value {
    shadow_for(upstream, url_pattern, SHADOW_TIMEOUT)
}

/// A shadow with its own deadline.
pub(crate) fn shadow_for(upstream: &Upstream, url_pattern: &str, timeout: &str) -> Value {
    with(
        live(upstream, url_pattern),
        &json!({ "extra_config": { "proxy": { "shadow": true, "shadow_timeout": timeout } } }),
    )
}

/// An object with more members; those it has already are replaced.
pub(crate) fn with(mut object: Value, members: &Value) -> Value {
    let target = object.as_object_mut().expect("only objects have members");
    for (name, value) in members.as_object().expect("members come as an object") {
        target.insert(name.clone(), value.clone());
    }
    object
}

/// Every backend of a file.
pub(crate) fn backends_mut(file: &mut Value) -> impl Iterator<Item = &mut Value> {
    members_mut(file, "endpoints").flat_map(|endpoint| members_mut(endpoint, "backend"))
}

/// The same file with its shadows left out.
pub(crate) fn without_shadows(mut file: Value) -> Value {
    for endpoint in members_mut(&mut file, "endpoints") {
        if let Some(backends) = endpoint.get_mut("backend").and_then(Value::as_array_mut) {
            backends.retain(|backend| !is_shadow(backend));
        }
    }
    file
}

/// The same file, in which the answers of every shadow are compared with those of the first live backend.
pub(crate) fn comparing(mut file: Value) -> Value {
    let wanted = json!({
        "holdout": 0,
        "match": { "unsafe_methods": "allow", "unsafe_reason": "nothing is kept" },
        "compare": { "against": "backend:0", "baseline": "off" },
    });
    for backend in backends_mut(&mut file).filter(|backend| is_shadow(backend)) {
        for namespace in NAMESPACES {
            if let Some(proxy) = backend["extra_config"].get_mut(namespace).and_then(Value::as_object_mut) {
                let policy = proxy.remove("@shadow_policy").unwrap_or_else(|| json!({}));
                proxy.insert("@shadow_policy".to_owned(), with(policy, &wanted));
            }
        }
    }
    file
}

/// The same file without second calls of live backends, which they are meant to see.
pub(crate) fn without_baselines(mut file: Value) -> Value {
    if let Some(members) = file.as_object_mut() {
        members.remove("baseline");
        members.values_mut().for_each(|member| *member = without_baselines(member.take()));
    } else if let Some(elements) = file.as_array_mut() {
        elements.iter_mut().for_each(|element| *element = without_baselines(element.take()));
    }
    file
}

/// Where a backend is marked as a shadow, today and in old files.
const NAMESPACES: [&str; 2] = ["proxy", "github.com/devopsfaith/krakend/proxy"];

/// Whether a backend is marked as a shadow, in the namespace of today or the old one.
pub(crate) fn is_shadow(backend: &Value) -> bool {
    NAMESPACES.iter().any(|namespace| {
        backend.pointer("/extra_config").and_then(|all| all.get(namespace)?.get("shadow")) == Some(&json!(true))
    })
}

/// The elements of a list of an object; none if it has no such list.
pub(crate) fn members_mut<'a>(object: &'a mut Value, name: &str) -> impl Iterator<Item = &'a mut Value> {
    object.get_mut(name).and_then(Value::as_array_mut).into_iter().flatten()
}

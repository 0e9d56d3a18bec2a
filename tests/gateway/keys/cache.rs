//! `qos/http-cache`.

use gnomon::config::known::Scope as At;
use serde_json::{Value, json};

use super::{
    case::{Case, case},
    scene::Scene,
    walk::walk,
};
use crate::upstream::Reply;

pub(super) fn cases() -> Vec<Case> {
    let at = |key, value| case(At::HttpCache, key, value).upstream(cacheable());
    let endpoint = |path: &str| {
        let cache = json!({ "qos/http-cache": { "shared": true } });
        let backend = json!({ "host": ["{upstream}"], "url_pattern": "/b", "extra_config": cache });
        json!({ "endpoint": path, "backend": [backend] })
    };
    vec![
        at("shared", json!(true))
            .with(At::Service, json!({ "endpoints": [endpoint("/a"), endpoint("/z")] }))
            .sees(|scene| calls(scene, &["/a", "/z"]), 1),
        at("max_items", json!(1))
            .with(At::HttpCache, json!({ "max_size": 1_000_000 }))
            .with(At::Endpoint, json!({ "endpoint": "/a/{id}" }))
            .with(At::Backend, json!({ "url_pattern": "/b/{id}" }))
            .sees(|scene| calls(scene, &["/a/1", "/a/2", "/a/1"]), 3),
        at("max_size", json!(5))
            .with(At::HttpCache, json!({ "max_items": 9 }))
            .sees(|scene| calls(scene, &["/a", "/a"]), 2),
    ]
}

/// An answer that holds for an hour; the stub says no date, which caches want to know.
fn cacheable() -> Reply {
    let now = httpdate::fmt_http_date(std::time::SystemTime::now());
    Reply::json(&json!({ "a": 1 })).with("Cache-Control", "max-age=3600").with("Date", &now)
}

/// How often the upstream is called for these requests.
fn calls(scene: &Scene, targets: &[&str]) -> Value {
    for target in targets {
        scene.get(target);
    }
    scene.upstream.seen().len().into()
}

#[test]
fn every_key_of_the_cache_counts() {
    walk(&cases());
}

//! A shadow under a policy, made of a file as the gateway makes it, for the tests of this stage.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::{
    config::{Environment, Source, load, shadow::Policy},
    plan::{ShadowPlan, compile},
};

/// The plan of the shadow of `GET /user/{id}` with this policy; `null` is plain mode.
pub(crate) fn plan(policy: &Value) -> Arc<ShadowPlan> {
    plan_at("http://127.0.0.1:80", policy)
}

/// The same at another host.
pub(crate) fn plan_at(host: &str, policy: &Value) -> Arc<ShadowPlan> {
    let proxy = json!({ "shadow": true, "@shadow_policy": policy });
    let text = json!({ "version": 3, "name": "u2026", "host": [host], "endpoints": [{
        "endpoint": "/user/{id}",
        "backend": [{ "url_pattern": "/live" }, { "url_pattern": "/new", "extra_config": { "proxy": proxy } }],
    }] })
    .to_string();
    let loaded = load(&Source::Text { name: "krakend.json".into(), text }, &Environment::default());
    let service = loaded.service.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics));
    Arc::clone(&compile(&service).0.endpoints[0].shadows[0])
}

/// A policy of a file that says next to nothing: everything is copied, and nothing is left alone.
pub(crate) fn policy() -> Policy {
    let plan = plan(&json!({ "holdout": 0, "breaker": "off" }));
    plan.policy.as_deref().cloned().expect("the file has one")
}

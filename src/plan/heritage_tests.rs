//! What goes on after a reload, and what begins anew.

use serde_json::{Value, json};

use super::*;
use crate::config::{Environment, Service, Source, load};

const BREAKER: &str = "qos/circuit-breaker";

fn read(document: &Value) -> (Service, Value) {
    let source = Source::Text { name: "k.json".into(), text: document.to_string() };
    let loaded = load(&source, &Environment::default());
    let document = loaded.places.document().unwrap().clone();
    (loaded.service.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics)), document)
}

fn blueprint(document: &Value) -> Blueprint {
    let (service, document) = read(document);
    Blueprint::new(service, &document).0
}

fn after(former: &Blueprint, document: &Value) -> (Blueprint, Heritage) {
    let (service, document) = read(document);
    let (succession, _) = former.succeeded_by(service, &document);
    (succession.next, succession.heritage)
}

fn live(host: &str) -> Value {
    let breaker = json!({ "interval": 60, "timeout": 10, "max_errors": 1 });
    json!({ "host": [host], "url_pattern": "/live", "extra_config": { BREAKER: breaker } })
}

fn shadow(host: &str, timeout: &str) -> Value {
    let proxy = json!({ "shadow": true, "shadow_timeout": timeout });
    json!({ "host": [host], "url_pattern": "/shadow", "extra_config": { "proxy": proxy } })
}

fn endpoint(path: &str, backends: &[Value]) -> Value {
    let limit = json!({ "qos/ratelimit/router": { "max_rate": 5 } });
    json!({ "endpoint": path, "backend": backends, "extra_config": limit })
}

fn file(endpoints: &[Value]) -> Value {
    json!({ "version": 3, "endpoints": endpoints })
}

/// Whether the breaker of an endpoint's only live backend is the one of another plan.
fn same_breaker(new: &Blueprint, old: &Blueprint, place: (usize, usize)) -> bool {
    let of = |blueprint: &Blueprint, place: usize| blueprint.plan.endpoints[place].live[0].calls_through.clone();
    of(new, place.0).shares_state_with(&of(old, place.1))
}

fn same_limit(new: &Blueprint, old: &Blueprint, place: (usize, usize)) -> bool {
    let of = |blueprint: &Blueprint, place: usize| blueprint.plan.endpoints[place].guards.clone();
    of(new, place.0).shares_state_with(&of(old, place.1))
}

#[test]
fn an_endpoint_that_only_moves_keeps_everything() {
    let (a, b) = (endpoint("/a", &[live("http://a")]), endpoint("/b", &[live("http://b"), shadow("http://s", "1s")]));
    let old = blueprint(&file(&[a, b.clone()]));
    let (new, heritage) = after(&old, &file(&[b]));
    assert!(same_breaker(&new, &old, (0, 1)) && same_limit(&new, &old, (0, 1)));
    for (new_id, old_id) in [(0, 1), (1, 2)].map(|(new, old)| (BackendId(new), BackendId(old))) {
        assert_eq!(heritage.of(new_id), Some(Inherited { former: old_id, unchanged: true }));
        assert_eq!(new.plan.targets.of(new_id), old.plan.targets.of(old_id));
    }
    assert_eq!(new.plan.endpoints[0].id.0, 0);
}

#[test]
fn a_backend_on_another_host_begins_anew_and_its_endpoint_goes_on() {
    let old = blueprint(&file(&[endpoint("/a", &[live("http://a"), shadow("http://s", "1s")])]));
    let (new, heritage) = after(&old, &file(&[endpoint("/a", &[live("http://b"), shadow("http://s", "1s")])]));
    assert!(!same_breaker(&new, &old, (0, 0)) && same_limit(&new, &old, (0, 0)));
    let ids = [0, 1].map(BackendId);
    assert_eq!(ids.map(|id| heritage.of(id).unwrap().unchanged), [false, true]);
    assert_eq!(ids.map(|id| new.plan.targets.of(id) == old.plan.targets.of(id)), [false, true]);
}

#[test]
fn a_shadow_with_other_bounds_is_a_changed_one_on_the_same_connections() {
    let old = blueprint(&file(&[endpoint("/a", &[live("http://a"), shadow("http://s", "1s")])]));
    let (new, heritage) = after(&old, &file(&[endpoint("/a", &[live("http://a"), shadow("http://s", "2s")])]));
    assert_eq!(heritage.of(BackendId(1)), Some(Inherited { former: BackendId(1), unchanged: false }));
    assert_eq!(new.plan.targets, old.plan.targets);
}

#[test]
fn a_shadow_under_other_defaults_is_a_changed_one() {
    let mut document = file(&[
        endpoint("/a", &[live("http://a"), shadow("http://s", "1s")]),
        endpoint("/b", &[live("http://b"), shadow("http://t", "1s")]),
    ]);
    document["endpoints"][0]["extra_config"]["@shadow"] = json!({ "holdout": 0.1 });
    let mut old = blueprint(&document);
    let then = |old: &mut Blueprint, document: &Value| {
        let (new, heritage) = after(old, document);
        let same_pools = [1, 3].map(|id| new.plan.targets.of(BackendId(id)) == old.plan.targets.of(BackendId(id)));
        *old = new;
        ([0, 1, 2, 3].map(|id| heritage.of(BackendId(id)).unwrap().unchanged), same_pools)
    };
    document["endpoints"][0]["extra_config"]["@shadow"]["holdout"] = json!(0.2);
    assert_eq!(then(&mut old, &document), ([true, false, true, true], [true, true]));
    document["endpoints"][0]["extra_config"]["@shadow"]["network"] = json!({ "idle_timeout": "1s" });
    assert_eq!(then(&mut old, &document), ([true, false, true, true], [false, true]));
    document["extra_config"]["@shadow"] = json!({ "drain_timeout": "1s" });
    assert_eq!(then(&mut old, &document), ([true, false, true, false], [true, true]));
    // The salt of a sample is the service's name, unless the policy says otherwise.
    document["name"] = json!("another");
    assert_eq!(then(&mut old, &document), ([true, false, true, false], [true, true]));
}

#[test]
fn other_settings_of_a_component_begin_anew() {
    let mut document = file(&[endpoint("/a", &[live("http://a")])]);
    let old = blueprint(&document);
    document["endpoints"][0]["backend"][0]["extra_config"][BREAKER]["max_errors"] = json!(7);
    document["endpoints"][0]["extra_config"]["qos/ratelimit/router"]["max_rate"] = json!(7);
    let (new, _) = after(&old, &document);
    assert!(!same_breaker(&new, &old, (0, 0)) && !same_limit(&new, &old, (0, 0)));
    assert_eq!(new.plan.targets, old.plan.targets);
}

#[test]
fn other_connections_are_made_when_the_service_wants_them() {
    let mut document = file(&[endpoint("/a", &[live("http://a")])]);
    let old = blueprint(&document);
    document["max_idle_connections_per_host"] = json!(3);
    let (new, heritage) = after(&old, &document);
    assert!(heritage.of(BackendId(0)).unwrap().unchanged);
    assert_ne!(new.plan.targets, old.plan.targets);
}

#[test]
fn new_and_former_ones_are_not_taken_for_each_other() {
    let old = blueprint(&file(&[endpoint("/a", &[live("http://a")])]));
    let (second, heritage) = after(&old, &file(&[endpoint("/b", &[live("http://a")])]));
    assert_eq!(heritage, Heritage::default());
    let (third, _) = after(&second, &file(&[endpoint("/a", &[live("http://a")])]));
    assert!(!same_breaker(&third, &old, (0, 0)));
    assert_ne!(third.plan.targets, old.plan.targets);
}

#[test]
fn a_script_that_was_rewritten_is_another_setting() {
    let folder = std::env::temp_dir().join(format!("gnomon-heritage-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let script = folder.join("script.lua");
    std::fs::write(&script, "function one() end").unwrap();
    let mut document = file(&[endpoint("/a", &[live("http://a")]), endpoint("/b", &[live("http://b")])]);
    document["endpoints"][0]["extra_config"]["modifier/lua-endpoint"] =
        json!({ "sources": [script.to_str().unwrap()], "pre": "one()" });
    let old = blueprint(&document);
    let again = |old: &Blueprint| {
        let (service, document) = read(&document);
        old.succeeded_by(service, &document).0
    };
    assert!(again(&old).changes.is_empty());
    std::fs::write(&script, "function one() return 1 end").unwrap();
    let succession = again(&old);
    assert_eq!(succession.changes, ["GET /a: extra_config changed"]);
    assert_eq!([0, 1].map(|place| same_limit(&succession.next, &old, (place, place))), [false, true]);
    std::fs::remove_dir_all(&folder).unwrap();
}

/// A live backend whose canary is at this host and takes this share.
fn split(host: &str, rate: f64) -> Value {
    let mut backend = live("http://a");
    backend["extra_config"]["proxy"] = json!({ "@split": { "to": [{ "rate": rate, "host": [host] }] } });
    backend
}

#[test]
fn another_share_leaves_breakers_and_connections_of_both_as_they_are() {
    let old = blueprint(&file(&[endpoint("/a", &[split("http://b", 0.1), live("http://c")])]));
    let (new, heritage) = after(&old, &file(&[endpoint("/a", &[split("http://b", 0.2), live("http://c")])]));
    let of = |blueprint: &Blueprint| blueprint.plan.endpoints[0].splits[0].variants[0].backend.calls_through.clone();
    assert!(same_breaker(&new, &old, (0, 0)) && of(&new).shares_state_with(&of(&old)));
    assert!(!of(&new).shares_state_with(&new.plan.endpoints[0].live[0].calls_through), "each has its own");
    assert_eq!([0, 1, 2].map(|id| heritage.of(BackendId(id)).unwrap().unchanged), [false, false, true]);
    assert_eq!(new.plan.targets, old.plan.targets);
}

#[test]
fn a_canary_on_another_host_begins_anew_and_its_base_goes_on() {
    let old = blueprint(&file(&[endpoint("/a", &[split("http://b", 0.1)])]));
    let (new, _) = after(&old, &file(&[endpoint("/a", &[split("http://c", 0.1)])]));
    let of = |blueprint: &Blueprint| blueprint.plan.endpoints[0].splits[0].variants[0].backend.calls_through.clone();
    assert!(same_breaker(&new, &old, (0, 0)) && !of(&new).shares_state_with(&of(&old)));
    let same = [0, 1].map(|id| new.plan.targets.of(BackendId(id)) == old.plan.targets.of(BackendId(id)));
    assert_eq!(same, [true, false]);
}

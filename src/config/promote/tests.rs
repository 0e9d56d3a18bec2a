//! Claims about promotions.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{Promotion, Refusal, promote, status::reversed};
use crate::config::{
    Environment, Loaded, Service, Source, load,
    shadow::{Compare, StatusRule},
};

const ID: &str = "GET:/a:0";

fn loaded(document: &Value) -> Loaded {
    let loaded = load(&Source::Text { name: "k.json".to_owned(), text: document.to_string() }, &Environment::default());
    assert!(loaded.service.is_some(), "{:?}\n{document:#}", loaded.diagnostics);
    loaded
}

fn promoted(document: &Value, id: &str) -> Result<Promotion, Refusal> {
    let loaded = loaded(document);
    promote(loaded.service.as_ref().unwrap(), loaded.places.document().unwrap(), id)
}

/// A service with one endpoint.
fn file(endpoint: Value, backends: Vec<Value>) -> Value {
    let mut endpoint = endpoint;
    endpoint["endpoint"] = json!("/a");
    endpoint["backend"] = Value::Array(backends);
    json!({"version": 3, "endpoints": [endpoint]})
}

fn live(host: &str) -> Value {
    json!({"host": [host]})
}

fn shadow(host: &str, proxy: Value) -> Value {
    let mut proxy = proxy;
    proxy["shadow"] = json!(true);
    json!({"host": [host], "extra_config": {"proxy": proxy}})
}

fn under(policy: &Value) -> Value {
    shadow("s", json!({"@shadow_policy": policy}))
}

#[track_caller]
fn refused(document: &Value, why: &str) {
    match promoted(document, ID) {
        Err(Refusal::Impossible(said)) => assert!(said.contains(why), "{said}"),
        other => panic!("{other:?}"),
    }
}

/// A JSON Patch applied as RFC 6902 says, written apart from the program.
fn patched(document: &Value, patch: &Value) -> Value {
    fn at<'a>(value: &'a mut Value, steps: &[String]) -> &'a mut Value {
        steps.iter().fold(value, |value, step| match value {
            Value::Array(list) => &mut list[step.parse::<usize>().unwrap()],
            other => other.get_mut(step).unwrap(),
        })
    }
    fn steps(step: &Value, key: &str) -> (Vec<String>, String) {
        let mut steps: Vec<_> = step[key].as_str().unwrap().split('/').skip(1).collect();
        let last = steps.pop().unwrap();
        let plain = |step: &str| step.replace("~1", "/").replace("~0", "~");
        (steps.into_iter().map(plain).collect(), plain(last))
    }
    fn remove(value: &mut Value, (steps, last): &(Vec<String>, String)) -> Value {
        match at(value, steps) {
            Value::Array(list) => list.remove(last.parse().unwrap()),
            other => other.as_object_mut().unwrap().remove(last).unwrap(),
        }
    }
    fn add(value: &mut Value, (steps, last): &(Vec<String>, String), new: Value) {
        match at(value, steps) {
            Value::Array(list) => list.insert(last.parse().unwrap(), new),
            other => drop(other.as_object_mut().unwrap().insert(last.clone(), new)),
        }
    }
    let mut document = document.clone();
    for step in patch.as_array().unwrap() {
        let path = steps(step, "path");
        match step["op"].as_str().unwrap() {
            "test" => assert_eq!(at(&mut document, &[path.0, vec![path.1]].concat()), &step["value"]),
            "add" => add(&mut document, &path, step["value"].clone()),
            "remove" => drop(remove(&mut document, &path)),
            "move" => {
                let value = remove(&mut document, &steps(step, "from"));
                add(&mut document, &path, value);
            }
            other => panic!("{other}"),
        }
    }
    document
}

#[test]
fn a_shadow_and_its_live_backend_change_places() {
    let proxy = json!({"shadow_timeout": "3s", "@shadow_policy": {"sample": {"rate": 0.5}, "compare": {}}});
    let before = file(json!({}), vec![live("h"), shadow("s", proxy.clone())]);
    let promotion = promoted(&before, ID).unwrap();
    assert_eq!(promotion.document, file(json!({}), vec![live("s"), shadow("h", proxy)]));
    assert_eq!(
        serde_json::to_value(&promotion.patch).unwrap(),
        json!([
            {"op": "test", "path": "/endpoints/0/endpoint", "value": "/a"},
            {"op": "test", "path": "/endpoints/0/backend/1/extra_config/proxy/shadow", "value": true},
            {"op": "add", "path": "/endpoints/0/backend/0/extra_config", "value": {}},
            {"op": "add", "path": "/endpoints/0/backend/0/extra_config/proxy", "value": {}},
            {"op": "add", "path": "/endpoints/0/backend/0/extra_config/proxy/shadow", "value": true},
            {"op": "move", "from": "/endpoints/0/backend/1/extra_config/proxy/shadow_timeout",
                "path": "/endpoints/0/backend/0/extra_config/proxy/shadow_timeout"},
            {"op": "move", "from": "/endpoints/0/backend/1/extra_config/proxy/@shadow_policy",
                "path": "/endpoints/0/backend/0/extra_config/proxy/@shadow_policy"},
            {"op": "remove", "path": "/endpoints/0/backend/1/extra_config"},
            {"op": "move", "from": "/endpoints/0/backend/1", "path": "/endpoints/0/backend/0"},
        ])
    );
    assert_eq!(promotion.notes, Vec::<String>::new());
}

#[test]
fn what_else_a_backend_says_stays_with_it() {
    let long = "github.com/devopsfaith/krakend/proxy";
    let flatmap = json!([{"type": "del", "args": ["x"]}]);
    let s = json!({"host": ["s"], "mapping": {"a": "b"}, "extra_config": {
        long: {"shadow": true, "flatmap_filter": flatmap}, "qos/ratelimit/proxy": {"max_rate": 5}}});
    let h = json!({"host": ["h"], "extra_config": {"proxy": {"flatmap_filter": flatmap}, "@note": 1}});
    let promotion = promoted(&file(json!({}), vec![s, h]), ID).unwrap();
    let s = json!({"host": ["s"], "mapping": {"a": "b"}, "extra_config": {
        long: {"flatmap_filter": flatmap}, "qos/ratelimit/proxy": {"max_rate": 5}}});
    let h = json!({"host": ["h"], "extra_config": {"proxy": {"flatmap_filter": flatmap, "shadow": true}, "@note": 1}});
    assert_eq!(promotion.document, file(json!({}), vec![h, s]));
    assert_eq!(promotion.notes, ["the former live backend gets a copy of every request: its shadow had no policy"]);
}

#[test]
fn a_time_that_counted_for_nothing_does_not_begin_to_count() {
    let h = json!({"host": ["h"], "extra_config": {"proxy": {"shadow": false, "shadow_timeout": "1ms"}}});
    let promotion = promoted(&file(json!({}), vec![h, shadow("s", json!({}))]), ID).unwrap();
    assert_eq!(promotion.document, file(json!({}), vec![live("s"), shadow("h", json!({}))]));
}

#[test]
fn the_backend_that_it_was_compared_with_is_replaced() {
    let policy = |against: &str| under(&json!({"compare": {"against": against}}));
    for (against, hosts) in [("backend:1", ["a", "s", "c", "b"]), ("merged:2", ["a", "b", "s", "c"])] {
        let backends = vec![live("a"), live("b"), live("c"), policy(against)];
        let promotion = promoted(&file(json!({}), backends), ID).unwrap();
        let now: Vec<_> =
            promotion.service.endpoints[0].backends.iter().map(|backend| backend.hosts[0].as_str()).collect();
        assert_eq!(now, hosts.map(|host| format!("http://{host}")));
    }
    refused(&file(json!({}), vec![live("a"), live("b"), under(&json!({}))]), "several live backends");
}

#[test]
fn which_status_may_stand_for_which_is_turned_around() {
    let policy = |status: Value| json!({"@shadow_policy": {"compare": {"status": status}}});
    let before = file(json!({}), vec![live("h"), shadow("s", policy(json!({"200": ["200", "204"]})))]);
    let after = file(json!({}), vec![live("s"), shadow("h", policy(json!({"204": ["200", "204"]})))]);
    assert_eq!(promoted(&before, ID).unwrap().document, after);
    assert_eq!(promoted(&after, ID).unwrap().document, before);
}

#[test]
fn a_status_rule_of_the_defaults_is_turned_around_at_the_backend() {
    let defaults = json!({"extra_config": {"@shadow": {"compare": {"status": {"200": ["200", "204"]}}}}});
    for own in [json!({}), json!({"@shadow_policy": {}}), json!({"shadow_policy": {"compare": {"sample": 1}}})] {
        let before = file(defaults.clone(), vec![live("h"), shadow("s", own)]);
        let once = promoted(&before, ID).unwrap();
        let status = |service: &Service, place: usize| {
            let shadow = service.endpoints[0].backends[place].shadow.as_ref().unwrap();
            let compare: Compare = shadow.policy.as_ref().unwrap().compare.as_deref().cloned().unwrap();
            compare.status
        };
        assert_eq!(status(&once.service, 1), StatusRule::Map(vec![(204, vec![200, 204])]));
        let twice = promoted(&once.document, ID).unwrap();
        assert_eq!(status(&twice.service, 1), StatusRule::Map(vec![(200, vec![200, 204])]));
    }
}

#[test]
fn what_can_not_be_promoted_says_why() {
    match promoted(&file(json!({}), vec![live("h"), under(&json!({}))]), "GET:/a:1") {
        Err(Refusal::Unknown(ids)) => assert_eq!(ids, [ID]),
        other => panic!("{other:?}"),
    }
    let sequence = json!({"extra_config": {"proxy": {"sequential": true}}});
    let second = json!({"host": ["h"], "url_pattern": "/{resp0_id}"});
    let compared = under(&json!({"compare": {"against": "backend:0"}}));
    refused(&file(sequence.clone(), vec![live("h"), second, compared.clone()]), "is a sequence");
    assert!(promoted(&file(sequence, vec![live("h"), live("i"), compared]), ID).is_ok());
    let patch = under(&json!({"body_patch": {"model": "next"}}));
    refused(&file(json!({}), vec![live("h"), patch]), "\"body_patch\"");
    refused(&file(json!({}), vec![live("h"), under(&json!({"headers": {"host": "x"}}))]), "\"host\"");
    let own = json!({"host": ["s"], "extra_config": {
        "auth/client-credentials": {"client_id": "a", "client_secret": "b", "token_url": "http://t/"},
        "proxy": {"shadow": true, "@shadow_policy": {"headers": {"credentials": "replace"}}}}});
    refused(&file(json!({}), vec![live("h"), own]), "credentials of its own");
}

#[test]
fn what_it_means_for_writes_credentials_and_others_is_noted() {
    let post = json!({"method": "POST", "input_headers": ["*"]});
    let write = json!({"match": {"unsafe_methods": "allow", "unsafe_reason": "own store"}, "compare": {}});
    let other = shadow("t", json!({"@shadow_policy": write.clone()}));
    let promotion = promoted(&file(post.clone(), vec![live("h"), under(&write), other]), "POST:/a:0");
    assert_eq!(
        promotion.unwrap().notes,
        [
            "the former live backend goes on getting all writes, as copies",
            "copies to the former live backend carry no credentials (headers.credentials)",
            "1 more of the endpoint's shadows will be compared with the new live backend",
        ]
    );
    let promotion =
        promoted(&file(post, vec![live("h"), under(&json!({"headers": {"credentials": "forward"}}))]), "POST:/a:0");
    assert_eq!(
        promotion.unwrap().notes,
        ["the shadow got no writes until now, and the former live backend gets none from now on"]
    );
    let policy = json!({"match": {"path": "/a"}, "headers": {"set": {"X-Env": "shadow"}}});
    let promotion = promoted(&file(json!({}), vec![live("h"), under(&policy)]), ID);
    assert_eq!(
        promotion.unwrap().notes,
        [
            "headers that the policy sets or removes are those of copies: live calls are sent without that",
            "the shadow got only requests that match; as the live backend it gets all",
        ]
    );
}

#[test]
fn no_value_of_a_policy_stands_in_the_patch() {
    let policy =
        json!({"headers": {"set": {"X-Key": "canary"}}, "loop": {"trusted_marks": [{"key": "canary-canary-canary"}]}});
    let promotion = promoted(&file(json!({}), vec![live("h"), under(&policy)]), ID).unwrap();
    assert!(!serde_json::to_string(&promotion.patch).unwrap().contains("canary"));
    assert!(promotion.document.to_string().contains("canary"));
}

fn status() -> impl Strategy<Value = Option<Value>> {
    let maps = [json!("class"), json!({"200": ["200", "204"]}), json!({"204": ["200", "204"], "301": ["301", "302"]})];
    prop::option::of(prop::sample::select(maps.to_vec()))
}

/// What makes a shadow, in any form that is written without waste.
fn proxy(live: usize) -> impl Strategy<Value = Value> {
    let policy = (0..=live, status(), any::<bool>(), any::<bool>()).prop_map(move |(against, status, merged, ramp)| {
        let mut compare = Map::new();
        compare.extend(status.map(|status| ("status".to_owned(), status)));
        let word = if merged { "merged" } else { "backend" };
        compare.insert("against".to_owned(), json!(format!("{word}:{}", against.min(live - 1))));
        let mut policy = json!({"compare": compare, "sample": {"rate": 0.5}, "stop_on": {"mismatch_rate": "1%"}});
        if ramp {
            policy["ramp"] =
                json!({"start": "2026-12-01T08:00:00Z", "steps": [{"rate": 0.1, "for": "1h"}, {"rate": 1}]});
        }
        policy
    });
    let key = prop::sample::select(vec!["@shadow_policy", "shadow_policy"]);
    (key, policy, prop::option::of(Just("3s")), any::<bool>()).prop_map(|(key, policy, timeout, flatmap)| {
        let mut proxy = json!({ key: policy });
        if let Some(timeout) = timeout {
            proxy["shadow_timeout"] = json!(timeout);
        }
        if flatmap {
            proxy["flatmap_filter"] = json!([{"type": "del", "args": ["x"]}]);
        }
        proxy
    })
}

/// A service with some live backends and shadows in any order, and how many shadows there are.
fn any_file() -> impl Strategy<Value = (Value, usize)> {
    (1..4usize).prop_flat_map(|lives| {
        let shadows = prop::collection::vec(proxy(lives), 1..4);
        shadows.prop_flat_map(move |shadows| {
            let count = shadows.len();
            let lives = (0..lives).map(|place| match place {
                0 => json!({"host": ["h0"], "extra_config": {"@note": 1}}),
                _ => live(&format!("h{place}")),
            });
            let shadows = shadows.into_iter().enumerate().map(|(place, proxy)| shadow(&format!("s{place}"), proxy));
            let backends: Vec<_> = lives.chain(shadows).collect();
            Just(backends).prop_shuffle().prop_map(move |backends| (file(json!({}), backends), count))
        })
    })
}

/// The hosts of live backends, or those of shadows, in order.
fn hosts(service: &Service, is_shadow: bool) -> Vec<&str> {
    let backends = service.endpoints[0].backends.iter().filter(|backend| backend.shadow.is_some() == is_shadow);
    backends.map(|backend| backend.hosts[0].as_str()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_patch_leads_to_the_document_and_twice_leads_back((before, shadows) in any_file(), at in any::<prop::sample::Index>()) {
        let number = at.index(shadows);
        let id = format!("GET:/a:{number}");
        let old = loaded(&before).service.unwrap();
        let once = promoted(&before, &id).unwrap();
        prop_assert_eq!(&patched(&before, &serde_json::to_value(&once.patch).unwrap()), &once.document);
        let policy = old.endpoints[0].backends.iter().filter_map(|one| one.shadow.as_ref()).nth(number).unwrap();
        let place = policy.policy.as_ref().unwrap().compare.as_ref().unwrap().against.place();
        let (mut lives, mut others) = (hosts(&old, false), hosts(&old, true));
        std::mem::swap(&mut lives[place], &mut others[number]);
        prop_assert_eq!(hosts(&once.service, false), lives);
        prop_assert_eq!(hosts(&once.service, true), others);
        prop_assert_eq!(promoted(&once.document, &id).unwrap().document, before);
    }

    #[test]
    fn a_status_rule_turned_around_twice_is_the_same_relation(pairs in prop::collection::btree_set((100..105u16, 100..105u16), 0..9)) {
        let mut map: Vec<(u16, Vec<u16>)> = Vec::new();
        for code in 100..105 {
            // With each status itself: what no status may stand for any more can't be written.
            let allowed: Vec<_> = (100..105).filter(|other| *other == code || pairs.contains(&(code, *other))).collect();
            map.push((code, allowed));
        }
        let read = |value: &Value| {
            let code = |text: &str| text.parse::<u16>().unwrap();
            let codes = |list: &Value| list.as_array().unwrap().iter().map(|one| code(one.as_str().unwrap())).collect();
            StatusRule::Map(value.as_object().unwrap().iter().map(|(live, list)| (code(live), codes(list))).collect())
        };
        let once = read(&reversed(&StatusRule::Map(map.clone())).unwrap());
        let twice = read(&reversed(&once).unwrap());
        let allows = |rule: &StatusRule, live: u16, shadow: u16| match rule {
            StatusRule::Map(map) => map.iter().find(|(code, _)| *code == live).map_or(live == shadow, |(_, list)| list.contains(&shadow)),
            _ => unreachable!(),
        };
        let map = StatusRule::Map(map);
        for (live, shadow) in (100..105).flat_map(|live| (100..105).map(move |shadow| (live, shadow))) {
            prop_assert_eq!(allows(&map, live, shadow), allows(&once, shadow, live));
            prop_assert_eq!(allows(&map, live, shadow), allows(&twice, live, shadow));
        }
    }
}

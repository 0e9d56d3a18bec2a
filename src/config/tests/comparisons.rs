//! What `compare`, `store` and `stop_on` are when backend, endpoint and service are put together.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};

use super::read;
use crate::config::shadow::{
    Against, ArrayRule, Baseline, BaselineMode, BodyRule, COMPARED_BYTES_MAX, COMPARED_HEADERS, Compare, FieldPath,
    Policy, Share, Stage, StatusRule, StopAction, StoredValues, StringRule, TextRule, Tolerance, ValueShape,
};

const NOTHING: Value = Value::Null;

/// A `compare` with every key that one can have.
pub(in crate::config) fn rich() -> Value {
    json!({
        "sample": 0.5, "against": "backend:0", "stage": "processed", "status": {"200": ["200", 204], "404": ["410"]},
        "headers": ["X-A", "Content-Type"], "ignore_headers": ["X-B"], "body": "json",
        "ignore": ["$.meta.id", "$.items[*].at"], "only": ["$.meta", "$.items"],
        "arrays": {"$.tags": "set", "$.items": {"key": "id"}, "$.list": "ordered"},
        "numbers": {"$.price": {"abs": 0.005}, "$.share": {"rel": "1%", "abs": 1}},
        "times": {"$.at": {"within": "5s"}},
        "shapes": {"$.id": "uuid", "$.d": "iso8601", "$.e": "epoch", "$.h": "hex", "$.j": "jwt", "$.r": "regex:a|b"},
        "strings": {"$.a": "ci", "$.b": "trim", "$.c": ["ci", "trim"]},
        "null_is_missing": true, "text": {"whitespace": "normalize", "similarity": 0.95}, "max_body": "1KiB",
        "max_values": 30,
        "baseline": {"mode": "learned", "sample": "30%", "learn_for": "2h", "learn_pairs": 9},
    })
}

/// Keys of the two backends of an endpoint beside their hosts, and of the endpoint itself.
#[derive(Default)]
struct Around {
    live: Vec<Value>,
    shadow: Value,
    endpoint: Value,
}

fn merged(mut base: Value, more: &Value) -> Value {
    if let (Some(base), Some(more)) = (base.as_object_mut(), more.as_object()) {
        base.extend(more.clone());
    }
    base
}

/// The policy of an endpoint's only shadow.
fn policy_in(around: &Around, backend: &Value, endpoint: &Value, service: &Value) -> Option<Arc<Policy>> {
    let shadow = json!({"host": ["s"], "extra_config": {"proxy": {"shadow": true, "@shadow_policy": backend}}});
    let mut backends: Vec<_> = around.live.iter().map(|live| merged(json!({"host": ["h"]}), live)).collect();
    backends.push(merged(shadow, &around.shadow));
    let route = json!({"endpoint": "/a", "extra_config": {"@shadow": endpoint}, "backend": backends});
    let document = json!({
        "version": 3, "extra_config": {"@shadow": service}, "endpoints": [merged(route, &around.endpoint)],
    });
    let loaded = read("k.json", &document.to_string());
    let service = loaded.service.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics));
    service.endpoints[0].backends.last()?.shadow.as_ref()?.policy.clone()
}

fn policy(backend: &Value, endpoint: &Value, service: &Value) -> Arc<Policy> {
    let around = Around { live: vec![json!({})], ..Around::default() };
    policy_in(&around, backend, endpoint, service).expect("policy mode")
}

fn compared(compare: &Value) -> Compare {
    let policy = policy(&json!({ "compare": compare }), &NOTHING, &NOTHING);
    policy.compare.as_deref().cloned().expect("it compares")
}

fn paths(texts: &[&str]) -> Vec<FieldPath> {
    texts.iter().map(|text| FieldPath::parse(text).unwrap()).collect()
}

#[test]
fn nothing_is_compared_unless_the_file_says_so() {
    let policy = policy(&json!({}), &NOTHING, &NOTHING);
    assert!(policy.compare.is_none() && policy.stop_on.is_none());
    assert_eq!((policy.store.values, policy.store.ttl), (StoredValues::Redacted, Duration::from_secs(3600)));
    assert!(policy.store.redact.is_empty());
}

#[test]
fn an_empty_object_compares_with_the_defaults() {
    let compare = compared(&json!({}));
    assert_eq!((compare.sample, compare.against, compare.stage), (Share::ALL, Against::Backend(0), Stage::Processed));
    assert_eq!((compare.status, compare.body, compare.text), (StatusRule::Exact, BodyRule::Auto, TextRule::default()));
    assert_eq!(compare.headers.named.unwrap(), Vec::<http::HeaderName>::new(), "clients see no header of the upstream");
    let raw = compared(&json!({ "stage": "raw" }));
    assert_eq!(raw.headers.named.unwrap(), COMPARED_HEADERS);
    assert!(compare.headers.ignored.is_empty());
    assert_eq!(compare.body_bytes_max, COMPARED_BYTES_MAX);
    assert_eq!(compare.baseline, Baseline { mode: BaselineMode::Off, sample: Share::of_ratio(0.2).unwrap() });
    assert_eq!(format!("{:?}", compare.json), format!("{:?}", crate::config::shadow::JsonRules::default()));
}

#[test]
fn every_key_of_a_comparison_is_read() {
    let compare = compared(&rich());
    assert_eq!((Some(compare.sample), compare.against), (Share::of_ratio(0.5), Against::Backend(0)));
    assert_eq!((compare.stage, compare.body), (Stage::Processed, BodyRule::Json));
    assert_eq!(compare.status, StatusRule::Map(vec![(200, vec![200, 204]), (404, vec![410])]));
    assert_eq!(compare.headers.named.unwrap(), ["x-a", "content-type"]);
    assert_eq!(compare.headers.ignored, ["x-b"]);
    assert_eq!(compare.text, TextRule { normalizes_whitespace: true, similarity: Some(0.95) });
    assert_eq!(compare.body_bytes_max, 1024);
    let mode = BaselineMode::Learned { lasts: Duration::from_secs(7200), pairs: 9 };
    assert_eq!(compare.baseline, Baseline { mode, sample: Share::of_ratio(0.3).unwrap() });
}

#[test]
fn every_rule_of_json_is_read() {
    let json = compared(&rich()).json;
    assert_eq!(json.ignore, paths(&["$.meta.id", "$.items[*].at"]));
    assert_eq!(json.only, paths(&["$.meta", "$.items"]));
    let arrays = [ArrayRule::Key("id".to_owned()), ArrayRule::Ordered, ArrayRule::Set];
    assert_eq!(json.arrays, paths(&["$.items", "$.list", "$.tags"]).into_iter().zip(arrays).collect::<Vec<_>>());
    let tolerances = [(Some(0.005), None), (Some(1.0), Some(0.01))];
    let tolerances = tolerances.map(|(absolute, relative)| Tolerance { absolute, relative });
    assert_eq!(json.numbers, paths(&["$.price", "$.share"]).into_iter().zip(tolerances).collect::<Vec<_>>());
    assert_eq!(json.times, [(FieldPath::parse("$.at").unwrap(), Duration::from_secs(5))]);
    let rules = [(true, false), (false, true), (true, true)];
    let rules = rules.map(|(ignores_case, trims)| StringRule { ignores_case, trims });
    assert_eq!(json.strings, paths(&["$.a", "$.b", "$.c"]).into_iter().zip(rules).collect::<Vec<_>>());
    assert!(json.null_is_missing);
    let [iso, epoch, hex, uuid, jwt, own] = json.shapes.as_slice() else { panic!("{:?}", json.shapes) };
    assert!(matches!((&iso.1, &epoch.1, &hex.1), (ValueShape::Iso8601, ValueShape::Epoch, ValueShape::Hex)));
    assert!(matches!((&uuid.1, &jwt.1), (ValueShape::Uuid, ValueShape::Jwt)));
    let ValueShape::Expression(expression) = &own.1 else { panic!("{own:?}") };
    assert!(expression.is_match("b") && !expression.is_match("ab") && !expression.is_match("b\n"));
}

#[test]
fn every_key_of_the_store_and_of_stopping_is_read() {
    let rules = json!({
        "mismatch_rate": "1%", "error_delta": 0.02, "p99_ratio": 3, "overhead_p99": 0.5, "min_pairs": 7, "window": "1m",
        "action": "kill", "webhook": "https://hooks.test:8443/x?y",
    });
    let store = json!({"values": "shape", "ttl": "2h", "redact": ["IBAN", " pin ", "iban"]});
    let policy = policy(&json!({"compare": {}, "stop_on": rules, "store": store}), &NOTHING, &NOTHING);
    let rules = policy.stop_on.as_ref().unwrap();
    assert_eq!((rules.mismatch_rate, rules.error_delta), (Some(0.01), Some(0.02)));
    assert_eq!((rules.p99_ratio, rules.overhead_p99, rules.min_pairs), (Some(3.0), Some(0.5), 7));
    assert_eq!((rules.window, rules.action), (Duration::from_secs(60), StopAction::Kill));
    assert_eq!(rules.webhook.as_deref(), Some("https://hooks.test:8443/x?y"));
    assert_eq!((policy.store.values, policy.store.ttl), (StoredValues::Shape, Duration::from_secs(7200)));
    assert_eq!(policy.store.redact, ["iban", "pin"]);
}

#[test]
fn one_rule_stops_with_the_defaults_and_none_does_not() {
    let stop = |rules: Value| policy(&json!({"compare": {}, "stop_on": rules}), &NOTHING, &NOTHING).stop_on.clone();
    let rules = stop(json!({"overhead_p99": "5%"})).unwrap();
    assert_eq!((rules.min_pairs, rules.window, rules.action), (500, Duration::from_secs(600), StopAction::Pause));
    assert_eq!((rules.mismatch_rate, rules.webhook), (None, None));
    assert_eq!(stop(json!({"min_pairs": 1})), None);
    assert_eq!(stop(json!({"mismatch_rate": "off", "webhook": "off"})), None);
}

#[test]
fn whole_values_are_kept_where_the_service_allows_it() {
    let policy = policy(&json!({"compare": {}, "store": {"values": "raw"}}), &NOTHING, &json!({"raw_values": true}));
    assert_eq!(policy.store.values, StoredValues::Raw);
}

#[test]
fn the_nearest_place_that_has_a_key_decides_it() {
    let service = json!({
        "compare": {"status": "class", "ignore": ["$.a"], "baseline": {"mode": "diffy", "sample": 1}, "text": {"similarity": 0.5}},
        "stop_on": {"mismatch_rate": 0.5, "window": "1h"}, "store": {"ttl": "2h", "redact": ["a"]},
    });
    let endpoint = json!({"compare": {"ignore": ["$.b"], "baseline": {"sample": 0}}, "store": {"redact": ["b"]}});
    let backend = json!({"compare": {"sample": 0.1, "text": {"whitespace": "normalize"}}, "stop_on": {"window": "2h"}});
    let policy = policy(&backend, &endpoint, &service);
    let compare = policy.compare.as_deref().unwrap();
    assert_eq!((Some(compare.sample), &compare.status), (Share::of_ratio(0.1), &StatusRule::Class));
    assert_eq!(compare.json.ignore, paths(&["$.b"]));
    assert_eq!(compare.baseline, Baseline { mode: BaselineMode::Diffy, sample: Share::NONE });
    assert_eq!(compare.text, TextRule { normalizes_whitespace: true, similarity: Some(0.5) });
    let rules = policy.stop_on.as_ref().unwrap();
    assert_eq!((rules.mismatch_rate, rules.window), (Some(0.5), Duration::from_secs(7200)));
    assert_eq!((policy.store.ttl, policy.store.redact.as_slice()), (Duration::from_secs(7200), &["b".to_owned()][..]));
}

#[test]
fn a_nearer_off_ends_what_a_farther_place_began() {
    let service =
        json!({"compare": {"status": "class", "baseline": {"mode": "diffy"}}, "stop_on": {"overhead_p99": 0.1}});
    let off = json!({"compare": "off", "stop_on": "off"});
    let of = |backend: &Value, endpoint: &Value| policy(backend, endpoint, &service);
    for policy in [of(&off, &NOTHING), of(&NOTHING, &off), of(&json!({}), &off)] {
        assert!(policy.compare.is_none() && policy.stop_on.is_none());
    }
    let again = of(&json!({"compare": {}, "stop_on": {"error_delta": 0.1}}), &off);
    assert_eq!(again.compare.as_ref().unwrap().status, StatusRule::Exact);
    assert_eq!(again.stop_on.as_ref().unwrap().overhead_p99, None);
    let quiet = of(&json!({"compare": {"baseline": "off"}, "stop_on": {"overhead_p99": "off"}}), &NOTHING);
    assert_eq!(quiet.compare.as_ref().unwrap().baseline.mode, BaselineMode::Off);
    assert_eq!(quiet.stop_on, None);
    let same = of(&json!({"compare": null, "stop_on": null}), &NOTHING);
    assert!(same.compare.is_some() && same.stop_on.is_some());
}

#[test]
fn a_comparison_at_the_service_makes_policy_mode() {
    let around = || Around { live: vec![json!({})], ..Around::default() };
    assert!(policy_in(&around(), &NOTHING, &NOTHING, &json!({"compare": {}})).unwrap().compare.is_some());
    assert!(policy_in(&around(), &NOTHING, &NOTHING, &json!({"raw_values": true})).is_none());
}

#[test]
fn what_passes_undecoded_and_what_is_compared_as_bytes_is_compared_raw() {
    let stage = |around: &Around, compare: Value| {
        let policy = policy_in(around, &json!({ "compare": compare }), &NOTHING, &NOTHING).unwrap();
        policy.compare.as_ref().unwrap().stage
    };
    let json = Around { live: vec![json!({})], ..Around::default() };
    assert_eq!(stage(&json, json!({})), Stage::Processed);
    for body in ["text", "bytes", "hash"] {
        assert_eq!(stage(&json, json!({ "body": body })), Stage::Raw, "{body}");
    }
    let no_op = Around { endpoint: json!({"output_encoding": "no-op"}), ..json };
    assert_eq!(stage(&no_op, json!({})), Stage::Raw);
    assert_eq!(stage(&no_op, json!({"stage": "raw"})), Stage::Raw);
}

#[test]
fn a_place_among_the_live_backends_is_found() {
    let against = |groups: &[&str], own: &str, against: &str| {
        let live = groups.iter().map(|group| json!({ "group": group })).collect();
        let around = Around { live, shadow: json!({ "group": own }), ..Around::default() };
        let policy = policy_in(&around, &json!({"compare": {"against": against}}), &NOTHING, &NOTHING).unwrap();
        policy.compare.as_ref().unwrap().against
    };
    assert_eq!(against(&["a", "b"], "b", "backend:0"), Against::Backend(0));
    assert_eq!(against(&["a", "b"], "c", "backend:1"), Against::Backend(1));
    assert_eq!(against(&["a", "b"], "c", "merged:1"), Against::Merged(1));
    assert_eq!(against(&["a", "b"], "b", "merged"), Against::Merged(1));
    assert_eq!(against(&["a"], "a", "merged"), Against::Merged(0));
}

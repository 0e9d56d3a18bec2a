//! Claims about the schema and linting.

use serde_json::{Value, json};

use super::{
    kind::{Kind, kind},
    lint, schema,
};
use crate::config::known::{Status, known_keys};

fn said(document: &Value) -> Vec<String> {
    lint(document).into_list().into_iter().map(|finding| format!("{}: {}", finding.pointer, finding.message)).collect()
}

#[test]
fn every_supported_key_is_in_the_schema_under_its_scope() {
    let schema = schema();
    for row in known_keys() {
        assert!(!schema["$defs"][row.scope.title()]["properties"][row.key].is_null(), "{row:?}");
    }
}

#[test]
fn every_supported_key_outside_of_components_has_a_type() {
    for row in known_keys().filter(|row| row.status == Status::Supported && !row.scope.title().contains("extra_config"))
    {
        let is_first_party = row.scope.is_ours() || FIRST_PARTY.contains(&row.scope.title());
        assert!(!is_first_party || kind(row.scope, row.key) != Kind::Any, "{row:?}");
    }
}

const FIRST_PARTY: &[&str] = &[
    "service",
    "endpoint",
    "backend",
    "tls",
    "tls.keys",
    "client_tls",
    "client_tls.client_certs",
    "router",
    "endpoint proxy",
    "backend proxy",
    "static",
    "flatmap_filter",
    "backend/http",
    "backend/http/client",
];

#[test]
fn every_reference_leads_somewhere() {
    fn walk(value: &Value, schema: &Value) {
        match value {
            Value::Object(members) => {
                if let Some(target) = members.get("$ref").and_then(Value::as_str) {
                    let place = target.trim_start_matches('#').replace("%20", " ");
                    assert!(schema.pointer(&place).is_some(), "{target}");
                }
                members.values().for_each(|value| walk(value, schema));
            }
            Value::Array(items) => items.iter().for_each(|value| walk(value, schema)),
            _ => {}
        }
    }
    walk(&schema(), &schema());
}

#[test]
fn a_good_file_passes() {
    let text = include_str!("../../../config/krakend.json");
    assert_eq!(said(&serde_json::from_str(text).unwrap()), Vec::<String>::new());
    let full = json!({
        "$schema": "x", "@comment": 1, "version": 3, "timeout": "1h15m", "cache_ttl": "0",
        "extra_config": {"@shadow": {"threads": 1, "max_request": "1MiB", "drain_timeout": "5s"}, "@admin": {"listen": "off"},
            "github_com/luraproject/lura/router/gin": {"return_error_msg": true}},
        "endpoints": [{"endpoint": "/a", "backend": [{"host": ["http://a"], "mapping": {"a": "b"},
            "extra_config": {"github.com/devopsfaith/krakend/proxy": {"shadow": true, "shadow_timeout": "1.5s"}}}]}],
    });
    assert_eq!(said(&full), Vec::<String>::new());
}

/// A file with a shadow of this policy.
fn with_policy(policy: &Value) -> Value {
    json!({"version": 3, "endpoints": [{"endpoint": "/a", "backend": [
        {"host": ["http://a"], "extra_config": {"proxy": {"shadow": true, "@shadow_policy": policy}}}]}]})
}

#[test]
fn policies_pass_in_every_form_their_keys_have() {
    for policy in [
        crate::config::tests::rich_policy(),
        json!({"sample": {"rate": 0.1, "key": "jwt:sub"}, "limits": {"max_rps": "off", "max_bytes_per_s": "off"}}),
        json!({"dispatch": "after_primary", "when_primary_status": "any", "breaker": "off", "ramp": "off", "ttl": "off"}),
        json!({"dispatch": {"delayed": ["1s", "2s"]}, "headers": {"mark": false}, "match": {"path": "/a"}}),
        json!({"until": "off", "match": {"headers": {"X-A": ["a", "b*"]}}, "holdout": "5%"}),
    ] {
        assert_eq!(said(&with_policy(&policy)), Vec::<String>::new());
    }
    let defaults = json!({"sample": {"rate": "1%"}, "overload": "off", "kill_file": "/run/stop", "threads": 1});
    let mut document = json!({"version": 3, "extra_config": {"@shadow": defaults}, "endpoints": []});
    assert_eq!(said(&document), Vec::<String>::new());
    document["extra_config"]["@shadow"]["overload"] = json!({"lag": "20ms"});
    assert_eq!(said(&document), Vec::<String>::new());
}

#[test]
fn what_is_wrong_in_a_policy_is_named_at_its_place() {
    let wrong = json!({
        "sample": {"rate": 1.5, "key": "jwt"}, "match": {"methods": "GET", "@note": 1}, "breaker": "on",
        "dispatch": {"delay": []}, "headers": {"mark": 1, "set": {"X-A": 1}}, "loop": {"trusted_marks": [1, {}]},
        "ramp": {"start": "x", "steps": [{"for": "1h"}]}, "when_primary_status": ["9xx"],
    });
    let place = "/endpoints/0/backend/0/extra_config/proxy/@shadow_policy";
    let said: Vec<_> = said(&with_policy(&wrong)).iter().map(|line| line.replace(place, "")).collect();
    assert_eq!(
        said,
        [
            "/breaker: \"on\" is none of off",
            "/dispatch: \"delayed\" is missing",
            "/dispatch/delay: unknown key \"delay\"",
            "/headers/mark: 1 is not of type boolean or object",
            "/headers/set/X-A: 1 is not of type string",
            "/loop/trusted_marks/0: 1 is not of type string or object",
            "/loop/trusted_marks/1: \"key\" is missing",
            "/match/@note: unknown key \"@note\"",
            "/match/methods: \"GET\" is not of type array",
            "/ramp/steps/0: \"rate\" is missing",
            "/sample/key: \"jwt\" is not written as it should be: ^(random|path|ip|trace_id|(header|cookie|jwt|query|param):.+)$",
            "/sample/rate: 1.5 is too large",
            "/when_primary_status/0: \"9xx\" is not written as it should be: ^([1-5]xx|[1-5][0-9][0-9])$",
        ]
    );
}

#[test]
fn every_difference_is_named_at_its_place() {
    let wrong = json!({
        "version": 2, "port": "8080", "timeout": "3", "extra_config": {"@shadow": {"@note": 1, "threads": -1}},
        "endpoints": [{"backend": [{"host": "http://a", "encoding": "jsn", "shadow": true}]}],
    });
    assert_eq!(
        said(&wrong),
        [
            "/endpoints/0: \"endpoint\" is missing",
            "/endpoints/0/backend/0/encoding: \"jsn\" is none of json, safejson, fast-json, xml, rss, string, yaml, no-op",
            "/endpoints/0/backend/0/host: \"http://a\" is not of type array",
            "/endpoints/0/backend/0/shadow: unknown key \"shadow\"",
            "/extra_config/@shadow/@note: unknown key \"@note\"",
            "/extra_config/@shadow/threads: -1 is too small",
            "/port: \"8080\" is not of type integer",
            "/timeout: \"3\" is not written as it should be: ^(0|([0-9]+(\\.[0-9]*)?|\\.[0-9]+)(ns|us|µs|ms|s|m|h))+$",
            "/version: 2 is not 3",
        ]
    );
}

#[test]
fn comparisons_pass_in_every_form_and_what_is_wrong_is_named() {
    for policy in [
        json!({"compare": "off", "stop_on": "off"}),
        json!({"compare": {"headers": "all", "against": "merged", "status": "class", "baseline": "off", "body": "hash"}}),
        json!({"compare": {"against": "merged:12"}, "stop_on": {"mismatch_rate": "off", "p99_ratio": "off"}}),
    ] {
        assert_eq!(said(&with_policy(&policy)), Vec::<String>::new());
    }
    let wrong = json!({
        "compare": {
            "against": "live", "arrays": {"$.a": "bag", "$.b": {"id": "x"}}, "headers": "some", "ignore": ["a"],
            "numbers": {"$.n": {"abs": -1}}, "shapes": {"$.s": "guid"}, "status": {"200": ["20"]},
            "strings": {"$.s": ["lower"]}, "times": {"$.t": "5s"},
        },
        "stop_on": {"error_delta": 2},
    });
    let place = "/endpoints/0/backend/0/extra_config/proxy/@shadow_policy";
    let said: Vec<_> = said(&with_policy(&wrong)).iter().map(|line| line.replace(place, "")).collect();
    assert_eq!(
        said,
        [
            "/compare/against: \"live\" is not written as it should be: ^(backend:[0-9]+|merged(:[0-9]+)?)$",
            "/compare/arrays/$.a: \"bag\" is none of ordered, set",
            "/compare/arrays/$.b/id: unknown key \"id\"",
            "/compare/headers: \"some\" is not written as it should be: ^all$",
            "/compare/ignore/0: \"a\" is not written as it should be: ^\\$",
            "/compare/numbers/$.n/abs: -1 is too small",
            "/compare/shapes/$.s: \"guid\" is not written as it should be: ^(uuid|iso8601|epoch|hex|jwt|regex:.+)$",
            "/compare/status/200/0: \"20\" is not written as it should be: ^[1-5][0-9][0-9]$",
            "/compare/strings/$.s/0: \"lower\" is not written as it should be: ^(ci|trim)$",
            "/compare/times/$.t: \"5s\" is not of type object",
            "/stop_on/error_delta: 2 is too large",
        ]
    );
}

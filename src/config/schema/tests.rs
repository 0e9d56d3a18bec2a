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
        let is_first_party = FIRST_PARTY.contains(&row.scope.title());
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
    "@admin",
    "@shadow",
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

//! Claims about the rules: what is recommended for what.

use serde_json::{Value, json};

use super::{DEFAULT_FORMAT, Selection, format, recommend, rules::RULES};

fn everything() -> Selection {
    let severities = ["CRITICAL", "HIGH", "MEDIUM", "LOW"].map(str::to_owned).to_vec();
    Selection { ignored: Vec::new(), severities }
}

fn rules(document: &Value) -> Vec<&'static str> {
    recommend(document, &everything()).into_iter().map(|found| found.rule).collect()
}

/// A document that no rule has anything to say about.
fn blameless() -> Value {
    json!({
        "version": 3,
        "tls": {"keys": [{"public_key": "a", "private_key": "b"}]},
        "extra_config": {
            "security/http": {}, "security/cors": {}, "security/bot-detector": {}, "telemetry/opentelemetry": {},
            "telemetry/logging": {}, "router": {"hide_version_header": true},
        },
        "endpoints": [{
            "endpoint": "/a",
            "extra_config": {"auth/validator": {}, "qos/ratelimit/router": {}},
            "backend": [{"extra_config": {"qos/circuit-breaker": {}}}, {}],
        }],
    })
}

#[test]
fn there_is_nothing_to_say_about_a_blameless_file() {
    assert_eq!(rules(&blameless()), Vec::<&str>::new());
}

#[test]
fn each_fault_is_met_by_its_rule_alone() {
    for (pointer, value, wanted) in [
        ("/extra_config", json!({"auth/basic": {}}), &["1.1.1"][..]),
        ("/extra_config", json!({"auth/api-keys": {}}), &["1.1.2"]),
        ("/endpoints/0/extra_config", json!({"auth/validator": null}), &["1.2.1"]),
        ("", json!({"allow_insecure_connections": true}), &["2.1.1"]),
        ("", json!({"client_tls": {"allow_insecure_connections": true}}), &["2.1.1"]),
        ("", json!({"tls": null}), &["2.1.2"]),
        ("/tls", json!({"disabled": true}), &["2.1.3"]),
        ("/extra_config", json!({"security/http": null}), &["2.1.7"]),
        ("", json!({"use_h2c": true}), &["2.1.8"]),
        (
            "/endpoints/0/backend/0/extra_config",
            json!({"backend/http/client": {"client_tls": {"allow_insecure_connections": true}}}),
            &["2.1.9"],
        ),
        ("/extra_config", json!({"router": {}}), &["2.2.1"]),
        ("/extra_config", json!({"security/cors": null}), &["2.2.2"]),
        ("/endpoints/0", json!({"input_headers": ["*"]}), &["2.2.3"]),
        ("/endpoints/0", json!({"input_query_strings": ["*"]}), &["2.2.4"]),
        ("/extra_config", json!({"grpc": {"server": {}}}), &["2.2.5"]),
        ("/endpoints/0/backend/0/extra_config", json!({"qos/http-cache": {}}), &["2.3.1"]),
        ("/extra_config", json!({"security/bot-detector": null}), &["3.1.1"]),
        ("/endpoints/0/extra_config", json!({"qos/ratelimit/router": null}), &["3.1.2"]),
        ("/endpoints/0/backend/0/extra_config", json!({"qos/circuit-breaker": null}), &["3.1.3"]),
        ("", json!({"timeout": "3001ms"}), &["3.3.1"]),
        ("/endpoints/0", json!({"timeout": "2m"}), &["3.3.1", "3.3.2", "3.3.3", "3.3.4"]),
        ("/extra_config", json!({"telemetry/opentelemetry": null}), &["4.1.1", "4.2.1"]),
        ("/extra_config", json!({"telemetry/influx": {}}), &["4.1.3"]),
        ("/extra_config", json!({"telemetry/logging": null}), &["4.3.1"]),
        ("", json!({"disable_rest": true}), &["5.1.1"]),
        ("", json!({"debug_endpoint": "true"}), &["5.1.2"]),
        ("", json!({"echo_endpoint": true}), &["5.1.3"]),
        ("/endpoints/0", json!({"endpoint": "/a/*"}), &["5.1.4"]),
        ("/endpoints/0", json!({"endpoint": "/__catchall"}), &["5.1.5"]),
        ("/endpoints/0", json!({"method": "post"}), &["5.1.6"]),
        ("/endpoints/0/extra_config", json!({"proxy": {"sequential": true}}), &["5.1.7"]),
        ("", json!({"output_encoding": "no-op"}), &["5.2.3"]),
        ("", json!({"sequential_start": true, "async_agent": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]}), &["6.1.1"]),
        ("/tls", json!({"public_key": "a"}), &["7.3.1"]),
        ("/extra_config", json!({"@shadow": {"headers": {"credentials": "forward"}}}), &["8.1.1"]),
        ("/endpoints/0/extra_config", json!({"@shadow": {"headers": {"credentials": "forward"}}}), &["8.1.1"]),
        (
            "/endpoints/0/backend/1",
            json!({"extra_config": {"proxy": {"@shadow_policy": {"match": {"unsafe_methods": "allow"}}}}}),
            &["8.1.2"],
        ),
    ] {
        let mut document = blameless();
        let place = document.pointer_mut(pointer).unwrap().as_object_mut().unwrap();
        for (key, value) in value.as_object().unwrap() {
            place.insert(key.clone(), value.clone());
        }
        assert_eq!(rules(&document), wanted, "{pointer} {value}");
    }
}

#[test]
fn endpoints_without_backends_are_critical() {
    let found = rules(&json!({"endpoints": [{"endpoint": "/a"}]}));
    assert!(found.contains(&"5.2.1") && found.contains(&"5.2.2"), "{found:?}");
}

#[test]
fn rules_may_be_left_out_by_number_and_by_severity() {
    let all = recommend(&json!({}), &everything());
    let selection = Selection { ignored: vec!["2.1.2".to_owned()], severities: vec!["high".to_owned()] };
    let some = recommend(&json!({}), &selection);
    assert!(all.iter().any(|found| found.rule == "2.1.2" && found.severity == "HIGH"));
    assert!(some.iter().all(|found| found.severity == "HIGH" && found.rule != "2.1.2"));
    assert!(some.iter().any(|found| found.rule == "2.1.7"));
}

#[test]
fn recommendations_go_through_a_template() {
    let found: Vec<_> = recommend(&json!({}), &everything()).into_iter().filter(|one| one.rule == "2.2.2").collect();
    assert_eq!(format(&found, DEFAULT_FORMAT).unwrap(), "2.2.2\t[HIGH]   \tEnable CORS.\n");
    assert_eq!(
        format(&found, "{{ marshal .Recommendations }}").unwrap(),
        r#"[{"Message":"Enable CORS.","Rule":"2.2.2","Severity":"HIGH"}]"#
    );
    assert!(format(&found, "{{ nope }}").is_err());
}

#[test]
fn every_rule_stands_once_and_in_order() {
    let numbers: Vec<_> = RULES.iter().map(|(rule, ..)| *rule).collect();
    let mut sorted = numbers.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(numbers, sorted);
}

//! What a whole configuration is compiled to.

use super::compile;
use crate::{encoding::Encoder, plan::Plan};

fn compiled(text: String) -> Plan {
    let source = crate::config::Source::Text { name: "test.json".into(), text };
    let loaded = crate::config::load(&source, &crate::config::Environment::default());
    compile(&loaded.service.unwrap()).0
}

#[test]
fn a_shadow_does_not_change_how_an_answer_is_written() {
    let backend = r#"{"host": ["http://h"], "url_pattern": "/", "encoding": "xml"}"#;
    let shadow = backend.replacen('{', r#"{"extra_config": {"proxy": {"shadow": true}}, "#, 1);
    let encoder = |backends: &[&str]| {
        let backends = backends.join(",");
        let endpoint = format!(r#"{{"endpoint": "/", "output_encoding": "other", "backend": [{backends}]}}"#);
        compiled(format!(r#"{{"version": 3, "endpoints": [{endpoint}]}}"#)).endpoints[0].encoder
    };
    assert_eq!(encoder(&[backend]), Encoder::Xml);
    assert_eq!(encoder(&[&shadow, backend, &shadow]), Encoder::Xml);
    assert_eq!(encoder(&[backend, backend]), Encoder::Json);
}

#[test]
fn the_default_dashboard_leaves_its_port_to_the_metrics() {
    let admin = |extra: &str| {
        let plan = compiled(format!(r#"{{"version": 3, "extra_config": {extra}}}"#));
        plan.service.admin.unwrap().port()
    };
    assert_eq!(admin(r#"{"telemetry/metrics": {}}"#), 8091);
    assert_eq!(admin(r#"{"telemetry/metrics": {"endpoint_disabled": true}}"#), 8090);
    assert_eq!(admin(r#"{"telemetry/metrics": {"listen_address": ":1"}}"#), 8090);
    assert_eq!(admin(r#"{"telemetry/metrics": {}, "@admin": {"listen": "127.0.0.1:8090"}}"#), 8090);
}

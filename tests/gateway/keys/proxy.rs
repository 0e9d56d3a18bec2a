//! `proxy` of an endpoint and of a backend, with `static` and `flatmap_filter`.

use gnomon::config::known::Scope as At;
use serde_json::{Value, json};

use super::{
    case::{Case, case},
    observe::{fate_of_the_copy, slow},
    walk::walk,
};

pub(super) fn cases() -> Vec<Case> {
    let both = || json!([backend("/one"), backend("/two")]);
    let delete_a = || json!([{ "type": "del", "args": ["a"] }]);
    vec![
        case(At::EndpointProxy, "flatmap_filter", delete_a())
            .backends(&both())
            .on("/two", json!({ "b": 2 }))
            .shows(json!({ "b": 2 })),
        case(At::EndpointProxy, "static", json!({ "data": { "b": 2 } })).shows(json!({ "a": 1, "b": 2 })),
        case(At::EndpointProxy, "sequential", json!(true))
            .backends(&json!([backend("/one"), backend("/two/{resp0_a}")]))
            .on("/two/1", json!({ "b": 2 }))
            .on("/two/%7B%7B.Resp0_a%7D%7D", json!({ "b": 3 }))
            .shows(json!({ "a": 1, "b": 2 })),
        case(At::EndpointProxy, "sequential_propagated_params", json!(["resp0_a"]))
            .with(At::EndpointProxy, json!({ "sequential": true }))
            .backends(&json!([backend("/one"), checked("/two", "req_params.Resp0_a == '1'")]))
            .on("/two", json!({ "b": 2 }))
            .shows(json!({ "a": 1, "b": 2 })),
        case(At::Static, "data", json!({ "b": 2 }))
            .with(At::Static, json!({ "strategy": "always" }))
            .shows(json!({ "a": 1, "b": 2 })),
        case(At::Static, "strategy", json!("errored"))
            .with(At::Static, json!({ "data": { "b": 2 } }))
            .shows(json!({ "a": 1 })),
        case(At::FlatmapOperation, "type", json!("del"))
            .otherwise(json!("append"))
            .with(At::FlatmapOperation, json!({ "args": ["a"] }))
            .backends(&both())
            .on("/two", json!({ "b": 2 }))
            .shows(json!({ "b": 2 })),
        case(At::FlatmapOperation, "args", json!(["a"]))
            .with(At::FlatmapOperation, json!({ "type": "del" }))
            .backends(&both())
            .on("/two", json!({ "b": 2 }))
            .shows(json!({ "b": 2 })),
        case(At::BackendProxy, "flatmap_filter", delete_a())
            .upstream(json!({ "a": 1, "b": 2 }))
            .shows(json!({ "b": 2 })),
        case(At::BackendProxy, "shadow", json!(true))
            .backends(&both())
            .on("/one", json!({ "a": 2 }))
            .on("/two", json!({ "b": 2 }))
            .shows(json!({ "b": 2 })),
        case(At::BackendProxy, "shadow_timeout", json!("200ms"))
            .backends(&both())
            .with(At::BackendProxy, json!({ "shadow": true }))
            .on("/one", slow())
            .sees(fate_of_the_copy, json!([[], [["timeout", 1]], []])),
    ]
}

fn backend(url_pattern: &str) -> Value {
    json!({ "host": ["{upstream}"], "url_pattern": url_pattern })
}

/// A backend that is called only if an expression holds.
fn checked(url_pattern: &str, expression: &str) -> Value {
    let mut backend = backend(url_pattern);
    backend["extra_config"] = json!({ "validation/cel": [{ "check_expr": expression }] });
    backend
}

#[test]
fn every_key_of_proxy_counts() {
    walk(&cases());
}

//! Backends that are called one after the other, with values of earlier answers.

use serde_json::{Value, json};

use super::suite::{Suite, is_complete, is_incomplete};
use crate::{
    files::{endpoint, live, with},
    upstream::Upstream,
};

/// An endpoint that calls them in order and hands on these values.
fn in_order(path: &str, backends: &[Value], propagated: &[&str]) -> Vec<Value> {
    let proxy = json!({ "sequential": true, "sequential_propagated_params": propagated });
    vec![with(endpoint(path, backends), &json!({ "extra_config": { "proxy": proxy } }))]
}

fn first(mock: &Upstream) -> Value {
    with(live(mock, "/param_forwarding/{param}"), &json!({ "allow": ["foo"] }))
}

/// A backend whose call a script changes first.
fn scripted(backend: Value, script: &str) -> Value {
    let script = json!({ "pre": script, "allow_open_libs": true });
    with(backend, &json!({ "extra_config": { "modifier/lua-backend": script } }))
}

/// `sequential_1`
#[test]
fn a_number_of_the_first_answer_is_in_the_path_of_the_second_call() {
    let suite = Suite::of(|mock| {
        in_order("/sequential/ok/{param}", &[first(mock), live(mock, "/param_forwarding/{resp0_foo}")], &[])
    });
    is_complete(&suite.get("/sequential/ok/foobar"), &suite.echo("/param_forwarding/42", &json!({}), &json!({})));
}

/// `sequential_2`
#[test]
fn a_second_call_that_fails_leaves_the_first_answer() {
    let suite = Suite::of(|mock| in_order("/sequential/{param}", &[first(mock), live(mock, "/{resp0_foo}")], &[]));
    is_incomplete(&suite.get("/sequential/foobar"), &json!({ "foo": 42 }));
}

/// `sequential_3`
#[test]
fn a_nested_value_is_handed_on_to_a_script() {
    let suite = Suite::of(|mock| {
        let first = with(live(mock, "/param_forwarding/"), &json!({ "allow": ["foo"], "group": "first" }));
        let second = with(live(mock, "/param_forwarding/"), &json!({ "allow": ["path"], "group": "second" }));
        let script = r#"local r = request.load(); r:url(r:url() .. r:params("Resp0_first.foo"))"#;
        in_order("/sequential/propagate", &[first, scripted(second, script)], &["resp0_first.foo"])
    });
    let expected = json!({ "first": { "foo": 42 }, "second": { "path": "/param_forwarding/42" } });
    is_complete(&suite.get("/sequential/propagate"), &expected);
}

/// `sequential_4`
#[test]
fn a_whole_body_is_handed_on_to_a_script() {
    let suite = Suite::of(|mock| {
        let first = with(live(mock, "/__debug/"), &json!({ "encoding": "no-op" }));
        let hex = r#"r:params("Resp0"):gsub(".", function(c) return string.format("%02x", string.byte(c)) end)"#;
        let script = format!("local r = request.load(); local hex = {hex}; r:url(r:url() .. hex)");
        let second = scripted(live(mock, "/param_forwarding/"), &script);
        in_order("/sequential/propagate-full", &[first, second], &["resp0"])
    });
    let hex: String = br#"{"message":"pong"}"#.iter().map(|byte| format!("{byte:02x}")).collect();
    let expected = suite.echo(&format!("/param_forwarding/{hex}"), &json!({}), &json!({}));
    is_complete(&suite.get("/sequential/propagate-full"), &expected);
}

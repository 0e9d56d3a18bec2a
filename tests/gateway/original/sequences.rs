//! Backends that are called one after the other, with values of earlier answers.

use serde_json::{Value, json};

use super::suite::{Suite, is_complete, is_incomplete};
use crate::{
    files::{endpoint, live, with},
    upstream::{Reply, Upstream},
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

/// Adds the whole body of the first answer to the address of the second call, every byte as two digits.
const ADDS_THE_BODY: &str = r#"
    local r = request.load()
    local hex = r:params("Resp0"):gsub(".", function(c) return string.format("%02x", string.byte(c)) end)
    r:url(r:url() .. hex)"#;

fn hex(body: &str) -> String {
    body.bytes().map(|byte| format!("{byte:02x}")).collect()
}

/// A backend whose answer is not decoded, and one that is called with its body.
fn handing_on(upstream: &Upstream) -> [Value; 2] {
    let first = with(live(upstream, "/__debug/"), &json!({ "encoding": "no-op" }));
    [first, scripted(live(upstream, "/param_forwarding/"), ADDS_THE_BODY)]
}

/// `sequential_4`
#[test]
fn a_whole_body_is_handed_on_to_a_script() {
    let suite = Suite::of(|mock| in_order("/sequential/propagate-full", &handing_on(mock), &["resp0"]));
    let hex = hex(r#"{"message":"pong"}"#);
    let expected = suite.echo(&format!("/param_forwarding/{hex}"), &json!({}), &json!({}));
    is_complete(&suite.get("/sequential/propagate-full"), &expected);
}

#[test]
fn shadows_of_a_sequence_hand_their_own_bodies_on() {
    let reply = |body: &[u8]| Reply::new(200, "application/json", body);
    let next = Upstream::answers(json!({})).on("/__debug/", reply(br#"{"v":2}"#));
    let suite = Suite::of(|mock| {
        let shadow = |mut backend: Value| {
            backend["extra_config"]["proxy"] = json!({ "shadow": true });
            backend
        };
        let backends = [handing_on(mock), handing_on(&next).map(shadow)].concat();
        in_order("/sequential/shadowed", &backends, &["resp0"])
    });
    assert_eq!(suite.get("/sequential/shadowed").status, 200);
    let seen: Vec<String> = next.wait_for(2).into_iter().map(|seen| seen.target).collect();
    assert_eq!(seen, ["/__debug/".to_owned(), format!("/param_forwarding/{}", hex(r#"{"v":2}"#))]);
    suite.gnomon.finish();
}

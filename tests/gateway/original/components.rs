//! Expressions, schemas, other origins and bots.

use serde_json::{Value, json};

use super::suite::{Suite, is_complete, is_incomplete, said};
use crate::{
    client::Answer,
    files::{endpoint, live, with},
};

const HEADER: [(&str, &str); 1] = [("X-Header", "something")];

/// An endpoint with expressions of its own and one for each of its backends.
fn expressions() -> Suite {
    let checks = |expressions: &[&str]| {
        let list: Vec<Value> = expressions.iter().map(|text| json!({ "check_expr": text })).collect();
        json!({ "extra_config": { "validation/cel": list } })
    };
    Suite::of(|mock| {
        let backend = |number: u8, expression: &str| {
            let backend = with(live(mock, &format!("/__debug/{number}/{{id}}")), &checks(&[expression]));
            with(backend, &json!({ "group": format!("backend{number}") }))
        };
        let backends = [backend(1, "int(req_params.Id) % 3 == 0"), backend(2, "int(req_params.Id) % 5 == 0")];
        let own = checks(&["'something' in req_headers['X-Header']", "int(req_params.Id) % 2 == 0"]);
        let endpoint = with(endpoint("/cel/req-resp/{id}", &backends), &own);
        vec![with(endpoint, &json!({ "input_headers": ["X-Header"] }))]
    })
}

fn is_aborted(answer: &Answer, evaluator: u8) {
    assert_eq!(said(answer), (500, Some("text/plain; charset=utf-8"), None, Some("false")));
    assert_eq!(answer.text(), format!("request aborted by evaluator #{evaluator}"));
}

/// `cel-1`
#[test]
fn the_expression_that_does_not_hold_is_named_by_its_number() {
    is_aborted(&expressions().get_with("/cel/req-resp/1", &HEADER), 1);
}

/// `cel-2`
#[test]
fn an_expression_about_a_header_that_is_missing_does_not_hold() {
    is_aborted(&expressions().get("/cel/req-resp/30"), 0);
}

/// `cel-3`
#[test]
fn an_expression_keeps_the_first_backend_from_being_called() {
    let suite = expressions();
    let answer = suite.get_with("/cel/req-resp/10", &HEADER);
    is_incomplete(&answer, &json!({ "backend2": { "message": "pong" } }));
    assert_eq!(suite.mock.seen().len(), 1);
}

/// `cel-4`
#[test]
fn an_expression_keeps_the_second_backend_from_being_called() {
    let suite = expressions();
    let answer = suite.get_with("/cel/req-resp/6", &HEADER);
    is_incomplete(&answer, &json!({ "backend1": { "message": "pong" } }));
    assert_eq!(suite.mock.seen().len(), 1);
}

/// `cel-5`
#[test]
fn a_request_for_which_every_expression_holds_is_served_whole() {
    let pong = json!({ "message": "pong" });
    let answer = expressions().get_with("/cel/req-resp/30", &HEADER);
    is_complete(&answer, &json!({ "backend1": pong, "backend2": pong }));
}

/// `jsonschema_1`
#[test]
fn a_body_that_breaks_the_schema_reaches_nobody() {
    let suite = Suite::of(|mock| {
        let schema = json!({ "method": "POST", "extra_config": { "validation/json-schema": { "type": "number" } } });
        vec![with(endpoint("/jsonschema", &[live(mock, "/__debug/")]), &schema)]
    });
    assert_eq!(suite.gnomon.ask("POST", "/jsonschema", &[], br#"{"foo":42}"#).status, 400);
    assert!(suite.mock.seen().is_empty());
}

const TARGET: &str = "/param_forwarding/some/foo/bar";

fn forwarding() -> Suite {
    Suite::of(|mock| {
        let backend = live(mock, "/param_forwarding/{bar}?foo={foo}");
        vec![endpoint("/param_forwarding/some/{foo}/{bar}", &[backend])]
    })
}

/// A browser's question before a request from elsewhere; what it is allowed: origin, method, headers.
fn asks_first(method: &str, headers: Option<&str>) -> [Option<String>; 3] {
    let suite = forwarding();
    let mut sent =
        vec![("User-Agent", "some"), ("Origin", "http://foo.example"), ("Access-Control-Request-Method", method)];
    sent.extend(headers.map(|headers| ("Access-Control-Request-Headers", headers)));
    let answer = suite.gnomon.ask("OPTIONS", &format!("{TARGET}?a=1&b=2"), &sent, b"");
    assert_eq!((said(&answer), answer.body.len()), ((204, None, None, None), 0));
    assert!(suite.mock.seen().is_empty());
    ["origin", "methods", "headers"]
        .map(|what| answer.header(&format!("access-control-allow-{what}")).map(str::to_owned))
}

/// `cors_1`
#[test]
fn a_request_from_elsewhere_with_known_headers_is_allowed() {
    let allowed = asks_first("GET", Some("content-type,origin")).map(Option::unwrap);
    assert_eq!(allowed, ["*", "GET", "content-type,origin"]);
}

/// `cors_2`
#[test]
fn a_request_from_elsewhere_with_another_method_is_not_allowed() {
    assert_eq!(asks_first("PUT", None), [None, None, None]);
}

/// `cors_3`
#[test]
fn a_request_from_elsewhere_with_other_headers_is_not_allowed() {
    assert_eq!(asks_first("POST", Some("x-pingother")), [None, None, None]);
}

/// `cors_4`
#[test]
fn a_request_from_elsewhere_with_one_known_header_is_allowed() {
    let allowed = asks_first("POST", Some("authorization")).map(Option::unwrap);
    assert_eq!(allowed, ["*", "POST", "authorization"]);
}

/// `cors_5`
#[test]
fn an_answer_to_elsewhere_says_who_may_read_it() {
    let suite = forwarding();
    let answer = suite.get_with(TARGET, &[("User-Agent", "some"), ("Origin", "http://foo.example.tld")]);
    is_complete(&answer, &suite.echo("/param_forwarding/bar", &json!({ "foo": ["foo"] }), &json!({})));
    for (name, value) in [
        ("vary", "Origin"),
        ("access-control-allow-origin", "*"),
        ("access-control-expose-headers", "Content-Length"),
        ("x-krakend", concat!("Version ", env!("CARGO_PKG_VERSION"))),
    ] {
        assert_eq!(answer.header(name), Some(value), "{name}");
    }
}

fn is_turned_away(agent: &str) {
    let suite = forwarding();
    let answer = suite.get_with(TARGET, &[("User-Agent", agent)]);
    assert_eq!((said(&answer), answer.body.len()), ((403, None, None, None), 0));
    assert!(suite.mock.seen().is_empty());
}

/// `botdetector_1`
#[test]
fn the_first_bot_of_the_list_is_turned_away() {
    is_turned_away("a");
}

/// `botdetector_2`
#[test]
fn the_second_bot_of_the_list_is_turned_away() {
    is_turned_away("b");
}

/// `botdetector_3`
#[test]
fn a_bot_that_is_only_nearly_allowed_is_turned_away() {
    is_turned_away("Pingdom.com_bot_version_1.14");
}

/// `botdetector_4`
#[test]
fn a_bot_that_a_pattern_describes_is_turned_away() {
    is_turned_away("facebookexternalhit/1.2.3");
}

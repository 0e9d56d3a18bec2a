//! Which headers, parameters and bodies reach a backend.

use serde_json::{Value, json};

use super::suite::{Suite, agent, is_complete};
use crate::{
    files::{endpoint, live, with},
    upstream::Upstream,
};

const SENT: [(&str, &str); 3] = [("autHoriZatiOn", "bearer 123456"), ("x-y-Z", "true"), ("a-b-c", "ignore")];

/// An endpoint that lets through what `rules` list.
fn forwarding(mock: &Upstream, path: &str, pattern: &str, rules: &Value) -> Vec<Value> {
    vec![with(endpoint(path, &[live(mock, pattern)]), rules)]
}

fn some(mock: &Upstream, more: &Value) -> Vec<Value> {
    let rules = with(json!({ "input_headers": ["Authorization", "X-Y-Z"] }), more);
    let dump = if more["method"] == "POST" { "&dump_body=1" } else { "" };
    forwarding(
        mock,
        "/param_forwarding/some/{foo}/{bar}",
        &format!("/param_forwarding/{{bar}}?foo={{foo}}{dump}"),
        &rules,
    )
}

/// `param_forwarding_1`
#[test]
fn listed_headers_arrive_and_neither_others_nor_the_query_do() {
    let suite = Suite::of(|mock| some(mock, &json!({})));
    let sent = [("Authorization", "bearer 123456"), ("X-Y-Z", "true"), ("A-B-C", "ignore")];
    let answer = suite.get_with("/param_forwarding/some/foo/bar?a=1&b=2", &sent);
    let more = json!({ "Authorization": ["bearer 123456"], "X-Y-Z": ["true"] });
    is_complete(&answer, &suite.echo("/param_forwarding/bar", &json!({ "foo": ["foo"] }), &more));
}

/// `param_forwarding_2`
#[test]
fn a_star_lets_every_header_through_and_tells_via_whom() {
    let path = "/param_forwarding/all/{foo}/{bar}";
    let rules = json!({ "input_headers": ["*"] });
    let suite = Suite::of(|mock| forwarding(mock, path, "/param_forwarding/{bar}?foo={foo}", &rules));
    let sent = [SENT.as_slice(), &[("User-Agent", "Go-http-client/1.1")]].concat();
    let answer = suite.get_with("/param_forwarding/all/foo/bar?a=1&b=2", &sent);
    let more = json!({
        "A-B-C": ["ignore"], "Authorization": ["bearer 123456"], "User-Agent": ["Go-http-client/1.1"],
        "X-Forwarded-Via": [agent()], "X-Y-Z": ["true"],
    });
    is_complete(&answer, &suite.echo("/param_forwarding/bar", &json!({ "foo": ["foo"] }), &more));
}

/// `param_forwarding_3`
#[test]
fn listed_headers_arrive_however_they_are_spelled() {
    let suite = Suite::of(|mock| some(mock, &json!({})));
    let answer = suite.get_with("/param_forwarding/some/foo/bar?a=1&b=2", &SENT);
    let more = json!({ "Authorization": ["bearer 123456"], "X-Y-Z": ["true"] });
    is_complete(&answer, &suite.echo("/param_forwarding/bar", &json!({ "foo": ["foo"] }), &more));
}

/// `param_forwarding_4`
#[test]
fn a_body_arrives_without_a_type_that_is_not_listed() {
    let suite = Suite::of(|mock| some(mock, &json!({ "method": "POST" })));
    let body = br#"{"foo":"bar"}"#;
    let sent = [SENT.as_slice(), &[("Content-Type", "application/json")]].concat();
    let answer = suite.gnomon.ask("POST", "/param_forwarding/some/foo/bar?a=1&b=2", &sent, body);
    let mut echoed = answer.json();
    // The original sends it in chunks, we tell its length.
    let length = echoed["headers"].as_object_mut().and_then(|headers| headers.remove("Content-Length"));
    assert_eq!(length, Some(json!([body.len().to_string()])));
    let more = json!({ "Authorization": ["bearer 123456"], "X-Y-Z": ["true"] });
    let query = json!({ "dump_body": ["1"], "foo": ["foo"] });
    let expected = suite.echo("/param_forwarding/bar", &query, &more);
    assert_eq!((answer.status, echoed), (200, with(expected, &json!({ "body": r#"{"foo":"bar"}"# }))));
}

/// `param_forwarding_5`, as the original answers today: an escaped slash separates segments like any other.
#[test]
fn an_escaped_slash_in_a_parameter_leads_to_no_endpoint() {
    let suite = Suite::of(|mock| some(mock, &json!({})));
    let answer = suite.get("/param_forwarding/some/foo%2Fwith%2Furlencode/bar");
    assert_eq!((answer.status, answer.text().as_str()), (404, "404 page not found"));
    assert!(suite.mock.seen().is_empty());
}

fn queries(listed: &str) -> Suite {
    let rules = json!({ "input_query_strings": [listed] });
    Suite::of(|mock| forwarding(mock, "/query_forwarding/{name}", "/param_forwarding/{name}", &rules))
}

/// `query_forwarding_1`
#[test]
fn a_star_lets_the_whole_query_through() {
    let suite = queries("*");
    let answer = suite.get_with("/query_forwarding/foo?a=1&b=2", &[("X-Y-Z", "true")]);
    is_complete(&answer, &suite.echo("/param_forwarding/foo", &json!({ "a": ["1"], "b": ["2"] }), &json!({})));
}

/// `query_forwarding_2`
#[test]
fn repeated_parameters_arrive_as_often_as_they_were_sent() {
    let suite = queries("*");
    let answer = suite.get("/query_forwarding/foo?a=1&b=2&b=3");
    is_complete(&answer, &suite.echo("/param_forwarding/foo", &json!({ "a": ["1"], "b": ["2", "3"] }), &json!({})));
}

/// `query_forwarding_3`
#[test]
fn parameters_that_are_not_listed_stay_behind() {
    let suite = queries("a");
    let answer = suite.get("/query_forwarding/foo?a=1&b=2&b=3");
    is_complete(&answer, &suite.echo("/param_forwarding/foo", &json!({ "a": ["1"] }), &json!({})));
}

fn follows(status: u16) {
    let suite = Suite::of(|mock| forwarding(mock, "/redirect/{code}", "/redirect/?status={code}", &json!({})));
    let answer = suite.get(&format!("/redirect/{status}"));
    let from = format!("{}/redirect/?status={status}", suite.mock.host());
    let query = json!({ "status": [status.to_string()] });
    is_complete(&answer, &suite.echo("/param_forwarding/", &query, &json!({ "Referer": [from] })));
}

/// `backend_301`
#[test]
fn a_backend_that_moved_for_good_is_followed() {
    follows(301);
}

/// `backend_302`
#[test]
fn a_backend_that_was_found_elsewhere_is_followed() {
    follows(302);
}

/// `backend_303`
#[test]
fn a_backend_that_says_see_other_is_followed() {
    follows(303);
}

/// `backend_307`
#[test]
fn a_backend_that_moved_for_now_is_followed() {
    follows(307);
}

/// `shadow`
#[test]
fn a_shadow_that_hangs_gets_its_copy_and_takes_nothing_from_the_answer() {
    let suite = Suite::of(|mock| {
        let settings = json!({ "extra_config": { "proxy": { "shadow": true, "shadow_timeout": "200ms" } } });
        vec![endpoint("/shadow", &[live(mock, "/param_forwarding/x"), with(live(mock, "/delayed/"), &settings)])]
    });
    let answer = suite.get("/shadow");
    is_complete(&answer, &suite.echo("/param_forwarding/x", &json!({}), &json!({})));
    let seen = suite.mock.wait_for(2);
    assert!(seen.iter().any(|seen| seen.target == "/delayed/"), "{seen:#?}");
    suite.gnomon.finish();
}

//! What becomes of what backends answer: errors, collections, parts that are missing, and bodies passed on as they are.

use serde_json::{Value, json};

use super::suite::{Suite, is_complete, is_incomplete, said};
use crate::{
    files::{endpoint, live, service, with},
    gnomon::Gnomon,
};

fn ten(member: &str) -> Value {
    (0..10).map(|_number| json!({ member: "/collection/2" })).collect()
}

/// `backend_404`
#[test]
fn a_backend_that_finds_nothing_is_told_as_an_error_of_the_gateway() {
    let suite = Suite::of(|mock| vec![endpoint("/crash", &[live(mock, "/unknown")])]);
    let answer = suite.get("/crash");
    assert_eq!(said(&answer), (500, Some("text/plain; charset=utf-8"), None, Some("false")));
    assert_eq!(answer.text(), format!("invalid status code 404 [GET /unknown]: {}/unknown", suite.mock.host()));
}

/// `collection`
#[test]
fn a_collection_is_renamed_and_merged_with_another_answer() {
    let suite = Suite::of(|mock| {
        let list = json!({ "is_collection": true, "mapping": { "collection": "posts" } });
        let other = with(live(mock, "/param_forwarding/{id}"), &json!({ "allow": ["foo"] }));
        vec![endpoint("/combination/{id}", &[with(live(mock, "/collection/{id}"), &list), other])]
    });
    let mut posts = ten("path");
    for (number, post) in posts.as_array_mut().unwrap().iter_mut().enumerate() {
        post["i"] = number.into();
    }
    is_complete(&suite.get("/combination/2"), &json!({ "foo": 42, "posts": posts }));
}

/// `detail_error`
#[test]
fn details_of_one_failure_stand_beside_the_answer_of_the_other() {
    let suite = Suite::of(|mock| {
        let backend = |pattern: &str, name: &str| {
            let details = json!({ "extra_config": { "backend/http": { "return_error_details": name } } });
            with(live(mock, pattern), &details)
        };
        vec![endpoint("/detail_error", &[backend("/param_forwarding/", "backend_a"), backend("/", "backend_b")])]
    });
    let failure = json!({
        "http_status_code": 404, "http_body": "404 page not found\n",
        "http_body_encoding": "text/plain; charset=utf-8",
    });
    let expected = suite.echo("/param_forwarding/", &json!({}), &json!({}));
    is_incomplete(&suite.get("/detail_error"), &with(expected, &json!({ "error_backend_b": failure })));
}

/// `flatmap_1`
#[test]
fn a_flatmap_renames_a_list_and_what_is_in_its_elements() {
    let suite = Suite::of(|mock| {
        let operations = json!([
            { "type": "move", "args": ["collection", "paths"] },
            { "type": "del", "args": ["paths.*.i"] },
            { "type": "move", "args": ["paths.*.path", "paths.*.url"] },
        ]);
        let settings = json!({ "is_collection": true, "extra_config": { "proxy": { "flatmap_filter": operations } } });
        vec![endpoint("/flatmap/{id}", &[with(live(mock, "/collection/{id}"), &settings)])]
    });
    is_complete(&suite.get("/flatmap/2"), &json!({ "paths": ten("url") }));
}

fn with_static_data(path: &str, backend: Value) -> Value {
    let data = json!({ "strategy": "always", "data": { "foo": 42, "bar": "foobar" } });
    let backend = with(backend, &json!({ "deny": ["message"] }));
    with(endpoint(path, &[backend]), &json!({ "extra_config": { "proxy": { "static": data } } }))
}

fn with_static_endpoint() -> Suite {
    Suite::of(|mock| vec![with_static_data("/static", live(mock, "/__debug"))])
}

/// `static`, `integration_schema`
#[test]
fn static_data_stands_over_an_emptied_answer() {
    let suite = with_static_endpoint();
    let answer = suite.get("/static");
    is_complete(&answer, &json!({ "bar": "foobar", "foo": 42 }));
    assert_eq!(answer.text(), r#"{"bar":"foobar","foo":42}"#);
}

/// `integration_no_body`
#[test]
fn static_data_is_cached_like_any_complete_answer() {
    let answer = with_static_endpoint().get("/static");
    let json = "application/json; charset=utf-8";
    assert_eq!(said(&answer), (200, Some(json), Some("public, max-age=3600"), Some("true")));
}

/// `router_redirect`
#[test]
fn a_path_in_the_wrong_case_leads_to_the_right_one() {
    let suite = with_static_endpoint();
    let moved = suite.get("/StAtic");
    assert_eq!((moved.status, moved.header("location")), (301, Some("/static")));
    is_complete(&suite.get(moved.header("location").unwrap()), &json!({ "bar": "foobar", "foo": 42 }));
}

/// `timeout`
#[test]
fn a_part_that_is_late_is_missing_from_the_answer() {
    let suite = Suite::of(|mock| {
        let group = |pattern: &str, name: &str| with(live(mock, pattern), &json!({ "group": name }));
        let backends = [group("/param_forwarding/123", "first"), group("/delayed/", "second")];
        vec![with(endpoint("/timeout", &backends), &json!({ "timeout": "1s" }))]
    });
    let first = suite.echo("/param_forwarding/123", &json!({}), &json!({}));
    is_incomplete(&suite.get("/timeout"), &json!({ "first": first }));
}

fn passing_on(path: &str, backend: Value) -> Value {
    let backend = with(backend, &json!({ "encoding": "no-op" }));
    with(endpoint(path, &[backend]), &json!({ "method": "POST", "output_encoding": "no-op" }))
}

/// `no-op_1`
#[test]
fn an_answer_that_is_passed_on_keeps_its_type_its_cookies_and_its_last_line_end() {
    let suite = Suite::of(|mock| vec![passing_on("/no-op/ok", live(mock, "/param_forwarding/"))]);
    let answer = suite.gnomon.ask("POST", "/no-op/ok", &[], b"");
    assert_eq!(said(&answer), (200, Some("application/json"), None, Some("false")));
    let cookies: Vec<&str> =
        answer.headers.iter().filter(|(name, _)| name == "set-cookie").map(|(_, value)| value.as_str()).collect();
    assert_eq!(cookies, ["test1=test1", "test2=test2"]);
    let expected = suite.echo("/param_forwarding/", &json!({}), &json!({ "Content-Length": ["0"] }));
    assert_eq!(answer.text(), format!("{expected}\n"));
}

/// `no-op_2`
#[test]
fn a_refusal_of_another_gateway_is_passed_on_as_it_is() {
    let other = Gnomon::run(&service(&[]));
    let suite = Suite::of(|mock| {
        let elsewhere = json!({ "host": [format!("http://{}", other.address())] });
        vec![passing_on("/no-op/ko", with(live(mock, "/unknown"), &elsewhere))]
    });
    let answer = suite.gnomon.ask("POST", "/no-op/ko", &[], b"");
    let (status, kind, cache, _) = said(&answer);
    assert_eq!((status, kind, cache, answer.text().as_str()), (404, Some("text/plain"), None, "404 page not found"));
}

//! Answers in XML, YAML and as feeds.

use serde_json::json;

use super::suite::{Suite, agent, is_complete, said};
use crate::files::{endpoint, live, with};

const CACHED: Option<&str> = Some("public, max-age=3600");

fn user(output: &str) -> Suite {
    Suite::of(|mock| {
        let backend = with(live(mock, "/xml"), &json!({ "encoding": "xml" }));
        vec![with(endpoint("/user", &[backend]), &json!({ "output_encoding": output }))]
    })
}

/// `negotitate_json`
#[test]
fn who_asks_for_json_gets_it() {
    let answer = user("negotiate").get_with("/user", &[("Accept", "application/json; charset=utf-8")]);
    let social = json!({ "facebook": "https://facebook.com", "twitter": "https://twitter.com" });
    is_complete(&answer, &json!({ "user": { "-type": "admin", "name": "Elliot", "social": social } }));
}

/// `negotitate_plain`
#[test]
fn who_asks_for_plain_text_gets_yaml() {
    let answer = user("negotiate").get_with("/user", &[("Accept", "text/plain")]);
    assert_eq!(said(&answer), (200, Some("application/yaml; charset=utf-8"), CACHED, Some("true")));
    let lines = [
        "user:",
        "  -type: admin",
        "  name: Elliot",
        "  social:",
        "    facebook: https://facebook.com",
        "    twitter: https://twitter.com",
        "",
    ];
    assert_eq!(answer.text(), lines.join("\n"));
}

/// `xml_1`
#[test]
fn a_document_with_an_attribute_is_written_as_it_was_read() {
    let answer = user("xml").get("/user");
    assert_eq!(said(&answer), (200, Some("application/xml"), CACHED, Some("true")));
    let social = "<facebook>https://facebook.com</facebook><twitter>https://twitter.com</twitter>";
    let expected = format!("<user type=\"admin\"><name>Elliot</name><social>{social}</social></user>");
    assert_eq!(answer.text(), expected);
}

/// `xml_2`
#[test]
fn json_becomes_a_document_of_elements_by_name() {
    let suite = Suite::of(|mock| {
        vec![with(endpoint("/xml/json", &[live(mock, "/param_forwarding")]), &json!({ "output_encoding": "xml" }))]
    });
    let answer = suite.get("/xml/json");
    assert_eq!(said(&answer), (200, Some("application/xml"), CACHED, Some("true")));
    let element = |name: &str, text: &str| format!("<{name}>{text}</{name}>");
    let headers = [
        element("Accept-Encoding", "gzip"),
        element("Referer", &format!("{}/param_forwarding", suite.mock.host())),
        element("User-Agent", &agent()),
        element("X-Forwarded-Host", &suite.gnomon.address().to_string()),
    ];
    let members = element("foo", "42") + &element("headers", &headers.concat()) + "<path>/param_forwarding/</path>";
    assert_eq!(answer.text(), element("doc", &(members + "<query/>")));
}

/// `rss`
#[test]
fn titles_of_two_feeds_are_grouped_behind_breakers_and_caches() {
    let suite = Suite::of(|mock| {
        let backend = |pattern: &str, group: &str| {
            let components = json!({
                "qos/circuit-breaker": { "interval": 60, "timeout": 10, "max_errors": 1 }, "qos/http-cache": {},
            });
            let rules = json!({ "encoding": "rss", "group": group, "allow": ["title"], "extra_config": components });
            with(live(mock, pattern), &rules)
        };
        let backends = [backend("/user/schedule/{id}.rss", "schedule"), backend("/user/{id}.rss", "available")];
        vec![endpoint("/show/{id}", &backends)]
    });
    let expected = json!({ "available": { "title": "personal feed" }, "schedule": { "title": "schedule feed" } });
    is_complete(&suite.get("/show/1482"), &expected);
}

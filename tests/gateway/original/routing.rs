//! Paths and methods that lead nowhere, and the state of the gateway.

use super::suite::{Suite, said};
use crate::files::{endpoint, live};

fn suite() -> Suite {
    Suite::of(|mock| vec![endpoint("/crash", &[live(mock, "/unknown")])])
}

/// `router_404`
#[test]
fn an_unknown_path_is_told_in_plain_text() {
    let answer = suite().get("/unknown");
    assert_eq!(said(&answer), (404, Some("text/plain"), None, Some("false")));
    assert_eq!(answer.text(), "404 page not found");
}

/// `router_405`
#[test]
fn a_wrong_method_is_told_in_plain_text() {
    let answer = suite().gnomon.ask("POST", "/crash", &[], b"");
    assert_eq!(said(&answer), (405, Some("text/plain"), None, Some("false")));
    assert_eq!(answer.text(), "405 method not allowed");
}

/// `integration_jsonschema`
#[test]
fn health_tells_the_state_the_time_and_the_agents() {
    let answer = suite().get("/__health");
    let health = answer.json();
    assert_eq!((answer.status, health["status"].as_str()), (200, Some("ok")));
    assert!(health["agents"].is_object() && health["now"].is_string(), "{health}");
}

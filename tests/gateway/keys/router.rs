//! `extra_config.router`.

use gnomon::config::known::Scope as At;
use serde_json::json;

use super::{
    case::{Case, case},
    observe::{answer_to, status_of},
    walk::walk,
};

pub(super) fn cases() -> Vec<Case> {
    vec![
        case(At::Router, "health_path", json!("/alive")).sees(status_of("/alive"), 200),
        case(At::Router, "disable_health", json!(true)).sees(status_of("/__health"), 404),
        case(At::Router, "error_body", json!({ "404": { "where": "nowhere" } }))
            .sees(answer_to("/z"), json!([404, "{\"where\":\"nowhere\"}"])),
    ]
}

#[test]
fn every_key_of_the_router_counts() {
    walk(&cases());
}

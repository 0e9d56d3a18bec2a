//! `validation/cel`.

use gnomon::config::known::Scope as At;
use serde_json::{Value, json};

use super::{
    case::{Case, case},
    scene::Scene,
    walk::walk,
};

pub(super) fn cases() -> Vec<Case> {
    let at = case(At::Expression, "check_expr", json!("req_path == '/a/1'"));
    vec![at.with(At::Endpoint, json!({ "endpoint": "/a/{id}" })).sees(of_two, json!([200, 500]))]
}

/// The statuses of a request that fits and of one that doesn't.
fn of_two(scene: &Scene) -> Value {
    json!([scene.get("/a/1").status, scene.get("/a/2").status])
}

#[test]
fn every_key_of_expressions_counts() {
    walk(&cases());
}

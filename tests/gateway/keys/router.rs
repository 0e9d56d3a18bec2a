//! `extra_config.router`.

use gnomon::config::known::Scope as At;
use serde_json::{Value, json};

use super::{
    case::{Case, case},
    observe::{answer_to, header, speaks_h2c, status_of, upstream_header},
    scene::Scene,
    walk::walk,
};
use crate::{patience::wait_for, upstream::Reply};

pub(super) fn cases() -> Vec<Case> {
    let on = json!(true);
    let failing = Reply::new(500, "text/plain", b"");
    let mut cases = vec![
        case(At::Router, "return_error_msg", on.clone())
            .upstream(failing)
            .sees(|scene| scene.get("/a").text().starts_with("invalid status code 500").into(), true),
        case(At::Router, "error_body", json!({ "404": { "where": "nowhere" } }))
            .sees(answer_to("/z"), json!([404, "{\"where\":\"nowhere\"}"])),
        case(At::Router, "auto_options", on.clone())
            .sees(|scene| scene.ask("OPTIONS", "/a", &[], b"").status.into(), 200),
        case(At::Router, "logger_skip_paths", json!(["/a"])).sees(logs_a_before_z, false),
        case(At::Router, "disable_access_log", on.clone()).sees(logs_anything, false),
        case(At::Router, "disable_health", on.clone()).sees(status_of("/__health"), 404),
        case(At::Router, "health_path", json!("/alive")).sees(status_of("/alive"), 200),
        case(At::Router, "hide_version_header", on.clone()).sees(header("x-krakend"), "Version undefined"),
        case(At::Router, "disable_redirect_trailing_slash", on.clone())
            .with(At::Router, json!({ "disable_redirect_fixed_path": true }))
            .sees(status_of("/a/"), 404),
        case(At::Router, "disable_redirect_fixed_path", on.clone()).sees(status_of("/A"), 404),
        case(At::Router, "disable_handle_method_not_allowed", on.clone())
            .sees(|scene| scene.ask("POST", "/a", &[], b"").status.into(), 404),
        case(At::Router, "disable_path_decoding", on.clone())
            .with(At::Endpoint, json!({ "endpoint": "/a/{id}" }))
            .sees(status_of("/a/%2541"), 200),
        case(At::Router, "remove_extra_slash", on.clone()).sees(status_of("//a"), 200),
        case(At::Router, "use_h2c", on.clone()).sees(speaks_h2c, true),
    ];
    cases.extend(client_address());
    cases
}

/// Whose address the upstream is told.
fn client_address() -> [Case; 4] {
    let told = |sent| upstream_header("x-forwarded-for", sent);
    [
        case(At::Router, "forwarded_by_client_ip", json!(false))
            .sees(told(&[("X-Forwarded-For", "192.0.2.7")]), "127.0.0.1"),
        case(At::Router, "remote_ip_headers", json!(["X-Client"]))
            .sees(told(&[("X-Client", "192.0.2.7")]), "192.0.2.7"),
        case(At::Router, "trusted_proxies", json!(["10.0.0.0/8"]))
            .sees(told(&[("X-Forwarded-For", "192.0.2.7")]), "127.0.0.1"),
        case(At::Router, "app_engine", json!(true))
            .sees(told(&[("X-Appengine-Remote-Addr", "192.0.2.7")]), "192.0.2.7"),
    ]
}

/// Whether a request for `/a` is in the log when a later one for `/z` is.
fn logs_a_before_z(scene: &Scene) -> Value {
    scene.get("/a");
    scene.get("/z");
    let log = wait_for(|| Some(scene.gateway().output()).filter(|log| log.contains("\"/z\"")));
    log.expect("the second request is logged").contains("\"/a\"").into()
}

/// Whether a request is in the log when the program has ended.
fn logs_anything(scene: &Scene) -> Value {
    scene.get("/a");
    scene.ended().contains("\"/a\"").into()
}

#[test]
fn every_key_of_the_router_counts() {
    walk(&cases());
}

//! KrakenD files as people have them: the client gets what the live backend answers, the shadow sees what it saw.

use std::path::Path;

use serde_json::{Value, json};

use crate::{
    files::{backends_mut, endpoint, is_shadow, live, service, shadow, with, without_shadows},
    gnomon::Gnomon,
    upstream::{Seen, Upstream},
};

fn ada() -> Value {
    json!({ "id": 7, "name": "Ada", "price": 1.50, "tags": ["x"] })
}

/// A file of `config/`, with all its live hosts at `v1` and all its shadows at `v2`.
fn shipped(name: &str, v1: &Upstream, v2: &Upstream) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config").join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut file: Value = serde_json::from_str(&text).unwrap();
    // Chance must not keep a copy back.
    if let Some(policies) = file.pointer_mut("/extra_config/@shadow") {
        policies["holdout"] = json!(0);
    }
    for backend in backends_mut(&mut file) {
        let host = if is_shadow(backend) { v2.host() } else { v1.host() };
        backend["host"] = json!([host]);
    }
    file
}

/// A path of the file with every parameter replaced by 7.
fn filled(pattern: &str) -> String {
    let parts = pattern.split('/').map(|part| if part.starts_with('{') { "7" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// Asks for every GET endpoint of a file: the answers are those without shadows, and every shadow gets its copies.
fn is_served_as_without_its_shadows(name: &str) {
    let (v1, v2) = (Upstream::answers(ada()), Upstream::answers_500());
    let mut file = shipped(name, &v1, &v2);
    let shadows = backends_mut(&mut file).filter(|backend| is_shadow(backend)).count();
    assert!(shadows > 0, "{name} has no shadow");
    let mirrored = Gnomon::run(&file);
    let plain = Gnomon::run(&without_shadows(file.clone()));
    for endpoint in file["endpoints"].as_array().unwrap() {
        if endpoint["method"].as_str().unwrap_or("GET") != "GET" {
            continue;
        }
        let target = filled(endpoint["endpoint"].as_str().unwrap());
        let answer = mirrored.get(&target).timeless();
        assert_eq!((answer.status, &answer), (200, &plain.get(&target).timeless()), "{target}");
        let copies = endpoint["backend"].as_array().unwrap().iter().filter(|backend| is_shadow(backend));
        let expected: Vec<String> = copies.map(|backend| filled(backend["url_pattern"].as_str().unwrap())).collect();
        let seen = v2.wait_for(v2.seen().len().max(expected.len()));
        for copy in expected {
            assert!(seen.iter().any(|seen| seen.target == copy), "{copy} is missing: {seen:#?}");
        }
        mirrored.settle();
    }
    mirrored.finish();
}

#[test]
fn the_seed_file_is_served_as_without_its_shadows() {
    is_served_as_without_its_shadows("krakend.json");
}

#[test]
fn the_demo_file_is_served_as_without_its_shadows() {
    is_served_as_without_its_shadows("demo.json");
}

#[test]
fn the_client_gets_exactly_the_live_answer() {
    let (v1, v2) = (Upstream::answers(ada()), Upstream::answers(json!({ "id": 8 })));
    let gnomon =
        Gnomon::run(&service(&[endpoint("/user/{id}", &[live(&v1, "/v1/user/{id}"), shadow(&v2, "/v2/user/{id}")])]));
    let answer = gnomon.get("/user/7");
    assert_eq!((answer.status, answer.json(), answer.complete), (200, ada(), true));
    assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"));
    assert_eq!(answer.header("x-krakend-completed"), Some("true"));
    assert_eq!(v1.wait_for(1)[0].target, "/v1/user/7");
    assert_eq!(v2.wait_for(1)[0].target, "/v2/user/7");
    gnomon.finish();
}

/// What must be equal on both sides: everything but the host and the framing.
fn comparable(seen: &Seen) -> (String, Vec<(String, String)>, Vec<u8>, bool) {
    let mut headers = seen.headers.clone();
    headers.retain(|(name, _)| !["host", "content-length", "transfer-encoding", "connection"].contains(&name.as_str()));
    headers.sort();
    (seen.method.clone(), headers, seen.body.clone(), seen.complete)
}

#[test]
fn the_shadow_sees_the_request_that_the_live_backend_sees() {
    let (v1, v2) = (Upstream::answers(ada()), Upstream::answers(json!({})));
    let strict = json!({ "input_headers": ["X-Tenant", "Authorization"], "input_query_strings": ["a", "b"] });
    let open = json!({ "input_headers": ["*"], "input_query_strings": ["*"], "method": "POST" });
    let backends = [live(&v1, "/v1/x/{id}"), shadow(&v2, "/v2/x/{id}")];
    let gnomon = Gnomon::run(&service(&[
        with(endpoint("/x/{id}", &backends), &strict),
        with(endpoint("/x/{id}", &backends), &open),
    ]));
    let headers = [("X-Tenant", "t1"), ("Authorization", "Bearer abc"), ("X-Other", "no"), ("Cookie", "a=1; b=2")];
    for (number, (method, body)) in [("GET", &b""[..]), ("POST", b"{\"a\": \"\\u00e9\"}")].into_iter().enumerate() {
        let answer = gnomon.ask(method, "/x/7?b=2&a=1%202&c=3", &headers, body);
        assert_eq!(answer.status, 200);
        let (one, two) = (v1.wait_for(number + 1).remove(number), v2.wait_for(number + 1).remove(number));
        assert_eq!(comparable(&one), comparable(&two));
        assert_eq!(one.target.replacen("/v1/", "/v2/", 1), two.target);
        assert_eq!(one.header("host"), Some(v1.address().to_string().as_str()));
        assert_eq!(two.header("host"), Some(v2.address().to_string().as_str()));
        assert_eq!(two.header("x-other"), (method == "POST").then_some("no"), "only what the file lets through");
    }
    assert_eq!(v2.seen()[0].header("x-tenant"), Some("t1"));
    gnomon.finish();
}

#[test]
fn a_shadow_in_the_old_namespace_is_a_shadow() {
    let (v1, v2) = (Upstream::answers(ada()), Upstream::answers(json!({ "intruder": 1 })));
    let old = json!({ "extra_config": { "github.com/devopsfaith/krakend/proxy": { "shadow": true } } });
    let gnomon = Gnomon::run(&service(&[endpoint("/a", &[live(&v1, "/v1"), with(live(&v2, "/v2"), &old)])]));
    assert_eq!(gnomon.get("/a").json(), ada());
    assert_eq!(v2.wait_for(1)[0].target, "/v2");
    assert_eq!(gnomon.finish().the_books().offered, 1);
}

#[test]
fn a_shadow_marked_with_text_is_a_live_backend_as_in_the_original() {
    let (v1, v2) = (Upstream::answers(ada()), Upstream::answers(json!({ "second": 1 })));
    let text = json!({ "extra_config": { "proxy": { "shadow": "true" } } });
    let gnomon = Gnomon::run(&service(&[endpoint("/a", &[live(&v1, "/v1"), with(live(&v2, "/v2"), &text)])]));
    assert_eq!(gnomon.get("/a").json()["second"], 1);
    assert_eq!(gnomon.finish().books(), []);
}

#[test]
fn a_file_of_version_2_means_what_its_old_names_meant() {
    let (v1, v2) = (Upstream::answers(ada()), Upstream::answers(json!({})));
    let old = json!({ "extra_config": { "github.com/devopsfaith/krakend/proxy": { "shadow": true } } });
    let file = json!({ "version": 2, "endpoints": [{
        "endpoint": "/a",
        "headers_to_pass": ["X-Tenant"],
        "querystring_params": ["q"],
        "backend": [
            with(live(&v1, "/v1"), &json!({ "whitelist": ["name"] })),
            with(live(&v2, "/v2"), &old),
        ],
    }] });
    let gnomon = Gnomon::run(&file);
    let answer = gnomon.ask("GET", "/a?q=1&r=2", &[("X-Tenant", "t1"), ("X-Other", "no")], b"");
    assert_eq!(answer.json(), json!({ "name": "Ada" }));
    for (upstream, target) in [(&v1, "/v1?q=1"), (&v2, "/v2?q=1")] {
        let seen = upstream.wait_for(1).remove(0);
        assert_eq!((seen.target.as_str(), seen.header("x-tenant"), seen.header("x-other")), (target, Some("t1"), None));
    }
    gnomon.finish();
}

#[test]
fn a_minimal_file_is_enough() {
    let v1 = Upstream::answers(ada());
    let backend = json!({ "host": [v1.host()], "url_pattern": "/b" });
    let gnomon = Gnomon::run(&json!({ "version": 3, "endpoints": [{ "endpoint": "/a", "backend": [backend] }] }));
    assert_eq!(gnomon.get("/a").json(), ada());
    assert_eq!(gnomon.get("/elsewhere").status, 404);
    gnomon.finish();
}

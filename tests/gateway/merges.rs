//! Endpoints with more than one live backend, and shadows beside them.

use serde_json::{Value, json};

use crate::{
    client::Answer,
    files::{endpoint, live, service, shadow, with, without_shadows},
    gnomon::Gnomon,
    upstream::{Reply, Upstream},
};

fn v1() -> Upstream {
    Upstream::answers_500()
        .on("/v1/user/7", json!({ "id": 7, "name": "Ada" }))
        .on("/v1/orders/7", json!({ "user_id": 7, "order": { "total": 12.5 } }))
        .on("/v1/raw", Reply::new(418, "text/plain", b"as it is").with("X-Kept", "yes"))
}

fn grouped(backend: Value, name: &str) -> Value {
    with(backend, &json!({ "group": name }))
}

/// The answer of a file, which must be the one without its shadows too.
fn same_with_and_without_shadows(file: Value, target: &str) -> Answer {
    let mirrored = Gnomon::run(&file);
    let plain = Gnomon::run(&without_shadows(file));
    let answer = mirrored.get(target).timeless();
    assert_eq!(answer, plain.get(target).timeless());
    mirrored.finish();
    answer
}

#[test]
fn two_live_answers_merge_and_the_shadows_does_not() {
    let (v1, v2) = (v1(), Upstream::answers(json!({ "id": 8, "intruder": true })));
    let file = service(&[endpoint(
        "/home/{id}",
        &[
            grouped(live(&v1, "/v1/user/{id}"), "user"),
            grouped(live(&v1, "/v1/orders/{id}"), "orders"),
            grouped(shadow(&v2, "/v2/user/{id}"), "user"),
        ],
    )]);
    let answer = same_with_and_without_shadows(file, "/home/7");
    let expected = json!({
        "user": { "id": 7, "name": "Ada" },
        "orders": { "user_id": 7, "order": { "total": 12.5 } },
    });
    assert_eq!((answer.status, answer.json()), (200, expected));
    assert_eq!(answer.header("x-krakend-completed"), Some("true"));
    assert_eq!(v2.wait_for(1)[0].target, "/v2/user/7");
}

#[test]
fn a_missing_part_makes_the_answer_partial_whatever_the_shadow_says() {
    let (v1, v2) = (v1(), Upstream::answers(json!({ "id": 8, "intruder": true })));
    let file = service(&[endpoint(
        "/home/{id}",
        &[live(&v1, "/v1/user/{id}"), live(&v1, "/v1/missing/{id}"), shadow(&v2, "/v2/missing/{id}")],
    )]);
    let answer = same_with_and_without_shadows(file, "/home/7");
    assert_eq!((answer.status, answer.json()), (200, json!({ "id": 7, "name": "Ada" })));
    assert_eq!(answer.header("x-krakend-completed"), Some("false"));
    assert_eq!(v2.wait_for(1)[0].target, "/v2/missing/7");
}

#[test]
fn a_failing_shadow_does_not_make_the_answer_partial() {
    let (v1, v2) = (v1(), Upstream::refuses());
    let file = service(&[endpoint(
        "/home/{id}",
        &[live(&v1, "/v1/user/{id}"), live(&v1, "/v1/orders/{id}"), shadow(&v2, "/v2/user/{id}")],
    )]);
    let answer = same_with_and_without_shadows(file, "/home/7");
    assert_eq!((answer.status, answer.header("x-krakend-completed")), (200, Some("true")));
}

#[test]
fn sequences_run_beside_each_other_and_each_sees_only_its_own_answers() {
    let v1 = v1();
    let v2 = Upstream::answers(json!({ "id": 9 }));
    let sequential = json!({ "extra_config": { "proxy": { "sequential": true } } });
    let backends = [
        grouped(live(&v1, "/v1/orders/{id}"), "orders"),
        grouped(shadow(&v2, "/v2/orders/{id}"), "orders"),
        grouped(live(&v1, "/v1/user/{resp0_orders.user_id}"), "user"),
        grouped(shadow(&v2, "/v2/user/{resp0_orders.id}"), "user"),
    ];
    let gnomon = Gnomon::run(&service(&[with(endpoint("/home/{id}", &backends), &sequential)]));
    let answer = gnomon.get("/home/7");
    assert_eq!((answer.status, answer.header("x-krakend-completed")), (200, Some("true")));
    assert_eq!(answer.json()["user"], json!({ "id": 7, "name": "Ada" }));
    let targets: Vec<String> = v2.wait_for(2).into_iter().map(|seen| seen.target).collect();
    assert_eq!(targets, ["/v2/orders/7", "/v2/user/9"]);
    gnomon.finish();
}

#[test]
fn a_too_large_answer_in_a_sequence_of_shadows_ends_it() {
    let (v1, v2) = (v1(), Upstream::answers(json!({ "id": 9, "text": "x".repeat(5000) })));
    let backends = [live(&v1, "/v1/user/{id}"), shadow(&v2, "/v2/orders/{id}"), shadow(&v2, "/v2/user/{resp0_id}")];
    let sequential = json!({ "extra_config": { "proxy": { "sequential": true } } });
    let narrow = json!({ "extra_config": { "@shadow": { "max_response": 4096 } } });
    let file = with(service(&[with(endpoint("/home/{id}", &backends), &sequential)]), &narrow);
    let gnomon = Gnomon::run(&file);
    assert_eq!(gnomon.get("/home/7").json(), json!({ "id": 7, "name": "Ada" }));
    let books = gnomon.finish().books();
    assert_eq!(books[0].failed, [("too_large".to_owned(), 1)], "{books:#?}");
    assert_eq!((books[1].sent, books[1].dropped_for("chain_broken")), (0, 1), "{books:#?}");
}

#[test]
fn a_live_sequence_with_one_shadow_is_the_sequence_it_was() {
    let (v1, v2) = (v1(), Upstream::answers(json!({})));
    let sequential = json!({ "extra_config": { "proxy": { "sequential": true } } });
    let backends = [
        grouped(live(&v1, "/v1/orders/{id}"), "orders"),
        shadow(&v2, "/v2/orders/{id}"),
        grouped(live(&v1, "/v1/user/{resp0_orders.user_id}"), "user"),
    ];
    let file = service(&[with(endpoint("/home/{id}", &backends), &sequential)]);
    let answer = same_with_and_without_shadows(file, "/home/7");
    assert_eq!(answer.json()["user"]["name"], "Ada");
    assert_eq!(v2.wait_for(1)[0].target, "/v2/orders/7");
}

#[test]
fn an_endpoint_without_encoding_passes_everything_and_is_mirrored() {
    let (v1, v2) = (v1(), Upstream::answers_500());
    let raw = endpoint("/raw", &[live(&v1, "/v1/raw"), shadow(&v2, "/v2/raw")]);
    let file = service(&[with(raw, &json!({ "output_encoding": "no-op" }))]);
    let answer = same_with_and_without_shadows(file, "/raw");
    assert_eq!((answer.status, answer.text().as_str(), answer.header("x-kept")), (418, "as it is", Some("yes")));
    assert_eq!(v2.wait_for(1)[0].target, "/v2/raw");
}

#[test]
fn several_shadows_each_get_one_copy() {
    let (v1, v2, v3) = (v1(), Upstream::answers(json!({})), Upstream::answers_500());
    let backends = [live(&v1, "/v1/user/{id}"), shadow(&v2, "/v2/user/{id}"), shadow(&v3, "/v3/user/{id}")];
    let gnomon = Gnomon::run(&service(&[endpoint("/user/{id}", &backends)]));
    assert_eq!(gnomon.get("/user/7").json(), json!({ "id": 7, "name": "Ada" }));
    assert_eq!(v2.wait_for(1)[0].target, "/v2/user/7");
    assert_eq!(v3.wait_for(1)[0].target, "/v3/user/7");
    let books = gnomon.finish().books();
    assert!(books.len() == 2 && books.iter().all(|books| books.offered == 1 && books.answered() == 1), "{books:#?}");
}

/// A backend that is called only if a script, which sees propagated values, does not object.
fn unless(backend: Value, objection: &str) -> Value {
    let script = format!("local r = request.load() if {objection} then custom_error('no', 500) end");
    with(backend, &json!({ "extra_config": { "modifier/lua-backend": { "pre": script } } }))
}

#[test]
fn scripts_see_propagated_values_and_whole_bodies_of_earlier_answers() {
    let long = "x".repeat(200_000);
    let upstream = Upstream::answers(json!({ "done": true }))
        .on("/raw", Reply::new(200, "text/plain", b"as it is"))
        .on("/long", Reply::new(200, "text/plain", long.as_bytes()))
        .on("/json", json!({ "a": { "b": 7 } }));
    let undecoded = |path| with(live(&upstream, path), &json!({ "encoding": "no-op" }));
    let objection = "r:params('Resp0') ~= 'as it is' or #r:params('Resp1') ~= 200000 or r:params('Resp2_a.b') ~= '7' \
        or r:params('Resp2') ~= '' or r:params('Resp3_later') ~= ''";
    let propagated = json!(["resp0", "resp1", "resp2_a.b", "resp2", "resp3_later"]);
    let proxy = json!({ "sequential": true, "sequential_propagated_params": propagated });
    let backends =
        [undecoded("/raw"), undecoded("/long"), live(&upstream, "/json"), unless(live(&upstream, "/last"), objection)];
    let file = service(&[with(endpoint("/a", &backends), &json!({ "extra_config": { "proxy": proxy } }))]);
    let answer = Gnomon::run(&file).get("/a");
    assert_eq!((answer.status, answer.json()), (200, json!({ "a": { "b": 7 }, "done": true })), "{answer:?}");
    assert_eq!(answer.header("x-krakend-completed"), Some("true"));
}

#[test]
fn shadows_in_sequence_propagate_their_own_values() {
    let (v1, v2) = (Upstream::answers(json!({ "a": 1 })), Upstream::answers(json!({})));
    v2.change("/raw", Reply::new(200, "text/plain", b"as it is"));
    let raw = with(shadow(&v2, "/raw"), &json!({ "encoding": "no-op" }));
    let script = "local r = request.load() r:url(r:url() .. '?' .. #r:params('Resp0'))";
    let mut last = shadow(&v2, "/last");
    last["extra_config"]["modifier/lua-backend"] = json!({ "pre": script });
    let proxy = json!({ "sequential": true, "sequential_propagated_params": ["resp0"] });
    let endpoint = with(endpoint("/a", &[live(&v1, "/v1"), raw, last]), &json!({ "extra_config": { "proxy": proxy } }));
    let gnomon = Gnomon::run(&service(&[endpoint]));
    assert_eq!(gnomon.get("/a").json(), json!({ "a": 1 }));
    assert_eq!(v2.wait_for(2)[1].target, "/last?8");
    gnomon.finish();
}

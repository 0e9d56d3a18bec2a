//! `telemetry/metrics`: the original's figures on a port of their own.

use std::net::{SocketAddr, TcpListener, TcpStream};

use serde_json::{Value, json};

use crate::{
    client::try_get,
    files::{endpoint, live, service, shadow, with},
    gnomon::{Gnomon, free_address},
    patience::wait_for,
    upstream::Upstream,
};

/// A file with metrics on that address and more of its keys.
fn measured(address: SocketAddr, keys: &Value, endpoints: &[Value]) -> Value {
    let metrics = with(json!({ "listen_address": address.to_string(), "collection_time": "1h" }), keys);
    with(service(endpoints), &json!({ "extra_config": { "telemetry/metrics": metrics } }))
}

/// Reads the page until these keys have these values.
fn wait_for_figures(address: SocketAddr, wanted: &[(&str, u64)]) -> Value {
    let mut page = Value::Null;
    let found = wait_for(|| {
        page = try_get(address, "/__stats/")?.json();
        wanted.iter().all(|(key, value)| page[key] == *value).then_some(())
    });
    assert!(found.is_some(), "{:#?}", wanted.iter().map(|(key, _)| (key, &page[key])).collect::<Vec<_>>());
    page
}

#[test]
fn every_layer_is_counted_under_the_names_of_the_original() {
    let (good, bad, copy) =
        (Upstream::answers(json!({ "a": 1 })), Upstream::answers_500(), Upstream::answers(json!({})));
    let strict = json!({ "extra_config": { "qos/ratelimit/router": { "max_rate": 1, "every": "1h" } } });
    let metrics = free_address();
    let gnomon = Gnomon::run(&measured(
        metrics,
        &json!({}),
        &[
            endpoint("/users/{id}", &[live(&good, "/v1/{id}"), shadow(&copy, "/v2/{id}")]),
            endpoint("/partial", &[live(&good, "/good"), live(&bad, "/bad")]),
            with(endpoint("/limited", &[live(&good, "/good")]), &strict),
            with(endpoint("/raw", &[live(&bad, "/raw")]), &json!({ "output_encoding": "no-op" })),
        ],
    ));
    let statuses =
        ["/users/1", "/users/2", "/partial", "/limited", "/limited", "/raw"].map(|path| gnomon.get(path).status);
    assert_eq!(statuses, [200, 200, 200, 200, 503, 500]);
    let page = wait_for_figures(
        metrics,
        &[
            ("krakend.router.connected", 6),
            ("krakend.router.disconnected", 6),
            ("krakend.router.response./users/:id.status.200.count", 2),
            ("krakend.router.response./users/:id.time.count", 2),
            ("krakend.router.response./users/:id.size.max", 7),
            ("krakend.router.response./limited.status.503.count", 1),
            ("krakend.router.response./raw.status.500.count", 1),
            ("krakend.proxy.requests.layer.pipe.name./users/:id.complete.true.error.false", 2),
            ("krakend.proxy.requests.layer.pipe.name./partial.complete.false.error.true", 1),
            ("krakend.proxy.requests.layer.pipe.name./limited.complete.true.error.false", 1),
            ("krakend.proxy.requests.layer.pipe.name./raw.complete.true.error.false", 1),
            ("krakend.proxy.requests.layer.backend.name./v1/{{.Id}}.complete.true.error.false", 2),
            ("krakend.proxy.requests.layer.backend.name./v2/{{.Id}}.complete.true.error.false", 2),
            // Two backends of one pattern are counted together.
            ("krakend.proxy.requests.layer.backend.name./good.complete.true.error.false", 2),
            ("krakend.proxy.requests.layer.backend.name./bad.complete.false.error.true", 1),
            ("krakend.proxy.latency.layer.backend.name./bad.complete.false.error.true.count", 1),
        ],
    );
    assert!(page["cmdline"].is_array() && page["memstats"].is_object(), "{page:#}");
    assert_eq!(gnomon.get("/__stats").status, 404);
}

#[test]
fn distributions_begin_anew_and_counters_go_on() {
    let good = Upstream::answers(json!({}));
    let metrics = free_address();
    let file = measured(metrics, &json!({ "collection_time": "100ms" }), &[endpoint("/a", &[live(&good, "/a")])]);
    let gnomon = Gnomon::run(&file);
    assert_eq!(gnomon.get("/a").status, 200);
    wait_for_figures(
        metrics,
        &[
            ("krakend.router.response./a.status.200.count", 1),
            ("krakend.router.response./a.time.count", 0),
            ("krakend.router.connected", 0),
            ("krakend.router.connected-total", 1),
        ],
    );
}

#[test]
fn layers_that_are_switched_off_are_not_there() {
    let good = Upstream::answers(json!({}));
    for (key, missing) in [
        ("router_disabled", "krakend.router.response./a.status"),
        ("proxy_disabled", "krakend.proxy.requests.layer.pipe.name./a.complete.true.error.false"),
        ("backend_disabled", "krakend.proxy.requests.layer.backend.name./a.complete.true.error.false"),
    ] {
        let metrics = free_address();
        let file = measured(metrics, &json!({ key: true }), &[endpoint("/a", &[live(&good, "/a")])]);
        let _gnomon = Gnomon::run(&file);
        let page = wait_for(|| try_get(metrics, "/__stats")).expect("the port is open").json();
        let names = page.as_object().unwrap();
        assert!(!names.contains_key(missing), "{key}");
        assert!(names.keys().filter(|name| name.starts_with("krakend.")).count() > 60, "{key}");
    }
}

#[test]
fn a_switched_off_listener_is_not_opened() {
    let good = Upstream::answers(json!({}));
    let metrics = free_address();
    let file = measured(metrics, &json!({ "endpoint_disabled": true }), &[endpoint("/a", &[live(&good, "/a")])]);
    let gnomon = Gnomon::run(&file);
    assert_eq!(gnomon.get("/a").status, 200);
    assert!(TcpStream::connect(metrics).is_err());
}

#[test]
fn a_port_that_is_taken_costs_the_figures_and_nothing_else() {
    let good = Upstream::answers(json!({}));
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let gnomon = Gnomon::run(&measured(address, &json!({}), &[endpoint("/a", &[live(&good, "/a")])]));
    assert_eq!(gnomon.get("/a").status, 200);
    let told = wait_for(|| gnomon.output().contains(&format!("cannot listen on {address}")).then_some(()));
    assert!(told.is_some(), "{}", gnomon.output());
}

//! Figures: pushed to receivers of OTLP, and read by Prometheus.

use std::net::TcpListener;

use serde_json::{Value, json};

use super::{Manner, Receiver, find, recorded};
use crate::{
    client::try_get,
    files::{endpoint, live, service, shadow, with},
    gnomon::{Gnomon, free_address},
    patience::wait_for,
    upstream::Upstream,
};

#[test]
fn every_layer_is_counted_and_pushed_again_and_again() {
    for receiver in Receiver::both(Manner::Takes) {
        let (upstream, copied) = (Upstream::answers(json!({ "a": 1 })), Upstream::answers(json!({})));
        let users = endpoint("/users/{id}", &[live(&upstream, "/v1/{id}"), shadow(&copied, "/v2/{id}")]);
        let often = json!({ "metric_reporting_period": 1 });
        let gnomon = Gnomon::run(&recorded(&[receiver.exporter()], &often, &[users]));
        let mut asked = 0.0;
        for _ in 0..2 {
            gnomon.get("/users/1");
            gnomon.get("/users/2");
            asked += 2.0;
            let server = json!({
                "http.request.method": "GET", "http.route": "/users/:id", "http.response.status_code": 200,
                "url.scheme": "http",
            });
            let ended = json!({ "error": false, "canceled": false, "complete": true });
            let proxy = with(json!({ "http.route": "/users/:id", "http.request.method": "GET" }), &ended);
            let of = |route: &str| {
                json!({ "http.route": route, "http.request.method": "GET",
                    "krakend.endpoint.route": "/users/:id", "krakend.endpoint.method": "GET" })
            };
            let host = json!({ "clientname": "/v1/:id", "server.address": "127.0.0.1",
                "server.port": upstream.address().port(), "http.response.status_code": 200 });
            let client = with(of("/v1/:id"), &host);
            let wanted = [
                ("http.server.duration", server.clone()),
                ("http.server.response.size", server),
                ("krakend.proxy.duration", proxy),
                ("krakend.backend.duration", with(of("/v1/:id"), &ended)),
                ("krakend.backend.duration", with(of("/v2/:id"), &with(ended, &json!({ "krakend.shadow": true })))),
                ("http.client.duration", client.clone()),
                ("http.client.response.size", client),
                ("http.client.response.read.size-hist", of("/v1/:id")),
            ];
            let figures = receiver.wait_for_figures(|figures| {
                wanted.iter().all(|(name, labels)| find(figures, name, labels).is_some_and(|one| one.count == asked))
            });
            assert!(figures.iter().all(|one| one.resource["service.name"] == "test"), "{figures:#?}");
            let started = find(&figures, "http.client.request.started.count", &of("/v1/:id"));
            assert_eq!(started.map(|one| one.count), Some(asked));
            assert!(
                figures
                    .iter()
                    .filter(|one| !one.labels.contains_key("krakend.shadow"))
                    .all(|one| { one.labels["http.route"] != "/v2/:id" })
            );
        }
    }
}

/// Reads the page until it has these lines.
fn wait_for_lines(address: std::net::SocketAddr, lines: &[&str]) -> String {
    let mut page = String::new();
    let found = wait_for(|| {
        page = try_get(address, "/metrics")?.text();
        lines.iter().all(|line| page.contains(line)).then_some(())
    });
    assert!(found.is_some(), "{lines:?} are not in\n{page}");
    page
}

/// A file whose figures Prometheus reads.
fn scraped(keys: &Value, address: std::net::SocketAddr, endpoints: &[Value]) -> Value {
    let exporter = json!({ "name": "scraped", "listen_ip": "127.0.0.1", "port": address.port() });
    let component = with(json!({ "exporters": { "prometheus": [with(exporter, keys)] } }), &json!({}));
    with(service(endpoints), &json!({ "extra_config": { "telemetry/opentelemetry": component } }))
}

#[test]
fn prometheus_reads_the_figures_under_the_names_of_the_original() {
    let (upstream, address) = (Upstream::answers(json!({ "a": 1 })), free_address());
    let a = endpoint("/a", &[live(&upstream, "/b")]);
    let gnomon = Gnomon::run(&scraped(&json!({ "process_metrics": true }), address, &[a]));
    // Where nobody takes spans no trace goes on.
    gnomon.get("/a");
    assert_eq!(upstream.wait_for(1)[0].header("traceparent"), None);
    let page = wait_for_lines(
        address,
        &[
            "# TYPE http_server_duration histogram\n",
            "http_server_duration_count{http_request_method=\"GET\",http_response_status_code=\"200\",http_route=\"/a\",",
            "krakend_proxy_duration_count{canceled=\"false\",complete=\"true\",error=\"false\",",
            "krakend_backend_duration_count{",
            "http_client_duration_bucket{clientname=\"/b\",",
            "# TYPE http_client_request_started_count_total counter\n",
            "process_cpu_seconds_total ",
            "process_resident_memory_bytes ",
            "target_info{service_name=\"test\"} 1\n",
        ],
    );
    for line in page.lines().filter(|line| !line.starts_with('#')) {
        let (_, value) = line.rsplit_once(' ').unwrap();
        assert!(value.parse::<f64>().is_ok(), "{line}");
    }
    assert_eq!(try_get(address, "/other").map(|answer| answer.status), Some(404));
}

#[test]
fn a_port_that_is_taken_is_told_and_stops_nothing() {
    let upstream = Upstream::answers(json!({}));
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let file = scraped(&json!({}), taken.local_addr().unwrap(), &[endpoint("/a", &[live(&upstream, "/b")])]);
    let gnomon = Gnomon::run(&file);
    assert_eq!(gnomon.get("/a").status, 200);
    assert!(gnomon.output().contains("[SERVICE: OpenTelemetry] scraped cannot listen on "), "{}", gnomon.output());
}

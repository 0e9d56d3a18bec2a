//! The admin listener: its pages respond, and their figures are what was sent.

use serde_json::json;

use crate::{
    client::get,
    files::{endpoint, live, service, shadow},
    gnomon::Gnomon,
    upstream::Upstream,
};

#[test]
fn every_page_responds() {
    let v1 = Upstream::answers(json!({}));
    let gnomon = Gnomon::run(&service(&[endpoint("/a", &[live(&v1, "/v1")])]));
    for (page, content_type) in [("/", "text/html"), ("/__stats", "application/json"), ("/metrics", "text/plain")] {
        let answer = get(gnomon.admin(), page);
        let actual = answer.header("content-type").unwrap_or_default();
        assert_eq!((answer.status, answer.complete), (200, true), "{page}");
        assert!(actual.starts_with(content_type), "{page} is {actual}");
        assert!(!answer.body.is_empty(), "{page}");
    }
    assert_eq!(get(gnomon.admin(), "/no-such-page").status, 404);
}

#[test]
fn the_dashboard_loads_nothing_from_elsewhere() {
    let v1 = Upstream::answers(json!({}));
    let gnomon = Gnomon::run(&service(&[endpoint("/a", &[live(&v1, "/v1")])]));
    let page = get(gnomon.admin(), "/").text();
    for foreign in ["src=\"http", "src='http", "src=\"//", "@import", "<link rel=\"stylesheet\" href=\"http"] {
        assert!(!page.contains(foreign), "{foreign}");
    }
}

#[test]
fn clients_do_not_find_the_figures() {
    let v1 = Upstream::answers(json!({}));
    let gnomon = Gnomon::run(&service(&[endpoint("/a", &[live(&v1, "/v1")])]));
    assert_eq!(gnomon.get("/__stats").status, 404);
    assert_eq!(gnomon.get("/metrics").status, 404);
}

#[test]
fn the_figures_are_what_was_sent() {
    let (v1, v2) = (Upstream::answers(json!({})), Upstream::answers_500());
    let gnomon = Gnomon::run(&service(&[
        endpoint("/mirrored", &[live(&v1, "/v1/a"), shadow(&v2, "/v2/a")]),
        endpoint("/plain", &[live(&v1, "/v1/b")]),
    ]));
    for _ in 0..7 {
        assert_eq!(gnomon.get("/mirrored").status, 200);
    }
    for _ in 0..3 {
        assert_eq!(gnomon.get("/plain").status, 200);
    }
    let stats = gnomon.wait_until("all requests are counted", |stats| {
        let counted = |path, wanted| {
            let endpoint = stats.endpoint(path);
            endpoint.requests == wanted && endpoint.in_flight == 0
        };
        counted("/mirrored", 7) && counted("/plain", 3) && stats.the_books().answered() == 7
    });
    let (mirrored, plain) = (stats.endpoint("/mirrored"), stats.endpoint("/plain"));
    assert_eq!((mirrored.method.as_str(), mirrored.backends.len(), plain.backends.len()), ("GET", 2, 1));
    assert!(mirrored.backends[0].label.contains("/v1/a") && mirrored.backends[1].label.contains("/v2/a"));
    assert_eq!((mirrored.backends[0].requests, plain.backends[0].requests), (7, 3));
    let books = gnomon.finish().the_books();
    assert_eq!((books.offered, books.sent, books.completed), (7, 7, vec![("5xx".to_owned(), 7)]));
}

#[test]
fn metrics_are_lines_of_names_and_numbers() {
    let (v1, v2) = (Upstream::answers(json!({})), Upstream::answers(json!({})));
    let gnomon = Gnomon::run(&service(&[endpoint("/a", &[live(&v1, "/v1"), shadow(&v2, "/v2")])]));
    assert_eq!(gnomon.get("/a").status, 200);
    gnomon.settle();
    let text = get(gnomon.admin(), "/metrics").text();
    assert!(text.contains("gnomon_shadow"), "{text}");
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (name, number) = line.rsplit_once(' ').unwrap();
        assert!(name.starts_with("gnomon_") || name.starts_with("process_"), "{line}");
        assert!(number.parse::<f64>().is_ok(), "{line}");
    }
}

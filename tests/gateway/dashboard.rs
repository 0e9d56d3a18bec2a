//! The admin listener: its pages respond, and their figures are what was sent.

use serde_json::json;

use crate::{
    client::{Connection, get},
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

/// What a page or a script names as parts of the page.
fn parts(text: &str) -> Vec<String> {
    let quoted = text.split(['"', '\'']).filter(|part| part.starts_with("/page/"));
    quoted.map(str::to_owned).collect()
}

#[test]
fn all_that_the_page_loads_is_there() {
    let v1 = Upstream::answers(json!({}));
    let gnomon = Gnomon::run(&service(&[endpoint("/a", &[live(&v1, "/v1")])]));
    let mut waiting = parts(&get(gnomon.admin(), "/").text());
    let mut seen = std::collections::BTreeSet::new();
    while let Some(part) = waiting.pop() {
        if seen.insert(part.clone()) {
            let answer = get(gnomon.admin(), &part);
            assert_eq!(answer.status, 200, "{part}");
            waiting.extend(parts(&answer.text()));
        }
    }
    assert!(seen.len() > 20, "{seen:?}");
}

#[test]
fn scripts_are_small_and_never_make_markup_of_text() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/stats/dashboard");
    let scripts =
        crate::house::files(&folder, ".js").into_iter().filter(|path| !path.to_str().unwrap().contains("vendor"));
    let mut count = 0;
    for path in scripts {
        let text = std::fs::read_to_string(&path).unwrap();
        count += 1;
        assert!(text.starts_with("// "), "{}: must open by saying what it is", path.display());
        assert!(text.lines().count() <= 400, "{} is too long", path.display());
        for word in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "Function(",
            "http://",
            "https://",
        ] {
            assert!(!text.contains(word), "{}: {word}", path.display());
        }
    }
    assert!(count > 15, "{count} scripts");
}

/// A reader of the stream, with what came first.
pub(crate) fn listens(gnomon: &Gnomon) -> (std::net::TcpStream, String) {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(gnomon.admin()).unwrap();
    stream.set_read_timeout(Some(crate::patience::LIMIT)).unwrap();
    stream.write_all(b"GET /__events HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let (mut text, mut buffer) = (String::new(), [0; 65536]);
    while !text.contains("}\n\n") && !text.contains("too many listen") {
        let count = stream.read(&mut buffer).unwrap();
        assert!(count > 0, "{text}");
        text.push_str(&String::from_utf8_lossy(&buffer[..count]));
    }
    (stream, text)
}

#[test]
fn events_tell_all_and_there_are_so_many_readers() {
    let (v1, v2) = (Upstream::answers(json!({})), Upstream::answers(json!({})));
    let mut gnomon = Gnomon::run(&service(&[endpoint("/a", &[live(&v1, "/v1"), shadow(&v2, "/v2")])]));
    let mut readers: Vec<_> = (0..32).map(|_| listens(&gnomon)).collect();
    for (_, text) in &readers {
        assert!(text.starts_with("HTTP/1.1 200") && text.contains("text/event-stream"), "{text}");
        assert!(text.contains("event: snapshot\ndata: {") && text.contains("\"id\":\"GET:/a:0\""), "{text}");
    }
    let (_, refused) = listens(&gnomon);
    assert!(refused.starts_with("HTTP/1.1 503"), "{refused}");
    // Whoever only looks is told the same, and takes nobody's place.
    let look = || {
        let mut connection = Connection::open(gnomon.admin());
        connection.ask("HEAD", "/__events", &[], b"");
        connection.receive_head().unwrap().status
    };
    assert_eq!(look(), 503);
    drop(readers.pop());
    assert!(crate::patience::wait_for(|| (look() == 200).then_some(())).is_some());
    assert_eq!(look(), 200);
    readers.push(listens(&gnomon));
    assert!(readers.last().unwrap().1.starts_with("HTTP/1.1 200"));
    // Whoever listens does not hold up the end.
    gnomon.signal("TERM");
    assert_eq!(gnomon.wait_for_exit().code(), Some(0), "{}", gnomon.output());
}

#[test]
fn the_plan_and_the_comparison_are_told() {
    let (v1, v2) = (Upstream::answers(json!({ "n": 1 })), Upstream::answers(json!({ "n": 2 })));
    let policy = json!({ "holdout": 0, "compare": {} });
    let shadow = crate::selection::shadow_under(&policy, &v2, "/v2");
    let mut file = service(&[endpoint("/a", &[live(&v1, "/v1"), shadow]), endpoint("/b", &[live(&v1, "/v1")])]);
    file["no_such_key"] = json!(1);
    let gnomon = Gnomon::run(&file);
    let plan = get(gnomon.admin(), "/__plan").json();
    assert_eq!(
        (&plan["generation"], &plan["routes"][0]["path"], &plan["routes"][1]["shadows"]),
        (&json!(1), &json!("/a"), &json!([]))
    );
    assert_eq!(get(gnomon.admin(), "/__plan/findings").status, 403);
    let findings = crate::client::ask(gnomon.admin(), "GET", "/__plan/findings", &[crate::client::MEANT], b"").json();
    let found = findings["findings"].as_array().unwrap();
    assert!(found.iter().any(|one| one["pointer"] == "/no_such_key"), "{findings:#}");
    gnomon.get("/a");
    let told = crate::patience::wait_for(|| {
        let told = get(gnomon.admin(), "/__shadow/GET:%2Fa:0/comparison").json();
        (told["total"]["mismatch"] == 1).then_some(told)
    });
    let told = told.unwrap();
    assert_eq!(
        (&told["total"]["matrix"][0]["live"], told["curves"]["live"].as_array().unwrap().last().unwrap()[1].as_f64()),
        (&json!("2xx"), Some(1.0))
    );
    // One pair without a baseline says too little, even one that differs.
    assert_eq!(get(gnomon.admin(), "/__shadow/GET:%2Fa:0/readiness").status, 425);
    assert_eq!(get(gnomon.admin(), "/__shadow/GET:%2Fa:0/readiness?status=200").status, 200);
}

#[test]
fn an_endpoint_is_found_first_by_its_whole_name() {
    let v1 = Upstream::answers(json!({}));
    let mut endpoints: Vec<_> = (0..30).map(|number| endpoint(&format!("/a{number}"), &[live(&v1, "/v1")])).collect();
    endpoints.extend(["/A", "/a"].map(|path| endpoint(path, &[live(&v1, "/v1")])));
    let gnomon = Gnomon::run(&service(&endpoints));
    for (find, first) in
        [("GET%20/a", "/a"), ("get%20/a", "/a"), ("%20GET%20/a7%20", "/a7"), ("/a", "/a0"), ("GET%20/a2", "/a2")]
    {
        let found = get(gnomon.admin(), &format!("/__stats?find={find}&limit=1")).json();
        assert_eq!(found["endpoints"][0]["path"], first, "{find}");
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

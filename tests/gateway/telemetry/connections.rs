//! How long it took to get a connection, and what of that: told where the file asks for it.

use serde_json::{Value, json};

use super::{Manner, Receiver, Told, find, recorded};
use crate::{
    client::Connection,
    files::{endpoint, live, with},
    gnomon::{Folder, Gnomon},
    secure::{Authority, Relay},
    upstream::Upstream,
};

/// What spans say of it, and what figures are called.
const PARTS: [(&str, &str); 3] = [
    ("get-conn-duration", "http.client.request.get-conn.duration"),
    ("dns-duration", "http.client.request.dns.duration"),
    ("tls-duration", "http.client.request.tls.duration"),
];

/// The seconds that a span says.
fn seconds(span: &Told) -> [Option<f64>; 3] {
    PARTS.map(|(name, _)| span.says(name).as_f64())
}

fn exchanges(spans: &[Told]) -> Vec<Told> {
    spans.iter().filter(|span| span.stage() == "backend-request").cloned().collect()
}

/// A file whose backend layer has these objects.
fn layered(receiver: &Receiver, detail: &Value, endpoints: &[Value]) -> Value {
    let layers = json!({ "backend": { "metrics": detail, "traces": detail } });
    recorded(&[receiver.exporter()], &json!({ "layers": layers, "metric_reporting_period": 1 }), endpoints)
}

fn detailed() -> Value {
    json!({ "round_trip": true, "detailed_connection": true })
}

#[test]
fn a_fresh_connection_took_its_time_and_one_that_was_there_took_none() {
    let (folder, authority, receiver) = (Folder::new(), Authority::new("a"), Receiver::grpc(Manner::Takes));
    let upstream = Upstream::answers(json!({ "a": 1 }));
    let relay = Relay::before(&upstream, &authority.issue(&["localhost"]), None);
    // By a name, so that it is looked up.
    let host = relay.host().replace("127.0.0.1", "localhost");
    let backend = with(live(&upstream, "/b"), &json!({ "host": [host] }));
    let trusting = json!({ "client_tls": { "ca_certs": [authority.write(&folder, "ca.pem")] } });
    let gnomon = Gnomon::run(&with(layered(&receiver, &detailed(), &[endpoint("/a", &[backend])]), &trusting));
    // One connection of one client is served by one thread, which has one pool.
    let mut client = Connection::open(gnomon.address());
    for _ in 0..2 {
        client.ask("GET", "/a", &[], b"");
        assert_eq!(client.receive().map(|answer| answer.status), Some(200));
    }
    assert_eq!(relay.connections(), 1);
    let spans = exchanges(&receiver.wait_for_spans(|spans| exchanges(spans).len() == 2));
    let [got, looked_up, shaken] = seconds(&spans[0]).map(|seconds| seconds.expect("it is told"));
    assert!(looked_up > 0.0 && shaken > 0.0 && got >= looked_up + shaken, "{:#?}", spans[0]);
    assert!(got <= spans[0].says("response-duration").as_f64().expect("it is told"), "{:#?}", spans[0]);
    assert_eq!(seconds(&spans[1]), [Some(0.0); 3], "{:#?}", spans[1]);
    assert!(spans.iter().all(|span| span.events == ["first-byte-time"]), "{spans:#?}");
    let labels = json!({ "server.address": "localhost", "http.response.status_code": 200, "clientname": "/b" });
    receiver.wait_for_figures(|figures| {
        PARTS.iter().all(|(_, name)| find(figures, name, &labels).is_some_and(|one| one.count == 2.0))
    });
}

#[test]
fn what_failed_says_how_long_it_was_tried() {
    let (receiver, nobody) = (Receiver::grpc(Manner::Takes), Upstream::refuses());
    let unknown = with(live(&nobody, "/u"), &json!({ "host": ["http://nowhere.invalid"] }));
    let endpoints = [endpoint("/refused", &[live(&nobody, "/r")]), endpoint("/unknown", &[unknown])];
    let gnomon = Gnomon::run(&layered(&receiver, &detailed(), &endpoints));
    assert_eq!([gnomon.get("/refused").status, gnomon.get("/unknown").status], [500, 500]);
    let spans = exchanges(&receiver.wait_for_spans(|spans| exchanges(spans).len() == 2));
    let of = |name: &str| seconds(spans.iter().find(|span| span.name == name).expect("each has a span"));
    let (refused, unknown) = (of("/r"), of("/u"));
    assert!(refused[0] > Some(0.0) && refused[1..] == [Some(0.0); 2], "{refused:?}");
    assert!(unknown[1] > Some(0.0) && unknown[0] >= unknown[1] && unknown[2] == Some(0.0), "{unknown:?}");
    assert!(spans.iter().all(|span| span.status == 2 && span.events.is_empty()), "{spans:#?}");
    let of_none = json!({ "http.response.status_code": 0 });
    receiver.wait_for_figures(|figures| PARTS.iter().all(|(_, name)| find(figures, name, &of_none).is_some()));
}

#[test]
fn nobody_hears_of_connections_who_did_not_ask() {
    let (receiver, upstream) = (Receiver::grpc(Manner::Takes), Upstream::answers(json!({})));
    let a = endpoint("/a", &[live(&upstream, "/b")]);
    let mut gnomon = Gnomon::run(&layered(&receiver, &json!({ "round_trip": true }), &[a]));
    assert_eq!(gnomon.get("/a").status, 200);
    gnomon.signal("TERM");
    gnomon.wait_for_exit();
    let (spans, figures) = (exchanges(&receiver.spans()), receiver.figures());
    assert_eq!((spans.len(), seconds(&spans[0]), spans[0].events.len()), (1, [None; 3], 0), "{spans:#?}");
    assert!(find(&figures, "http.client.duration", &json!({})).is_some(), "{figures:#?}");
    assert!(PARTS.iter().all(|(_, name)| find(&figures, name, &json!({})).is_none()), "{figures:#?}");
}

#[test]
fn version_1_27_of_the_conventions_leaves_counters_out_unless_connections_are_wanted_in_detail() {
    for (detail, is_told) in [(json!({ "round_trip": true }), false), (detailed(), true)] {
        let (receiver, upstream) = (Receiver::grpc(Manner::Takes), Upstream::answers(json!({})));
        let layers = json!({ "global": { "semantic_convention": "1.27" }, "backend": { "metrics": detail } });
        let a = endpoint("/a", &[live(&upstream, "/b")]);
        let mut gnomon = Gnomon::run(&recorded(&[receiver.exporter()], &json!({ "layers": layers }), &[a]));
        assert_eq!(gnomon.get("/a").status, 200);
        gnomon.signal("TERM");
        gnomon.wait_for_exit();
        let figures = receiver.figures();
        assert!(find(&figures, "http.client.request.duration", &json!({})).is_some(), "{figures:#?}");
        for name in ["http.client.request.started.count", "http.client.request.get-conn.duration"] {
            assert_eq!(find(&figures, name, &json!({})).is_some(), is_told, "{name}: {figures:#?}");
        }
    }
}

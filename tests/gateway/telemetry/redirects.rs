//! Calls that an upstream sends on: each request that is made of them is an exchange of its own.

use serde_json::json;

use super::{Manner, Receiver, Told, find, recorded};
use crate::{
    files::{endpoint, live, shadow},
    gnomon::Gnomon,
    upstream::{Reply, Upstream},
};

/// Sends `/b` on to `/c`.
fn upstream() -> Upstream {
    let moved = Reply::new(302, "text/plain", b"").with("Location", "/c");
    Upstream::answers(json!({ "a": 1 })).on("/b", moved)
}

#[test]
fn each_hop_has_a_span_and_figures_of_its_own() {
    let receiver = Receiver::grpc(Manner::Takes);
    let (upstream, copied) = (upstream(), upstream());
    let file = recorded(
        &[receiver.exporter()],
        &json!({ "metric_reporting_period": 1 }),
        &[endpoint("/a", &[live(&upstream, "/b"), shadow(&copied, "/b")])],
    );
    let gnomon = Gnomon::run(&file);
    let answer = gnomon.get("/a");
    assert_eq!((answer.status, answer.json()), (200, json!({ "a": 1 })));
    let hops = |spans: &[Told]| spans.iter().filter(|span| span.stage() == "backend-request").count();
    let spans = receiver.wait_for_spans(|spans| hops(spans) == 4);
    for (seen, is_shadow) in [(upstream.wait_for(2), false), (copied.wait_for(2), true)] {
        let own: Vec<_> = spans.iter().filter(|span| (span.says("krakend.shadow") == true) == is_shadow).collect();
        let call = own.iter().find(|span| span.stage() == "backend").expect("the call has a span");
        let hops: Vec<_> = own.iter().filter(|span| span.stage() == "backend-request").collect();
        let told: Vec<_> =
            hops.iter().map(|hop| (hop.says("url.path"), hop.says("http.response.status_code"))).collect();
        assert_eq!(told, [(json!("/b"), json!(302)), (json!("/c"), json!(200))], "{hops:#?}");
        assert!(hops.iter().all(|hop| hop.parent == call.id), "{hops:#?}");
        for (seen, hop) in seen.iter().zip(&hops) {
            assert_eq!(seen.header("traceparent"), Some(hop.traceparent().as_str()), "{}", seen.target);
        }
    }
    receiver.wait_for_figures(|figures| {
        [302, 200].into_iter().all(|status| {
            let labels = json!({ "http.response.status_code": status });
            find(figures, "http.client.duration", &labels).is_some_and(|one| one.count == 1.0)
        })
    });
}

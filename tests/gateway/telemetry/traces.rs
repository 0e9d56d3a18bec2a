//! Spans: who is whose parent, what shadows are linked to, and what upstreams hear of it.

use serde_json::{Value, json};

use super::{Manner, Receiver, Told, recorded};
use crate::{
    files::{endpoint, live, shadow, with},
    gnomon::Gnomon,
    patience::wait_for,
    upstream::{Seen, Upstream},
};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const UNSAMPLED: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

/// The span of a stage.
fn of_stage<'a>(spans: &'a [Told], stage: &str) -> &'a Told {
    let found: Vec<_> = spans.iter().filter(|span| span.stage() == stage).collect();
    assert_eq!(found.len(), 1, "{stage}: {spans:#?}");
    found[0]
}

fn spans_of_shadows(spans: &[Told]) -> (Vec<Told>, Vec<Told>) {
    spans.iter().cloned().partition(|span| span.says("krakend.shadow") == true)
}

/// A shadow whose policy has these headers.
fn policed(upstream: &Upstream, headers: &Value) -> Value {
    let policy = json!({ "holdout": 0, "headers": headers });
    with(live(upstream, "/copy"), &json!({ "extra_config": { "proxy": { "shadow": true, "@shadow_policy": policy } } }))
}

fn traceparent(seen: &Seen) -> &str {
    seen.header("traceparent").expect("a call says which trace it is of")
}

#[test]
fn a_request_is_one_trace_from_the_client_to_the_upstream() {
    for receiver in Receiver::both(Manner::Takes) {
        let upstream = Upstream::answers(json!({ "a": 1 }));
        let about = json!({ "service_name": "shop", "service_version": "7", "deploy_env": "test" });
        let users = endpoint("/users/{id}", &[live(&upstream, "/v1/{id}")]);
        let gnomon = Gnomon::run(&recorded(&[receiver.exporter()], &about, &[users]));
        let sent = [("traceparent", PARENT), ("tracestate", "a=b,c=d"), ("baggage", "who=me")];
        assert_eq!(gnomon.ask("GET", "/users/7?x=1", &sent, b"").status, 200);
        let spans = receiver.wait_for_spans(|spans| spans.len() >= 5);
        let stages = ["global", "proxy", "backend", "backend-request", "backend-response"];
        let chain = stages.map(|stage| of_stage(&spans, stage));
        assert_eq!(chain[0].parent, "00f067aa0ba902b7");
        for pair in chain.windows(2) {
            assert_eq!(pair[1].parent, pair[0].id, "{} is below {}", pair[1].stage(), pair[0].stage());
        }
        assert_eq!(chain.map(|span| span.kind), [2, 1, 1, 3, 1]);
        for span in &spans {
            assert_eq!((span.trace.as_str(), span.state.as_str(), span.links.len()), (TRACE, "a=b,c=d", 0));
            let resource = json!(span.resource);
            assert_eq!(resource["service.name"], "shop");
            assert_eq!(
                (&resource["service.version"], &resource["deployment.environment"]),
                (&json!("7"), &json!("test"))
            );
        }
        let server = chain[0];
        assert_eq!([server.says("http.route"), server.says("http.request.method")], ["/users/:id", "GET"]);
        assert_eq!((server.says("http.response.status_code"), server.status), (json!(200), 0));
        assert_eq!([&chain[1].name, &chain[2].name, &chain[3].name], ["/users/:id", "/v1/:id", "/v1/:id"]);
        assert_eq!(chain[3].says("http.response.status_code"), 200);
        let seen = upstream.wait_for(1).remove(0);
        assert_eq!(traceparent(&seen), chain[3].traceparent());
        assert_eq!((seen.header("tracestate"), seen.header("baggage")), (Some("a=b,c=d"), Some("who=me")));
    }
}

#[test]
fn a_request_without_a_trace_begins_one_and_each_its_own() {
    let (receiver, upstream) = (Receiver::grpc(Manner::Takes), Upstream::answers(json!({})));
    let both = endpoint("/a", &[live(&upstream, "/b"), live(&upstream, "/c")]);
    let gnomon = Gnomon::run(&recorded(&[receiver.exporter()], &json!({}), &[both]));
    gnomon.get("/a");
    gnomon.get("/a");
    let spans = receiver.wait_for_spans(|spans| spans.len() >= 16);
    let roots: Vec<_> = spans.iter().filter(|span| span.parent.is_empty()).collect();
    assert_eq!(roots.len(), 2, "{spans:#?}");
    assert_ne!(roots[0].trace, roots[1].trace);
    for root in roots {
        assert_eq!(root.stage(), "global");
        assert_eq!(spans.iter().filter(|span| span.trace == root.trace).count(), 8);
        let calls: Vec<_> = spans.iter().filter(|span| span.trace == root.trace && span.kind == 3).collect();
        let seen: Vec<_> = upstream.seen().iter().map(|seen| traceparent(seen).to_owned()).collect();
        assert!(calls.len() == 2 && calls.iter().all(|call| seen.contains(&call.traceparent())), "{seen:?}");
    }
}

#[test]
fn a_line_of_the_access_log_leads_to_the_trace_that_began_here() {
    let (receiver, upstream) = (Receiver::grpc(Manner::Takes), Upstream::answers(json!({})));
    let mut file = recorded(&[receiver.exporter()], &json!({}), &[endpoint("/a", &[live(&upstream, "/b")])]);
    file["extra_config"]["@access_log"] = json!({ "format": "json" });
    let gnomon = Gnomon::run(&file);
    assert_eq!(gnomon.get("/a").status, 200);
    let spans = receiver.wait_for_spans(|spans| spans.iter().any(|span| span.parent.is_empty()));
    let root = spans.iter().find(|span| span.parent.is_empty()).expect("waited for");
    let line = wait_for(|| gnomon.output().lines().find(|line| line.contains("\"target\":\"/a\"")).map(str::to_owned));
    let told: Value = serde_json::from_str(&line.expect("a line")).expect("JSON");
    let wanted = [json!(root.trace), json!(root.id), Value::Null, json!(true)];
    assert_eq!(["trace_id", "span_id", "parent_id", "sampled"].map(|name| told[name].clone()), wanted, "{told}");
}

#[test]
fn what_the_client_does_not_record_nobody_does_and_the_upstream_hears_so() {
    let (receiver, upstream) = (Receiver::grpc(Manner::Takes), Upstream::answers(json!({})));
    let file = recorded(&[receiver.exporter()], &json!({}), &[endpoint("/a", &[live(&upstream, "/b")])]);
    let mut gnomon = Gnomon::run(&file);
    gnomon.ask("GET", "/a", &[("traceparent", UNSAMPLED)], b"");
    let told = traceparent(&upstream.wait_for(1)[0]).to_owned();
    assert!(told.starts_with(&format!("00-{TRACE}-")) && told.ends_with("-00"), "{told}");
    gnomon.signal("TERM");
    gnomon.wait_for_exit();
    assert!(receiver.spans().is_empty(), "{:#?}", receiver.spans());
}

#[test]
fn a_share_of_the_traces_that_begin_here_is_recorded_and_all_of_those_that_are() {
    let (receiver, upstream) = (Receiver::grpc(Manner::Takes), Upstream::answers(json!({})));
    let rarely = json!({ "trace_sample_rate": 1e-18 });
    let mut gnomon =
        Gnomon::run(&recorded(&[receiver.exporter()], &rarely, &[endpoint("/a", &[live(&upstream, "/b")])]));
    gnomon.get("/a");
    gnomon.ask("GET", "/a", &[("traceparent", PARENT)], b"");
    gnomon.signal("TERM");
    gnomon.wait_for_exit();
    let spans = receiver.spans();
    assert!(spans.len() == 5 && spans.iter().all(|span| span.trace == TRACE), "{spans:#?}");
    let seen = upstream.seen();
    assert!(traceparent(&seen[0]).ends_with("-00") && traceparent(&seen[1]).ends_with("-01"), "{seen:#?}");
}

#[test]
fn a_copy_is_in_the_trace_of_the_live_call_and_linked_to_it() {
    let receiver = Receiver::grpc(Manner::Takes);
    let (upstream, copied) = (Upstream::answers(json!({})), Upstream::answers_500());
    let a = endpoint("/a", &[live(&upstream, "/b"), policed(&copied, &json!({}))]);
    let gnomon = Gnomon::run(&recorded(&[receiver.exporter()], &json!({}), &[a]));
    assert_eq!(gnomon.ask("GET", "/a", &[("traceparent", PARENT)], b"").status, 200);
    let spans = receiver.wait_for_spans(|spans| spans.len() >= 8);
    let (copies, live) = spans_of_shadows(&spans);
    let stages = ["backend", "backend-request", "backend-response"];
    assert_eq!((copies.len(), live.len()), (3, 5), "{spans:#?}");
    let [call, exchange, reading] = stages.map(|stage| of_stage(&copies, stage));
    let endpoint = of_stage(&live, "proxy");
    assert_eq!((&call.trace, &call.parent), (&endpoint.trace, &endpoint.id));
    assert_eq!(call.links, [(endpoint.trace.clone(), endpoint.id.clone())]);
    assert_eq!((&exchange.parent, &reading.parent), (&call.id, &exchange.id));
    assert_eq!((exchange.links.len(), exchange.says("http.response.status_code")), (0, json!(500)));
    assert!(live.iter().all(|span| span.links.is_empty() && span.status != 2), "{live:#?}");
    assert_eq!(traceparent(&copied.wait_for(1)[0]), exchange.traceparent());
    assert_eq!(traceparent(&upstream.wait_for(1)[0]), of_stage(&live, "backend-request").traceparent());
    gnomon.finish();
}

#[test]
fn policies_say_how_copies_are_in_the_trace() {
    let receiver = Receiver::grpc(Manner::Takes);
    let (upstream, copied) = (Upstream::answers(json!({})), Upstream::answers(json!({})));
    let named =
        |path, trace: &str| endpoint(path, &[live(&upstream, "/b"), policed(&copied, &json!({ "trace": trace }))]);
    let plain = endpoint("/plain", &[live(&upstream, "/b"), shadow(&copied, "/copy")]);
    let endpoints = [named("/inherit", "inherit"), named("/off", "off"), plain];
    let gnomon = Gnomon::run(&recorded(&[receiver.exporter()], &json!({}), &endpoints));
    for (number, (path, is_in_trace)) in [("/inherit", true), ("/off", false), ("/plain", true)].into_iter().enumerate()
    {
        gnomon.ask("GET", path, &[("traceparent", PARENT)], b"");
        let seen = copied.wait_for(number + 1).remove(number);
        let of_path = |spans: &[Told]| {
            let global = spans.iter().filter(|span| span.says("http.route") == path).count();
            global > 0 && spans_of_shadows(spans).0.len() >= 3 * (number + 1)
        };
        let spans = receiver.wait_for_spans(of_path);
        let (copies, _) = spans_of_shadows(&spans);
        let copy = copies.iter().rfind(|span| span.stage() == "backend").unwrap();
        let exchange = copies.iter().rfind(|span| span.stage() == "backend-request").unwrap();
        assert_eq!(copy.trace == TRACE, is_in_trace, "{path}: {copy:#?}");
        assert_eq!(copy.links.len(), usize::from(path != "/inherit"), "{path}: {copy:#?}");
        let told = seen.header("traceparent").map(str::to_owned);
        assert_eq!(told, is_in_trace.then(|| exchange.traceparent()), "{path}");
    }
}

#[test]
fn failures_are_told_and_those_who_left_are_too() {
    let receiver = Receiver::grpc(Manner::Takes);
    let (nobody, hangs) = (Upstream::refuses(), Upstream::hangs());
    let endpoints = [endpoint("/down", &[live(&nobody, "/b")]), endpoint("/late", &[live(&hangs, "/b")])];
    let gnomon = Gnomon::run(&recorded(&[receiver.exporter()], &json!({}), &endpoints));
    assert_eq!(gnomon.get("/down").status, 500);
    assert_eq!(gnomon.get("/nowhere").status, 404);
    let mut client = gnomon.connect();
    client.ask("GET", "/late", &[], b"");
    hangs.wait_for(1);
    client.hang_up();
    let spans = receiver.wait_for_spans(|spans| spans.iter().filter(|span| span.kind == 2).count() >= 3);
    let of_route = |route: &str| spans.iter().find(|span| span.says("http.route") == route).unwrap().clone();
    assert_eq!((of_route("/down").says("http.response.status_code"), of_route("/down").status), (json!(500), 2));
    assert_eq!((of_route("404 Not Found").status, of_route("/late").status), (0, 2));
    let trace = of_route("/down").trace;
    let below: Vec<_> = spans.iter().filter(|span| span.trace == trace && span.kind != 2).collect();
    assert!(below.len() == 3 && below.iter().all(|span| span.status == 2), "{below:#?}");
    assert_eq!(below.iter().find(|span| span.kind == 3).unwrap().says("error.type"), "connect");
}

#[test]
fn paths_to_skip_and_secrets_are_in_no_message() {
    const SECRET: &str = "s3cr3t-of-the-client";
    let receiver = Receiver::grpc(Manner::Takes);
    let upstream = Upstream::behaving(crate::upstream::Reply::json(&json!({})).with("Set-Cookie", SECRET).into());
    let all = json!({ "report_headers": true });
    let layers = json!({ "global": all, "proxy": all, "backend": { "traces": with(all.clone(), &json!({
        "round_trip": true, "read_payload": true })) } });
    let open = json!({ "input_headers": ["*"], "input_query_strings": ["*"] });
    let endpoints = [
        with(endpoint("/a", &[live(&upstream, "/b")]), &open),
        with(endpoint("/skipped", &[live(&upstream, "/c")]), &open),
    ];
    let keys = json!({ "layers": layers, "skip_paths": ["/skipped", "/__health"] });
    let mut gnomon = Gnomon::run(&recorded(&[receiver.exporter()], &keys, &endpoints));
    let token = format!("Bearer {SECRET}");
    let headers =
        [("Authorization", token.as_str()), ("Cookie", SECRET), ("X-Api-Key", SECRET), ("X-Seen", "seen-by-all")];
    for path in ["/a", "/skipped"] {
        assert_eq!(gnomon.ask("GET", &format!("{path}?token={SECRET}&q=told"), &headers, b"").status, 200);
    }
    gnomon.signal("TERM");
    gnomon.wait_for_exit();
    let spans = receiver.spans();
    assert_eq!(spans.len(), 5, "{spans:#?}");
    let holds = |part: &str| {
        let all = [receiver.messages("traces"), receiver.messages("metrics")].concat();
        all.iter().any(|message| message.windows(part.len()).any(|window| window == part.as_bytes()))
    };
    assert!(holds("seen-by-all") && holds("q=told") && !holds(SECRET) && !holds("/skipped"));
    let seen = upstream.seen();
    assert!(seen.iter().all(|seen| seen.target.contains(SECRET)), "what is not told is sent all the same");
}

#[test]
fn without_the_component_nobody_hears_of_a_trace() {
    let upstream = Upstream::answers(json!({}));
    let gnomon = Gnomon::run(&crate::files::service(&[endpoint("/a", &[live(&upstream, "/b")])]));
    gnomon.ask("GET", "/a", &[("traceparent", PARENT)], b"");
    assert_eq!(upstream.wait_for(1)[0].header("traceparent"), None);
}

//! What is held against what, for each kind of endpoint and each way in which a shadow answers.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};

use crate::{
    comparison::{all_figures, outcomes, read},
    files::{endpoint, live, service, with},
    gnomon::Gnomon,
    patience::wait_for,
    selection::shadow_under,
    upstream::{Behaviour, Reply, Upstream},
};

const ID: &str = "GET:/a:0";

/// A gateway whose only endpoint, `GET /a`, has these backends and members.
fn gateway(backends: &[Value], members: &Value) -> Gnomon {
    let mut file = service(&[with(endpoint("/a", backends), members)]);
    file["extra_config"] = json!({ "@shadow": { "overload": "off", "holdout": 0 } });
    Gnomon::run(&file)
}

/// What comes of the pairs of one request, for each shadow.
fn outcomes_of_a_request(gnomon: &Gnomon) -> Vec<Value> {
    gnomon.get("/a");
    outcomes_of_pair(gnomon)
}

/// What comes of the pairs of the only request, for each shadow.
fn outcomes_of_pair(gnomon: &Gnomon) -> Vec<Value> {
    let judged = |figures: &Value| figures["waiting"] == 0 && figures["begun"] == 1;
    let settled = wait_for(|| Some(all_figures(gnomon)).filter(|all| !all.is_empty() && all.iter().all(judged)));
    let settled = settled.unwrap_or_else(|| panic!("all pairs are judged: {:#?}", all_figures(gnomon)));
    settled.iter().map(outcomes).collect()
}

/// What comes of one request to an endpoint where a live answer and a shadow's are compared like this.
fn outcome_of(compare: &Value, [live_one, its]: [Behaviour; 2]) -> (Gnomon, Value) {
    compared_at(&json!({}), &json!({ "compare": compare }), [live_one, its])
}

/// The same with these members of both the endpoint and its backends, and this policy.
fn compared_at(encoding: &Value, policy: &Value, [live_one, its]: [Behaviour; 2]) -> (Gnomon, Value) {
    let upstream = Upstream::behaving(live_one).on("/v2", its);
    let backends = [with(live(&upstream, "/v1"), encoding), with(shadow_under(policy, &upstream, "/v2"), encoding)];
    let of_endpoint = encoding.get("encoding").map_or_else(|| json!({}), |name| json!({ "output_encoding": name }));
    let gnomon = gateway(&backends, &of_endpoint);
    let mut outcomes = outcomes_of_a_request(&gnomon);
    assert_eq!(outcomes.len(), 1);
    (gnomon, outcomes.remove(0))
}

fn passing_through(compare: &Value, answers: [Reply; 2]) -> Value {
    compared_at(&json!({ "encoding": "no-op" }), &json!({ "compare": compare }), answers.map(Behaviour::from)).1
}

fn places(gnomon: &Gnomon) -> Vec<String> {
    let told = read(gnomon, ID, "fields");
    let rows = told["fields"].as_array().expect("a list").iter();
    rows.map(|row| format!("{} {}", row["path"].as_str().unwrap(), row["kind"].as_str().unwrap())).collect()
}

/// A gateway whose endpoint merges orders and a user, for whom there is a shadow that is compared so.
fn merging(answers: &Upstream, against: &str) -> Gnomon {
    let grouped = |backend: Value, group: &str| with(backend, &json!({ "group": group }));
    let policy = json!({ "compare": { "against": against } });
    let backends = [
        grouped(live(answers, "/orders"), "orders"),
        grouped(live(answers, "/user"), "user"),
        grouped(shadow_under(&policy, answers, "/user2"), "user"),
    ];
    gateway(&backends, &json!({}))
}

#[test]
fn the_whole_answer_is_compared_with_the_shadows_part_in_its_place() {
    let answers = Upstream::answers(json!({}))
        .on("/user", json!({ "name": "Ada" }))
        .on("/orders", json!({ "count": 3 }))
        .on("/user2", json!({ "name": "Eve" }));
    let gnomon = merging(&answers, "merged");
    assert_eq!(outcomes_of_a_request(&gnomon), [json!({ "mismatch": 1 })]);
    assert_eq!(places(&gnomon), ["$.user.name value"]);
}

#[test]
fn another_part_that_failed_is_missing_on_both_sides() {
    let answers = Upstream::answers(json!({ "a": 1 })).on("/orders", Behaviour::Resets).on("/user2", json!({ "a": 2 }));
    let gnomon = merging(&answers, "merged:1");
    assert_eq!(outcomes_of_a_request(&gnomon), [json!({ "mismatch": 1 })]);
    assert_eq!(places(&gnomon), ["$.user.a value"]);
}

/// What comes of answers that pass through packed, since the client asks for it.
fn ask_for_gzip(answers: [Reply; 2]) -> Value {
    let [live_one, its] = answers;
    let upstream = Upstream::behaving(live_one.into()).on("/v2", its);
    let no_op = json!({ "encoding": "no-op" });
    let policy = json!({ "compare": {} });
    let backends = [with(live(&upstream, "/v1"), &no_op), with(shadow_under(&policy, &upstream, "/v2"), &no_op)];
    let gnomon = gateway(&backends, &json!({ "output_encoding": "no-op", "input_headers": ["Accept-Encoding"] }));
    let answer = gnomon.ask("GET", "/a", &[("Accept-Encoding", "gzip")], b"");
    assert_eq!(answer.header("content-encoding"), Some("gzip"));
    outcomes_of_pair(&gnomon).remove(0)
}

#[test]
fn packed_and_plain_bodies_that_pass_through_are_the_same_when_unpacked() {
    let packed = |value: &Value| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(value.to_string().as_bytes()).unwrap();
        Reply::new(200, "application/json", &encoder.finish().unwrap()).with("Content-Encoding", "gzip")
    };
    let [one, other] = [json!({ "a": [1, 2] }), json!({ "a": [1, 3] })];
    assert_eq!(passing_through(&json!({}), [packed(&one), Reply::json(&one)]), json!({ "match": 1 }));
    assert_eq!(passing_through(&json!({}), [Reply::json(&one), packed(&other)]), json!({ "mismatch": 1 }));
    let raw = json!({ "stage": "raw" });
    let (_, decoded) = outcome_of(&raw, [packed(&one).into(), Reply::json(&one).into()]);
    assert_eq!(decoded, json!({ "match": 1 }), "what is decoded, before it is");
    let outcome = ask_for_gzip([packed(&one), Reply::json(&one)]);
    assert_eq!(outcome, json!({ "match": 1 }), "what the client unpacks itself");
    let broken = Reply::new(200, "application/json", b"no gzip").with("Content-Encoding", "gzip");
    assert_eq!(passing_through(&json!({}), [Reply::json(&one), broken]), json!({ "encoding": 1 }));
}

#[test]
fn a_hash_knows_bodies_of_any_length_and_nothing_else_does() {
    let long = |end: &str| Reply::new(200, "application/octet-stream", format!("{}{end}", "x".repeat(5000)).as_bytes());
    let hash = json!({ "body": "hash", "max_body": 100 });
    assert_eq!(passing_through(&hash, [long("a"), long("a")]), json!({ "match": 1 }));
    assert_eq!(passing_through(&hash, [long("a"), long("b")]), json!({ "mismatch": 1 }));
    let auto = json!({ "max_body": 100 });
    assert_eq!(passing_through(&auto, [long("a"), long("a")]), json!({ "too_large": 1 }));
}

#[test]
fn a_shadow_that_is_too_slow_can_not_be_compared() {
    let (_, outcome) = outcome_of(&json!({}), [json!({}).into(), Behaviour::Hangs]);
    assert_eq!(outcome, json!({ "shadow_timeout": 1 }));
    let (_, outcome) = outcome_of(&json!({}), [json!({}).into(), Behaviour::ResetsMidway]);
    assert_eq!(outcome, json!({ "shadow_error": 1 }));
    let (_, outcome) = outcome_of(&json!({}), [Behaviour::Resets, json!({}).into()]);
    assert_eq!(outcome, json!({ "live_error": 1 }));
}

#[test]
fn of_a_failing_status_only_the_status_differs() {
    let failing = |status| Behaviour::from(Reply { status, ..Reply::json(&json!({ "error": status })) });
    for answers in [[json!({ "a": 1 }).into(), failing(500)], [failing(404), json!({ "a": 1 }).into()]] {
        let (gnomon, outcome) = outcome_of(&json!({}), answers);
        assert_eq!(outcome, json!({ "mismatch": 1 }));
        assert_eq!(places(&gnomon), ["status status"]);
    }
    let (_, outcome) = outcome_of(&json!({}), [failing(404), failing(404)]);
    assert_eq!(outcome, json!({ "match": 1 }), "both say the same");
}

#[test]
fn only_the_first_copy_of_a_request_is_compared() {
    let policy = json!({ "compare": {}, "limits": { "multiplier": 3 } });
    let (gnomon, outcome) = compared_at(&json!({}), &policy, [json!({}).into(), json!({}).into()]);
    assert_eq!(outcome, json!({ "match": 1 }));
    let books = gnomon.wait_until("all copies are sent", |stats| stats.the_books().settled()).the_books();
    assert_eq!(books.sent, 3);
    assert_eq!(outcomes(&all_figures(&gnomon)[0]), json!({ "match": 1 }));
}

#[test]
fn every_step_of_a_sequence_is_compared_with_its_own() {
    let answers = Upstream::answers(json!({}))
        .on("/user", json!({ "id": 7 }))
        .on("/orders/7", json!({ "count": 1 }))
        .on("/user2", json!({ "id": 8 }))
        .on("/orders2/8", json!({ "count": 1 }));
    let shadow = |pattern, place: usize| {
        shadow_under(&json!({ "compare": { "against": format!("backend:{place}") } }), &answers, pattern)
    };
    let backends = [
        live(&answers, "/user"),
        live(&answers, "/orders/{resp0_id}"),
        shadow("/user2", 0),
        shadow("/orders2/{resp0_id}", 1),
    ];
    let sequence = json!({ "extra_config": { "proxy": { "sequential": true } } });
    let gnomon = gateway(&backends, &sequence);
    assert_eq!(outcomes_of_a_request(&gnomon), [json!({ "mismatch": 1 }), json!({ "match": 1 })]);
    assert_eq!(places(&gnomon), ["$.id value"], "the second is asked with what the first shadow said");
}

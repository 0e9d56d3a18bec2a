//! Comparing two answers of 10 KB. No client waits for it, but it may not take more than a few hundredths of the machine.

use std::{hint::black_box, time::Duration};

use bytes::Bytes;
use criterion::{Criterion, Throughput};
use gnomon::{
    compare::{Comparator, FieldNames},
    config::shadow::{ArrayRule, Compare, FieldPath, JsonRules, Tolerance},
    model::{Headers, Seen, SeenBody},
};
use http::{HeaderValue, StatusCode, header::CONTENT_TYPE};
use serde_json::{Value, json};

pub(crate) fn all(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("compare 10 KB");
    for (name, comparator, live, shadow) in pairs() {
        let mut names = warm(&comparator, &live, &shadow);
        let SeenBody::Bytes(body) = &live.body else { continue };
        group.throughput(Throughput::Bytes(body.len() as u64));
        group.bench_function(name, |bench| {
            bench.iter(|| comparator.compare(black_box(&live), black_box(&shadow), &mut names));
        });
    }
    group.finish();
}

/// After the first pairs, whose fields are all recorded.
pub(crate) fn warm(comparator: &Comparator, live: &Seen, shadow: &Seen) -> FieldNames {
    let mut names = FieldNames::new();
    for _ in 0..64 {
        comparator.compare(live, shadow, &mut names);
    }
    names
}

/// What is compared with what.
pub(crate) fn pairs() -> [(&'static str, Comparator, Seen, Seen); 5] {
    let path = |text: &str| FieldPath::parse(text).expect("it is a path");
    let rules = || JsonRules {
        ignore: vec![path("$.at"), path("$.items[*].at")],
        arrays: vec![(path("$.items"), ArrayRule::Key("id".to_owned()))],
        numbers: vec![(path("$.items[*].price"), Tolerance { absolute: Some(0.005), relative: None })],
        ..JsonRules::default()
    };
    let set = JsonRules { arrays: vec![(path("$.items"), ArrayRule::Set)], ..JsonRules::default() };
    let (live, turned) = (answer(0, false), answer(0, true));
    [
        ("the same bytes", comparator(JsonRules::default()), live.clone(), live.clone()),
        ("members in another order", comparator(JsonRules::default()), live.clone(), turned.clone()),
        ("ten differences", comparator(JsonRules::default()), live.clone(), answer(10, true)),
        ("ten differences, with rules", comparator(rules()), live.clone(), answer(10, true)),
        ("a set in another order", comparator(set), live, turned),
    ]
}

/// Ten kilobytes, of which so many prices are others; with members in another order.
fn answer(differences: usize, turned: bool) -> Seen {
    let item = |place: usize| {
        let price = place as f64 + if place < differences { 0.75 } else { 0.5 };
        let members = [
            ("at", json!("2026-11-25T00:10:00Z")),
            ("id", json!(place)),
            ("mail", json!("ada@example.org")),
            ("name", json!("Ada Lovelace")),
            ("ok", json!(true)),
            ("price", json!(price)),
            ("tags", json!(["new", "blue"])),
        ];
        written(&members, turned)
    };
    let items: Vec<String> = (0..78).map(item).collect();
    let body = format!("{{\"at\":1,\"items\":[{}],\"next\":null}}", items.join(","));
    let mut headers = Headers::new();
    headers.append(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Seen { status: StatusCode::OK, headers, body: SeenBody::Bytes(Bytes::from(body)), took: Duration::ZERO }
}

fn written(members: &[(&str, Value)], turned: bool) -> String {
    let mut members: Vec<String> = members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    if turned {
        members.reverse();
    }
    format!("{{{}}}", members.join(","))
}

fn comparator(json: JsonRules) -> Comparator {
    Comparator::new(&Compare { json, ..Compare::default() })
}

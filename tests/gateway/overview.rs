//! `/__overview`: all experiments can be read, some at a time, and those that something is looked for in.

use serde_json::{Value, json};

use crate::{
    client,
    comparison::list,
    files::{endpoint, live, service, shadow},
    gnomon::Gnomon,
    upstream::Upstream,
};

/// More than an event tells of.
const MANY: usize = 210;

fn ids(told: &Value) -> Vec<String> {
    list(&told["experiments"]["shadows"]).iter().map(|one| one["id"].as_str().expect("a text").to_owned()).collect()
}

fn id(number: usize) -> String {
    format!("GET:/e{number:03}:0")
}

#[test]
fn pages_of_the_overview_have_each_experiment_once_and_in_order() {
    let (v1, v2, other) = (Upstream::answers(json!({})), Upstream::answers(json!({})), Upstream::answers(json!({})));
    let endpoints: Vec<Value> = (0..MANY)
        .map(|number| {
            let of = if number == 77 { &other } else { &v2 };
            endpoint(&format!("/e{number:03}"), &[live(&v1, "/v1"), shadow(of, "/v2")])
        })
        .collect();
    let gnomon = Gnomon::run(&service(&endpoints));
    let read = |query: &str| {
        let answer = client::get(gnomon.admin(), &format!("/__overview?{query}"));
        assert_eq!(answer.status, 200, "{query}: {}", answer.text());
        answer.json()
    };
    let counts = |told: &Value| (told["experiments"]["all"].clone(), told["experiments"]["found"].clone());
    let mut seen = Vec::new();
    for skip in (0..MANY).step_by(60) {
        let told = read(&format!("limit=60&skip={skip}"));
        assert_eq!(counts(&told), (json!(MANY), json!(MANY)));
        assert!(
            told["version"].is_string() && told["totals"]["endpoints"] == MANY,
            "the gateway's figures are there, too"
        );
        seen.extend(ids(&told));
    }
    let all: Vec<String> = (0..MANY).map(id).collect();
    assert_eq!(seen, all);
    // Somebody may want all at once.
    assert_eq!((ids(&read("")), ids(&read("limit=99999"))), (all.clone(), all));
    let host = other.host().replace("http://", "");
    for (query, found, shown) in [
        ("find=E10", 10, (100..110).collect()),
        ("find=E10&limit=3&skip=8", 10, vec![108, 109]),
        ("find=GET%20/e042", 1, vec![42]),
        (&format!("find={host}"), 1, vec![77]),
        ("id=GET:%2Fe209:0", 1, vec![209]),
        ("id=GET:%2Fe20", 0, vec![]),
        ("find=nowhere", 0, vec![]),
        ("limit=0", MANY, vec![]),
        ("skip=99999", MANY, vec![]),
    ] {
        let told = read(query);
        assert_eq!(ids(&told), shown.into_iter().map(id).collect::<Vec<_>>(), "{query}");
        assert_eq!(counts(&told), (json!(MANY), json!(found)), "{query}");
    }
    for wrong in ["limit=-1", "skip=x", "limit=1e3", "skip=99999999999999999999"] {
        assert_eq!(client::get(gnomon.admin(), &format!("/__overview?{wrong}")).status, 400, "{wrong}");
    }
    gnomon.finish();
}

//! Answers of shadows compared with live ones, from requests to verdicts.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    time::Duration,
};

use ::gnomon::demo::{NOISE, PLANTED};
use serde_json::{Map, Value, json};

use crate::{
    client,
    files::{endpoint, live, service, with},
    gnomon::{Gnomon, complete},
    patience::{wait_at_most, wait_for},
    selection::shadow_under,
    upstream::Upstream,
};

/// How long the demo may take to show everything.
const MINUTE: Duration = Duration::from_secs(60);

/// Places and kinds in which answers differ, and what is decided about them.
type Fields = BTreeMap<(String, String), String>;

pub(crate) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn member<'a>(value: &'a Value, name: &str) -> &'a Value {
    value.get(name).unwrap_or(&Value::Null)
}

/// The number of a label with its count.
fn number_of(counted: &Value) -> u64 {
    counted.get(1).and_then(Value::as_u64).expect("a count")
}

pub(crate) fn path_of(id: &str) -> String {
    format!("/__shadow/{}", id.replace('/', "%2F").replace('{', "%7B").replace('}', "%7D"))
}

pub(crate) fn read(gnomon: &Gnomon, id: &str, what: &str) -> Value {
    let answer = client::get(gnomon.admin(), &format!("{}/{what}", path_of(id)));
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

fn fields(gnomon: &Gnomon, id: &str) -> Fields {
    let told = read(gnomon, id, "fields");
    let text = |row: &Value, name: &str| member(row, name).as_str().expect("a text").to_owned();
    let rows = list(member(&told, "fields"));
    rows.iter().map(|row| ((text(row, "path"), text(row, "kind")), text(row, "decision"))).collect()
}

fn done(gnomon: &Gnomon, id: &str, verb: &str, body: &Value) -> Value {
    gnomon.changed("POST", &format!("{}/{verb}", path_of(id)), body)
}

/// The pairs of the only shadow whose answers are compared.
fn comparison(gnomon: &Gnomon) -> Value {
    figures(gnomon).expect("a shadow is compared")
}

/// The same if there is such a shadow.
pub(crate) fn figures(gnomon: &Gnomon) -> Option<Value> {
    all_figures(gnomon).into_iter().next()
}

/// The pairs of all shadows whose answers are compared, balanced whenever they are looked at.
pub(crate) fn all_figures(gnomon: &Gnomon) -> Vec<Value> {
    let stats = client::get(gnomon.admin(), "/__stats").json();
    let backends = list(member(&stats, "endpoints")).iter().flat_map(|one| list(member(one, "backends")));
    let compared =
        backends.map(|backend| member(member(backend, "standing"), "comparison").clone()).filter(|one| !one.is_null());
    compared.inspect(balance).collect()
}

fn balance(figures: &Value) {
    let sum = |name: &str| list(member(figures, name)).iter().map(number_of).sum::<u64>();
    let number = |name: &str| member(figures, name).as_u64().expect("a number");
    let judged = sum("verdicts") + sum("incomparable");
    assert_eq!(number("begun"), number("void") + number("waiting") + judged, "the books balance: {figures:#}");
}

/// What came of pairs, by verdict or by the reason why they can't be compared, as far as it happened.
pub(crate) fn outcomes(figures: &Value) -> Value {
    let all = ["verdicts", "incomparable"].into_iter().flat_map(|name| list(member(figures, name)));
    let counted = all.filter(|one| number_of(one) != 0);
    let named = |one: &Value| Some((one.get(0)?.as_str()?.to_owned(), one.get(1)?.clone()));
    counted.filter_map(named).collect::<Map<_, _>>().into()
}

pub(crate) fn counted(figures: &Value, list: &str, name: &str) -> u64 {
    let counts = self::list(member(figures, list));
    counts.iter().find(|one| one.get(0).is_some_and(|label| label == name)).map_or(0, number_of)
}

pub(crate) fn wait_for_pairs(gnomon: &Gnomon, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let found = wait_for(|| Some(comparison(gnomon)).filter(&wanted));
    found.unwrap_or_else(|| panic!("not in time: {what}\n{:#}\n{}", comparison(gnomon), gnomon.output()))
}

/// What the demo plants at an endpoint, where its shadow shows it.
fn planted(path: &str, within: &str) -> BTreeSet<(String, String)> {
    let here = PLANTED.iter().filter(|planted| planted.endpoint == path || planted.endpoint == "*");
    let shown = here.flat_map(|planted| planted.shows);
    shown.map(|(at, kind)| (at.replacen('$', within, 1), (*kind).to_owned())).collect()
}

fn noise(path: &str, within: &str) -> BTreeSet<(String, String)> {
    let here = NOISE.iter().filter(|(endpoint, _)| *endpoint == path);
    here.map(|(_, at)| (at.replacen('$', within, 1), "value".to_owned())).collect()
}

#[test]
fn exactly_the_planted_differences_are_found_and_none_once_they_are_taken_out() {
    let gnomon = Gnomon::demo_at(200);
    let shadows = [
        ("GET:/user/{id}:0", "/user/{id}", "$"),
        ("GET:/orders/{id}:0", "/orders/{id}", "$"),
        ("GET:/search:0", "/search", "$"),
        // The whole answer, of which the user is a part.
        ("GET:/home/{id}:0", "/user/{id}", "$.user"),
    ];
    let are_found = |id: &str, wanted: &BTreeSet<_>, noise: &BTreeSet<_>| {
        let found = fields(&gnomon, id);
        let (silent, counts): (Vec<_>, Vec<_>) = found.into_iter().partition(|(_, decision)| *decision == "noise");
        let names = |all: Vec<_>| all.into_iter().map(|(field, _)| field).collect::<BTreeSet<_>>();
        names(counts) == *wanted && names(silent) == *noise
    };
    // All of them within one minute.
    let told = wait_at_most(MINUTE, || {
        let found = |(id, path, within)| are_found(id, &planted(path, within), &noise(path, within));
        shadows.into_iter().all(found).then_some(())
    });
    let seen = || shadows.map(|(id, ..)| format!("{id}: {:#}", read(&gnomon, id, "fields"))).join("\n");
    assert!(
        told.is_some(),
        "{:#?} and nothing but {NOISE:?}\n{}",
        PLANTED.iter().map(|one| one.shows).collect::<Vec<_>>(),
        seen()
    );
    let readiness = |id: &str| client::get(gnomon.admin(), &format!("{}/readiness", path_of(id)));
    assert!(shadows.iter().all(|(id, ..)| readiness(id).status != 200));

    let [_, v2] = demo_addresses(&gnomon);
    assert_eq!(client::ask(v2, "POST", "/planted/off", &[], b"").status, 200);
    for (id, ..) in shadows {
        done(&gnomon, id, "restart", &json!({ "reason": "repaired" }));
    }
    let repaired = wait_at_most(MINUTE, || {
        let is_fine = |(id, path, within)| {
            let told = readiness(id).json();
            let reasons = told["reasons"].as_array().expect("reasons");
            let fails = reasons.iter().any(|reason| reason["holding"] == "fails");
            told["figures"]["compared"].as_u64() >= Some(100)
                && !fails
                && are_found(id, &BTreeSet::new(), &noise(path, within))
        };
        shadows.into_iter().all(is_fine).then_some(())
    });
    let told = || shadows.map(|(id, ..)| format!("{id}: {:#}", readiness(id).json())).join("\n");
    assert!(repaired.is_some(), "{}\n{}", told(), seen());
}

/// Where the demo's services listen.
fn demo_addresses(demo: &Gnomon) -> [SocketAddr; 2] {
    let output = demo.output();
    ["/v1/user/42", "/v2/user/42"].map(|path| {
        let (before, _) = output.split_once(path).expect("the demo says where its services are");
        before.rsplit("http://").next().and_then(|address| address.parse().ok()).expect("an address")
    })
}

fn at(address: SocketAddr, pattern: &str) -> Value {
    json!({ "host": [format!("http://{address}")], "url_pattern": pattern })
}

#[test]
fn a_rule_stops_a_faulty_rewrite_and_the_repaired_one_is_ready() {
    let demo = Gnomon::demo_at(1);
    let [v1, v2] = demo_addresses(&demo);
    let policy = json!({
        "holdout": 0,
        "compare": { "baseline": { "mode": "dual_primary", "sample": 1 } },
        "stop_on": { "mismatch_rate": 0.05, "error_delta": 0.5, "p99_ratio": 1000, "min_pairs": 100 },
    });
    let shadow = with(
        at(v2, "/v2/user/{id}"),
        &json!({ "extra_config": { "proxy": {
        "shadow": true, "@shadow_policy": policy } } }),
    );
    let mut file = service(&[endpoint("/user/{id}", &[at(v1, "/v1/user/{id}"), shadow])]);
    file["extra_config"] = json!({ "@shadow": { "overload": "off" } });
    let gnomon = Gnomon::run(&file);
    let id = "GET:/user/{id}:0";
    let readiness = || client::get(gnomon.admin(), &format!("{}/readiness", path_of(id)));
    assert_eq!(readiness().status, 425, "{}", readiness().text());

    let stopped = wait_for(|| {
        (0..20).for_each(|number| drop(gnomon.get(&format!("/user/{number}"))));
        let told = client::get(gnomon.admin(), &path_of(id)).json();
        (told["state"] == "paused" && told["stopped"]["rule"] == "mismatch_rate").then_some(told)
    });
    let told = stopped.unwrap_or_else(|| panic!("{:#}", client::get(gnomon.admin(), &path_of(id)).json()));
    assert!(told["why"].as_str().unwrap().contains("stopped by a rule"), "{told:#}");
    assert_eq!(readiness().status, 409, "{}", readiness().text());
    let admin = gnomon.admin().to_string();
    let report = complete(&["shadow", "report", id, "--admin", &admin]);
    assert_eq!(report.status.code(), Some(3), "{report:?}");

    assert_eq!(client::ask(v2, "POST", "/planted/off", &[], b"").status, 200);
    done(&gnomon, id, "restart", &json!({ "reason": "repaired" }));
    done(&gnomon, id, "resume", &json!({}));
    let ready = wait_for(|| {
        (0..20).for_each(|number| drop(gnomon.get(&format!("/user/{number}"))));
        (readiness().status == 200).then_some(())
    });
    assert!(ready.is_some(), "{:#}\n{:#}", readiness().json(), read(&gnomon, id, "fields"));
    let report = complete(&["shadow", "report", id, "--admin", &admin]);
    assert_eq!(report.status.code(), Some(0), "{report:?}");
    comparison(&gnomon);
}

/// A gateway with one shadow whose answers are compared.
fn comparing(compare: &Value, v1: &Upstream, v2: &Upstream) -> Gnomon {
    let policy = json!({ "holdout": 0, "compare": compare });
    let file = service(&[endpoint("/user/{id}", &[live(v1, "/v1/{id}"), shadow_under(&policy, v2, "/v2/{id}")])]);
    Gnomon::run(&with(file, &json!({ "extra_config": { "@shadow": { "overload": "off" } } })))
}

#[test]
fn equal_answers_match_and_the_client_sees_nothing_of_it() {
    let answer = json!({ "a": [1, 2, { "b": "c" }] });
    let (v1, v2) = (Upstream::answers(answer.clone()), Upstream::answers(answer.clone()));
    let gnomon = comparing(&json!({}), &v1, &v2);
    for _ in 0..5 {
        assert_eq!(gnomon.get("/user/1").json(), answer);
    }
    let figures = wait_for_pairs(&gnomon, "five matches", |figures| counted(figures, "verdicts", "match") == 5);
    assert_eq!(counted(&figures, "verdicts", "mismatch"), 0);
    assert_eq!(read(&gnomon, "GET:/user/{id}:0", "clusters")["clusters"], json!([]));
}

#[test]
fn planted_secrets_appear_nowhere_and_equal_ones_are_recognisably_equal() {
    let secret = "hunter2-canary-7d1f";
    let (v1, v2) = (
        Upstream::answers(json!({ "password": secret, "n": 1, "user": { "api_token": secret } })),
        Upstream::answers(json!({ "passwort": 1, "n": 2, "user": { "api_token": "another-canary-99" } })),
    );
    let gnomon = comparing(&json!({}), &v1, &v2);
    gnomon.get("/user/1?token=canary-in-query");
    wait_for_pairs(&gnomon, "a mismatch", |figures| counted(figures, "verdicts", "mismatch") == 1);
    let id = "GET:/user/{id}:0";
    for what in ["", "/fields", "/clusters", "/diffs", "/diffs.ndjson", "/readiness"] {
        let told = client::get(gnomon.admin(), &format!("{}{what}", path_of(id))).text();
        assert!(!told.contains("canary"), "{what}: {told}");
        assert!(!told.is_empty(), "{what}");
    }
    for page in ["/", "/metrics", "/__stats"] {
        assert!(!client::get(gnomon.admin(), page).text().contains("canary"), "{page}");
    }
    let diffs = read(&gnomon, id, "diffs").to_string();
    let mark = |name: &str| {
        let diffs: Value = serde_json::from_str(&diffs).unwrap();
        let all = diffs["diffs"][0]["differences"].as_array().unwrap().clone();
        let one = all.iter().find(|one| one["path"] == name).unwrap_or_else(|| panic!("{name} in {all:#?}"));
        one["live"].to_string()
    };
    assert_eq!(mark("$.password"), mark("$.user.api_token"));
    assert!(!gnomon.output().contains("canary-7d1f"), "{}", gnomon.output());
}

#[test]
fn a_shadow_that_gives_no_answer_can_not_be_compared() {
    let v1 = Upstream::answers(json!({}));
    let v2 = Upstream::answers(json!({}));
    let gnomon = comparing(&json!({}), &v1, &v2);
    drop(v2);
    gnomon.get("/user/1");
    wait_for_pairs(&gnomon, "an incomparable pair", |figures| counted(figures, "incomparable", "shadow_error") == 1);
}

#[test]
fn a_field_that_a_person_ignores_counts_no_more() {
    let (v1, v2) = (Upstream::answers(json!({ "n": 1 })), Upstream::answers(json!({ "n": 2 })));
    let gnomon = comparing(&json!({}), &v1, &v2);
    gnomon.get("/user/1");
    wait_for_pairs(&gnomon, "a mismatch", |figures| counted(figures, "verdicts", "mismatch") == 1);
    let kept = done(&gnomon, "GET:/user/{id}:0", "fields/ignore", &json!({ "path": "$.n" }));
    assert_eq!(kept["keep"], json!({ "compare": { "ignore": ["$.n"] } }), "{kept}");
    gnomon.get("/user/1");
    let figures = wait_for_pairs(&gnomon, "noise", |figures| counted(figures, "verdicts", "noise") == 2);
    assert_eq!(counted(&figures, "verdicts", "mismatch"), 0, "the pair before counts anew");
}

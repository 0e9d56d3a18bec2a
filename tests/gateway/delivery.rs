//! What `docs/delivery.md` has controllers of deliveries ask, asked of a running gateway, and what they make of it.

use std::fs;

use serde_json::{Value, json};

use crate::{
    client::{self, Answer},
    files::{endpoint, live, service},
    gnomon::{Gnomon, complete},
    patience::wait_for,
    selection::shadow_under,
    upstream::{Reply, Upstream},
};

const ID: &str = "GET:/user/{id}:0";

fn page() -> String {
    fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/delivery.md")).expect("the page")
}

/// The blocks of a language, as lines without what surrounds them.
fn blocks(page: &str, language: &str) -> Vec<Vec<String>> {
    let fence = format!("```{language}\n");
    let blocks = page.split(&fence).skip(1).filter_map(|after| after.split("```").next());
    blocks.map(|block| block.lines().map(|line| line.trim().trim_start_matches("- ").to_owned()).collect()).collect()
}

/// The manifest of a kind.
fn manifest(page: &str, kind: &str) -> Vec<String> {
    let is_meant = |block: &Vec<String>| block.contains(&format!("kind: {kind}"));
    blocks(page, "yaml").into_iter().find(is_meant).unwrap_or_else(|| panic!("no {kind}"))
}

/// The values of a key, in the order of the lines.
fn values(manifest: &[String], key: &str) -> Vec<String> {
    let of = |line: &String| Some(line.strip_prefix(key)?.strip_prefix(": ")?.trim_matches('"').to_owned());
    let values: Vec<String> = manifest.iter().filter_map(of).collect();
    assert!(!values.is_empty(), "no {key} in {manifest:?}");
    values
}

fn value(manifest: &[String], key: &str) -> String {
    values(manifest, key).remove(0)
}

/// Where an address of the page leads at any gateway.
fn target(url: &str) -> String {
    let (_host, path) = url.strip_prefix("http://").and_then(|rest| rest.split_once('/')).expect("an address");
    format!("/{path}")
}

/// What Argo Rollouts makes of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Measured {
    Successful,
    Failed,
    Inconclusive,
    Error,
}

fn measure(template: &[String], admin: std::net::SocketAddr) -> Measured {
    let answer = client::ask(admin, &value(template, "method"), &target(&value(template, "url")), &[], b"");
    if !(200..300).contains(&answer.status) {
        return Measured::Error;
    }
    let path = value(template, "jsonPath");
    let name = path.strip_prefix("{$.").and_then(|path| path.strip_suffix('}')).expect("the path of a member");
    let result = answer.json()[name].clone();
    let holds = |condition: &str| {
        let condition = value(template, condition);
        let wanted = condition.strip_prefix("result == \"").expect("a comparison").trim_end_matches('"').to_owned();
        result == json!(wanted)
    };
    match (holds("successCondition"), holds("failureCondition")) {
        (true, false) => Measured::Successful,
        (false, true) => Measured::Failed,
        (false, false) => Measured::Inconclusive,
        (true, true) => panic!("{result} is both"),
    }
}

/// What Flagger sends to each of the webhooks of a canary, and the status that it looks at.
fn hooked(canary: &[String], admin: std::net::SocketAddr) -> Vec<u16> {
    let payload = json!({ "name": "user-service", "namespace": "shop", "phase": "Progressing", "metadata": {} });
    let headers = [("Content-Type", "application/json")];
    let post = |url: &String| client::ask(admin, "POST", &target(url), &headers, payload.to_string().as_bytes());
    values(canary, "url").iter().map(|url| post(url).status).collect()
}

/// A row of the page's table: the verdict, the status, that with `?status=200`, and the exit code.
fn row(page: &str, verdict: &str) -> [String; 4] {
    let start = format!("| `{verdict}` |");
    let line = page.lines().find(|line| line.starts_with(&start)).unwrap_or_else(|| panic!("no {verdict}"));
    let cells: Vec<String> = line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
    cells.try_into().expect("four cells")
}

fn readiness(gnomon: &Gnomon, query: &str) -> Answer {
    client::get(gnomon.admin(), &format!("/__shadow/GET:%2Fuser%2F%7Bid%7D:0/readiness{query}"))
}

/// Everything on the page holds for a gateway with this verdict.
fn agrees(gnomon: &Gnomon, verdict: &str, measured: Measured) {
    let (page, admin) = (page(), gnomon.admin());
    let [_, status, always, code] = row(&page, verdict);
    let answer = readiness(gnomon, "");
    assert_eq!(answer.json()["verdict"], verdict, "{}", answer.text());
    let (number, _reason) = status.split_once(' ').expect("a status and its reason");
    assert_eq!(answer.status.to_string(), number, "{verdict}");
    assert_eq!(readiness(gnomon, "?status=200").status.to_string(), always, "{verdict}");
    let report = complete(&["shadow", "report", ID, "--admin", &admin.to_string()]);
    assert_eq!(report.status.code().map(|code| code.to_string()), Some(code), "{report:?}");
    assert_eq!(measure(&manifest(&page, "AnalysisTemplate"), admin), measured, "{verdict}");
    let hooked = hooked(&manifest(&page, "Canary"), admin);
    assert!(hooked.iter().all(|status| status.to_string() == number) && hooked.len() == 2, "{verdict}: {hooked:?}");
    let metrics = client::get(admin, "/metrics").text();
    let name = "gnomon_shadow_verdict{verdict=\"ready\"}";
    assert!(page.contains(name), "the page names the metric");
    let of_verdict =
        |line: &&str| line.starts_with("gnomon_shadow_verdict{") && line.contains(&format!("verdict=\"{verdict}\""));
    assert!(metrics.lines().find(of_verdict).is_some_and(|line| line.ends_with(" 1")), "{verdict}\n{metrics}");
}

fn ask(gnomon: &Gnomon, times: usize) {
    let mut connection = gnomon.connect();
    for turn in 0..times {
        connection.ask("GET", ["/user/7", "/user/8"][turn % 2], &[], b"");
        assert_eq!(connection.receive().expect("an answer").status, 200);
    }
}

#[test]
fn controllers_of_deliveries_wait_go_on_and_give_up_as_the_page_says() {
    let answer = json!({ "a": 1 });
    let (v1, v2) = (Upstream::answers(answer.clone()), Upstream::answers(answer));
    let rules = json!({ "mismatch_rate": 0.01, "p99_ratio": 1000, "min_pairs": 50 });
    let policy = json!({ "holdout": 0, "compare": {}, "stop_on": rules });
    let gnomon = Gnomon::run(&service(&[endpoint(
        "/user/{id}",
        &[live(&v1, "/v1/{id}"), shadow_under(&policy, &v2, "/v2/{id}")],
    )]));
    agrees(&gnomon, "not_enough_data", Measured::Inconclusive);

    ask(&gnomon, 900);
    let is_ready = || (readiness(&gnomon, "").status == 200).then_some(());
    assert!(wait_for(is_ready).is_some(), "{}", readiness(&gnomon, "").text());
    agrees(&gnomon, "ready", Measured::Successful);

    for path in ["/v2/7", "/v2/8"] {
        v2.change(path, Reply::new(200, "application/json", br#"{"a":2}"#));
    }
    ask(&gnomon, 200);
    let is_refused = || (readiness(&gnomon, "").status == 409).then_some(());
    assert!(wait_for(is_refused).is_some(), "{}", readiness(&gnomon, "").text());
    agrees(&gnomon, "not_ready", Measured::Failed);
    gnomon.finish();
}

#[test]
fn what_is_no_verdict_is_none_for_controllers() {
    let (v1, v2) = (Upstream::answers(json!({})), Upstream::answers(json!({})));
    let policy = json!({ "holdout": 0, "compare": {} });
    // Another endpoint than the page's.
    let file = service(&[endpoint("/order/{id}", &[live(&v1, "/v1/{id}"), shadow_under(&policy, &v2, "/v2/{id}")])]);
    let gnomon = Gnomon::run(&file);
    let (page, admin) = (page(), gnomon.admin());
    assert_eq!(measure(&manifest(&page, "AnalysisTemplate"), admin), Measured::Error);
    assert_eq!(hooked(&manifest(&page, "Canary"), admin), [404, 404]);
    assert_eq!(complete(&["shadow", "report", ID, "--admin", &admin.to_string()]).status.code(), Some(1));
    let path = "/__shadow/GET:%2Forder%2F%7Bid%7D:0/readiness";
    let put = client::ask(admin, "PUT", path, &[], b"");
    assert_eq!((put.status, put.header("allow")), (405, Some("GET, HEAD, POST")));
    assert_eq!(client::ask(admin, "POST", path, &[], b"no JSON at all").status, 425);
    let report = complete(&["shadow", "report", "--json", "--admin", &admin.to_string()]);
    let told: Value = serde_json::from_slice(&report.stdout).expect("JSON");
    assert_eq!(report.status.code(), Some(4));
    assert_eq!(told["routes"]["never_seen"], json!(["GET /order/{id}"]));
    let coverage = &told["shadows"][0]["readiness"]["coverage"];
    assert_eq!((&coverage["paths"], &coverage["requests"]), (&json!(0), &json!(0)));
    gnomon.finish();
}

#[test]
fn a_rollout_names_a_template_that_the_page_has() {
    let page = page();
    let template = value(&manifest(&page, "AnalysisTemplate"), "name");
    assert_eq!(value(&manifest(&page, "Rollout"), "templateName"), template);
    assert_eq!(values(&manifest(&page, "Canary"), "type"), ["confirm-rollout", "rollout"]);
    let shown: Vec<String> = blocks(&page, "sh").concat();
    let asked = shown.iter().find_map(|line| line.strip_suffix(" && deploy")).expect("a command");
    assert_eq!(target(asked), "/__shadow/GET:%2Fuser%2F%7Bid%7D:0/readiness");
}

//! What clients send in confidence reaches neither a shadow in policy mode nor a page, a figure or the log.

use serde_json::json;

use crate::{
    client,
    files::{endpoint, live, service, with},
    gnomon::Gnomon,
    patience::wait_for,
    selection::shadow_under,
    upstream::Upstream,
};

/// No secret of a test is without it, and nothing else has it.
const CANARY: &str = "canary7f3a";

/// Headers that usually hold secrets, and one that the policy names.
const HEADERS: [&str; 12] = [
    "Authorization",
    "Proxy-Authorization",
    "Cookie",
    "X-Api-Key",
    "Api-Key",
    "X-Auth-Token",
    "X-Access-Token",
    "X-Forwarded-Access-Token",
    "X-Amz-Security-Token",
    "X-Csrf-Token",
    "X-Tenant-Secret",
    "Referer",
];

/// The same of parameters.
const PARAMETERS: [&str; 13] = [
    "access_token",
    "id_token",
    "refresh_token",
    "Token",
    "jwt",
    "api_key",
    "api%5Fkey",
    "apikey",
    "password",
    "client_secret",
    "sig",
    "X-Amz-Signature",
    "sid",
];

#[test]
fn what_clients_send_in_confidence_is_nowhere_but_at_the_live_backend() {
    let v2 = Upstream::answers(json!({}));
    let policy = json!({
        "headers": {
            "credential_headers": ["X-Tenant-Secret"], "credential_query": ["SID"],
            "set": { "X-Env": format!("set-{CANARY}") },
        },
        "holdout": 0,
    });
    // One live backend answers, one breaks off, so that the log quotes its URL.
    let (v1, broken) = (Upstream::answers(json!({})), Upstream::resets());
    let forwards = json!({ "input_headers": ["*"], "input_query_strings": ["*"] });
    let paths = [("/well", &v1), ("/badly", &broken)];
    let endpoints = paths.map(|(path, live_one)| {
        with(endpoint(path, &[live(live_one, "/v1"), shadow_under(&policy, &v2, "/v2")]), &forwards)
    });
    let gnomon = Gnomon::run_with(&service(&endpoints), &["-d"]);
    let secret = format!("https://a.example/p?q={CANARY}");
    let headers = HEADERS.map(|name| (name, secret.as_str()));
    let query = PARAMETERS.map(|name| format!("{name}={CANARY}%20x")).join("&");
    for (path, _) in &paths {
        gnomon.ask("GET", &format!("{path}?page=2&{query}"), &headers, b"");
    }
    let copies = v2.wait_for(2);
    for copy in &copies {
        assert_eq!((copy.target.as_str(), copy.header("referer")), ("/v2?page=2", Some("https://a.example/p")));
        let told: Vec<_> = copy.headers.iter().filter(|(_, value)| value.contains(CANARY)).collect();
        assert_eq!(told.len(), 1, "only what the policy itself sets: {told:?}");
    }
    gnomon.ask("GET", &format!("/__debug/?page=3&{query}"), &headers, b"");
    let pages = ["/", "/__stats", "/__shadow", "/__shadow/audit", "/metrics"];
    for page in pages {
        assert!(!client::get(gnomon.admin(), page).text().contains(CANARY), "{page}");
    }
    assert!(v1.seen().iter().all(|seen| seen.target.contains(CANARY)), "the live backend gets all of it");
    let is_told = || gnomon.output().contains("GET      \"/__debug/?page=3").then_some(());
    wait_for(is_told).expect("the log is written soon");
    let log = gnomon.output();
    assert!(log.contains("access_token=***") && log.contains("page=2"), "{log}");
    assert!(log.contains("Headers: {") && log.contains("(redacted)") && log.contains("page=3"), "{log}");
    assert!(log.contains("[ENDPOINT: /badly]") && !log.contains(CANARY), "{log}");
}

#[test]
fn all_copies_of_a_request_have_one_number() {
    let (v1, v2) = (Upstream::answers(json!({})), Upstream::answers(json!({})));
    let policy = json!({ "limits": { "multiplier": 2 }, "holdout": 0 });
    let shadows = ["/one", "/other"].map(|path| shadow_under(&policy, &v2, path));
    let [one, other] = shadows;
    let gnomon = Gnomon::run(&service(&[endpoint("/a", &[live(&v1, "/v1"), one, other])]));
    let pairs = |count| {
        gnomon.get("/a");
        let mut pairs: Vec<_> =
            v2.wait_for(count).iter().map(|copy| copy.header("x-shadow-id").map(str::to_owned)).collect();
        pairs.dedup();
        pairs
    };
    assert_eq!(pairs(4).len(), 1);
    assert_eq!(pairs(8).len(), 2, "another request has another one");
    gnomon.finish();
}

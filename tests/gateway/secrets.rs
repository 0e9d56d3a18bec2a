//! What clients send in confidence reaches neither a shadow in policy mode nor a page, a figure or the log.

use serde_json::json;

use crate::{
    client,
    files::{endpoint, live, service, with},
    gnomon::Gnomon,
    patience::wait_for,
    selection::shadow_under,
    upstream::{Reply, Upstream},
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

/// An answer with secrets wherever one may be, which differ by `side` in each place.
fn telling(side: &str) -> Reply {
    let secret = format!("{CANARY}-{side}");
    let body = json!({
        "user": { "password": secret, "api_token": [secret, { "deep": secret }], "plan": side },
        "clientSecret": secret,
        "e-mail": format!("{secret}@example.org"),
        "iban": format!("DE{secret}"),
        "session": { "id": secret },
        "next": format!("https://u:{secret}@a.example/p?access_token={secret}&page=1"),
        "authorization": format!("Bearer {secret}"),
    });
    Reply::json(&body)
        .with("Set-Cookie", &format!("sid={secret}; Path=/"))
        .with("Location", &format!("https://a.example/cb?access_token={secret}#id_token={secret}"))
        .with("WWW-Authenticate", &format!("Bearer token=\"{secret}\""))
        .with("X-Tenant-Secret", &secret)
        .with("X-Api-Key", &secret)
}

#[test]
fn what_is_secret_in_requests_and_answers_is_in_nothing_that_comparing_tells() {
    let v1 = Upstream::answers(json!({})).on("/v1", telling("live"));
    let v2 = Upstream::answers(json!({})).on("/v2", telling("shadow"));
    let policy = json!({
        "headers": { "credential_headers": ["X-Tenant-Secret"], "credential_query": ["SID"] },
        "holdout": 0,
        "match": { "unsafe_methods": "allow", "unsafe_reason": "nothing is kept" },
        "compare": { "headers": "all", "baseline": "off" },
    });
    let forwards = json!({ "method": "POST", "input_headers": ["*"], "input_query_strings": ["*"] });
    let paths = [("/as/{is}", "no-op"), ("/decoded", "json")];
    let endpoints = paths.map(|(path, encoding)| {
        let encodings = json!({ "encoding": encoding });
        let backends = [live(&v1, "/v1"), shadow_under(&policy, &v2, "/v2")].map(|one| with(one, &encodings));
        with(with(endpoint(path, &backends), &forwards), &json!({ "output_encoding": encoding }))
    });
    let gnomon = Gnomon::run_with(&service(&endpoints), &["-d"]);
    let secret = format!("https://a.example/p?q={CANARY}");
    let headers = HEADERS.map(|name| (name, secret.as_str()));
    let query = PARAMETERS.map(|name| format!("{name}={CANARY}%20x")).join("&");
    let body = json!({ "password": CANARY }).to_string();
    for path in ["/as/7", "/decoded"] {
        let answer = gnomon.ask("POST", &format!("{path}?page=2&{query}"), &headers, body.as_bytes());
        assert!(answer.text().contains(CANARY), "the client gets all of it: {}", answer.text());
    }
    gnomon.wait_until("both pairs are judged", |stats| stats.pairs().iter().all(|pairs| pairs.compared() == 1));
    let ids = ["POST:%2Fas%2F%7Bis%7D:0", "POST:%2Fdecoded:0"];
    let parts = ["", "/fields", "/clusters", "/diffs", "/diffs.ndjson", "/readiness", "/promote"];
    let of_shadows = ids.iter().flat_map(|id| parts.map(|part| format!("/__shadow/{id}{part}")));
    let pages = ["/", "/__stats", "/__shadow", "/__shadow/audit", "/metrics"].map(str::to_owned);
    for page in pages.into_iter().chain(of_shadows) {
        let told = client::get(gnomon.admin(), &page).text();
        assert!(!told.is_empty() && !told.contains(CANARY), "{page}: {told}");
    }
    for id in ids {
        let kept = client::get(gnomon.admin(), &format!("/__shadow/{id}/diffs")).text();
        assert!(kept.contains("password") || kept.contains("location"), "what differs is told all the same: {kept}");
    }
    wait_for(|| gnomon.output().contains("answers differ in a new way").then_some(())).expect("it is logged");
    assert!(!gnomon.output().contains(CANARY), "{}", gnomon.output());
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

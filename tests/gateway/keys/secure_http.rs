//! `security/http`.

use gnomon::config::known::Scope as At;
use serde_json::{Value, json};

use super::{
    case::{Case, case},
    observe::{header, status},
    walk::walk,
};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = hosts();
    cases.extend(encryption());
    cases.extend(headers());
    cases
}

fn at(key: &'static str, value: Value) -> Case {
    case(At::SecureHttp, key, value)
}

/// Which hosts may be asked for.
fn hosts() -> Vec<Case> {
    vec![
        at("allowed_hosts", json!(["good.test"])).sees(status, 500),
        at("allowed_hosts_are_regex", json!(true))
            .with(At::SecureHttp, json!({ "allowed_hosts": ["127\\.0\\.0\\.1:[0-9]+"] }))
            .sees(status, 200),
        at("host_proxy_headers", json!(["X-Host"]))
            .with(At::SecureHttp, json!({ "allowed_hosts": ["good.test"] }))
            .sees(|scene| scene.ask("GET", "/a", &[("X-Host", "good.test")], b"").status.into(), 200),
    ]
}

/// Whether a client must come by TLS.
fn encryption() -> Vec<Case> {
    let redirects = || json!({ "ssl_redirect": true });
    let lasting = || json!({ "sts_seconds": 60 });
    let forced = || json!({ "force_sts_header": true });
    let sts = || header("strict-transport-security");
    vec![
        at("ssl_redirect", json!(true)).sees(status, 301),
        at("ssl_host", json!("s.test")).with(At::SecureHttp, redirects()).sees(header("location"), "https://s.test/a"),
        at("ssl_proxy_headers", json!({ "X-Proto": "https" }))
            .with(At::SecureHttp, redirects())
            .sees(|scene| scene.ask("GET", "/a", &[("X-Proto", "https")], b"").status.into(), 200),
        at("sts_seconds", json!(60)).with(At::SecureHttp, forced()).sees(sts(), "max-age=60"),
        at("sts_include_subdomains", json!(true))
            .with(At::SecureHttp, forced())
            .with(At::SecureHttp, lasting())
            .sees(sts(), "max-age=60; includeSubDomains"),
        at("force_sts_header", json!(true)).with(At::SecureHttp, lasting()).sees(sts(), "max-age=60"),
        at("is_development", json!(true)).with(At::SecureHttp, redirects()).sees(status, 200),
    ]
}

/// What browsers are told.
fn headers() -> Vec<Case> {
    vec![
        at("frame_deny", json!(true)).sees(header("x-frame-options"), "DENY"),
        at("custom_frame_options_value", json!("SAMEORIGIN")).sees(header("x-frame-options"), "SAMEORIGIN"),
        at("content_type_nosniff", json!(true)).sees(header("x-content-type-options"), "nosniff"),
        at("browser_xss_filter", json!(true)).sees(header("x-xss-protection"), "1; mode=block"),
        at("content_security_policy", json!("default-src 'self'"))
            .sees(header("content-security-policy"), "default-src 'self'"),
        at("referrer_policy", json!("no-referrer")).sees(header("referrer-policy"), "no-referrer"),
    ]
}

#[test]
fn every_key_of_secure_http_counts() {
    walk(&cases());
}

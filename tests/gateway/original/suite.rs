//! What the specs share: the mock backend, a gateway in front of it with the suite's settings, and its expectations.

use serde_json::{Value, json};

use crate::{
    client::Answer,
    files::{service, with},
    gnomon::Gnomon,
    upstream::Upstream,
};

const JSON: &str = "application/json; charset=utf-8";

/// A gateway and its backend.
pub(super) struct Suite {
    pub(super) gnomon: Gnomon,
    pub(super) mock: Upstream,
}

impl Suite {
    /// A gateway with these endpoints in front of the mock backend.
    pub(super) fn of(endpoints: impl FnOnce(&Upstream) -> Vec<Value>) -> Self {
        let mock = Upstream::mocks();
        let settings = json!({
            "cache_ttl": "3600s",
            "extra_config": {
                "router": { "return_error_msg": true },
                "security/cors": {
                    "allow_origins": ["*"], "allow_methods": ["POST", "GET"], "expose_headers": ["Content-Length"],
                    "allow_headers": ["Origin", "Authorization", "Content-Type"], "max_age": "12h",
                },
                "security/bot-detector": {
                    "deny": ["a", "b"], "allow": ["c", "Pingdom.com_bot_version_1.1"],
                    "patterns": ["(Pingdom.com_bot_version_).*", "(facebookexternalhit)/.*"],
                },
            },
        });
        let gnomon = Gnomon::run(&with(service(&endpoints(&mock)), &settings));
        Self { gnomon, mock }
    }

    pub(super) fn get(&self, target: &str) -> Answer {
        self.gnomon.get(target)
    }

    pub(super) fn get_with(&self, target: &str, headers: &[(&str, &str)]) -> Answer {
        self.gnomon.ask("GET", target, headers, b"")
    }

    /// What the backend echoes of a call of ours, with headers besides those of every call.
    pub(super) fn echo(&self, path: &str, query: &Value, headers: &Value) -> Value {
        let usual = json!({
            "Accept-Encoding": ["gzip"], "User-Agent": [agent()],
            "X-Forwarded-Host": [self.gnomon.address().to_string()],
        });
        json!({ "foo": 42, "headers": with(usual, headers), "path": path, "query": query })
    }
}

/// What the gateway calls itself towards backends.
pub(super) fn agent() -> String {
    format!("Gnomon Version {}", env!("CARGO_PKG_VERSION"))
}

/// A JSON answer to which nothing is missing; it may be cached for an hour.
#[track_caller]
pub(super) fn is_complete(answer: &Answer, body: &Value) {
    assert_eq!(said(answer), (200, Some(JSON), Some("public, max-age=3600"), Some("true")), "{}", answer.text());
    assert_eq!(&answer.json(), body);
}

/// A JSON answer that lacks a part and may not be cached.
#[track_caller]
pub(super) fn is_incomplete(answer: &Answer, body: &Value) {
    assert_eq!(said(answer), (200, Some(JSON), None, Some("false")), "{}", answer.text());
    assert_eq!(&answer.json(), body);
}

/// Status, `Content-Type`, `Cache-Control` and `X-Krakend-Completed`.
pub(super) fn said(answer: &Answer) -> (u16, Option<&str>, Option<&str>, Option<&str>) {
    let header = |name| answer.header(name);
    (answer.status, header("content-type"), header("cache-control"), header("x-krakend-completed"))
}

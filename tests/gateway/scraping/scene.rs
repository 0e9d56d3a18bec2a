//! A gateway in which everything happens that there are figures of.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::expression::{Series, series};
use crate::{
    client,
    files::{endpoint, live, service, with},
    gnomon::Gnomon,
    selection::shadow_under,
    telemetry::{Manner, Receiver},
    upstream::Upstream,
};

/// The trace of the first of all requests; those of the others follow.
const FIRST_TRACE: u128 = 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736;

/// A gateway with its upstreams.
pub(super) struct Scene {
    pub(super) gnomon: Gnomon,
    asked: u32,
    _upstreams: Vec<Upstream>,
    /// Who is told of spans, so that there are figures of that.
    _receiver: Receiver,
}

impl Scene {
    /// The gateway, before its first request; it has refused a configuration and somebody has changed something.
    pub(super) fn new() -> Self {
        let v1 = Upstream::answers(json!({ "id": 7, "name": "Ada" }));
        let v2 = Upstream::answers(json!({ "id": "7", "name": "Ada" }));
        let (hung, broken) = (Upstream::hangs(), Upstream::resets());
        let receiver = Receiver::http(Manner::Takes);
        let exporters = json!({ "exporters": { "otlp": [receiver.exporter()] } });
        let recorded = json!({ "extra_config": { "telemetry/opentelemetry": exporters } });
        let file = with(file(&v1, &v2, &hung, &broken), &recorded);
        let gnomon = Gnomon::run(&file);
        gnomon.rewrite_text("{");
        assert_eq!(gnomon.reload().status, 422);
        gnomon.rewrite(&file);
        let scene = Self { gnomon, asked: 0, _upstreams: vec![v1, v2, hung, broken], _receiver: receiver };
        scene.steer();
        scene
    }

    /// Somebody changes a shadow and takes it back.
    pub(super) fn steer(&self) {
        for verb in ["pause", "resume"] {
            self.gnomon.changed("POST", &format!("/__shadow/GET:%2Fusers%2F%7Bid%7D:0/{verb}"), &json!({}));
        }
    }

    /// One request for each endpoint and one that none wants, each in a recorded trace.
    pub(super) fn ask(&mut self) {
        for (path, status) in
            [("/users/7", 200), ("/held", 200), ("/unlike", 200), ("/split/7", 200), ("/bad", 500), ("/nowhere", 404)]
        {
            let parent = format!("00-{:032x}-00f067aa0ba902b7-01", FIRST_TRACE + u128::from(self.asked));
            assert_eq!(self.gnomon.ask("GET", path, &[("traceparent", &parent)], b"").status, status, "{path}");
        }
        self.asked += 1;
    }

    /// How often each endpoint was asked.
    pub(super) fn asked(&self) -> u32 {
        self.asked
    }

    /// Whether a request that was asked has a trace with this name.
    pub(super) fn knows_trace(&self, name: &str) -> bool {
        let number = u128::from_str_radix(name, 16).expect("hexadecimal digits");
        name.len() == 32 && (FIRST_TRACE..FIRST_TRACE + u128::from(self.asked)).contains(&number)
    }

    /// What a scrape gets.
    pub(super) fn text(&self) -> String {
        let answer = client::get(self.gnomon.admin(), "/metrics");
        assert_eq!(answer.status, 200);
        answer.text()
    }

    /// The same as series.
    pub(super) fn series(&self) -> Series {
        series(&self.text())
    }

    /// What it printed and what it tells, for who has to find out why a test failed.
    pub(super) fn told(&self) -> String {
        let mut told = self.gnomon.output();
        let _into_a_string = write!(told, "\n{}", self.text());
        told
    }
}

fn file(v1: &Upstream, v2: &Upstream, hung: &Upstream, broken: &Upstream) -> Value {
    let whole = json!({
        "holdout": 0.5, "compare": {}, "breaker": {}, "limits": { "max_rps": 1000 },
        "match": { "headers": { "traceparent": ["*"] } },
    });
    let narrow = json!({ "holdout": 0, "limits": { "max_concurrent": 1, "queue": 0 } });
    let compared = json!({ "holdout": 0, "compare": { "baseline": "off" } });
    let to = json!([{ "rate": 0.5, "host": [v2.host()], "url_pattern": "/v2/{id}" }]);
    let split = with(live(v1, "/v1/{id}"), &json!({ "extra_config": { "proxy": { "@split": { "to": to } } } }));
    let bad = Upstream::refuses();
    service(&[
        endpoint("/users/{id}", &[live(v1, "/v1/{id}"), shadow_under(&whole, v2, "/v2/{id}")]),
        endpoint("/held", &[live(v1, "/v1"), shadow_under(&narrow, hung, "/v2")]),
        endpoint("/unlike", &[live(v1, "/v1"), shadow_under(&compared, broken, "/v2")]),
        endpoint("/split/{id}", &[split]),
        endpoint("/bad", &[live(&bad, "/v1")]),
    ])
}

//! A file with every backend given an upstream of its own, so that it is known who saw what.

use serde_json::{Value, json};

use crate::{
    files::{backends_mut, is_shadow, members_mut},
    upstream::{Reply, Upstream},
};

/// The upstreams of one file, in the order of its backends.
pub(super) struct Upstreams(Vec<One>);

struct One {
    upstream: Upstream,
    is_live: bool,
    /// Whether one request may reach it more than once.
    is_raced: bool,
}

/// A request as an upstream saw it, without what depends on where the gateway listens.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Sight {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Upstreams {
    /// Starts them and puts their addresses into the file. Timeouts become long ones: a busy machine is no shadow.
    pub(super) fn behind(file: &mut Value) -> Self {
        file["timeout"] = json!("20s");
        file["host"] = json!([]);
        let mut all = Vec::new();
        for endpoint in members_mut(file, "endpoints") {
            endpoint["timeout"] = json!("20s");
            let is_raced = endpoint["concurrent_calls"].as_u64().is_some_and(|calls| calls > 1);
            for backend in members_mut(endpoint, "backend") {
                all.push(One { upstream: answering(backend), is_live: !is_shadow(backend), is_raced });
            }
        }
        for (backend, one) in backends_mut(file).zip(&all) {
            backend["host"] = json!([one.upstream.host()]);
        }
        Self(all)
    }

    /// How many requests each has seen.
    pub(super) fn counts(&self) -> Vec<usize> {
        self.0.iter().map(|one| one.upstream.seen().len()).collect()
    }

    /// What each live one has seen since, in no order, for a gateway with this address.
    pub(super) fn live_sights(&self, since: &[usize], address: &str) -> Vec<Vec<Sight>> {
        let live = self.0.iter().zip(since).filter(|(one, _since)| one.is_live);
        live.map(|(one, since)| one.sights(*since, address)).collect()
    }
}

impl One {
    fn sights(&self, since: usize, address: &str) -> Vec<Sight> {
        let seen = self.upstream.seen().into_iter().skip(since).filter(|seen| seen.complete);
        let mut sights: Vec<Sight> = seen
            .map(|seen| {
                let mut headers = seen.headers;
                headers.iter_mut().for_each(|(_name, value)| *value = value.replace(address, "gateway"));
                headers.sort();
                Sight { method: seen.method, target: seen.target, headers, body: seen.body }
            })
            .collect();
        sights.sort();
        if self.is_raced {
            // The call that lost may have been given up before it was seen.
            sights.dedup();
        }
        sights
    }
}

/// An upstream that speaks what its backend reads, and fails on `/broken`.
fn answering(backend: &Value) -> Upstream {
    let list = json!([{ "name": "one", "hidden": 1 }, { "name": "two", "hidden": 2 }]);
    let upstream = match backend["encoding"].as_str() {
        Some("xml") => Upstream::behaving(
            Reply::new(200, "application/xml", b"<shop open=\"yes\"><name>A &amp; B</name><n>1</n><n>2</n></shop>")
                .into(),
        ),
        Some("string") => Upstream::behaving(Reply::new(200, "text/plain", "schlichter Text, ü".as_bytes()).into()),
        Some("yaml") => {
            Upstream::behaving(Reply::new(200, "application/yaml", b"name: yes it is\nlist: [1, 2]\n").into())
        }
        _ if backend["is_collection"] == true => Upstream::answers(list),
        _ => Upstream::echoes(),
    };
    upstream.on("/broken", Reply::new(503, "application/json", b"{\"error\": \"always\"}").with("X-Why", "broken"))
}

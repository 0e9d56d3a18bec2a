//! The hostile shadows, and a gateway's file with an endpoint for each of them.

use std::net::UdpSocket;

use serde_json::{Value, json};

use crate::{
    files::{endpoint, live, service, with},
    secure::{Identity, Relay},
    stats::{Books, Stats},
    upstream::{Deaf, Upstream},
};

/// One way to be hostile.
pub(super) struct Kind {
    pub(super) name: &'static str,
    /// The members of its backend that say whom to call.
    address: Value,
    /// Whether its copies last as long as the gateway lets them.
    pub(super) holds: bool,
    /// How its copies fail when they are given the time; all of them do.
    pub(super) fails_as: &'static [&'static str],
}

/// All kinds, running.
pub(super) struct Shadows {
    pub(super) kinds: Vec<Kind>,
    /// A name server that never answers.
    silent: UdpSocket,
    _upstreams: Vec<Upstream>,
    _deaf: Deaf,
    _relay: Relay,
}

impl Shadows {
    pub(super) fn start() -> Self {
        let deaf = Deaf::new();
        let answering = Upstream::answers(json!({})).forgetting_bodies();
        // It asks for 127.0.0.1 and is shown who that is by nobody it knows.
        let relay = Relay::before(&answering, &Identity::of_its_own(&["127.0.0.1"]), None);
        let silent = UdpSocket::bind("127.0.0.1:0").expect("some port is free");
        let mut upstreams = vec![answering];
        let mut kinds = vec![
            kind("deaf", &deaf.host(), true, &[]),
            kind("certificate", &relay.host(), false, &["tls"]),
            kind("no-such-name", "http://nowhere.invalid:80", false, &["connect"]),
        ];
        for (name, upstream, holds, fails_as) in [
            ("refuses", Upstream::refuses(), false, &["connect"][..]),
            ("never-reads", Upstream::never_reads(), true, &[]),
            ("hangs", Upstream::hangs(), true, &[]),
            ("trickles", Upstream::trickles(), true, &[]),
            ("resets-uploads", Upstream::resets_uploads(), false, &["io"]),
            ("resets-midway", Upstream::resets_midway(), false, &["io"]),
            ("continues", Upstream::continues(), false, &["protocol"]),
            ("heads-without-end", Upstream::heads_without_end(), false, &["protocol"]),
            ("floods", Upstream::floods(), false, &["too_large"]),
            ("sends-a-gigabyte", Upstream::sends_a_gigabyte(), false, &["too_large"]),
        ] {
            kinds.push(kind(name, &upstream.host(), holds, fails_as));
            upstreams.push(upstream.forgetting_bodies());
        }
        // Who speaks no TLS waits for the end of a head that never comes, and the handshake waits for an answer.
        let mute = Upstream::hangs();
        kinds.push(kind("handshake-hangs", &format!("https://{}", mute.address()), false, &["tls"]));
        upstreams.push(mute.forgetting_bodies());
        let found = json!({ "host": ["_http._tcp.copy.example."], "sd": "dns", "disable_host_sanitize": true });
        kinds.push(Kind { name: "no-answer-about-the-name", address: found, holds: false, fails_as: &["no_host"] });
        Self { kinds, silent, _upstreams: upstreams, _deaf: deaf, _relay: relay }
    }

    /// A file with an endpoint for each, all with the same live backend.
    pub(super) fn file(&self, live_upstream: &Upstream, proxy: &Value, limits: &Value) -> Value {
        let extra = json!({ "proxy": with(proxy.clone(), &json!({ "shadow": true })) });
        let one = |kind: &Kind| {
            let shadow = with(kind.address.clone(), &json!({ "url_pattern": "/copy", "extra_config": extra }));
            let path = kind.path();
            with(endpoint(&path, &[live(live_upstream, &path), shadow]), &json!({ "method": "POST" }))
        };
        let endpoints: Vec<Value> = self.kinds.iter().map(one).collect();
        with(
            service(&endpoints),
            &json!({ "timeout": "60s", "idle_connection_timeout": "1s", "extra_config": { "@shadow": limits } }),
        )
    }

    /// What a gateway needs in its environment to ask the name server.
    pub(super) fn environment(&self) -> (&'static str, String) {
        let address = self.silent.local_addr().expect("it is bound");
        ("GNOMON_DNS_SERVERS", address.to_string())
    }
}

impl Kind {
    /// Of its endpoint.
    pub(super) fn path(&self) -> String {
        format!("/{}", self.name)
    }

    /// Whether every copy that was sent failed as it should, or as one of these.
    pub(super) fn explains(&self, books: &Books, others: &[&str]) -> bool {
        let mut ways = books.failed.iter().map(|(name, _)| name.as_str());
        books.broken() == books.sent && ways.all(|name| self.fails_as.contains(&name) || others.contains(&name))
    }

    /// Its books.
    pub(super) fn books(&self, stats: &Stats) -> Books {
        let mut backends = stats.endpoint(&self.path()).backends;
        backends.pop().and_then(|backend| backend.books).expect("the shadow stands last")
    }
}

fn kind(name: &'static str, host: &str, holds: bool, fails_as: &'static [&'static str]) -> Kind {
    Kind { name, address: json!({ "host": [host] }), holds, fails_as }
}

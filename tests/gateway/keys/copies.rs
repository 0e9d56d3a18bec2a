//! A shadow with a policy, and what becomes of copies for it.

use std::collections::BTreeMap;

use gnomon::config::known::Scope as At;
use serde_json::{Value, json};

use super::{
    case::{Case, case},
    observe::{PATIENCE, happens, slow},
    scene::Scene,
};
use crate::{
    patience::wait_at_most,
    stats::Books,
    upstream::{Behaviour, Seen},
};

/// A case about the shadow at `/shadow` of `/a`, whose policy holds nothing out and doesn't mind a busy machine; there
/// is also `/pause`, which is answered after 1.5 s and has no shadow.
pub(super) fn policed(scope: At, key: &'static str, value: Value) -> Case {
    let live = |url_pattern| json!({ "host": ["{upstream}"], "url_pattern": url_pattern });
    let endpoint = |path, backends| json!({ "endpoint": path, "backend": backends });
    let proxy = json!({ "shadow": true, "shadow_timeout": "60s", "@shadow_policy": {} });
    let shadow = json!({ "host": ["{upstream}"], "url_pattern": "/shadow", "extra_config": { "proxy": proxy } });
    let endpoints = json!([endpoint("/a", json!([shadow, live("/b")])), endpoint("/pause", json!([live("/slow")]))]);
    case(scope, key, value)
        .with(At::Service, json!({ "endpoints": endpoints }))
        .with(At::Endpoint, json!({ "input_headers": ["*"], "input_query_strings": ["*"] }))
        .with(At::Shadow, json!({ "holdout": 0, "overload": "off" }))
        .on("/slow", slow())
}

/// The same about an endpoint for POST whose writes are copied.
pub(super) fn posted(scope: At, key: &'static str, value: Value) -> Case {
    policed(scope, key, value)
        .with(At::Endpoint, json!({ "method": "POST" }))
        .with(At::PolicyMatch, json!({ "unsafe_methods": "allow", "unsafe_reason": "it has a store of its own" }))
}

/// A request that may be copied.
pub(super) struct Sent {
    pub(super) method: &'static str,
    pub(super) target: &'static str,
    pub(super) headers: &'static [(&'static str, &'static str)],
    pub(super) body: &'static [u8],
}

/// `GET /a`.
pub(super) const GET: Sent = Sent { method: "GET", target: "/a", headers: &[], body: b"" };
/// `POST /a` with JSON.
pub(super) const POST: Sent =
    Sent { method: "POST", headers: &[("Content-Type", "application/json")], body: b"{\"a\":1}", ..GET };

impl Sent {
    pub(super) fn by(&self, scene: &Scene) {
        scene.ask(self.method, self.target, self.headers, self.body);
    }
}

/// What becomes of the copy of a request that `ask` makes: `sent`, or why it was not.
pub(super) fn fate_after(scene: &Scene, ask: impl FnOnce(&Scene)) -> String {
    let counts = |books: &Books| -> BTreeMap<String, u64> {
        books.skipped.iter().chain(&books.dropped).cloned().chain([("sent".to_owned(), books.sent)]).collect()
    };
    let before = scene.gateway().books();
    ask(scene);
    let after = scene.gateway().wait_until("the copy's fate is known", |stats| {
        let books = stats.the_books();
        books.offered > before.offered && books.settled()
    });
    let (before, after) = (counts(&before), counts(&after.the_books()));
    let grown = after.into_iter().find(|(name, count)| *count > before.get(name).copied().unwrap_or_default());
    grown.expect("every copy is accounted for").0
}

/// The fate of the only copy of a request.
pub(super) fn fate_of(sent: Sent) -> impl Fn(&Scene) -> Value {
    move |scene| fate_after(scene, |scene| sent.by(scene)).into()
}

/// The fate of the copy of `GET /a` after a story: `g` is a copy that goes well, `b` one that goes badly, `p` a pause of
/// 1.5 s.
pub(super) fn fate_after_story(story: &'static str) -> impl Fn(&Scene) -> Value {
    move |scene| {
        for event in story.chars() {
            let behaviour = if event == 'b' { Behaviour::Resets } else { json!({}).into() };
            scene.upstream.change("/shadow", behaviour);
            match event {
                'p' => drop(scene.get("/pause")),
                _ => drop(fate_after(scene, |scene| GET.by(scene))),
            }
        }
        fate_after(scene, |scene| GET.by(scene)).into()
    }
}

/// The copy of a request, if it comes soon.
pub(super) fn copy_of(scene: &Scene, sent: &Sent) -> Option<Seen> {
    sent.by(scene);
    wait_at_most(PATIENCE, || scene.seen_on("/shadow"))
}

/// A header of the copy of `GET /a` with these headers; `name` is in lower case.
pub(super) fn copied_header(
    name: &'static str,
    headers: &'static [(&'static str, &'static str)],
) -> impl Fn(&Scene) -> Value {
    move |scene| {
        let copy = copy_of(scene, &Sent { headers, ..GET }).expect("it is copied");
        copy.header(name).into()
    }
}

/// The body of the copy of [`POST`].
pub(super) fn copied_body(scene: &Scene) -> Value {
    let copy = copy_of(scene, &POST).expect("it is copied");
    String::from_utf8_lossy(&copy.body).into()
}

/// Whether the shadow soon sees so many copies after so many requests, which don't wait for their answers.
pub(super) fn sees_copies(count: usize, requests: usize) -> impl Fn(&Scene) -> Value {
    move |scene| {
        let clients: Vec<_> = (0..requests)
            .map(|_| {
                let mut client = scene.gateway().connect();
                client.ask("GET", "/a", &[], b"");
                client
            })
            .collect();
        let seen = happens(|| scene.upstream.seen().iter().filter(|seen| seen.target == "/shadow").count() >= count);
        drop(clients);
        seen
    }
}

/// How many connections two copies with a pause between them take.
pub(super) fn connections_of_copies(scene: &Scene) -> Value {
    fate_after(scene, |scene| GET.by(scene));
    scene.get("/pause");
    fate_after(scene, |scene| GET.by(scene));
    let copies = scene.upstream.seen().into_iter().filter(|seen| seen.target == "/shadow");
    copies.map(|seen| seen.connection).collect::<std::collections::BTreeSet<_>>().len().into()
}

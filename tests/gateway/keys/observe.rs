//! What most cases look at.

use serde_json::{Value, json};

use super::scene::Scene;

/// The status of the answer to `GET /a`.
pub(super) fn status(scene: &Scene) -> Value {
    scene.get("/a").status.into()
}

/// The status of the answer to a GET.
pub(super) fn status_of(target: &'static str) -> impl Fn(&Scene) -> Value {
    move |scene| scene.get(target).status.into()
}

/// The body of the answer to `GET /a`, as text.
pub(super) fn text(scene: &Scene) -> Value {
    scene.get("/a").text().into()
}

/// Status and body (as text) of the answer to a GET.
pub(super) fn answer_to(target: &'static str) -> impl Fn(&Scene) -> Value {
    move |scene| {
        let answer = scene.get(target);
        json!([answer.status, answer.text()])
    }
}

/// A header of the answer to `GET /a`; `name` is in lower case.
pub(super) fn header(name: &'static str) -> impl Fn(&Scene) -> Value {
    move |scene| scene.get("/a").header(name).into()
}

/// Path and query that `GET target` makes the upstream see; null if it sees nothing.
pub(super) fn upstream_target(target: &'static str) -> impl Fn(&Scene) -> Value {
    move |scene| {
        scene.get(target);
        scene.seen().map(|seen| seen.target).into()
    }
}

/// A header that `GET /a` with these headers makes the upstream see; `name` is in lower case.
pub(super) fn upstream_header(
    name: &'static str,
    sent: &'static [(&'static str, &'static str)],
) -> impl Fn(&Scene) -> Value {
    move |scene| {
        scene.ask("GET", "/a", sent, b"");
        scene.seen().and_then(|seen| seen.header(name).map(str::to_owned)).into()
    }
}

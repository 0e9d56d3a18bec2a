//! What most cases look at.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use serde_json::{Value, json};

use super::{certificates::Certificates, scene::Scene};
use crate::{
    client::{Connection, try_get},
    patience::{LIMIT, wait_at_most},
    secure::{Exchange, SecureClient},
    upstream::{Behaviour, Reply},
};

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

/// The status of `GET /a` for a client that trusts our authority; null if it gets no answer.
pub(super) fn secure_status(scene: &Scene) -> Value {
    secure_get(scene, &SecureClient::trusting(&Certificates::all().ours)).map_or(Value::Null, |got| got.status.into())
}

/// `GET /a` by a client with TLS; `None` if it gets no answer.
pub(super) fn secure_get(scene: &Scene, client: &SecureClient<'_>) -> Option<Exchange> {
    client.get(scene.gateway().address(), "/a").ok()
}

/// Whether the gateway could listen as the file says: `check -t` tries it.
pub(super) fn could_listen(scene: &Scene) -> Value {
    scene.command(&["check", "-t"]).contains("Syntax OK!").into()
}

/// Whether it answers an HTTP/2 client that doesn't ask first with a frame of settings.
pub(super) fn speaks_h2c(scene: &Scene) -> Value {
    const SETTINGS: u8 = 4;
    let mut stream = TcpStream::connect(scene.gateway().address()).expect("the gateway listens");
    stream.set_read_timeout(Some(LIMIT)).expect("a limit above zero is allowed");
    let empty_settings = [0, 0, 0, SETTINGS, 0, 0, 0, 0, 0];
    stream.write_all(&[b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &empty_settings[..]].concat()).ok();
    let mut head = [0; 9];
    stream.read_exact(&mut head).ok();
    (head[3] == SETTINGS).into()
}

/// The status of `GET /a`; null if whoever listens there does not answer so, or nobody listens.
pub(super) fn plain_status(scene: &Scene) -> Value {
    try_get(scene.gateway().address(), "/a").map_or(Value::Null, |answer| answer.status.into())
}

/// Long beside every limit of these cases, and short beside what holds without them.
pub(super) const PATIENCE: Duration = Duration::from_secs(4);

/// Whether the gateway closes this connection before [`PATIENCE`] ends.
pub(super) fn closes(connection: &mut Connection) -> Value {
    connection.is_closed_within(PATIENCE).into()
}

/// Whether something happens before [`PATIENCE`] ends.
pub(super) fn happens(mut look: impl FnMut() -> bool) -> Value {
    wait_at_most(PATIENCE, || look().then_some(())).is_some().into()
}

/// An upstream that answers long after the limits of 200 ms in these cases and long before those of seconds.
pub(super) fn slow() -> Behaviour {
    Behaviour::Slow(Duration::from_millis(1500), Reply::json(&json!({ "a": 1 })))
}

/// How the only copy ended, by kind of failure or class of status; waits for it.
pub(super) fn fate_of_the_copy(scene: &Scene) -> Value {
    scene.get("/a");
    let books = scene
        .gateway()
        .wait_until("the copy has ended", |stats| stats.the_books().offered == 1 && stats.the_books().settled());
    let books = books.the_books();
    json!([books.completed, books.failed, books.dropped])
}

//! The tools of these tests, tested on each other: the client against every upstream.

use serde_json::{Value, json};

use crate::{
    bodies::body,
    client::{Connection, ask, get},
    files,
    stats::Stats,
    upstream::{Behaviour, Reply, Upstream},
    wire::{Kind, Reader, chunk, chunked},
};

#[test]
fn what_was_sent_is_what_was_seen() {
    let upstream = Upstream::answers(json!({ "a": 1 }));
    let answer = ask(upstream.address(), "POST", "/p?q=1", &[("X-Name", "value")], b"body");
    assert_eq!((answer.status, answer.json(), answer.complete), (200, json!({ "a": 1 }), true));
    let seen = upstream.wait_for(1).remove(0);
    assert_eq!((seen.method.as_str(), seen.target.as_str(), seen.body.as_slice()), ("POST", "/p?q=1", &b"body"[..]));
    assert_eq!((seen.header("x-name"), seen.complete, seen.connection), (Some("value"), true, 1));
}

#[test]
fn connections_are_kept_and_counted() {
    let upstream = Upstream::answers(json!({}));
    let mut connection = Connection::open(upstream.address());
    for _ in 0..2 {
        connection.ask("GET", "/", &[], b"");
        assert_eq!(connection.receive().unwrap().status, 200);
    }
    get(upstream.address(), "/");
    assert_eq!(upstream.connections(), 2);
    assert_eq!(upstream.seen().iter().map(|seen| seen.connection).collect::<Vec<_>>(), [1, 1, 2]);
}

#[test]
fn a_path_can_behave_differently() {
    let teapot = Reply::new(418, "text/plain", b"short and stout").with("X-Spout", "here");
    let upstream = Upstream::answers_500().on("/tea", teapot);
    let answer = get(upstream.address(), "/tea?milk=no");
    assert_eq!(
        (answer.status, answer.text().as_str(), answer.header("x-spout")),
        (418, "short and stout", Some("here"))
    );
    assert_eq!(get(upstream.address(), "/coffee").status, 500);
}

#[test]
fn a_chunked_upload_in_pieces_is_put_together() {
    let upstream = Upstream::answers(json!({}));
    let mut connection = Connection::open(upstream.address());
    connection.send_head("PUT", "/", &[("Transfer-Encoding", "chunked")]);
    for byte in [chunk(b"one "), chunked(b"two")].concat() {
        connection.send(&[byte]);
    }
    assert_eq!(connection.receive().unwrap().status, 200);
    assert_eq!(upstream.wait_for(1)[0].body, b"one two");
}

#[test]
fn a_broken_upload_is_recorded_as_broken() {
    let upstream = Upstream::answers(json!({}));
    let mut connection = Connection::open(upstream.address());
    connection.send_head("POST", "/fixed", &[("Content-Length", "10")]);
    connection.send(b"half");
    connection.hang_up();
    let seen = upstream.wait_for(1).remove(0);
    assert_eq!((seen.complete, seen.body.as_slice()), (false, &b"half"[..]));
    let mut connection = Connection::open(upstream.address());
    connection.send_head("POST", "/chunked", &[("Transfer-Encoding", "chunked")]);
    connection.send(&chunk(b"half"));
    connection.hang_up();
    assert!(!upstream.wait_for(2)[1].complete);
}

#[test]
fn a_port_that_refuses_is_closed_and_stays_closed() {
    let upstream = Upstream::refuses();
    for _ in 0..3 {
        assert!(std::net::TcpStream::connect(upstream.address()).is_err());
    }
}

#[test]
fn an_upstream_that_never_reads_lets_a_large_upload_get_stuck() {
    let upstream = Upstream::never_reads();
    let mut stream = std::net::TcpStream::connect(upstream.address()).unwrap();
    stream.set_nonblocking(true).unwrap();
    let sent =
        std::iter::from_fn(|| std::io::Write::write(&mut stream, &[0; 64 * 1024]).ok()).take(1_000).sum::<usize>();
    assert!(sent < 8 * 1024 * 1024, "{sent} bytes went through");
    assert!(upstream.seen().is_empty());
}

#[test]
fn misbehaviour_is_what_its_name_says() {
    for (name, upstream, head, complete) in [
        ("resets", Upstream::resets(), false, false),
        ("garbage", Upstream::garbage(), false, false),
        ("lies_about_length", Upstream::lies_about_length(), true, false),
        ("slow", Upstream::slow(1), true, true),
        ("closes_idle", Upstream::closes_idle(&json!({})), true, true),
    ] {
        let mut connection = Connection::open(upstream.address());
        connection.ask("GET", "/", &[], b"");
        let answer = connection.receive();
        assert_eq!(answer.is_some(), head, "{name}");
        assert_eq!(answer.is_some_and(|answer| answer.complete), complete, "{name}");
        assert_eq!(upstream.wait_for(1).len(), 1, "{name}");
    }
}

#[test]
fn an_upstream_that_closes_idle_connections_closes_after_every_answer() {
    let upstream = Upstream::closes_idle(&json!({}));
    let mut connection = Connection::open(upstream.address());
    connection.ask("GET", "/", &[], b"");
    assert_eq!(connection.receive().unwrap().header("connection"), None);
    assert!(connection.is_closed());
}

#[test]
fn a_reset_midway_ends_the_connection() {
    let upstream = Upstream::resets_midway();
    let mut connection = Connection::open(upstream.address());
    connection.ask("GET", "/", &[], b"");
    assert!(connection.is_closed());
}

#[test]
fn floods_and_trickles_begin_like_answers() {
    for upstream in
        [Upstream::floods(), Upstream::trickles(), Upstream::sends_a_gigabyte(), Upstream::heads_without_end()]
    {
        let mut stream = std::net::TcpStream::connect(upstream.address()).unwrap();
        std::io::Write::write_all(&mut stream, b"GET / HTTP/1.1\r\n\r\n").unwrap();
        let mut begin = [0; 60];
        std::io::Read::read_exact(&mut stream, &mut begin).unwrap();
        assert!(begin.starts_with(b"HTTP/1.1 200 OK\r\n"));
    }
}

#[test]
fn an_upstream_that_resets_uploads_does_not_wait_for_them() {
    let upstream = Upstream::resets_uploads();
    let mut connection = Connection::open(upstream.address());
    connection.send_head("POST", "/", &[("Content-Length", "10")]);
    assert!(connection.is_closed());
    assert!(upstream.seen().is_empty());
}

#[test]
fn bodies_are_weighed_shown_and_forgotten() {
    let upstream = Upstream::weighs().on("/shown", Behaviour::Echoes).forgetting_bodies();
    let mut wrong = body(5000).to_vec();
    wrong.swap(4000, 4001);
    for (sent, intact) in [(body(5000), true), (&wrong, false)] {
        let answer = ask(upstream.address(), "POST", "/", &[], sent).json();
        assert_eq!((&answer["bytes"], &answer["intact"]), (&json!(5000), &json!(intact)));
    }
    let shown = ask(upstream.address(), "PUT", "/shown?a=1", &[("X-Name", "value")], b"text").json();
    assert_eq!([&shown["method"], &shown["target"], &shown["body"]], ["PUT", "/shown?a=1", "text"]);
    assert_eq!(shown["headers"]["x-name"], json!(["value"]));
    assert!(upstream.seen().iter().all(|seen| seen.body.is_empty()));
}

#[test]
fn an_upstream_that_waits_answers_when_it_is_released() {
    let upstream = Upstream::waits(&json!({ "late": true }));
    let mut connection = Connection::open(upstream.address());
    connection.ask("GET", "/", &[], b"");
    upstream.wait_for(1);
    upstream.release();
    assert_eq!(connection.receive().unwrap().json(), json!({ "late": true }));
}

#[test]
fn hanging_upstreams_end_with_the_test() {
    let upstream = Upstream::hangs();
    let mut connection = Connection::open(upstream.address());
    connection.ask("GET", "/", &[], b"");
    upstream.wait_for(1);
    drop(upstream);
    assert!(connection.is_closed());
}

#[test]
fn answers_to_head_and_without_a_body_end_with_their_head() {
    let upstream = Upstream::behaving(Behaviour::Answers(Reply { status: 204, headers: vec![], body: vec![] }))
        .on("/head", Reply::new(200, "text/plain", b""));
    assert!(get(upstream.address(), "/").complete);
    let mut connection = Connection::open(upstream.address());
    connection.ask("HEAD", "/head", &[], b"");
    assert!(connection.receive_head().unwrap().complete);
}

#[test]
fn a_message_ends_where_its_framing_says() {
    let mut reader = Reader::new(Kind::Answer);
    reader.feed(
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 500 No\r\n\r\nuntil",
    );
    assert!(reader.is_done());
    assert_eq!(reader.take().body, b"ok");
    assert!(!reader.is_done());
    reader.close();
    assert!(reader.is_done());
    assert_eq!(reader.take().body, b"until");
    reader.feed(b"nonsense\r\n\r\n");
    assert!(reader.is_broken());
}

#[test]
fn a_file_without_its_shadows_keeps_everything_else() {
    let (v1, v2) = (Upstream::refuses(), Upstream::refuses());
    let old = json!({ "extra_config": { "github.com/devopsfaith/krakend/proxy": { "shadow": true } } });
    let live = files::live(&v1, "/v1");
    let endpoint = |backends: &[Value]| files::service(&[files::endpoint("/a", backends)]);
    let mirrored = endpoint(&[files::shadow(&v2, "/v2"), live.clone(), files::with(files::live(&v2, "/v2"), &old)]);
    assert_eq!(files::without_shadows(mirrored), endpoint(&[live]));
}

#[test]
fn books_are_read_and_checked() {
    let mut text = json!({
        "offered": 20, "skipped": [["method", 2]], "dropped": [["concurrency", 3], ["memory", 4]], "waiting": 1,
        "sent": 10, "in_flight": 1, "completed": [["2xx", 5], ["5xx", 1]], "failed": [["timeout", 2]],
        "abandoned": 1, "buffered_bytes": 9,
    });
    let books = |books: &Value| {
        Stats(json!({ "endpoints": [{
            "method": "GET", "path": "/a", "requests": 20, "in_flight": 0,
            "backends": [
                { "label": "GET /v1", "shadow": false, "requests": 20 },
                { "label": "GET /v2", "shadow": true, "requests": 10, "books": books },
            ],
        }] }))
        .the_books()
    };
    let read = books(&text);
    assert!(read.balanced() && !read.settled());
    assert_eq!((read.answered(), read.broken(), read.dropped_for("memory")), (6, 2, 4));
    text["abandoned"] = json!(0);
    assert!(!books(&text).balanced());
}

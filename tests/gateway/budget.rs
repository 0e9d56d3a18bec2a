//! What a request may cost of the system, counted: calls to the kernel on a warm connection, and tasks.
//!
//! The ceilings are what was counted when they were written; who gets below them lowers them. A request that is passed on
//! cannot do with less than four calls: its bytes are read and written, and so are those of its answer.

use std::{collections::BTreeMap, fs, process::Command};

use gnomon::{
    config::{Environment, Source, load},
    plan::Blueprint,
    server::{self, Options},
};
use serde_json::{Value, json};

use crate::{
    client::Connection,
    files::{endpoint, live, service, shadow, shadow_for, with},
    gnomon::{Folder, Gnomon, free_address},
    patience::wait_for,
    upstream::Upstream,
};

/// How many requests are counted.
const REQUESTS: usize = 200;

/// Endpoints of a large file: as many as a build without optimisation reads in a few seconds.
const MANY: usize = 1000;

/// Copies that hang at a time, each with a connection.
const HUNG: usize = 800;

/// So many endpoints with a backend each.
fn many(upstream: &Upstream, count: usize) -> Vec<Value> {
    (0..count).map(|place| endpoint(&format!("/area{place}/{{id}}"), &[live(upstream, "/{id}")])).collect()
}

/// Asks one after the other over one connection, each with an answer.
fn ask(connection: &mut Connection, target: &str, times: usize) {
    ask_with(connection, target, b"", times);
}

/// The same with a body, which goes out in one write with its head.
fn ask_with(connection: &mut Connection, target: &str, body: &[u8], times: usize) {
    let method = if body.is_empty() { "GET" } else { "POST" };
    let head = format!("{method} {target} HTTP/1.1\r\nHost: g\r\nContent-Length: {}\r\n\r\n", body.len());
    let request = [head.as_bytes(), body].concat();
    for _ in 0..times {
        connection.send(&request);
        assert_eq!(connection.receive().expect("an answer").status, 200);
    }
}

/// The calls of `gnomon run` on files and sockets and of what wakes threads, by name, for each of [`REQUESTS`] requests;
/// `copied` is who gets a copy of each.
fn calls_each(file: &Value, copied: Option<&Upstream>) -> BTreeMap<String, f64> {
    calls_each_with(file, b"", copied)
}

/// The same of requests with this body.
fn calls_each_with(file: &Value, body: &[u8], copied: Option<&Upstream>) -> BTreeMap<String, f64> {
    let folder = Folder::new();
    let log = folder.path("calls");
    // A line of the log is written by a thread of its own, which must be woken.
    let quiet = json!({ "extra_config": { "router": { "disable_access_log": true } } });
    let gnomon = Gnomon::run_traced(&with(file.clone(), &quiet), "1", &log);
    let mut connection = gnomon.connect();
    let mut asked = 0;
    // The copies as well: one that is late would be counted with the next requests.
    let mut ask_all = |target: &str, times: usize| {
        ask_with(&mut connection, target, if target == "/a" { body } else { b"" }, times);
        asked += if target == "/a" { times } else { 0 };
        if let Some(copied) = copied {
            copied.wait_for(asked);
        }
    };
    // Connections are opened, clients and buffers made.
    ask_all("/a", REQUESTS);
    // Places in the log: requests that the gateway answers itself.
    ask_all("/__health?from", 1);
    ask_all("/a", REQUESTS);
    ask_all("/__health?to", 1);
    let text = wait_for(|| fs::read_to_string(&log).ok().filter(|text| text.contains("/__health?to")));
    let counts = between(&text.expect("every call is written down"), "?from", "?to");
    counts.into_iter().map(|(name, count)| (name, count as f64 / REQUESTS as f64)).collect()
}

/// How often which call is in the log between the lines with two marks.
fn between(log: &str, from: &str, to: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    let lines = log.lines().skip_while(|line| !line.contains(from)).take_while(|line| !line.contains(to));
    for line in lines {
        if let Some(name) = call(line) {
            *counts.entry(name.to_owned()).or_default() += 1;
        }
    }
    counts
}

/// The name of the call that a line is about: `17 recvfrom(9, …`. The second half of one that was interrupted in the log
/// by another thread's is not one more.
fn call(line: &str) -> Option<&str> {
    let (_thread, call) = line.split_once(' ')?;
    let name = call.trim_start().split_once('(')?.0;
    name.bytes().all(|letter| letter.is_ascii_alphanumeric() || letter == b'_').then_some(name)
}

/// Calls that move bytes over a socket, all together.
fn moved(calls: &BTreeMap<String, f64>) -> f64 {
    ["recvfrom", "sendto", "readv", "writev", "sendmsg", "recvmsg"].iter().filter_map(|name| calls.get(*name)).sum()
}

/// Calls that no request on a warm connection may need.
fn on_connections(calls: &BTreeMap<String, f64>) -> f64 {
    let names = ["socket", "connect", "accept4", "close", "epoll_ctl", "setsockopt", "getsockname", "shutdown"];
    names.iter().filter_map(|name| calls.get(*name)).sum()
}

/// Calls that wake another thread, or wait for one.
fn waking(calls: &BTreeMap<String, f64>) -> f64 {
    ["write", "futex"].iter().filter_map(|name| calls.get(*name)).sum()
}

/// What fewer requests than one in four have is a busy machine's doing, as a read that came too early. A call that a
/// request needs is at least 1.
const SLACK: f64 = 0.25;

/// The same for waking threads, where reports by the clock are added: many a request on a machine that takes seconds for
/// all of them, and still less than the one wake-up that must not be added.
const TICKS: f64 = 0.9;

/// Its bytes are read and written, and those of its answer; no connection is touched and no thread woken.
fn assert_the_least(calls: &BTreeMap<String, f64>) {
    assert!((moved(calls) - 4.0).abs() < SLACK, "{calls:#?}");
    assert!(on_connections(calls) < SLACK, "{calls:#?}");
    assert!(waking(calls) < TICKS, "{calls:#?}");
}

#[test]
fn a_request_on_warm_connections_takes_two_reads_and_two_writes() {
    let v1 = Upstream::answers(json!({ "v": 1 }));
    let calls = calls_each(&service(&[endpoint("/a", &[live(&v1, "/v1")])]), None);
    assert_the_least(&calls);
}

/// Ten kilobytes are less than what is read of a connection at once.
#[test]
fn a_request_with_a_body_takes_the_calls_of_one_without() {
    let v1 = Upstream::answers(json!({ "v": 1 }));
    let mut endpoint = endpoint("/a", &[live(&v1, "/v1")]);
    endpoint["method"] = json!("POST");
    endpoint["backend"][0]["method"] = json!("POST");
    let calls = calls_each_with(&service(&[endpoint]), &[b'x'; 10_240], None);
    assert_the_least(&calls);
}

#[test]
fn a_request_among_a_thousand_endpoints_takes_the_calls_of_one_alone() {
    let v1 = Upstream::answers(json!({ "v": 1 }));
    let mut endpoints = many(&v1, MANY);
    endpoints.push(endpoint("/a", &[live(&v1, "/v1")]));
    let calls = calls_each(&service(&endpoints), None);
    assert_the_least(&calls);
}

#[test]
fn an_endpoint_is_held_in_fourteen_kilobytes() {
    let v1 = Upstream::answers(json!({ "v": 1 }));
    // With one worker, and each answers once it is there as a whole.
    let held = |count| {
        let gnomon = Gnomon::run_unread(&service(&many(&v1, count)), &["--workers", "1"]);
        assert_eq!(gnomon.get(&format!("/area{}/1", count - 1)).status, 200);
        gnomon.footprint().own_bytes
    };
    let each = (held(MANY) - held(1)) / (MANY as u64 - 1);
    // So that ten thousand and what the gateway holds without any are less than 150 MB. Less than one kilobyte would be
    // a file that was not read.
    assert!((1_000..14_000).contains(&each), "{each} bytes each");
}

#[test]
fn a_copy_that_hangs_is_held_in_ten_kilobytes() {
    let (v1, v2) = (Upstream::answers(json!({ "v": 1 })), Upstream::hangs());
    let file = service(&[endpoint("/a", &[live(&v1, "/v1"), shadow_for(&v2, "/v2", "60s")])]);
    let roomy = json!({ "max_concurrent": 2 * HUNG, "overload": "off" });
    let gnomon = Gnomon::run(&with(file, &json!({ "extra_config": { "@shadow": roomy } })));
    let mut connection = gnomon.connect();
    // What the first ones take once is not counted: clients, buffers, the allocator's own.
    let mut held = |hung: usize| {
        ask(&mut connection, "/a", HUNG / 2);
        v2.wait_for(hung);
        let books = gnomon.wait_until("all hang", |stats| stats.the_books().in_flight == hung as u64).the_books();
        assert_eq!(books.sent, hung as u64);
        gnomon.footprint().own_bytes
    };
    let (first, second) = (held(HUNG / 2), held(HUNG));
    let each = second.saturating_sub(first) / (HUNG as u64 / 2);
    // Less than one kilobyte would be a copy that was not sent.
    assert!((1_000..10 * 1024).contains(&each), "{each} bytes each");
}

#[test]
fn a_copy_takes_a_write_a_read_and_at_most_one_call_to_wake_its_thread() {
    let (v1, v2) = (Upstream::answers(json!({ "v": 1 })), Upstream::answers(json!({ "v": 2 })));
    // On one connection, however late its thread is.
    let policy = json!({ "@shadow_policy": { "holdout": 0, "limits": { "max_concurrent": 1, "queue": 1000 } } });
    let mut copy = shadow(&v2, "/v2");
    let proxy = copy["extra_config"]["proxy"].take();
    copy["extra_config"]["proxy"] = with(proxy, &policy);
    let calls = calls_each(&service(&[endpoint("/a", &[live(&v1, "/v1"), copy])]), Some(&v2));
    assert!((moved(&calls) - 6.0).abs() < SLACK, "{calls:#?}");
    assert!(waking(&calls) < 1.0 + TICKS, "{calls:#?}");
}

/// Tasks that one request through the gateway spawns, with so many shadows.
fn tasks_each(shadows: usize) -> usize {
    let output = Command::new(std::env::current_exe().expect("this program is a file"))
        .args(["--exact", "budget::in_a_process_of_its_own", "--ignored", "--nocapture", "--test-threads=1"])
        .env("GNOMON_TEST_SHADOWS", shadows.to_string())
        .output()
        .expect("this program runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    let told = text.lines().find_map(|line| line.split_once("tasks for each: ")).expect("it says how many");
    told.1.trim().parse().expect("it is a number")
}

#[test]
fn a_request_spawns_a_task_for_its_endpoint_and_one_for_each_backend() {
    assert_eq!([0, 1, 2].map(tasks_each), [2, 3, 4]);
}

/// Where nobody else spawns, for tasks are numbered by process.
#[test]
#[ignore = "run by the test above, in another process"]
fn in_a_process_of_its_own() {
    let shadows = std::env::var("GNOMON_TEST_SHADOWS").ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    let (v1, v2) = (Upstream::answers(json!({ "v": 1 })), Upstream::answers(json!({ "v": 2 })));
    let backends = std::iter::once(live(&v1, "/v1")).chain((0..shadows).map(|_| shadow(&v2, "/v2")));
    let address = free_address();
    let place =
        json!({ "listen_ip": "127.0.0.1", "port": address.port(), "extra_config": { "@admin": { "listen": "off" } } });
    let file = with(service(&[endpoint("/a", &backends.collect::<Vec<_>>())]), &place);
    actix::System::new().block_on(async {
        let source = Source::Text { name: "krakend.json".into(), text: file.to_string() };
        let service = load(&source, &Environment::default()).service.expect("the file is correct");
        let (blueprint, _findings) = Blueprint::new(service, &file);
        let options = Options { workers: Some(1), ..Options::default() };
        let gateway = server::start(blueprint, options).expect("the port was free");
        let mut connection = Connection::open(address);
        let mut numbers = vec![];
        // What is spawned by the clock is not of requests: of many it is a small part of each.
        for times in [REQUESTS, REQUESTS, 11 * REQUESTS] {
            let asked = tokio::task::spawn_blocking(move || {
                ask(&mut connection, "/a", times);
                connection
            });
            connection = asked.await.expect("every request was answered");
            numbers.push(actix::spawn(async {}).id().to_string().parse::<usize>().expect("tasks are numbered"));
        }
        let [begin, few, many] = numbers[..] else { panic!("three moments") };
        let (few, many) = (few - begin, many - few);
        println!("tasks for each: {}", ((many - few) as f64 / (10 * REQUESTS) as f64).round());
        gateway.stop().await;
    });
}

#[test]
fn lines_of_the_log_are_read_right() {
    let log = "1 recvfrom(9, \"GET ?one\", 1) = 1\n2 epoll_wait(3, <unfinished ...>\n1 sendto(9) = 1\n\
               2 <... epoll_wait resumed>) = 1\n1 recvfrom(9, \"GET ?two\") = 1\n1 sendto(9) = 1\n";
    let counts = between(log, "?one", "?two");
    assert_eq!(counts, BTreeMap::from([("epoll_wait".into(), 1), ("recvfrom".into(), 1), ("sendto".into(), 1)]));
}

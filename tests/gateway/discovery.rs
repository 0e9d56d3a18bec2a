//! `"sd": "dns"`: hosts found in SRV records, live and for shadows.

use serde_json::{Value, json};

use crate::{
    files::{endpoint, service, with},
    gnomon::Gnomon,
    names::NameServer,
    patience::wait_for,
    upstream::Upstream,
};

/// A backend whose hosts are found.
fn found(url_pattern: &str) -> Value {
    json!({
        "host": ["_http._tcp.users.example."], "sd": "dns", "disable_host_sanitize": true, "url_pattern": url_pattern,
    })
}

/// A file of one endpoint `/a`, its names looked up every second.
fn file(backends: &[Value]) -> Value {
    with(service(&[endpoint("/a", backends)]), &json!({ "dns_cache_ttl": "1s" }))
}

fn port(upstream: &Upstream) -> u16 {
    upstream.address().port()
}

/// Asks until the answer is what it should be.
fn wait_for_status(gnomon: &Gnomon, status: u16) {
    let found = wait_for(|| (gnomon.get("/a").status == status).then_some(()));
    assert!(found.is_some(), "never {status}:\n{}", gnomon.output());
}

#[test]
fn calls_go_where_the_records_point_and_follow_them() {
    let (one, two) = (Upstream::answers(json!({ "from": 1 })), Upstream::answers(json!({ "from": 2 })));
    let names = NameServer::knowing(&[(1, 1, port(&one)), (2, 1, port(&two))]);
    let gnomon = Gnomon::run_in(&file(&[found("/x")]), &names.environment());
    wait_for_status(&gnomon, 200);
    // Only the lowest priority is called.
    (0..6).for_each(|_| assert_eq!(gnomon.get("/a").json(), json!({ "from": 1 })));
    assert_eq!(one.seen()[0].header("host"), Some(format!("localhost:{}", port(&one)).as_str()));
    names.know(&[(1, 1, port(&two))]);
    let moved = wait_for(|| (gnomon.get("/a").json() == json!({ "from": 2 })).then_some(()));
    assert!(moved.is_some(), "{}", gnomon.output());
}

#[test]
fn weights_are_shares_of_the_calls() {
    let (one, two) = (Upstream::answers(json!({})), Upstream::answers(json!({})));
    let names = NameServer::knowing(&[(0, 30, port(&one)), (0, 10, port(&two))]);
    let gnomon = Gnomon::run_in(&file(&[found("/x")]), &names.environment());
    wait_for_status(&gnomon, 200);
    let before = (one.seen().len(), two.seen().len());
    // One connection stays on one thread, which takes the hosts in turn.
    let mut connection = gnomon.connect();
    for _ in 0..40 {
        connection.ask("GET", "/a", &[], b"");
        assert_eq!(connection.receive().unwrap().status, 200);
    }
    assert_eq!((one.seen().len() - before.0, two.seen().len() - before.1), (30, 10));
}

#[test]
fn a_failing_name_server_leaves_the_hosts_as_they_are() {
    let one = Upstream::answers(json!({}));
    let names = NameServer::knowing(&[(0, 1, port(&one))]);
    let gnomon = Gnomon::run_in(&file(&[found("/x")]), &names.environment());
    wait_for_status(&gnomon, 200);
    names.fail();
    let told = wait_for(|| gnomon.output().contains("the old ones stay").then_some(()));
    assert!(told.is_some(), "{}", gnomon.output());
    let asked = names.asked();
    assert!(wait_for(|| (names.asked() > asked).then_some(())).is_some(), "it is not asked any more");
    assert_eq!(gnomon.get("/a").status, 200);
}

#[test]
fn without_an_answer_there_are_no_hosts_until_there_is_one() {
    let one = Upstream::answers(json!({}));
    let names = NameServer::knowing(&[]);
    names.fail();
    let gnomon = Gnomon::run_in(&file(&[found("/x")]), &names.environment());
    assert_eq!(gnomon.get("/a").status, 500);
    assert!(wait_for(|| gnomon.output().contains("no hosts available").then_some(())).is_some());
    names.know(&[(0, 0, port(&one))]);
    wait_for_status(&gnomon, 200);
}

#[test]
fn shadows_are_found_as_well() {
    let (live, copy) = (Upstream::answers(json!({})), Upstream::answers(json!({})));
    let names = NameServer::knowing(&[(0, 1, port(&copy))]);
    let shadow = with(found("/copy"), &json!({ "extra_config": { "proxy": { "shadow": true } } }));
    let gnomon = Gnomon::run_in(&file(&[crate::files::live(&live, "/live"), shadow]), &names.environment());
    let copied = wait_for(|| {
        assert_eq!(gnomon.get("/a").status, 200);
        copy.seen().iter().any(|seen| seen.target == "/copy").then_some(())
    });
    assert!(copied.is_some(), "{}", gnomon.output());
    gnomon.finish();
}

#[test]
fn a_scheme_that_is_no_http_is_told() {
    let output = {
        let folder = crate::gnomon::Folder::new();
        let backend = with(found("/x"), &json!({ "sd_scheme": "ftp" }));
        crate::gnomon::complete(&["check", "-c", &folder.file("krakend.json", &file(&[backend]).to_string())])
    };
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("hosts can't be called by ftp"));
}

#[test]
fn a_reload_looks_up_names_that_are_new_before_they_are_called() {
    let (one, two) = (Upstream::answers(json!({ "from": 1 })), Upstream::answers(json!({ "from": 2 })));
    let names = NameServer::knowing(&[(0, 1, port(&two))]);
    let written = crate::files::live(&one, "/x");
    let gnomon = Gnomon::run_in(&file(&[written]), &names.environment());
    assert_eq!(gnomon.get("/a").json(), json!({ "from": 1 }));
    assert_eq!(names.asked(), 0);
    gnomon.replace(&file(&[found("/x")]));
    // The very first call has a host.
    assert_eq!(gnomon.get("/a").json(), json!({ "from": 2 }));
    // A plan that still has the name goes on with its hosts, and they go on to change.
    names.know(&[(0, 1, port(&one))]);
    gnomon.replace(&file(&[found("/y")]));
    assert_eq!(gnomon.get("/a").status, 200);
    let moved = wait_for(|| (gnomon.get("/a").json() == json!({ "from": 1 })).then_some(()));
    assert!(moved.is_some(), "{}", gnomon.output());
}

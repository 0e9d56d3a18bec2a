//! HTTPS towards clients and towards upstreams, shadows included.

use std::io::Write;

use rustls::{
    ProtocolVersion,
    version::{TLS12, TLS13},
};
use serde_json::{Value, json};

use crate::{
    files::{endpoint, live, service, shadow, with},
    gnomon::{Folder, Gnomon, complete},
    secure::{Authority, Identity, Relay, SecureClient},
    upstream::{Reply, Upstream},
};

/// A file with this `tls` and one endpoint.
fn served(upstream: &Upstream, tls: &Value) -> Value {
    with(service(&[endpoint("/a", &[live(upstream, "/v1/a")])]), &json!({ "tls": tls }))
}

fn keys(pairs: &[(String, String)]) -> Value {
    pairs.iter().map(|(certificate, key)| json!({ "public_key": certificate, "private_key": key })).collect()
}

/// A backend behind TLS.
fn secure(relay: &Relay, url_pattern: &str) -> Value {
    json!({ "host": [relay.host()], "url_pattern": url_pattern })
}

fn secure_shadow(host: &str, url_pattern: &str) -> Value {
    let extra = json!({ "proxy": { "shadow": true, "shadow_timeout": "500ms" } });
    json!({ "host": [host], "url_pattern": url_pattern, "extra_config": extra })
}

/// A file that tells clients what went wrong.
fn talkative(endpoints: &[Value], client_tls: &Value) -> Value {
    with(
        service(endpoints),
        &json!({ "client_tls": client_tls, "extra_config": { "router": { "return_error_msg": true } } }),
    )
}

/// One endpoint whose backend is behind TLS.
fn calling(relay: &Relay, client_tls: &Value) -> Gnomon {
    Gnomon::run(&talkative(&[endpoint("/a", &[secure(relay, "/v1/a")])], client_tls))
}

#[test]
fn a_listener_with_tls_speaks_http_1_and_http_2() {
    let (folder, authority, upstream) = (Folder::new(), Authority::new("a"), Upstream::answers(json!({ "a": 1 })));
    let pair = authority.issue(&["localhost"]).write(&folder, "server");
    let gnomon = Gnomon::run_secure(&served(&upstream, &json!({ "keys": keys(&[pair]) })));
    let client = SecureClient::trusting(&authority);
    let by_1 = client.get(gnomon.address(), "/a").unwrap();
    assert_eq!((by_1.status.as_str(), by_1.protocol.as_str()), ("200", "http/1.1"));
    let by_2 = client.get_by_http_2(gnomon.address(), "/a").unwrap();
    assert_eq!((by_2.status.as_str(), by_2.protocol.as_str()), ("200", "h2"));
    assert_eq!((by_1.body.as_slice(), by_2.body.as_slice()), (&b"{\"a\":1}"[..], &b"{\"a\":1}"[..]));
    for seen in upstream.wait_for(2) {
        assert_eq!(seen.header("x-forwarded-host"), Some("localhost"));
        assert_eq!(seen.header("transfer-encoding"), None, "a request without a body has none over HTTP/2 either");
    }
}

#[test]
fn only_tls_1_3_is_spoken_unless_the_file_says_otherwise() {
    let (folder, authority, upstream) = (Folder::new(), Authority::new("a"), Upstream::answers(json!({})));
    let pair = authority.issue(&["localhost"]).write(&folder, "server");
    let by_default = Gnomon::run_secure(&served(&upstream, &json!({ "keys": keys(std::slice::from_ref(&pair)) })));
    let pinned = json!({ "keys": keys(&[pair]), "min_version": "TLS10", "max_version": "TLS12" });
    let pinned = Gnomon::run_secure(&served(&upstream, &pinned));
    let new = SecureClient { version: &TLS13, ..SecureClient::trusting(&authority) };
    let old = SecureClient { version: &TLS12, ..SecureClient::trusting(&authority) };
    assert_eq!(new.get(by_default.address(), "/a").unwrap().version, Some(ProtocolVersion::TLSv1_3));
    assert_eq!(old.get(pinned.address(), "/a").unwrap().version, Some(ProtocolVersion::TLSv1_2));
    assert!(old.get(by_default.address(), "/a").is_err());
    assert!(new.get(pinned.address(), "/a").is_err());
    assert!(pinned.output().contains("TLS 1.2 is the oldest version"), "{}", pinned.output());
}

#[test]
fn curves_and_cipher_suites_are_those_of_the_file() {
    let (folder, authority, upstream) = (Folder::new(), Authority::new("a"), Upstream::answers(json!({})));
    let pair = authority.issue(&["localhost"]).write(&folder, "server");
    let tls = json!({
        "keys": keys(&[pair]), "min_version": "TLS12",
        // What we don't have stands in front and is left out.
        "curve_preferences": [25, 24], "cipher_suites": [47, 0xc02b, 0xc02c, 0xc02f, 0xc030],
    });
    let gnomon = Gnomon::run_secure(&served(&upstream, &tls));
    let new = SecureClient::trusting(&authority).get(gnomon.address(), "/a").unwrap();
    assert_eq!((new.version, new.curve), (Some(ProtocolVersion::TLSv1_3), Some(24)));
    let old = SecureClient { version: &TLS12, ..SecureClient::trusting(&authority) };
    let old = old.get(gnomon.address(), "/a").unwrap();
    assert_eq!(old.curve, Some(24));
    assert!([0xc02b, 0xc02c].map(Some).contains(&old.cipher_suite), "{:?}", old.cipher_suite);
    for told in ["25 is not available", "47 is not available"] {
        assert!(gnomon.output().contains(told), "{}", gnomon.output());
    }
}

#[test]
fn the_key_is_chosen_by_the_name_and_the_first_serves_every_other() {
    let (folder, authority, upstream) = (Folder::new(), Authority::new("a"), Upstream::answers(json!({})));
    let (first, second) = (authority.issue(&["localhost"]), authority.issue(&["*.b.test"]));
    let pairs = [first.write(&folder, "first"), second.write(&folder, "second")];
    let gnomon = Gnomon::run_secure(&served(&upstream, &json!({ "keys": keys(&pairs) })));
    for (name, identity) in [("localhost", &first), ("x.b.test", &second)] {
        let client = SecureClient { name, ..SecureClient::trusting(&authority) };
        assert_eq!(client.get(gnomon.address(), "/a").unwrap().certificate, identity.chain()[0], "{name}");
    }
    let client = SecureClient { name: "c.test", ..SecureClient::trusting(&authority) };
    let refused = client.get(gnomon.address(), "/a").unwrap_err().to_string();
    assert!(refused.contains("localhost"), "the first certificate is shown: {refused}");
}

#[test]
fn mutual_tls_lets_in_only_those_an_authority_vouches_for() {
    let folder = Folder::new();
    let (ours, theirs, upstream) = (Authority::new("ours"), Authority::new("theirs"), Upstream::answers(json!({})));
    let pair = ours.issue(&["localhost"]).write(&folder, "server");
    let tls = json!({
        "keys": keys(&[pair]), "enable_mtls": true, "disable_system_ca_pool": true,
        "ca_certs": [theirs.write(&folder, "theirs.pem")],
    });
    let gnomon = Gnomon::run_secure(&served(&upstream, &tls));
    let (known, stranger) = (theirs.issue(&["client"]), Authority::new("stranger").issue(&["client"]));
    let with = |shows| SecureClient { shows, ..SecureClient::trusting(&ours) }.get(gnomon.address(), "/a");
    assert_eq!(with(Some(&known)).unwrap().status, "200");
    assert!(with(None).is_err());
    assert!(with(Some(&stranger)).is_err());
    assert!(with(Some(&theirs.issue_expired(&["client"]))).is_err());
    assert_eq!(upstream.seen().len(), 1);
}

#[test]
fn mutual_tls_lets_in_who_shows_a_certificate_of_the_server_itself() {
    let (folder, authority, upstream) = (Folder::new(), Authority::new("a"), Upstream::answers(json!({})));
    let (own, other) = (authority.issue(&["localhost"]), authority.issue(&["localhost"]));
    let pair = own.write(&folder, "server");
    let tls = json!({ "keys": keys(&[pair]), "enable_mtls": true, "disable_system_ca_pool": true });
    let gnomon = Gnomon::run_secure(&served(&upstream, &tls));
    let with = |shows| SecureClient { shows: Some(shows), ..SecureClient::trusting(&authority) };
    assert_eq!(with(&own).get(gnomon.address(), "/a").unwrap().status, "200");
    assert!(with(&other).get(gnomon.address(), "/a").is_err(), "its authority is not trusted");
}

#[test]
fn check_refuses_versions_that_run_refuses_in_the_same_words() {
    let (folder, authority, upstream) = (Folder::new(), Authority::new("a"), Upstream::answers(json!({})));
    let pair = authority.issue(&["localhost"]).write(&folder, "server");
    let tls = json!({ "keys": keys(&[pair]), "min_version": "TLS13", "max_version": "TLS12" });
    let file = folder.file("k.json", &served(&upstream, &tls).to_string());
    for command in ["check", "run"] {
        let output = complete(&[command, "-c", &file]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{command}: {said}");
        assert!(said.contains("error at /tls: no version of TLS is left"), "{command}: {said}");
    }
}

#[test]
fn a_client_that_hangs_up_ends_its_calls_with_tls_too() {
    let (folder, authority, upstream) = (Folder::new(), Authority::new("a"), Upstream::hangs());
    let pair = authority.issue(&["localhost"]).write(&folder, "server");
    let file = with(served(&upstream, &json!({ "keys": keys(&[pair]) })), &json!({ "timeout": "10m" }));
    let gnomon = Gnomon::run_secure(&file);
    SecureClient::trusting(&authority).leave(gnomon.address(), "/a", || upstream.seen().len() == 1);
    gnomon.wait_until("the call is over", |stats| {
        let endpoint = stats.endpoint("/a");
        (endpoint.requests, endpoint.in_flight) == (1, 0)
    });
}

#[test]
fn a_key_that_cannot_be_used_keeps_the_gateway_from_starting() {
    let (folder, upstream) = (Folder::new(), Upstream::refuses());
    let (certificate, _key) = Authority::new("a").issue(&["localhost"]).write(&folder, "server");
    let tls = json!({ "keys": [{ "public_key": certificate, "private_key": "/nowhere/server.key" }] });
    let file = folder.file("krakend.json", &served(&upstream, &tls).to_string());
    let output = complete(&["run", "-c", &file]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("cannot serve HTTPS: tls.private_key \"/nowhere/server.key\": No such file"), "{told}");
}

#[test]
fn an_upstream_an_authority_vouches_for_is_called_over_one_connection() {
    let (folder, authority, upstream) = (Folder::new(), Authority::new("a"), Upstream::answers(json!({ "a": 1 })));
    let relay = Relay::before(&upstream, &authority.issue(&["127.0.0.1"]), None);
    let client_tls = json!({ "ca_certs": [authority.write(&folder, "ca.pem")] });
    let gnomon = Gnomon::run(&talkative(&[endpoint("/a", &[secure(&relay, "/v1/a")])], &client_tls));
    let mut connection = gnomon.connect();
    for _ in 0..3 {
        connection.ask("GET", "/a", &[], b"");
        let answer = connection.receive().unwrap();
        assert_eq!((answer.status, answer.json()), (200, json!({ "a": 1 })), "{}", answer.text());
    }
    assert_eq!(relay.connections(), 1);
    assert_eq!(upstream.wait_for(3)[0].target, "/v1/a");
}

#[test]
fn an_upstream_nobody_vouches_for_is_refused_in_the_words_of_the_original() {
    let (folder, authority, upstream) = (Folder::new(), Authority::new("a"), Upstream::answers(json!({})));
    let trusting = json!({ "ca_certs": [authority.write(&folder, "ca.pem")] });
    for (shown, client_tls, words) in [
        (authority.issue(&["127.0.0.1"]), json!({}), "x509: certificate signed by unknown authority"),
        (
            authority.issue(&["127.0.0.1"]),
            json!({ "disable_system_ca_pool": true }),
            "x509: certificate signed by unknown authority",
        ),
        (authority.issue(&["other.test"]), trusting.clone(), "x509: certificate is valid for "),
        (authority.issue_expired(&["127.0.0.1"]), trusting, "x509: certificate has expired or is not yet valid"),
    ] {
        let relay = Relay::before(&upstream, &shown, None);
        let answer = calling(&relay, &client_tls).get("/a");
        let text = answer.text();
        assert_eq!(answer.status, 500);
        assert!(text.contains("tls: failed to verify certificate: ") && text.contains(words), "{text}");
    }
    assert!(upstream.seen().is_empty());
}

#[test]
fn insecure_connections_are_made_when_the_file_allows_them() {
    let (authority, upstream) = (Authority::new("a"), Upstream::answers(json!({})));
    let relay = Relay::before(&upstream, &authority.issue_expired(&["other.test"]), None);
    assert_eq!(calling(&relay, &json!({ "allow_insecure_connections": true })).get("/a").status, 200);
}

#[test]
fn a_listed_certificate_is_believed_even_if_it_calls_itself_an_authority() {
    let (folder, upstream) = (Folder::new(), Upstream::answers(json!({})));
    let (itself, other) = (Identity::of_its_own(&["127.0.0.1"]), Identity::of_its_own(&["127.0.0.1"]));
    let (listed, _key) = itself.write(&folder, "itself");
    let client_tls = json!({ "ca_certs": [listed], "disable_system_ca_pool": true });
    assert_eq!(calling(&Relay::before(&upstream, &itself, None), &client_tls).get("/a").status, 200);
    assert_eq!(calling(&Relay::before(&upstream, &other, None), &client_tls).get("/a").status, 500);
    let renamed = Identity::of_its_own(&["other.test"]);
    let client_tls = json!({ "ca_certs": [renamed.write(&folder, "renamed").0] });
    let answer = calling(&Relay::before(&upstream, &renamed, None), &client_tls).get("/a");
    assert!(answer.text().contains("x509: certificate is valid for"), "{}", answer.text());
}

#[test]
fn an_upstream_that_asks_for_a_certificate_is_shown_the_one_it_can_believe() {
    let (folder, upstream) = (Folder::new(), Upstream::answers(json!({})));
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    let relay = Relay::before(&upstream, &ours.issue(&["127.0.0.1"]), Some(&theirs));
    let ca_certs = json!([ours.write(&folder, "ca.pem")]);
    let pairs = [ours.issue(&["gateway"]).write(&folder, "one"), theirs.issue(&["gateway"]).write(&folder, "two")];
    let client_certs: Value =
        pairs.iter().map(|(certificate, key)| json!({ "certificate": certificate, "private_key": key })).collect();
    let showing = calling(&relay, &json!({ "ca_certs": ca_certs, "client_certs": client_certs }));
    assert_eq!(showing.get("/a").status, 200);
    let silent = calling(&relay, &json!({ "ca_certs": ca_certs })).get("/a");
    assert_eq!(silent.status, 500);
    assert!(silent.text().contains("remote error: tls: certificate required"), "{}", silent.text());
}

#[test]
fn large_bodies_pass_through_tls_both_ways() {
    let (folder, authority) = (Folder::new(), Authority::new("a"));
    let body = vec![b'x'; 3 * 1024 * 1024];
    let upstream = Upstream::behaving(Reply::new(200, "text/plain", &body).into());
    let relay = Relay::before(&upstream, &authority.issue(&["127.0.0.1"]), None);
    let passing = json!({ "method": "POST", "output_encoding": "no-op" });
    let client_tls = json!({ "ca_certs": [authority.write(&folder, "ca.pem")] });
    let gnomon = Gnomon::run(&talkative(&[with(endpoint("/a", &[secure(&relay, "/v1/a")]), &passing)], &client_tls));
    for _ in 0..2 {
        let answer = gnomon.ask("POST", "/a", &[], &body);
        assert_eq!((answer.status, answer.complete, answer.body == body), (200, true, true));
    }
    assert!(upstream.wait_for(2).iter().all(|seen| seen.body == body));
}

#[test]
fn an_upstream_that_closes_idle_connections_still_answers_every_get() {
    let (folder, authority, upstream) = (Folder::new(), Authority::new("a"), Upstream::closes_idle(&json!({})));
    let relay = Relay::before(&upstream, &authority.issue(&["127.0.0.1"]), None);
    let gnomon = calling(&relay, &json!({ "ca_certs": [authority.write(&folder, "ca.pem")] }));
    let statuses: Vec<u16> = (0..20).map(|_| gnomon.get("/a").status).collect();
    assert_eq!(statuses, [200; 20]);
}

#[test]
fn an_upstream_without_tls_is_a_failure_of_tls() {
    let plain = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let host = format!("https://{}", plain.local_addr().unwrap());
    let answering = std::thread::spawn(move || {
        let (mut stream, _) = plain.accept().unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n").unwrap();
        std::io::copy(&mut stream, &mut std::io::sink()).ok();
    });
    let backend = json!({ "host": [host], "url_pattern": "/v1/a" });
    let gnomon = Gnomon::run(&talkative(&[endpoint("/a", &[backend])], &json!({})));
    let answer = gnomon.get("/a");
    assert_eq!(answer.status, 500);
    assert!(answer.text().contains("tls: first record does not look like a TLS handshake"), "{}", answer.text());
    answering.join().unwrap();
}

#[test]
fn a_redirect_from_http_to_https_is_followed() {
    let (folder, authority, upstream) = (Folder::new(), Authority::new("a"), Upstream::answers(json!({ "a": 1 })));
    let relay = Relay::before(&upstream, &authority.issue(&["127.0.0.1"]), None);
    let moved = Reply::new(302, "text/plain", b"").with("Location", &format!("{}/new", relay.host()));
    let old = Upstream::behaving(moved.into());
    let client_tls = json!({ "ca_certs": [authority.write(&folder, "ca.pem")] });
    let gnomon = Gnomon::run(&talkative(&[endpoint("/a", &[live(&old, "/old")])], &client_tls));
    let answer = gnomon.get("/a");
    assert_eq!((answer.status, answer.json()), (200, json!({ "a": 1 })), "{}", answer.text());
}

/// Mirrors to this host and returns how the copy ended.
fn fate_of_a_copy(host: &str) -> Vec<(String, u64)> {
    let v1 = Upstream::answers(json!({ "a": 1 }));
    let backends = [live(&v1, "/v1/a"), secure_shadow(host, "/v2/a")];
    let gnomon = Gnomon::run(&service(&[endpoint("/a", &backends)]));
    let answer = gnomon.get("/a");
    assert_eq!((answer.status, answer.json()), (200, json!({ "a": 1 })));
    let books = gnomon.finish().the_books();
    assert_eq!((books.offered, books.sent), (1, 1), "{books:#?}");
    books.failed
}

#[test]
fn a_shadow_with_a_wrong_certificate_changes_nothing_and_is_booked() {
    let upstream = Upstream::answers(json!({}));
    let relay = Relay::before(&upstream, &Authority::new("a").issue(&["127.0.0.1"]), None);
    assert_eq!(fate_of_a_copy(&relay.host()), [("tls".to_owned(), 1)]);
    assert!(upstream.seen().is_empty());
}

#[test]
fn a_shadow_whose_handshake_hangs_changes_nothing_and_is_booked() {
    let upstream = Upstream::never_reads();
    assert_eq!(fate_of_a_copy(&format!("https://{}", upstream.address())), [("timeout".to_owned(), 1)]);
}

#[test]
fn a_shadow_behind_tls_gets_its_copy() {
    let (folder, authority, v1) = (Folder::new(), Authority::new("a"), Upstream::answers(json!({ "a": 1 })));
    let v2 = Upstream::answers(json!({}));
    let relay = Relay::before(&v2, &authority.issue(&["127.0.0.1"]), None);
    let backends = [live(&v1, "/v1/a"), secure_shadow(&relay.host(), "/v2/a"), shadow(&v2, "/v3/a")];
    let client_tls = json!({ "ca_certs": [authority.write(&folder, "ca.pem")] });
    let gnomon = Gnomon::run(&talkative(&[endpoint("/a", &backends)], &client_tls));
    assert_eq!(gnomon.get("/a").status, 200);
    assert!(gnomon.finish().books().iter().all(|books| books.answered() == 1));
    assert_eq!(v2.wait_for(2).len(), 2);
}

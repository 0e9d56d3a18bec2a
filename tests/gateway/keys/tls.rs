//! `tls` and `client_tls`, with the lists in them.

use gnomon::config::known::Scope as At;
use rustls::version::TLS12;
use serde_json::{Value, json};

use super::{
    case::{Case, case},
    certificates::Certificates,
    observe::{could_listen, plain_status, secure_get, secure_status, status},
    scene::Scene,
    walk::walk,
};
use crate::secure::{Exchange, SecureClient};

/// P-384, which nobody prefers by himself.
const CURVE: u16 = 24;
/// ECDSA with ChaCha20-Poly1305, of TLS 1.2, which nobody prefers by himself.
const SUITE: u16 = 0xcca9;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = server();
    cases.extend(mutual());
    cases.extend(client());
    cases
}

fn pair(name: &str) -> Value {
    json!({ "public_key": format!("{{folder}}/{name}.pem"), "private_key": format!("{{folder}}/{name}.key") })
}

/// A case about a gateway with a certificate.
fn served(key: &'static str, value: Value) -> Case {
    case(At::Tls, key, value).with(At::Tls, json!({ "keys": [pair("server")] }))
}

fn server() -> Vec<Case> {
    vec![
        served("disabled", json!(true)).sees(plain_status, 200),
        case(At::Tls, "keys", json!([pair("server")])).otherwise(json!([pair("other")])).sees(shows_server, true),
        case(At::Tls, "public_key", json!("{folder}/server.pem"))
            .with(At::Tls, json!({ "private_key": "{folder}/server.key" }))
            .sees(could_listen, true),
        case(At::Tls, "private_key", json!("{folder}/server.key"))
            .with(At::Tls, json!({ "public_key": "{folder}/server.pem" }))
            .sees(could_listen, true),
        case(At::TlsKeys, "public_key", json!("{folder}/server.pem"))
            .with(At::TlsKeys, json!({ "private_key": "{folder}/server.key" }))
            .sees(could_listen, true),
        case(At::TlsKeys, "private_key", json!("{folder}/server.key"))
            .with(At::TlsKeys, json!({ "public_key": "{folder}/server.pem" }))
            .sees(could_listen, true),
        served("min_version", json!("TLS12")).sees(status_by_1_2, "200"),
        served("max_version", json!("TLS12"))
            .with(At::Tls, json!({ "min_version": "TLS12" }))
            .sees(secure_status, Value::Null),
        served("curve_preferences", json!([CURVE])).sees(curve_shown, CURVE),
        served("cipher_suites", json!([SUITE]))
            .with(At::Tls, json!({ "min_version": "TLS12" }))
            .sees(|scene| exchange_by_1_2(scene).and_then(|got| got.cipher_suite).into(), SUITE),
    ]
}

/// Clients that must show a certificate.
fn mutual() -> Vec<Case> {
    let wanting =
        |key, value| served(key, value).with(At::Tls, json!({ "enable_mtls": true, "disable_system_ca_pool": true }));
    vec![
        served("enable_mtls", json!(true)).sees(secure_status, Value::Null),
        wanting("ca_certs", json!(["{folder}/clients.pem"])).sees(status_of_a_known_client, "200"),
        wanting("disable_system_ca_pool", json!(true))
            .environment("SSL_CERT_FILE", "{folder}/clients.pem")
            .sees(status_of_a_known_client, Value::Null),
    ]
}

/// A case about a gateway that calls this host.
fn calling(host: &str, scope: At, key: &'static str, value: Value) -> Case {
    case(scope, key, value).with(At::Backend, json!({ "host": [host] }))
}

fn client() -> Vec<Case> {
    let trusting = || json!({ "ca_certs": ["{folder}/ca.pem"] });
    let mutual = |scope, key, value| calling("{mutual}", scope, key, value).with(At::ClientTls, trusting());
    vec![
        calling("{secure}", At::ClientTls, "allow_insecure_connections", json!(true)).sees(status, 200),
        calling("{secure}", At::ClientTls, "ca_certs", json!(["{folder}/ca.pem"])).sees(status, 200),
        calling("{secure}", At::ClientTls, "disable_system_ca_pool", json!(true))
            .environment("SSL_CERT_FILE", "{folder}/ca.pem")
            .sees(status, 500),
        calling("{secure_1_2}", At::ClientTls, "min_version", json!("TLS12"))
            .with(At::ClientTls, trusting())
            .sees(status, 200),
        calling("{secure_1_3}", At::ClientTls, "max_version", json!("TLS12"))
            .with(At::ClientTls, trusting())
            .with(At::ClientTls, json!({ "min_version": "TLS12" }))
            .sees(status, 500),
        calling("{secure}", At::ClientTls, "curve_preferences", json!([CURVE])).with(At::ClientTls, trusting()).sees(
            |scene| {
                scene.get("/a");
                scene.agreed("{secure}").map(|(_, curve)| curve).into()
            },
            CURVE,
        ),
        calling("{secure_1_2}", At::ClientTls, "cipher_suites", json!([SUITE]))
            .with(At::ClientTls, trusting())
            .with(At::ClientTls, json!({ "min_version": "TLS12" }))
            .sees(
                |scene| {
                    scene.get("/a");
                    scene.agreed("{secure_1_2}").map(|(suite, _)| suite).into()
                },
                SUITE,
            ),
        mutual(
            At::ClientTls,
            "client_certs",
            json!([{ "certificate": "{folder}/client.pem", "private_key": "{folder}/client.key" }]),
        )
        .sees(status, 200),
        mutual(At::ClientCerts, "certificate", json!("{folder}/client.pem"))
            .otherwise(json!("{folder}/other.pem"))
            .with(At::ClientCerts, json!({ "private_key": "{folder}/client.key" }))
            .sees(status, 200),
        mutual(At::ClientCerts, "private_key", json!("{folder}/client.key"))
            .otherwise(json!("{folder}/other.key"))
            .with(At::ClientCerts, json!({ "certificate": "{folder}/client.pem" }))
            .sees(status, 200),
    ]
}

/// Whether the gateway shows the certificate `server`.
fn shows_server(scene: &Scene) -> Value {
    let certificates = Certificates::all();
    let got = secure_get(scene, &SecureClient::trusting(&certificates.ours));
    got.is_some_and(|got| got.certificate == certificates.server.chain()[0]).into()
}

fn curve_shown(scene: &Scene) -> Value {
    let got = secure_get(scene, &SecureClient::trusting(&Certificates::all().ours));
    got.and_then(|got| got.curve).into()
}

fn status_by_1_2(scene: &Scene) -> Value {
    exchange_by_1_2(scene).map(|got| got.status).into()
}

fn exchange_by_1_2(scene: &Scene) -> Option<Exchange> {
    let client = SecureClient { version: &TLS12, ..SecureClient::trusting(&Certificates::all().ours) };
    secure_get(scene, &client)
}

fn status_of_a_known_client(scene: &Scene) -> Value {
    let certificates = Certificates::all();
    let client = SecureClient { shows: Some(&certificates.client), ..SecureClient::trusting(&certificates.ours) };
    secure_get(scene, &client).map(|got| got.status).into()
}

#[test]
fn every_key_of_tls_counts() {
    walk(&cases());
}

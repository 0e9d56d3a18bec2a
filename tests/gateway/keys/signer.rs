//! `auth/signer`.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use gnomon::config::known::Scope as At;
use serde_json::{Value, json};

use super::{
    case::{Case, case},
    observe::status,
    scene::Scene,
    validator::KEYS,
    walk::walk,
};

pub(super) fn cases() -> Vec<Case> {
    let published: Value = serde_json::from_str(KEYS).expect("the keys are JSON");
    let signer = json!({ "alg": "HS256", "kid": "a", "keys_to_sign": ["token"], "disable_jwk_security": true });
    let signing = |key, value| {
        case(At::Signer, key, value)
            .upstream(json!({ "token": { "sub": "ann" }, "other": {} }))
            .on("/keys", published.clone())
            .with(At::Signer, signer.clone())
    };
    let from_file = json!({ "jwk_local_path": "{folder}/keys.json" });
    let at = |key, value| signing(key, value).file("keys.json", KEYS).with(At::Signer, from_file.clone());
    vec![
        at("alg", json!("HS256")).otherwise(json!("HS512")).sees(|scene| header(scene)["alg"].clone(), "HS256"),
        at("kid", json!("a")).sees(|scene| header(scene)["kid"].clone(), "a"),
        at("keys_to_sign", json!(["token"])).sees(
            |scene| {
                let answer = scene.get("/a").json();
                json!([answer["token"].is_string(), answer["other"].is_string()])
            },
            json!([true, false]),
        ),
        signing("jwk_url", json!("{upstream}/keys")).sees(status, 200),
        at("jwk_local_path", json!("{folder}/keys.json")).sees(status, 200),
        at("disable_jwk_security", json!(true)).sees(status, 200),
        signing("jwk_local_ca", json!("{folder}/ca.pem"))
            .with(At::Signer, json!({ "jwk_url": "{secure}/keys", "disable_jwk_security": false }))
            .sees(status, 200),
        at("full", json!(true)).sees(|scene| token(scene).starts_with("{\"payload\":\"").into(), true),
        at("typ", json!("at+jwt")).sees(|scene| header(scene)["typ"].clone(), "at+jwt"),
    ]
}

/// The token in the answer, empty if there is none.
fn token(scene: &Scene) -> String {
    scene.get("/a").json()["token"].as_str().unwrap_or_default().to_owned()
}

/// The header of the token in the answer, null if there is none.
fn header(scene: &Scene) -> Value {
    let token = token(scene);
    let part = token.split('.').next().unwrap_or_default();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap_or_default()).unwrap_or_default()
}

#[test]
fn every_key_of_the_signer_counts() {
    walk(&cases());
}

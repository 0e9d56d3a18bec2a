//! `auth/client-credentials`.

use gnomon::config::known::Scope as At;
use serde_json::{Value, json};

use super::{
    case::{Case, case},
    observe::status,
    scene::Scene,
    walk::walk,
};

pub(super) fn cases() -> Vec<Case> {
    let token = json!({ "access_token": "t", "token_type": "bearer", "expires_in": 3600 });
    let at = |key, value| {
        case(At::ClientCredentials, key, value)
            .on("/token", token.clone())
            .with(At::ClientCredentials, json!({ "client_id": "i", "client_secret": "s" }))
            .with(At::ClientCredentials, json!({ "token_url": "{upstream}/token" }))
    };
    let form = |scene: &Scene| {
        scene.get("/a");
        scene.seen_on("/token").map(|seen| String::from_utf8_lossy(&seen.body).into_owned()).into()
    };
    vec![
        // `id:s` and `i:secret`, as RFC 7617 writes them.
        at("client_id", json!("id")).sees(|scene| authorization(scene, "/token"), "Basic aWQ6cw=="),
        at("client_secret", json!("secret")).sees(|scene| authorization(scene, "/token"), "Basic aTpzZWNyZXQ="),
        at("token_url", json!("{upstream}/token")).sees(status, 200),
        at("scopes", json!("r,w")).sees(form, "grant_type=client_credentials&scope=r+w"),
        at("endpoint_params", json!({ "audience": ["x"] }))
            .sees(form, "audience=x&grant_type=client_credentials&scope="),
        at("is_disabled", json!(true)).sees(|scene| authorization(scene, "/b"), Value::Null),
    ]
}

/// What the first call of a path brings along.
fn authorization(scene: &Scene, path: &str) -> Value {
    scene.get("/a");
    scene.seen_on(path).and_then(|seen| seen.header("authorization").map(str::to_owned)).into()
}

#[test]
fn every_key_of_client_credentials_counts() {
    walk(&cases());
}

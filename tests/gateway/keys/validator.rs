//! `auth/validator`.

use gnomon::{
    component::auth::{
        algorithm::Algorithm,
        key::Material,
        token::{Form, signed},
    },
    config::known::Scope as At,
};
use serde_json::{Value, json};

use super::{
    case::{Case, case},
    observe::happens,
    scene::Scene,
    walk::walk,
};

/// A set of one secret, by the name `a`, with a certificate by the name `t`.
pub(super) const KEYS: &str = r#"{"keys":[{"kty":"oct","kid":"a","x5t":"t","k":"c2VjcmV0"}]}"#;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = keys();
    cases.extend(caches());
    cases.extend(places());
    cases.extend(demands());
    cases.extend(claims());
    cases
}

/// A validator with its keys in a file.
fn at(key: &'static str, value: Value) -> Case {
    case(At::Validator, key, value).file("keys.json", KEYS).with(
        At::Validator,
        json!({ "alg": "HS256", "jwk_local_path": "{folder}/keys.json", "disable_jwk_security": true }),
    )
}

/// A validator that asks the upstream for its keys.
fn asking(key: &'static str, value: Value) -> Case {
    let published: Value = serde_json::from_str(KEYS).expect("the keys are JSON");
    let validator = json!({ "alg": "HS256", "jwk_url": "{upstream}/keys", "disable_jwk_security": true });
    case(At::Validator, key, value).on("/keys", published).with(At::Validator, validator)
}

/// Where keys come from, and which of them is used.
fn keys() -> Vec<Case> {
    vec![
        at("alg", json!("HS256")).otherwise(json!("HS512")).sees(admits(json!({})), 200),
        asking("jwk_url", json!("{upstream}/keys")).sees(admits(json!({})), 200),
        at("jwk_local_path", json!("{folder}/keys.json")).sees(admits(json!({})), 200),
        at("disable_jwk_security", json!(true)).sees(admits(json!({})), 200),
        asking("jwk_local_ca", json!("{folder}/ca.pem"))
            .with(At::Validator, json!({ "jwk_url": "{secure}/keys", "disable_jwk_security": false }))
            .sees(admits(json!({})), 200),
        // A token that names no certificate names it by its `kid`.
        at("key_identify_strategy", json!("x5t")).sees(|scene| ask(scene, &token("t", &json!({}))), 200),
    ]
}

/// How often the keys are asked for.
fn caches() -> Vec<Case> {
    let cached = || json!({ "cache": true });
    let fetches = |scene: &Scene| scene.upstream.seen().iter().filter(|seen| seen.target == "/keys").count();
    let after_two = move |id: &'static str| {
        move |scene: &Scene| {
            (0..2).for_each(|_| drop(ask(scene, &token(id, &json!({})))));
            fetches(scene).into()
        }
    };
    vec![
        asking("cache", json!(true)).sees(after_two("a"), 1),
        asking("cache_duration", json!(1)).with(At::Validator, cached()).sees(
            move |scene| {
                happens(|| {
                    ask(scene, &token("a", &json!({})));
                    fetches(scene) > 1
                })
            },
            true,
        ),
        asking("failed_jwk_key_cooldown", json!("1h")).with(At::Validator, cached()).sees(after_two("nobody"), 1),
    ]
}

/// Where the token stands.
fn places() -> Vec<Case> {
    vec![
        at("auth_header_name", json!("X-Token"))
            .sees(|scene| status(scene, &[("X-Token", &token("a", &json!({})))]), 200),
        at("cookie_key", json!("pass"))
            .sees(|scene| status(scene, &[("Cookie", &format!("pass={}", token("a", &json!({}))))]), 200),
    ]
}

/// What a token must say.
fn demands() -> Vec<Case> {
    let soon = |seconds: i64| {
        let now = std::time::SystemTime::UNIX_EPOCH.elapsed().expect("it is later than 1970").as_secs();
        i64::try_from(now).expect("it is not that late") + seconds
    };
    let of_two =
        |one: Value, two: Value| move |scene: &Scene| json!([admits(one.clone())(scene), admits(two.clone())(scene)]);
    let role = || json!({ "roles": ["admin"] });
    vec![
        at("audience", json!(["x"])).sees(of_two(json!({ "aud": "x" }), json!({ "aud": "y" })), json!([200, 401])),
        at("issuer", json!("me")).sees(of_two(json!({ "iss": "me" }), json!({ "iss": "you" })), json!([200, 401])),
        at("roles", json!(["admin"])).sees(of_two(role(), json!({ "roles": ["guest"] })), json!([200, 403])),
        at("roles_key", json!("groups")).with(At::Validator, role()).sees(admits(json!({ "groups": ["admin"] })), 200),
        at("roles_key_is_nested", json!(true))
            .with(At::Validator, role())
            .with(At::Validator, json!({ "roles_key": "realm.roles" }))
            .sees(admits(json!({ "realm": { "roles": ["admin"] } })), 200),
        at("scopes", json!(["r"]))
            .with(At::Validator, json!({ "scopes_key": "scope" }))
            .sees(of_two(json!({ "scope": "r w" }), json!({ "scope": "w" })), json!([200, 403])),
        at("scopes_key", json!("scope"))
            .with(At::Validator, json!({ "scopes": ["r"] }))
            .sees(of_two(json!({ "scope": "r w" }), json!({ "scope": "w" })), json!([200, 403])),
        at("scopes_matcher", json!("all"))
            .with(At::Validator, json!({ "scopes": ["r", "w"], "scopes_key": "scope" }))
            .sees(of_two(json!({ "scope": "r w" }), json!({ "scope": "w" })), json!([200, 403])),
        at("leeway", json!("1h")).sees(move |scene| admits(json!({ "exp": soon(-600) }))(scene), 200),
        at("operation_debug", json!(true)).sees(
            |scene| {
                scene.get("/a");
                scene
                    .ended()
                    .contains("[ENDPOINT: /a][JWTValidator] Unable to validate the token: Token not found")
                    .into()
            },
            true,
        ),
    ]
}

/// What goes on to the backend.
fn claims() -> Vec<Case> {
    let told = |scene: &Scene| {
        admits(json!({ "of": ["x", "y"] }))(scene);
        let seen = scene.seen_on("/b").map(|seen| seen.headers).unwrap_or_default();
        seen.into_iter().filter(|(name, _)| name == "x-of").map(|(_, value)| value).collect::<Vec<_>>().into()
    };
    let pairs = || json!([["of", "X-Of"]]);
    let endpoint = || json!({ "input_headers": ["X-Of"] });
    vec![
        at("propagate_claims", pairs()).with(At::Endpoint, endpoint()).sees(told, json!(["x,y"])),
        at("propagate_claims_preserve_array", json!(true))
            .with(At::Endpoint, endpoint())
            .with(At::Validator, json!({ "propagate_claims": pairs() }))
            .sees(told, json!(["x", "y"])),
    ]
}

/// A token of these claims, signed with the only key, by this name.
pub(super) fn token(id: &str, claims: &Value) -> String {
    let (algorithm, secret) = (Algorithm::named("HS256").unwrap(), Material::Secret(b"secret".to_vec()));
    signed(claims.to_string().as_bytes(), (algorithm, id, "JWT"), &secret, Form::Compact).unwrap()
}

/// The status that the bearer of such a token gets.
fn admits(claims: Value) -> impl Fn(&Scene) -> Value {
    move |scene| ask(scene, &token("a", &claims))
}

/// The status that the bearer of a token gets.
fn ask(scene: &Scene, token: &str) -> Value {
    status(scene, &[("Authorization", &format!("Bearer {token}"))])
}

fn status(scene: &Scene, headers: &[(&str, &str)]) -> Value {
    scene.ask("GET", "/a", headers, b"").status.into()
}

#[test]
fn every_key_of_the_validator_counts() {
    walk(&cases());
}

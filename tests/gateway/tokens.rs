//! Endpoints that only bearers of a token may use, with keys that are fetched.

use gnomon::component::auth::{
    algorithm::Algorithm,
    key::Material,
    token::{Form, signed},
};
use serde_json::{Value, json};

use crate::{
    files::{endpoint, live, service, shadow, with},
    gnomon::Gnomon,
    upstream::{Reply, Upstream},
};

/// An address that publishes one secret.
fn keys() -> Upstream {
    Upstream::answers(json!({ "keys": [{ "kty": "oct", "kid": "a", "k": "c2VjcmV0" }] }))
}

fn bearer(claims: &Value) -> String {
    let (algorithm, secret) = (Algorithm::named("HS256").unwrap(), Material::Secret(b"secret".to_vec()));
    let token = signed(claims.to_string().as_bytes(), (algorithm, "a", "JWT"), &secret, Form::Compact).unwrap();
    format!("Bearer {token}")
}

/// An endpoint behind a validator that asks `keys`.
fn guarded(keys: &Upstream, backends: &[Value], more: &Value) -> Value {
    let validator = json!({
        "alg": "HS256", "jwk_url": format!("http://{}/keys", keys.address()), "disable_jwk_security": true,
    });
    let components = json!({ "auth/validator": with(validator, more) });
    service(&[with(endpoint("/a", backends), &json!({ "extra_config": components }))])
}

#[test]
fn with_a_cache_the_keys_are_fetched_once_and_a_refused_request_reaches_nobody() {
    let (keys, v1, v2) = (keys(), Upstream::answers(json!({})), Upstream::answers(json!({})));
    let backends = [live(&v1, "/of/{JWT.sub}"), shadow(&v2, "/of/{JWT.sub}")];
    let gnomon = Gnomon::run(&guarded(&keys, &backends, &json!({ "cache": true, "roles": ["admin"] })));
    for (claims, status) in [
        (json!({ "sub": "ann", "roles": ["admin"] }), 200),
        (json!({ "sub": "bob", "roles": ["guest"] }), 403),
        (json!({ "sub": "eve", "roles": ["admin"], "exp": 1 }), 401),
    ] {
        let answer = gnomon.ask("GET", "/a", &[("Authorization", &bearer(&claims))], b"");
        assert_eq!((answer.status, answer.header("x-krakend").is_some()), (status, status == 200), "{claims}");
    }
    gnomon.finish();
    assert_eq!(keys.seen().len(), 1);
    for upstream in [v1, v2] {
        let targets: Vec<String> = upstream.seen().into_iter().map(|seen| seen.target).collect();
        assert_eq!(targets, ["/of/ann"]);
    }
}

#[test]
fn what_is_not_published_as_keys_opens_nothing() {
    let v1 = Upstream::answers(json!({}));
    let page = Upstream::answers_500()
        .on("/keys", Reply::new(200, "text/html", br#"{"keys":[{"kty":"oct","kid":"a","k":"c2VjcmV0"}]}"#));
    for keys in [page, Upstream::refuses(), Upstream::resets()] {
        let gnomon = Gnomon::run(&guarded(&keys, &[live(&v1, "/b")], &json!({})));
        let answer = gnomon.ask("GET", "/a", &[("Authorization", &bearer(&json!({})))], b"");
        assert_eq!(answer.status, 401);
        gnomon.finish();
    }
    assert!(v1.seen().is_empty());
}

//! Endpoints for bearers of tokens, and one that makes them.

use gnomon::component::auth::{
    algorithm::Algorithm,
    key::Material,
    token::{Form, Token, signed},
};
use serde_json::{Value, json};

use super::suite::{Suite, is_complete, said};
use crate::{
    files::{endpoint, live, with},
    upstream::{SECRET_OF_MOCK, Upstream},
};

fn hs256() -> (Algorithm, Material) {
    (Algorithm::named("HS256").unwrap(), Material::Secret(SECRET_OF_MOCK.to_vec()))
}

/// `Authorization` of somebody with these roles.
fn bearer(roles: &[&str]) -> String {
    let claims = json!({
        "aud": "http://api.example.com", "iss": "https://krakend.io", "exp": 4_000_000_000_u64,
        "sub": "1234567890qwertyuio", "http://example.com/custom": "foobar", "roles": roles,
    });
    let (algorithm, key) = hs256();
    let token = signed(claims.to_string().as_bytes(), (algorithm, "sim2", "JWT"), &key, Form::Compact).unwrap();
    format!("bearer {token}")
}

fn keys(mock: &Upstream) -> Value {
    json!({ "alg": "HS256", "jwk_url": format!("{}/jwk/symmetric", mock.host()), "disable_jwk_security": true })
}

fn validator(mock: &Upstream, roles: &[&str]) -> Value {
    let rules = json!({
        "audience": ["http://api.example.com"], "issuer": "https://krakend.io", "roles_key": "roles", "roles": roles,
    });
    with(keys(mock), &rules)
}

fn john() -> Value {
    json!({ "id_user": 1, "firstName": "John", "lastName": "Smith", "age": 25 })
}

/// An endpoint for two roles that adds John to what its backend answers.
fn private(mock: &Upstream, backend: Value) -> Vec<Value> {
    let components = json!({
        "proxy": { "static": { "strategy": "always", "data": john() } },
        "auth/validator": validator(mock, &["role_a", "role_c"]),
    });
    vec![with(endpoint("/private/custom", &[backend]), &json!({ "extra_config": components }))]
}

fn private_debug() -> Suite {
    Suite::of(|mock| private(mock, with(live(mock, "/__debug/"), &json!({ "deny": ["message"] }))))
}

/// Only keys were asked for, and the client learns nothing but a status.
#[track_caller]
fn is_refused(suite: &Suite, target: &str, authorization: Option<&str>, status: u16) {
    let headers: Vec<_> = authorization.map(|value| ("Authorization", value)).into_iter().collect();
    let answer = suite.get_with(target, &headers);
    assert_eq!((said(&answer), answer.body.len()), ((status, None, None, None), 0));
    assert!(suite.mock.seen().iter().all(|seen| seen.target == "/jwk/symmetric"));
}

/// `jwt_1`
#[test]
fn a_bearer_without_the_role_is_forbidden() {
    is_refused(&private_debug(), "/private/custom", Some(&bearer(&["role_y"])), 403);
}

/// `jwt_2`
#[test]
fn what_is_no_token_opens_nothing() {
    is_refused(&private_debug(), "/private/custom", Some("bearer a.bad.token"), 401);
}

/// `router_401_1`
#[test]
fn nobody_enters_without_a_token() {
    is_refused(&private_debug(), "/private/custom", None, 401);
}

/// `jwt_3`
#[test]
fn a_bearer_with_one_of_the_roles_is_served() {
    let answer = private_debug().get_with("/private/custom", &[("Authorization", &bearer(&["role_a", "role_b"]))]);
    is_complete(&answer, &john());
}

/// `jwt_5`
#[test]
fn a_claim_is_put_into_the_path_of_the_call() {
    let suite = Suite::of(|mock| {
        let backend = live(mock, "/param_forwarding/{JWT.sub}");
        private(mock, with(backend, &json!({ "deny": ["foo", "headers", "query"] })))
    });
    let answer = suite.get_with("/private/custom", &[("Authorization", &bearer(&["role_a", "role_b"]))]);
    is_complete(&answer, &with(john(), &json!({ "path": "/param_forwarding/1234567890qwertyuio" })));
}

/// `jwt_4`
#[test]
fn claims_are_signed_on_their_way_to_the_client() {
    let claims = json!({
        "aud": "http://api.example.com", "iss": "https://krakend.io", "sub": "1234567890qwertyuio",
        "roles": ["role_y"], "exp": 1_735_689_600,
    });
    let suite = Suite::of(|mock| {
        let signer = with(keys(mock), &json!({ "kid": "sim2", "keys_to_sign": ["access_token"] }));
        let proxy = json!({ "static": { "strategy": "always", "data": { "access_token": claims } } });
        let backend = with(live(mock, "/__debug"), &json!({ "deny": ["message"] }));
        let components = json!({ "proxy": proxy, "auth/signer": signer });
        vec![with(endpoint("/token", &[backend]), &json!({ "extra_config": components }))]
    });
    let answer = suite.get("/token");
    assert_eq!(said(&answer), (200, Some("application/json; charset=utf-8"), None, None), "{}", answer.text());
    let body = answer.json();
    let token = Token::parse(body["access_token"].as_str().unwrap()).unwrap();
    let (algorithm, key) = hs256();
    assert!(token.is_signed_by(algorithm, &key));
    assert_eq!((token.header("alg"), token.header("kid")), ("HS256", "sim2"));
    assert_eq!(Value::from(token.claims().unwrap()), claims);
}

/// An endpoint whose expression counts the roles of a token.
fn counting_roles() -> Suite {
    Suite::of(|mock| {
        let components = json!({
            "validation/cel": [{ "check_expr": "size(JWT.roles)>1" }],
            "auth/validator": validator(mock, &["role_a", "role_b", "role_y"]),
        });
        let backend = live(mock, "/param_forwarding/{id}/{JWT.sub}/{JWT.http://example.com/custom}");
        vec![with(endpoint("/cel/jwt/{id}", &[backend]), &json!({ "extra_config": components }))]
    })
}

/// `cel-6`
#[test]
fn a_garbled_token_is_refused_before_any_expression() {
    is_refused(&counting_roles(), "/cel/jwt/ko", Some(&bearer(&["role_y"]).replacen(" ey", " y", 1)), 401);
}

/// `cel-7`
#[test]
fn an_expression_about_a_token_lets_its_bearer_through() {
    let suite = counting_roles();
    let answer = suite.get_with("/cel/jwt/ok", &[("Authorization", &bearer(&["role_a", "role_b"]))]);
    let expected = suite.echo("/param_forwarding/ok/1234567890qwertyuio/foobar", &json!({}), &json!({}));
    is_complete(&answer, &expected);
}

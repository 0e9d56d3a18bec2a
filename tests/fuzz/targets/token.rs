//! Tokens of clients, sets of keys, and what token servers answer.
//!
//! Laws: a token that we sign is read back and believed, any other of its signatures is not; a token from a server
//! becomes one header.
#![no_main]

use gnomon::component::auth::{
    algorithm::Algorithm,
    key::{Material, read_set},
    token::{Form, Token, signed, without_bearer},
    token_answer,
};
use gnomon_fuzz::part;
use http::StatusCode;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let mut rest = input;
    let header = String::from_utf8_lossy(part(&mut rest)).into_owned();
    let algorithm = Algorithm::named("HS256").expect("it is known");
    let key = Material::Secret(b"secret".to_vec());
    if let Ok(token) = Token::parse(without_bearer(&header)) {
        let _claims = token.claims();
        let named = Algorithm::named(token.header("alg"));
        for key in read_set(rest).unwrap_or_default() {
            let _believed = named.is_some_and(|algorithm| token.is_signed_by(algorithm, &key.material));
        }
    }
    let text = signed(rest, (algorithm, &header, "JWT"), &key, Form::Compact).expect("a secret signs");
    let token = Token::parse(&text).expect("it is ours");
    assert!(token.is_signed_by(algorithm, &key));
    assert!(!token.is_signed_by(algorithm, &Material::Secret(b"other".to_vec())));
    assert_eq!(token.header("kid"), header);
    assert_eq!(token.claims().ok(), serde_json::from_slice(rest).ok());
    for status in [StatusCode::OK, StatusCode::BAD_REQUEST] {
        let _any_answer = token_answer::token(status, &header, rest);
    }
});

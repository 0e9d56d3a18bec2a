//! A token as it is written: three parts (compact JWS), of which the middle one says who its bearer is.
//!
//! Promises: nothing of a token is believed here but its form; a header that demands what we don't know is refused.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value};

use super::{algorithm::Algorithm, key::Material};

/// A token that has been taken apart.
#[derive(Debug)]
pub struct Token<'a> {
    /// Its header.
    header: Map<String, Value>,
    /// Header and payload as they were signed.
    signed: &'a str,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

impl<'a> Token<'a> {
    /// Takes a token apart.
    ///
    /// # Errors
    /// When it is none; the text is the original's where it has one.
    pub fn parse(text: &'a str) -> Result<Self, String> {
        const PARTS: &str = "go-jose/go-jose: compact JWS format must have three parts";
        let (signed, signature) = text.rsplit_once('.').ok_or(PARTS)?;
        let (header, payload) = signed.split_once('.').filter(|(_, payload)| !payload.contains('.')).ok_or(PARTS)?;
        let bytes = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|error| format!("go-jose/go-jose: {error}"));
        let header: Map<String, Value> =
            serde_json::from_slice(&bytes(header)?).map_err(|error| format!("go-jose/go-jose: {error}"))?;
        if header.contains_key("crit") {
            return Err("go-jose/go-jose: unsupported crit header".into());
        }
        Ok(Self { header, signed, payload: bytes(payload)?, signature: bytes(signature)? })
    }

    /// A text of the header, empty if it is not there.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.header.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether the owner of this key signed it.
    #[must_use]
    pub fn is_signed_by(&self, algorithm: Algorithm, key: &Material) -> bool {
        algorithm.verifies(key, self.signed.as_bytes(), &self.signature)
    }

    /// What it says.
    ///
    /// # Errors
    /// When that is no JSON object.
    pub fn claims(&self) -> Result<Map<String, Value>, String> {
        serde_json::from_slice(&self.payload).map_err(|error| format!("go-jose/go-jose/jwt: {error}"))
    }
}

/// How a signed token is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Three parts with dots between them.
    Compact,
    /// A JSON object (`full`).
    Full,
}

/// Signs `payload`.
///
/// # Errors
/// When the key can't sign by this algorithm.
pub fn signed(payload: &[u8], header: (Algorithm, &str, &str), key: &Material, form: Form) -> Result<String, String> {
    let (algorithm, id, kind) = header;
    let header = serde_json::json!({"alg": algorithm.name(), "kid": id, "typ": kind});
    let (header, payload) = (URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(payload));
    let signature = URL_SAFE_NO_PAD.encode(algorithm.sign(key, format!("{header}.{payload}").as_bytes())?);
    Ok(match form {
        Form::Compact => format!("{header}.{payload}.{signature}"),
        Form::Full => format!(r#"{{"payload":"{payload}","protected":"{header}","signature":"{signature}"}}"#),
    })
}

/// The token in a header's value, with or without the word before it.
#[must_use]
pub fn without_bearer(value: &str) -> &str {
    match value.split_at_checked(7) {
        Some((word, token)) if word.eq_ignore_ascii_case("bearer ") && !token.is_empty() => token,
        _ => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Material {
        Material::Secret(b"secret".to_vec())
    }

    fn hs256() -> Algorithm {
        Algorithm::named("HS256").unwrap()
    }

    #[test]
    fn a_token_we_signed_is_read_back_and_one_changed_is_not_believed() {
        let text = signed(br#"{"sub":"ann"}"#, (hs256(), "k", "JWT"), &key(), Form::Compact).unwrap();
        let token = Token::parse(&text).unwrap();
        assert_eq!((token.header("alg"), token.header("kid"), token.header("x5t")), ("HS256", "k", ""));
        assert!(token.is_signed_by(hs256(), &key()));
        assert_eq!(token.claims().unwrap()["sub"], "ann");
        let forged = text.replacen("eyJzdWIiOiJhbm4ifQ", "eyJzdWIiOiJib2IifQ", 1);
        assert!(!Token::parse(&forged).unwrap().is_signed_by(hs256(), &key()));
    }

    #[test]
    fn what_has_not_three_parts_or_demands_the_unknown_is_no_token() {
        for text in ["", "a.b", "a.b.c.d", "Basic dTpw", "!.!.!"] {
            assert!(Token::parse(text).is_err(), "{text}");
        }
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","crit":["b64"]}"#);
        assert!(Token::parse(&format!("{header}.e30.AA")).is_err());
    }

    #[test]
    fn the_word_bearer_is_optional_and_of_any_case() {
        assert_eq!(without_bearer("bEaReR a.b.c"), "a.b.c");
        assert_eq!(without_bearer("a.b.c"), "a.b.c");
        assert_eq!(without_bearer("Basic dTpw"), "Basic dTpw");
        assert_eq!(without_bearer("äääääää"), "äääääää");
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text: String) {
            let _token = Token::parse(&text).map(|token| token.claims());
            let _bare = without_bearer(&text);
        }
    }
}

//! What a token must say to be let through: who issued it, for whom, when, and what its bearer may do.
//!
//! Promises: times are checked only where the token gives them, as in the original: a token without `exp` is for ever.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::model::claim;

/// What a token must say.
#[derive(Clone, Debug, Default)]
pub struct Requirements {
    /// `iss`, exactly; anything if empty.
    pub issuer: String,
    /// What `aud` must contain, all of it.
    pub audience: Vec<String>,
    /// By how much clocks may differ.
    pub leeway: Duration,
    /// Of these roles one must be there.
    pub roles: Vec<String>,
    /// Where roles are.
    pub roles_key: String,
    /// Whether dots in `roles_key` lead into objects.
    pub roles_are_nested: bool,
    /// Scopes.
    pub scopes: Vec<String>,
    /// Where scopes are; dots lead into objects.
    pub scopes_key: String,
    /// Whether all scopes must be there, or one.
    pub needs_every_scope: bool,
}

impl Requirements {
    /// Whether the token is one for us, now; `now` in seconds since 1970.
    ///
    /// # Errors
    /// When it is not; the text is the original's.
    pub fn check_token(&self, claims: &Map<String, Value>, now: f64) -> Result<(), &'static str> {
        const MALFORMED: &str = "go-jose/go-jose/jwt: claims of the wrong type";
        if !self.issuer.is_empty() && text_of(claims, "iss").ok_or(MALFORMED)? != self.issuer {
            return Err("go-jose/go-jose/jwt: validation failed, invalid issuer claim (iss)");
        }
        let audience = texts_of(claims, "aud").ok_or(MALFORMED)?;
        if !self.audience.iter().all(|wanted| audience.contains(&wanted.as_str())) {
            return Err("go-jose/go-jose/jwt: validation failed, invalid audience claim (aud)");
        }
        let leeway = self.leeway.as_secs_f64();
        if time_of(claims, "nbf").ok_or(MALFORMED)?.is_some_and(|from| now + leeway < from) {
            return Err("go-jose/go-jose/jwt: validation failed, token not valid yet (nbf)");
        }
        if time_of(claims, "exp").ok_or(MALFORMED)?.is_some_and(|until| now - leeway > until) {
            return Err("go-jose/go-jose/jwt: validation failed, token is expired (exp)");
        }
        if time_of(claims, "iat").ok_or(MALFORMED)?.is_some_and(|issued| now + leeway < issued) {
            return Err("go-jose/go-jose/jwt: validation field, token issued in the future (iat)");
        }
        Ok(())
    }

    /// Whether its bearer has one of the roles.
    #[must_use]
    pub fn allow_roles(&self, claims: &Map<String, Value>) -> bool {
        if self.roles.is_empty() {
            return true;
        }
        let dotted = self.roles_are_nested && self.roles_key.contains('.') && !self.roles_key.starts_with("http");
        let held = match dotted {
            true => claim::find_nested(claims, &self.roles_key),
            false => claims.get(&self.roles_key),
        };
        let held = held.map(words).unwrap_or_default();
        self.roles.iter().any(|role| held.contains(&role.as_str()))
    }

    /// Whether its bearer has the scopes.
    #[must_use]
    pub fn allow_scopes(&self, claims: &Map<String, Value>) -> bool {
        if self.scopes.is_empty() || self.scopes_key.is_empty() {
            return true;
        }
        let held = claim::find_nested(claims, &self.scopes_key).map(words).unwrap_or_default();
        let mut found = self.scopes.iter().map(|scope| held.contains(&scope.as_str()));
        if self.needs_every_scope { found.all(|found| found) } else { found.any(|found| found) }
    }
}

/// The texts of a list, or of one text with spaces between them.
fn words(claim: &Value) -> Vec<&str> {
    match claim {
        Value::String(text) => text.split(' ').filter(|word| !word.is_empty()).collect(),
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// A text, empty if it is not there; nothing if it is no text.
fn text_of<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    match claims.get(name) {
        None | Some(Value::Null) => Some(""),
        Some(value) => value.as_str(),
    }
}

/// One text or a list of them, none if it is not there; nothing if it is anything else.
fn texts_of<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<Vec<&'a str>> {
    match claims.get(name) {
        None | Some(Value::Null) => Some(Vec::new()),
        Some(Value::String(text)) => Some(vec![text]),
        Some(Value::Array(list)) => list.iter().map(Value::as_str).collect(),
        Some(_) => None,
    }
}

/// Seconds since 1970, if given; nothing if it is no number.
#[expect(clippy::option_option, reason = "absent and malformed are different answers")]
fn time_of(claims: &Map<String, Value>, name: &str) -> Option<Option<f64>> {
    match claims.get(name) {
        None | Some(Value::Null) => Some(None),
        Some(value) => value.as_f64().map(Some),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn claims(value: &Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    fn listed(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn times_count_with_leeway_and_only_where_they_are_given() {
        let wanted = Requirements { leeway: Duration::from_secs(1), ..Requirements::default() };
        for (given, passes) in [
            (json!({}), true),
            (json!({"exp": null}), true),
            (json!({"exp": 99.5}), true),
            (json!({"exp": 98}), false),
            (json!({"nbf": 101}), true),
            (json!({"nbf": 102}), false),
            (json!({"iat": 102}), false),
            (json!({"exp": "100"}), false),
        ] {
            assert_eq!(wanted.check_token(&claims(&given), 100.0).is_ok(), passes, "{given}");
        }
    }

    #[test]
    fn every_audience_and_the_very_issuer_are_needed() {
        let wanted = Requirements { issuer: "me".into(), audience: listed(&["a", "b"]), ..Requirements::default() };
        for (given, passes) in [
            (json!({"iss": "me", "aud": ["b", "c", "a"]}), true),
            (json!({"iss": "me", "aud": "a"}), false),
            (json!({"iss": "Me", "aud": ["a", "b"]}), false),
            (json!({"aud": ["a", "b"]}), false),
            (json!({"iss": "me", "aud": ["a", "b", 1]}), false),
        ] {
            assert_eq!(wanted.check_token(&claims(&given), 0.0).is_ok(), passes, "{given}");
        }
    }

    #[test]
    fn one_role_is_enough_and_dots_are_nesting_only_when_said_so() {
        let wanted = |key: &str, nested| Requirements {
            roles: listed(&["admin", "boss"]),
            roles_key: key.into(),
            roles_are_nested: nested,
            ..Requirements::default()
        };
        assert!(wanted("roles", false).allow_roles(&claims(&json!({"roles": ["x", "boss"]}))));
        assert!(wanted("roles", false).allow_roles(&claims(&json!({"roles": "x admin"}))));
        assert!(!wanted("roles", false).allow_roles(&claims(&json!({"roles": "administrator"}))));
        assert!(!wanted("roles", false).allow_roles(&claims(&json!({}))));
        assert!(wanted("a.roles", true).allow_roles(&claims(&json!({"a": {"roles": ["admin"]}}))));
        assert!(wanted("a.roles", false).allow_roles(&claims(&json!({"a.roles": ["admin"]}))));
    }

    #[test]
    fn scopes_match_all_or_any_and_an_empty_list_never() {
        let wanted = |every| Requirements {
            scopes: listed(&["read", "write"]),
            scopes_key: "scope".into(),
            needs_every_scope: every,
            ..Requirements::default()
        };
        assert!(wanted(true).allow_scopes(&claims(&json!({"scope": "write read"}))));
        assert!(!wanted(true).allow_scopes(&claims(&json!({"scope": ["read"]}))));
        assert!(wanted(false).allow_scopes(&claims(&json!({"scope": ["read"]}))));
        assert!(!wanted(false).allow_scopes(&claims(&json!({"scope": []}))));
    }
}

//! What a token server answers, read as golang.org/x/oauth2 reads it.
//!
//! Promises: every failure has the text users of the original know; nothing in an answer can make it panic.

use std::time::Duration;

use http::{HeaderValue, StatusCode};
use serde_json::Value;

/// So much of a refusal is told, in bytes.
const TOLD_BYTES_MAX: usize = 1024;

/// A token ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The whole value of `Authorization`.
    pub authorization: HeaderValue,
    /// How long it holds; `None` for ever.
    pub lifetime: Option<Duration>,
}

/// Reads an answer.
///
/// # Errors
/// Why there is no token, in the original's words.
pub fn token(status: StatusCode, content_type: &str, body: &[u8]) -> Result<Token, String> {
    let media = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_form = media == "application/x-www-form-urlencoded" || media == "text/plain";
    let refused = |code: &str, more: [&str; 2]| {
        if code.is_empty() {
            let told = body.get(..TOLD_BYTES_MAX).unwrap_or(body);
            return format!("oauth2: cannot fetch token: {status}\nResponse: {}", String::from_utf8_lossy(told));
        }
        let more = more.into_iter().filter(|text| !text.is_empty()).map(|text| format!(" {text:?}"));
        format!("oauth2: {code:?}{}", more.collect::<String>())
    };
    let fields = if is_form {
        form(body)
    } else {
        match serde_json::from_slice::<Value>(body) {
            Ok(fields) => fields,
            Err(_) if !status.is_success() => return Err(refused("", ["", ""])),
            Err(error) => return Err(format!("oauth2: cannot parse json: {error}")),
        }
    };
    let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
    if !status.is_success() || !text("error").is_empty() {
        return Err(refused(text("error"), [text("error_description"), text("error_uri")]));
    }
    if text("access_token").is_empty() {
        return Err("oauth2: server response missing access_token".to_owned());
    }
    let authorization = format!("{} {}", kind(text("token_type")), text("access_token"));
    let mut authorization = HeaderValue::from_str(&authorization).map_err(|_bad| "oauth2: token is no header value")?;
    authorization.set_sensitive(true);
    Ok(Token { authorization, lifetime: lifetime(fields.get("expires_in")) })
}

fn form(body: &[u8]) -> Value {
    let pairs = url::form_urlencoded::parse(body);
    Value::Object(pairs.map(|(name, value)| (name.into_owned(), Value::String(value.into_owned()))).collect())
}

/// The spelling of a kind of token in `Authorization`.
fn kind(written: &str) -> &str {
    match written.to_ascii_lowercase().as_str() {
        "bearer" | "" => "Bearer",
        "mac" => "MAC",
        "basic" => "Basic",
        _ => written,
    }
}

/// A number of seconds, also as text; zero is for ever.
fn lifetime(field: Option<&Value>) -> Option<Duration> {
    let seconds = match field? {
        Value::Number(number) => number.as_i64()?,
        Value::String(text) => text.parse().ok()?,
        _ => return None,
    };
    // Far enough to be for ever, near enough for any clock.
    u64::try_from(seconds).ok().filter(|seconds| *seconds > 0).map(|seconds| Duration::from_secs(seconds.min(1 << 32)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: u16, content_type: &str, body: &str) -> Result<(String, Option<u64>), String> {
        let token = token(StatusCode::from_u16(status).unwrap(), content_type, body.as_bytes())?;
        Ok((token.authorization.to_str().unwrap().to_owned(), token.lifetime.map(|lifetime| lifetime.as_secs())))
    }

    #[test]
    fn tokens_are_read_from_json_and_forms() {
        let json = r#"{"access_token":"a","token_type":"bearer","expires_in":"60"}"#;
        assert_eq!(read(200, "application/json", json), Ok(("Bearer a".into(), Some(60))));
        assert_eq!(read(200, "", r#"{"access_token":"a","expires_in":0}"#), Ok(("Bearer a".into(), None)));
        assert_eq!(read(201, "text/plain; x=y", "access_token=a&token_type=X"), Ok(("X a".into(), None)));
    }

    #[test]
    fn no_token_shows_itself_and_no_refusal_is_endless() {
        let token = token(StatusCode::OK, "", br#"{"access_token":"hush"}"#).unwrap();
        assert!(!format!("{token:?}").contains("hush"));
        assert!(read(500, "", &"x".repeat(1 << 20)).unwrap_err().len() < 1200);
    }

    #[test]
    fn refusals_are_told_as_the_original_tells_them() {
        for (status, body, text) in [
            (401, r#"{"error":"invalid_client"}"#, "oauth2: \"invalid_client\""),
            (200, r#"{"error":"e","error_description":"d"}"#, "oauth2: \"e\" \"d\""),
            (401, "no", "oauth2: cannot fetch token: 401 Unauthorized\nResponse: no"),
            (200, "{}", "oauth2: server response missing access_token"),
        ] {
            assert_eq!(read(status, "application/json", body), Err(text.to_owned()));
        }
    }
}

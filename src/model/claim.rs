//! What a token says, as text: in headers that claims are propagated to, and in the addresses of backends.

use serde_json::{Map, Value};

/// A number this close to a whole one is written as one.
const NEARLY_WHOLE: f64 = 1e-6;

/// The claim of this name; dots lead into objects, unless the name begins like a URL.
#[must_use]
pub fn find<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    if name.contains('.') && !name.starts_with("http") {
        return find_nested(claims, name);
    }
    claims.get(name)
}

/// The claim at the end of this path.
#[must_use]
pub fn find_nested<'a>(claims: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    let mut names = path.split('.');
    let first = claims.get(names.next()?)?;
    names.try_fold(first, |reached, name| reached.get(name))
}

/// A claim as text: whole numbers without a point, others with six decimals, lists joined by commas, the rest as JSON.
#[must_use]
pub fn text(claim: &Value) -> String {
    match claim {
        Value::String(text) => text.clone(),
        Value::Number(number) => match number.as_f64().filter(|_| number.is_f64()) {
            Some(value) if (value - value.round()).abs() < NEARLY_WHOLE => format!("{:.0}", value.round()),
            Some(value) => format!("{value:.6}"),
            None => number.to_string(),
        },
        Value::Array(elements) => elements.iter().map(text).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

/// About how many bytes a claim, or all of them, takes up in memory.
#[must_use]
pub fn bytes(claim: &Value) -> usize {
    let inside = match claim {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::String(text) => text.len(),
        Value::Array(elements) => elements.iter().map(bytes).sum(),
        Value::Object(members) => {
            members.iter().map(|(name, value)| size_of::<String>() + name.len() + bytes(value)).sum()
        }
    };
    size_of::<Value>() + inside
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn claims_are_written_as_the_original_writes_them() {
        for (claim, written) in [
            (json!("a/b c"), "a/b c"),
            (json!(42), "42"),
            (json!(42.0), "42"),
            (json!(1.5), "1.500000"),
            (json!(["x", "y", 3]), "x,y,3"),
            (json!(true), "true"),
            (json!({"k": 1}), r#"{"k":1}"#),
        ] {
            assert_eq!(text(&claim), written);
        }
    }

    #[test]
    fn every_text_and_every_value_of_claims_takes_up_room() {
        let value = size_of::<Value>();
        assert_eq!(bytes(&json!(1)), value);
        assert_eq!(bytes(&json!(["abc", null, ["d"]])), 5 * value + 4);
        assert_eq!(bytes(&json!({"name": "text"})), 2 * value + size_of::<String>() + 8);
    }

    #[test]
    fn dots_lead_into_objects_unless_the_name_is_a_url() {
        let claims = json!({"realm": {"name": "main"}, "http://x.example/team": "blue", "a.b": 1});
        let claims = claims.as_object().unwrap();
        assert_eq!(find(claims, "realm.name"), Some(&json!("main")));
        assert_eq!(find(claims, "http://x.example/team"), Some(&json!("blue")));
        assert_eq!(find(claims, "a.b"), None);
        assert_eq!(find(claims, "realm.name.deeper"), None);
    }
}

//! JSON merge patches (RFC 7396) on text.
//!
//! Promises: what the patch does not name stays as it was written, digit by digit and in its order; what it adds comes
//! last.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::{Value, value::RawValue};

/// What `patch` makes of a document: members are replaced, those that are `null` in the patch go.
///
/// # Errors
/// When the document is not JSON.
pub fn merge_patch(document: &[u8], patch: &Value) -> serde_json::Result<Vec<u8>> {
    let whole: &RawValue = serde_json::from_slice(document)?;
    let mut merged = Vec::with_capacity(document.len());
    write_merged(Some(whole), patch, &mut merged)?;
    Ok(merged)
}

fn write_merged(before: Option<&RawValue>, patch: &Value, out: &mut Vec<u8>) -> serde_json::Result<()> {
    let Value::Object(changes) = patch else { return serde_json::to_writer(out, patch) };
    let members = match before.map(RawValue::get).filter(|text| text.starts_with('{')) {
        Some(object) => serde_json::from_str(object)?,
        // What is no object is replaced by one.
        None => Members::default(),
    };
    let mut separator = b'{';
    for (name, value) in &members.0 {
        let change = changes.get(name);
        if change.is_some_and(Value::is_null) {
            continue;
        }
        write_name(name, &mut separator, out)?;
        match change {
            Some(change) => write_merged(Some(value), change, out)?,
            None => out.extend_from_slice(value.get().as_bytes()),
        }
    }
    for (name, change) in changes {
        if !change.is_null() && !members.0.iter().any(|(held, _)| held == name) {
            write_name(name, &mut separator, out)?;
            write_merged(None, change, out)?;
        }
    }
    if separator == b'{' {
        out.push(b'{');
    }
    out.push(b'}');
    Ok(())
}

fn write_name(name: &str, separator: &mut u8, out: &mut Vec<u8>) -> serde_json::Result<()> {
    out.push(std::mem::replace(separator, b','));
    serde_json::to_writer(&mut *out, name)?;
    out.push(b':');
    Ok(())
}

/// The members of an object in their order, their values as they are written.
#[derive(Default)]
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Members<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Members::default();
                while let Some(member) = map.next_entry()? {
                    members.0.push(member);
                }
                Ok(members)
            }
        }

        from.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::merge_patch;

    fn merged(document: &str, patch: &Value) -> String {
        String::from_utf8(merge_patch(document.as_bytes(), patch).unwrap()).unwrap()
    }

    #[test]
    fn the_examples_of_the_standard_hold() {
        for (document, patch, wanted) in [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "b"}), json!({"b": "c"}), json!({"a": "b", "b": "c"})),
            (json!({"a": "b"}), json!({"a": null}), json!({})),
            (json!({"a": "b", "b": "c"}), json!({"a": null}), json!({"b": "c"})),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": {"b": "c"}}), json!({"a": {"b": "d", "c": null}}), json!({"a": {"b": "d"}})),
            (json!(["a", "b"]), json!(["c", "d"]), json!(["c", "d"])),
            (json!({"e": null}), json!({"a": 1}), json!({"e": null, "a": 1})),
            (json!([1, 2]), json!({"a": "b", "c": null}), json!({"a": "b"})),
            (json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}})),
            (json!({"a": "foo"}), Value::Null, Value::Null),
        ] {
            let found: Value = serde_json::from_str(&merged(&document.to_string(), &patch)).unwrap();
            assert_eq!(found, wanted, "{document} with {patch}");
        }
    }

    #[test]
    fn what_is_not_patched_stays_as_it_was_written() {
        let document =
            r#" {"z": 12345678901234567890123, "m" : {"y":1.50, "b":-0.0,"x": 1e400 }, "a":[ 1,2 ], "é\n":null} "#;
        let patch = json!({"m": {"b": 2, "c": 3}, "q": {"r": null}});
        let wanted = "{\"z\":12345678901234567890123,\"m\":{\"y\":1.50,\"b\":2,\"x\":1e400,\"c\":3},\"a\":[ 1,2 ],\"é\\n\":null,\"q\":{}}";
        assert_eq!(merged(document, &patch), wanted);
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for document in ["", "{", "{} {}", "{\"a\":01}", "{\"a\":1,}"] {
            assert!(merge_patch(document.as_bytes(), &json!({"b": 1})).is_err(), "{document}");
        }
        assert!(merge_patch(b"{\"a\":\"\xff\"}", &json!({"b": 1})).is_err());
    }
}

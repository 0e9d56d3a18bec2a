//! Data written as YAML, and read by the parser of configurations.
//!
//! Laws: what is written can be read, and it has the same shape and the same texts; numbers are texts.
#![no_main]

use bytes::Bytes;
use gnomon::{config::source::Format, encoding::Encoder, model::Data};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|input: &[u8]| {
    let _any_answer = std::str::from_utf8(input).map(|text| Format::Yaml.parse(text));
    let Ok(mut data) = Data::parse(&Bytes::copy_from_slice(input)) else { return };
    let Ok(meant) = serde_json::from_slice::<Value>(&data.to_bytes()) else { return };
    if has_overlooked_number(&meant) {
        return;
    }
    let body = Encoder::Yaml.encode(Some(&mut data), None).body;
    let text = std::str::from_utf8(&body).expect("text");
    let read = Format::Yaml.parse(text).unwrap_or_else(|finding| panic!("{finding}:\n{text}"));
    if !meant.is_null() {
        same(&meant, &read, text);
    }
});

/// Whether anything is called or says what the original writes plain although readers take it for a number: digits with
/// an exponent and without a point.
fn has_overlooked_number(value: &Value) -> bool {
    let is_overlooked = |text: &str| text.contains(['e', 'E']) && text.parse::<f64>().is_ok();
    match value {
        Value::Array(elements) => elements.iter().any(has_overlooked_number),
        Value::Object(members) => {
            members.iter().any(|(name, member)| is_overlooked(name) || has_overlooked_number(member))
        }
        Value::Number(number) => is_overlooked(&number.to_string()),
        Value::String(text) => is_overlooked(text),
        _ => false,
    }
}

fn same(meant: &Value, read: &Value, text: &str) {
    match (meant, read) {
        (Value::Array(meant), Value::Array(read)) => {
            assert_eq!(meant.len(), read.len(), "{text}");
            meant.iter().zip(read).for_each(|(meant, read)| same(meant, read, text));
        }
        (Value::Object(meant), Value::Object(read)) => {
            assert_eq!(meant.len(), read.len(), "{text}");
            meant.iter().for_each(|(name, meant)| same(meant, &read[name], text));
        }
        // One with an exponent and without a point is written plain by the original.
        (Value::Number(_), Value::String(_) | Value::Number(_)) => {}
        (meant, read) => assert_eq!(meant, read, "{text}"),
    }
}

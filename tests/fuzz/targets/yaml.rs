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
    let body = Encoder::Yaml.encode(Some(&mut data), None).body;
    let text = std::str::from_utf8(&body).expect("text");
    let read = Format::Yaml.parse(text).unwrap_or_else(|finding| panic!("{finding}:\n{text}"));
    if !meant.is_null() {
        same(&meant, &read, text);
    }
});

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
        // The original writes a number with an exponent and without a point plain.
        (Value::Number(_), Value::String(_) | Value::Number(_)) => {}
        (meant, read) => assert_eq!(meant, read, "{text}"),
    }
}

//! A feed, RSS or Atom.
//!
//! Laws: what comes out is JSON, has the fields every reader relies on, and is never much larger than what came in.
#![no_main]

use bytes::Bytes;
use gnomon::encoding::{Decoder, Encoder};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|input: &[u8]| {
    let Ok(mut feed) = Decoder::Feed.decode(Bytes::copy_from_slice(input)) else { return };
    let json = Encoder::Json.encode(Some(&mut feed), None).body;
    // Authors stand in three places, escaped.
    assert!(json.len() <= 1024 + 60 * input.len(), "{} of {}", json.len(), input.len());
    let value: Value = serde_json::from_slice(&json).expect("JSON");
    assert!(value["items"].is_array());
    assert!(value["type"].is_string() && value["title"].is_string());
    for encoder in [Encoder::Xml, Encoder::Yaml] {
        let _body = encoder.encode(Some(&mut feed), None);
    }
});

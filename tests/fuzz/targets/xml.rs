//! An XML answer, decoded and encoded in every way.
//!
//! Laws: what is written can be read; after one trip nothing changes any more; entities expand to nothing, so that
//! data is never much larger than its document.
#![no_main]

use bytes::Bytes;
use gnomon::{
    encoding::{Decoder, Encoder},
    model::Data,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Ok(data) = Decoder::Xml.decode(Bytes::copy_from_slice(input)) else { return };
    assert!(Decoder::XmlCollection.decode(Bytes::copy_from_slice(input)).is_ok());
    // A byte of another character set is three of ours at most, and an escape of JSON six.
    let json = data.to_bytes();
    assert!(serde_json::from_slice::<serde_json::Value>(&json).is_ok());
    assert!(json.len() <= 64 + 20 * input.len(), "{} of {}", json.len(), input.len());
    let once = trip(data);
    let twice = trip(once.clone());
    assert_eq!(once.to_bytes(), twice.to_bytes());
});

fn trip(mut data: Data) -> Data {
    let document = Encoder::Xml.encode(Some(&mut data), None).body;
    let read = Decoder::Xml.decode(document.clone());
    read.unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&document)))
}

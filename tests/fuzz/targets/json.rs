//! A JSON answer that is opened, searched, spliced into a merge and written.
//!
//! Laws: what another parser accepts is accepted with the same meaning, opened or not; a merge has the members of its
//! parts, the later part's where both have one.
#![no_main]

use bytes::Bytes;
use gnomon::{
    encoding::Decoder,
    endpoint::merge::Merge,
    model::{Data, Payload, Reply, Response},
};
use gnomon_fuzz::part;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|input: &[u8]| {
    let mut rest = input;
    let (one, path) = (part(&mut rest), String::from_utf8_lossy(part(&mut rest)).into_owned());
    let one = check(one, &path);
    let other = check(rest, &path);
    for decoder in [Decoder::Json, Decoder::JsonCollection, Decoder::SafeJson, Decoder::Text] {
        let _any_answer = decoder.decode(Bytes::copy_from_slice(input));
    }
    if let (Some((one, Value::Object(mut meant))), Some((other, Value::Object(more)))) = (one, other) {
        meant.extend(more);
        let mut merge = Merge::new(2);
        merge.add(Reply::ok(Response::data(one, true)));
        merge.add(Reply::ok(Response::data(other, true)));
        let response = merge.finish().response.expect("two answers make one");
        let Payload::Data(data) = response.payload else { panic!("data stays data") };
        assert!(response.complete);
        assert_eq!(meaning(&data), Some(Value::Object(meant)));
    }
});

/// The value with its meaning, if it has one for everybody.
fn check(text: &[u8], path: &str) -> Option<(Data, Value)> {
    let meant = serde_json::from_slice::<Value>(text).ok();
    let mut data = match Data::parse(&Bytes::copy_from_slice(text)) {
        Ok(data) => data,
        Err(error) => {
            assert!(meant.is_none(), "{error}");
            return None;
        }
    };
    let unopened = data.clone();
    let found = data.lookup_text(path);
    data.open_deep();
    assert_eq!(data.lookup_text(path), found);
    let meant = meant?;
    assert_eq!(meaning(&unopened).as_ref(), Some(&meant));
    assert_eq!(meaning(&data).as_ref(), Some(&meant));
    Some((unopened, meant))
}

fn meaning(data: &Data) -> Option<Value> {
    serde_json::from_slice(&data.to_bytes()).ok()
}

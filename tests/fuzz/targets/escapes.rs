//! Query strings, percent escapes, and the addresses that upstreams redirect to.
//!
//! Laws: pairs that were written are read back; setting a value leaves exactly that one; an address to follow is an
//! address of HTTP without a fragment.
#![no_main]

use gnomon::{
    backend::redirect,
    model::{escapes, query},
};
use gnomon_fuzz::part;
use http::Uri;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let mut rest = input;
    let [raw, name, location] = [(); 3].map(|()| String::from_utf8_lossy(part(&mut rest)).into_owned());
    let mut pairs: Vec<(String, String)> = query::pairs(&raw).collect();
    let written = query::encode(pairs.clone());
    pairs.sort_by(|(one, _), (other, _)| one.cmp(other));
    assert_eq!(query::pairs(&written).collect::<Vec<_>>(), pairs);
    assert!(escapes::are_whole(&written) && written.is_ascii());
    let set = query::with_value(&raw, &name, &location);
    let values: Vec<String> = query::pairs(&set).filter(|(held, _)| *held == name).map(|(_, value)| value).collect();
    assert_eq!(values, [location.clone()]);
    let path = percent_encoding::percent_encode(raw.as_bytes(), &escapes::PATH).to_string();
    assert!(escapes::are_whole(&path) && path.parse::<Uri>().is_ok() | path.is_empty() | !path.starts_with('/'));
    if let Some(target) = redirect::resolve(&Uri::from_static("http://h:81/a/b?c"), &location) {
        assert!(matches!(target.scheme_str(), Some("http" | "https")));
        assert!(target.host().is_some() && !target.to_string().contains('#'));
    }
});

//! Operations of a flatmap and the other rules for shapes, on any data.
//!
//! Laws: what comes out is JSON; allowing takes nothing but what was there; a removal done twice is one done once; two
//! runs give the same.
#![no_main]

use bytes::Bytes;
use gnomon::{
    model::Data,
    shape::{Op, Shape, ShapeSpec},
};
use gnomon_fuzz::part;
use libfuzzer_sys::fuzz_target;

/// An append may double what is there; the file, not the upstream, says how often.
const OPERATIONS_MAX: usize = 8;

fuzz_target!(|input: &[u8]| {
    let mut rest = input;
    let rules = String::from_utf8_lossy(part(&mut rest)).into_owned();
    let Ok(data) = Data::parse(&Bytes::copy_from_slice(rest)) else { return };
    let mut spec = ShapeSpec::default();
    for line in rules.lines().take(OPERATIONS_MAX) {
        let mut words = line.split(' ').map(str::to_owned);
        let kind = words.next().unwrap_or_default();
        match kind.as_str() {
            "target" => spec.target = words.next().unwrap_or_default(),
            "group" => spec.group = words.next().unwrap_or_default(),
            "allow" => spec.allow.extend(words),
            "deny" => spec.deny.extend(words),
            "mapping" => spec.mapping.extend(words.next().zip(words.next())),
            _ => spec.flatmap.push(Op { kind, args: words.collect() }),
        }
    }
    let only_removes = !spec.flatmap.is_empty() && spec.flatmap.iter().all(|op| op.kind == "del");
    let only_selects = spec.flatmap.is_empty() && spec.mapping.is_empty() && spec.group.is_empty();
    let moves = spec.target.is_empty() && spec.group.is_empty();
    let shape = Shape::new(spec);
    let before = data.to_bytes();
    let shaped = shape.apply(data.clone());
    let once = shaped.to_bytes();
    let read = Data::parse(&once).expect("JSON");
    assert_eq!(read.to_bytes().len(), once.len());
    assert_eq!(shape.apply(data).to_bytes(), once);
    if only_selects {
        // Escapes that were written shortly may come out longer.
        assert!(once.len() <= 6 * before.len() + 8);
    }
    if only_removes && moves && only_names_and_no_indices(&rules) {
        assert_eq!(shape.apply(shaped).to_bytes(), once);
    }
});

/// Elements of a list move up when one is removed, and what is left empty becomes null.
fn only_names_and_no_indices(rules: &str) -> bool {
    !rules.contains(|letter: char| letter.is_ascii_digit())
}

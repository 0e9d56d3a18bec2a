//! Bodies: as what they are compared, packed, hashed, decoded, too large.

use std::io::Write;

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;
use xxhash_rust::xxh3::xxh3_128;

use crate::{
    compare::{Incomparable, Verdict},
    config::shadow::{BodyRule, Compare, TextRule},
    model::{Data, Seen, SeenBody, body},
};

use super::{compare, found, seen, settings, typed};

const JSON: &str = "application/json";

fn gzip(body: &[u8]) -> Seen {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).unwrap();
    let packed = Bytes::from(encoder.finish().unwrap());
    seen(&[("content-type", JSON), ("content-encoding", "gzip")], SeenBody::Bytes(packed))
}

fn hashed(body: &[u8]) -> Seen {
    seen(&[], SeenBody::Hashed { bytes: body.len() as u64, hash: xxh3_128(body) })
}

#[test]
fn the_content_type_says_as_what_a_body_is_compared() {
    let (live, shadow) = ("{\"a\": 1}", "{\"a\":1.0}");
    for (kind, at) in [
        (JSON, None),
        ("application/problem+json; charset=utf-8", None),
        ("text/html", Some("body line 1")),
        ("application/soap+xml", Some("body line 1")),
        ("image/png", Some("body byte 5")),
    ] {
        let differences = found(&settings(), &typed(kind, live), &typed(kind, shadow));
        assert_eq!(differences.first().map(|(at, _)| at.as_str()), at, "{kind}");
    }
    let untyped = |body: &str| seen(&[], SeenBody::Bytes(Bytes::copy_from_slice(body.as_bytes())));
    assert_eq!(compare(&settings(), &untyped(live), &untyped(shadow)).verdict, Verdict::Match);
    assert_eq!(found(&settings(), &untyped("a"), &untyped("b")), vec![("body byte 0".to_owned(), "value")]);
}

#[test]
fn a_body_that_is_no_json_is_a_difference_or_compared_as_text() {
    let json = |body: &str| typed(JSON, body);
    let only = |live, shadow| found(&settings(), &json(live), &json(shadow));
    assert_eq!(only("{}", "<html>"), vec![("body".to_owned(), "type")]);
    assert_eq!(only("", "{}"), vec![("body".to_owned(), "extra")]);
    assert_eq!(only("{}", ""), vec![("body".to_owned(), "missing")]);
    assert_eq!(only("a\nb", "a\nc"), vec![("body line 2".to_owned(), "value")]);
    assert_eq!(only("oops", "oops"), vec![]);
    assert_eq!(found(&settings(), &typed(JSON, "\"\u{fffd}\""), &typed(JSON, &b"\"\xff\""[..])).len(), 1);
}

#[test]
fn packed_bodies_are_compared_unpacked() {
    let (live, shadow) = (gzip(br#"{"a":1,"b":2}"#), gzip(br#"{"b":2,"a":1}"#));
    assert_eq!(compare(&settings(), &live, &shadow).verdict, Verdict::Match);
    assert_eq!(compare(&settings(), &live, &typed(JSON, r#"{"b":2,"a":1}"#)).verdict, Verdict::Match);
    assert_eq!(found(&settings(), &live, &gzip(br#"{"a":1,"b":3}"#)), vec![("$.b".to_owned(), "value")]);
    let mut broken = live.clone();
    broken.body = SeenBody::Bytes(Bytes::from_static(b"{}"));
    assert_eq!(compare(&settings(), &live, &broken).verdict, Verdict::Incomparable(Incomparable::Encoding));
    // What nobody can unpack is still the same as itself.
    assert_eq!(compare(&settings(), &broken, &broken).verdict, Verdict::Match);
    let bomb = gzip(&vec![b' '; 16 << 20]);
    assert_eq!(compare(&settings(), &live, &bomb).verdict, Verdict::Incomparable(Incomparable::TooLarge));
    for (one, other) in [(&broken, &bomb), (&bomb, &broken)] {
        assert_eq!(compare(&settings(), one, other).verdict, Verdict::Incomparable(Incomparable::TooLarge));
    }
}

#[test]
fn hashes_tell_equal_from_different_and_no_more() {
    let hash = Compare { body: BodyRule::Hash, ..settings() };
    let body = vec![7; 3 << 20];
    let whole = seen(&[], SeenBody::Bytes(body.clone().into()));
    for settings in [&hash, &settings()] {
        assert_eq!(compare(settings, &hashed(&body), &hashed(&body)).verdict, Verdict::Match);
        assert_eq!(found(settings, &hashed(&body), &hashed(b"x")), vec![("body".to_owned(), "value")]);
        assert_eq!(compare(settings, &hashed(&body), &whole).verdict, Verdict::Match);
    }
    assert_eq!(compare(&hash, &whole, &whole).verdict, Verdict::Match);
    let pieces = |body: &[u8]| {
        seen(&[], SeenBody::Pieces(body::Held::new(body.chunks(100_000).map(Bytes::copy_from_slice).collect())))
    };
    assert_eq!(compare(&hash, &whole, &pieces(&body)).verdict, Verdict::Match);
    assert_eq!(found(&hash, &whole, &pieces(&[8; 3 << 20])), vec![("body".to_owned(), "value")]);
    let json = |body: &[u8]| seen(&[("content-type", JSON)], pieces(body).body);
    assert_eq!(found(&settings(), &json(b"[1, 2]"), &json(b"[1,3]")), vec![("$[1]".to_owned(), "value")]);
    assert_eq!(compare(&settings(), &whole, &whole).verdict, Verdict::Incomparable(Incomparable::TooLarge));
}

#[test]
fn decoded_answers_are_compared_as_json() {
    let data = |text: &'static str| Data::parse(&Bytes::from_static(text.as_bytes())).unwrap();
    let mut opened = data(r#"{"b":[1,"x"],"a":{"c":null}}"#);
    opened.open_deep();
    let (live, shadow) = (seen(&[], SeenBody::Data(opened)), data(r#"{"a":{"c":null},"b":[1,"y"]}"#));
    assert_eq!(found(&settings(), &live, &seen(&[], SeenBody::Data(shadow))), vec![("$.b[1]".to_owned(), "value")]);
    // What its headers say of the packing was true of what was decoded.
    let packed = seen(&[("content-encoding", "gzip")], SeenBody::Data(data("[1]")));
    assert_eq!(compare(&settings(), &packed, &seen(&[], SeenBody::Data(data("[1.0]")))).verdict, Verdict::Match);
}

#[test]
fn documents_beyond_the_limits_are_incomparable_unless_they_are_equal() {
    let nested = |inner: &str| typed(JSON, format!("{}{inner}{}", "[".repeat(100), "]".repeat(100)));
    assert_eq!(compare(&settings(), &nested("1"), &nested("1")).verdict, Verdict::Match);
    let verdict = compare(&settings(), &nested("1"), &nested("2")).verdict;
    assert_eq!(verdict, Verdict::Incomparable(Incomparable::TooLarge));
}

#[test]
fn of_text_white_space_and_some_lines_may_not_matter() {
    let text = |body: &str| typed("text/plain", body);
    let rule = |normalizes_whitespace, similarity| Compare {
        text: TextRule { normalizes_whitespace, similarity },
        ..settings()
    };
    let (live, shadow) = (text("a  b\nc\n"), text("a b c"));
    assert_eq!(found(&rule(false, None), &live, &shadow).len(), 1);
    assert_eq!(found(&rule(true, None), &live, &shadow).len(), 0);
    let (live, shadow) = (text("1\n2\n3\n4"), text("2\n1\n3\nx"));
    assert_eq!(found(&rule(false, Some(0.75)), &live, &shadow).len(), 0);
    assert_eq!(found(&rule(false, Some(0.76)), &live, &shadow), vec![("body line 1".to_owned(), "value")]);
    assert_eq!(found(&rule(true, Some(1.0)), &text("a  b\nc"), &text("c\na b")).len(), 0);
}

proptest! {
    #[test]
    fn arbitrary_bodies_never_panic(live: Vec<u8>, shadow: Vec<u8>, kind in "(application/json|text/plain|image/png)") {
        let comparison = compare(&settings(), &typed(&kind, live.clone()), &typed(&kind, shadow.clone()));
        prop_assert!((comparison.verdict == Verdict::Match) == (live == shadow));
        prop_assert_eq!(compare(&settings(), &typed(&kind, live.clone()), &typed(&kind, live)).verdict, Verdict::Match);
    }
}

//! Planted secrets appear nowhere; equal ones are recognisably equal.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::json;

use crate::{
    compare::{Difference, Excerpt, ValueKind},
    config::shadow::StoredValues,
};

use super::{
    tests::{difference, excerpt, found, store},
    *,
};

/// A secret that nothing but its name tells.
const CANARY: &str = "canaryplum";
const EMAIL: &str = "canaryplum@example.com";
const JWT: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnlwbHVtIn0.c2lnbmF0dXJl";
const CARD: &str = "4111111111111111";

fn redactor(values: StoredValues) -> Redactor {
    Redactor::new(&store(values), MarkKey::random())
}

fn string(text: &str) -> Excerpt {
    excerpt(ValueKind::String, &json!(text).to_string())
}

/// Everything that anybody could see of these.
fn everything(values: StoredValues, path: &str, differences: &[Difference]) -> String {
    let redactor = redactor(values).also_named(["Plum-Code"]);
    let mut clusters = Clusters::new(&store(values), Arc::default(), redactor);
    let found = found(1, path, differences);
    let added = clusters.add(&found, found.at);
    let rows = clusters.list(found.at);
    let lines: Vec<String> = clusters.export(found.at).collect();
    let rows_as_json = serde_json::to_string(&rows).unwrap();
    format!("{rows_as_json}\n{lines:?}\n{rows:?}\n{added:?}\n{clusters:?}\n{found:?}")
}

fn planted() -> Vec<Difference> {
    let cut = format!("{{\"a\":\"{}\",\"password\":\"{CANARY}\"", "x".repeat(480));
    let texts = [
        ("$.password", string(CANARY)),
        ("$.user.accessToken[*]", string(CANARY)),
        ("$.secrets.deep.below", string(CANARY)),
        ("$.plum_code", string(CANARY)),
        ("header:set-cookie", excerpt(ValueKind::Text, CANARY)),
        ("header:x-api-key", excerpt(ValueKind::Text, CANARY)),
        ("header:location", excerpt(ValueKind::Text, &format!("/cb?code={CANARY}/{CANARY}&x=1#access_token={CANARY}"))),
        ("header:x-note", excerpt(ValueKind::Text, &format!("Bearer {CANARY}"))),
        ("$.link", string(&format!("https://bob:{CANARY}@h/reset-password/{CANARY}?b=1"))),
        ("$.note", string(EMAIL)),
        ("$.note", string(JWT)),
        ("$.note", string(&format!("{{\"pin\": \"{CANARY}\"}}"))),
        ("$.note", string(&format!("a=1&password%3D{CANARY}"))),
        ("$.number", excerpt(ValueKind::Number, CARD)),
        ("body", excerpt(ValueKind::Text, &format!("<x><password>{CANARY}</password></x>"))),
        ("body", excerpt(ValueKind::Text, &format!("name=a&pwd={CANARY}"))),
        ("body", excerpt(ValueKind::Text, &format!("{} {JWT}", "word ".repeat(98)))),
        ("body", excerpt(ValueKind::Bytes, "63616e617279706c756d")),
        ("$.cut", excerpt(ValueKind::Object, &cut)),
        ("$.cut", excerpt(ValueKind::String, &json!(format!("{}{EMAIL}", "w ".repeat(250))).to_string())),
        (
            "$.whole",
            excerpt(
                ValueKind::Object,
                &json!({ "a": [{ "password": { "b": CANARY } }, EMAIL], "b": CARD }).to_string(),
            ),
        ),
        (
            "$.whole",
            excerpt(
                ValueKind::Array,
                &json!([{ "name": "password", "value": CANARY }, 4_111_111_111_111_111_u64]).to_string(),
            ),
        ),
        ("$.whole", excerpt(ValueKind::Object, &json!({ EMAIL: 1 }).to_string())),
        (&*format!("$['{EMAIL}'].x"), string("a")),
        (&*format!("$.users['{JWT}']"), string("a")),
        (&*format!("$['a']{CANARY}']"), string(CANARY)),
        (&*format!("$.{}{CANARY}", "x".repeat(80)), string(CANARY)),
    ];
    texts.map(|(path, live)| difference(path, live, excerpt(ValueKind::Null, "null"))).to_vec()
}

#[test]
fn planted_secrets_appear_nowhere() {
    let path = format!("/a/{EMAIL}/token/{CANARY}/x;jsessionid={CANARY}?password={CANARY}/{CANARY}&q={JWT}&x={EMAIL}");
    for difference in planted() {
        for values in [StoredValues::Redacted, StoredValues::Shape] {
            let seen = everything(values, &path, std::slice::from_ref(&difference));
            for secret in [CANARY, EMAIL, "eyJhbGci", CARD, "63616e61"] {
                assert!(!seen.contains(secret), "{values:?} {}: {secret} in {seen}", difference.path);
            }
        }
    }
    let raw = everything(StoredValues::Raw, "/", &planted());
    assert!(raw.contains(CANARY), "a secret that is planted nowhere proves nothing");
}

#[test]
fn nothing_of_shown_values_is_printed_by_debug() {
    let differences = [difference("$.a", string(CANARY), string("other"))];
    let store = store(StoredValues::Raw);
    let mut clusters = Clusters::new(&store, Arc::default(), redactor(StoredValues::Raw));
    let found = found(1, CANARY, &differences);
    let added = clusters.add(&found, found.at);
    let rows = clusters.list(found.at);
    let seen = format!("{rows:?}{added:?}{clusters:?}{found:?}{:?}", rows[0].samples[0].differences);
    assert!(!seen.contains(CANARY), "{seen}");
}

#[test]
fn what_is_no_secret_stays_readable() {
    let redactor = redactor(StoredValues::Redacted);
    for (path, value, text) in [
        ("$.price", excerpt(ValueKind::Number, "12.50"), "12.50"),
        ("$.name", string("a \"b\""), r#""a \"b\"""#),
        ("$.id", string("550e8400-e29b-41d4-a716-446655440000"), "\"550e8400-e29b-41d4-a716-446655440000\""),
        ("$.message", string("Invalid token"), "\"Invalid token\""),
        ("header:content-type", excerpt(ValueKind::Text, "text/html; charset=utf-8"), "text/html; charset=utf-8"),
        ("header:location", excerpt(ValueKind::Text, "https://h:1/a/b?page=2"), "https://h:1/a/b?page=2"),
        ("status", excerpt(ValueKind::Number, "404"), "404"),
        ("$.items", excerpt(ValueKind::Array, r#"[{"id":1,"n":null}, true]"#), r#"[{"id":1,"n":null},true]"#),
    ] {
        let StoredValue::Shown { text: shown, is_cut, .. } = redactor.redact_value(path, &value) else {
            panic!("{path} is hidden")
        };
        assert_eq!((&*shown, is_cut), (text, false), "{path}");
    }
    assert_eq!(redactor.redact_target("/user/12/items?page=2&sort=name"), "/user/12/items?page=2&sort=name");
    assert_eq!(redactor.redact_path("$.items[*]['a.b'].token"), "$.items[*]['a.b'].token");
}

#[test]
fn a_text_that_was_cut_ends_where_no_secret_can_have_begun() {
    let redactor = redactor(StoredValues::Redacted);
    let text = format!("{}pay DE89 3704 0044 0532 0130 00", "w ".repeat(244));
    let StoredValue::Shown { text, is_cut, bytes, .. } =
        redactor.redact_value("body", &excerpt(ValueKind::Text, &text))
    else {
        panic!("it begins harmless")
    };
    assert!(is_cut && bytes > 512 && text.ends_with("w ") && text.len() > 400, "{text}");
}

#[test]
fn the_same_secret_is_recognised_wherever_it_stands() {
    let redactor = redactor(StoredValues::Redacted);
    let StoredValue::Hidden { mark, .. } = redactor.redact_value("$.password", &string(CANARY)) else {
        panic!("it is secret")
    };
    assert_eq!(redactor.redact_target(&format!("/a?token={CANARY}")), format!("/a?token={{redacted:{mark}}}"));
    let object = excerpt(ValueKind::Object, &json!({ "pin": CANARY }).to_string());
    let StoredValue::Shown { text, .. } = redactor.redact_value("$.a", &object) else { panic!("it is whole") };
    assert_eq!(&*text, format!(r#"{{"pin":"{{redacted string 9-16 {mark}}}"}}"#));
    assert!(redactor.redact_path(&format!("$['{EMAIL}'].a")).starts_with("$.{redacted:"));
    let header = redactor.redact_value("header:authorization", &excerpt(ValueKind::Text, CANARY));
    assert!(matches!(header, StoredValue::Hidden { mark: other, .. } if other == mark));
}

#[test]
fn what_traffic_calls_a_field_can_not_break_a_line() {
    for values in [StoredValues::Redacted, StoredValues::Raw] {
        let redactor = redactor(values);
        assert_eq!(redactor.redact_path("$.a\n\u{1b}[0].b"), "$.a\u{fffd}\u{fffd}[0].b");
        assert_eq!(redactor.redact_target("/a\r?b"), "/a\u{fffd}?b");
    }
}

#[test]
fn long_values_that_begin_alike_have_different_marks() {
    let redactor = redactor(StoredValues::Redacted);
    let long = |end: &str| redactor.redact_value("$.token", &string(&format!("{}{end}", "x".repeat(600))));
    assert_eq!(long("a"), long("a"));
    assert_ne!(long("a"), long("b"));
}

proptest! {
    #[test]
    fn equal_values_have_equal_marks_and_different_ones_different(left in ".{0,40}", right in ".{0,40}") {
        for values in [StoredValues::Redacted, StoredValues::Shape] {
            let redactor = redactor(values);
            let mark = |text: &str| redactor.redact_value("$.password", &string(text));
            prop_assert_eq!(mark(&left), mark(&left));
            prop_assert_eq!(left == right, mark(&left) == mark(&right));
        }
    }

    #[test]
    fn a_secret_under_a_secret_name_appears_nowhere(
        secret in "[a-z]{8}X[a-z]{4}", above in "[a-z]{1,5}", depth in 0_usize..4, name in "(user)?(Password|Token|Secret)(2)?",
        length in 0_usize..700,
    ) {
        let path = format!("$.{above}{}.{name}{}", "[*]".repeat(depth), ".b".repeat(depth));
        let held = json!({ &*above: [{ &*name: &*secret, "more": "x".repeat(length) }] }).to_string();
        let differences = [
            difference(&path, string(&secret), string(&format!("{secret}{secret}"))),
            difference("$.held", excerpt(ValueKind::Object, &held), string("a")),
            difference("body", excerpt(ValueKind::Text, &held), excerpt(ValueKind::Text, &format!("{name}={secret}"))),
        ];
        for values in [StoredValues::Redacted, StoredValues::Shape] {
            let seen = everything(values, &format!("/{above}?{name}={secret}"), &differences);
            prop_assert!(!seen.contains(&secret), "{seen}");
        }
    }

    #[test]
    fn arbitrary_excerpts_and_paths_never_panic_and_stay_in_bounds(
        path in "(\\$|header:)?.{0,60}", text in ".{0,600}", bytes in 0_usize..2_000, kind in 0_usize..8, values in 0_usize..3,
    ) {
        let kinds = [ValueKind::Null, ValueKind::Bool, ValueKind::Number, ValueKind::String, ValueKind::Array, ValueKind::Object,
            ValueKind::Text, ValueKind::Bytes];
        let redactor = redactor([StoredValues::Redacted, StoredValues::Shape, StoredValues::Raw][values]);
        let excerpt = Excerpt { kind: kinds[kind], text: text.as_str().into(), bytes, hash: 0 };
        if let StoredValue::Shown { text, .. } = redactor.redact_value(&path, &excerpt) {
            prop_assert!(text.len() <= 512);
        }
        prop_assert!(redactor.redact_path(&path).len() <= 512);
        prop_assert!(redactor.redact_target(&text).len() <= 1024);
    }
}

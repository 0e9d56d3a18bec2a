//! Whatever the text, loading answers.

use proptest::{prelude::*, sample::Index};

use super::read;
use crate::config::{Environment, Source};
use crate::config::{Severity, load};

const VALID: &str = include_str!("../../../config/krakend.json");

/// Pieces that mean something, so that random texts get past the parser.
const PIECES: [&str; 24] = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"version\"",
    "3",
    "\"endpoints\"",
    "\"endpoint\"",
    "\"/a/{b}\"",
    "\"backend\"",
    "\"host\"",
    "\"extra_config\"",
    "\"proxy\"",
    "\"shadow\"",
    "true",
    "null",
    "\"timeout\"",
    "\"1s\"",
    "-1e99",
    "\"é~/\"",
    "\"@shadow\"",
    "\"\"",
];

/// Loads under every format and checks the one law: a service if and only if no error.
fn obeys(text: &str) -> Result<(), TestCaseError> {
    for name in ["k.json", "k.yaml", "k.toml"] {
        let loaded = read(name, text);
        let error = loaded.diagnostics.iter().any(|finding| finding.severity == Severity::Error);
        prop_assert_eq!(loaded.service.is_none(), error);
        for finding in loaded.diagnostics {
            prop_assert!(!finding.to_string().is_empty());
        }
    }
    Ok(())
}

fn any_value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(serde_json::Value::from),
        any::<i64>().prop_map(serde_json::Value::from),
        any::<f64>().prop_map(serde_json::Value::from),
        ".{0,12}".prop_map(serde_json::Value::from),
        "[0-9{}*/:.a-z]{0,9}".prop_map(serde_json::Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
            prop::collection::btree_map("[a-z_@/]{0,8}", inner, 0..4)
                .prop_map(|members| members.into_iter().collect::<serde_json::Value>()),
        ]
    })
}

fn pointers(value: &serde_json::Value, pointer: &str, found: &mut Vec<String>) {
    found.push(pointer.to_owned());
    match value {
        serde_json::Value::Array(list) => {
            for (index, element) in list.iter().enumerate() {
                pointers(element, &format!("{pointer}/{index}"), found);
            }
        }
        serde_json::Value::Object(members) => {
            for (name, member) in members {
                pointers(member, &crate::config::node::child(pointer, name), found);
            }
        }
        _ => {}
    }
}

proptest! {
    #[test]
    fn any_text_is_answered(text in ".{0,200}") {
        obeys(&text)?;
    }

    #[test]
    fn any_heap_of_pieces_is_answered(pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..60)) {
        obeys(&pieces.concat())?;
    }

    #[test]
    fn a_valid_text_with_a_hole_or_a_patch_is_answered(at in any::<Index>(), length in 0..20usize, patch in ".{0,5}") {
        let mut characters: Vec<char> = VALID.chars().collect();
        let start = at.index(characters.len());
        let end = (start + length).min(characters.len());
        characters.splice(start..end, patch.chars());
        obeys(&characters.into_iter().collect::<String>())?;
    }

    #[test]
    fn a_valid_document_with_any_value_anywhere_is_answered(at in any::<Index>(), value in any_value()) {
        let mut document = crate::config::tests::documents::rich();
        let mut places = Vec::new();
        pointers(&document, "", &mut places);
        if let Some(place) = document.pointer_mut(&places[at.index(places.len())]) {
            *place = value;
        }
        obeys(&document.to_string())?;
    }

    #[test]
    fn a_valid_policy_with_any_value_anywhere_is_answered(at in any::<Index>(), value in any_value()) {
        let mut policy = crate::config::tests::rich_policy();
        let mut places = Vec::new();
        pointers(&policy, "", &mut places);
        if let Some(place) = policy.pointer_mut(&places[at.index(places.len())]) {
            *place = value;
        }
        let proxy = serde_json::json!({"shadow": true, "@shadow_policy": &policy});
        let document = serde_json::json!({
            "version": 3, "extra_config": {"@shadow": &policy}, "endpoints": [
                {"endpoint": "/a/{item}", "extra_config": {"@shadow": policy}, "backend": [
                    {"host": ["h"]}, {"host": ["s"], "extra_config": {"proxy": proxy}}]}],
        });
        obeys(&document.to_string())?;
    }

    #[test]
    fn any_variables_are_answered(name in "[A-Z_]{0,12}", value in ".{0,12}", port in ".{0,6}") {
        let environment: Environment =
            [(format!("KRAKEND_{name}"), value), ("KRAKEND_PORT".to_owned(), port)].into_iter().collect();
        let source = Source::Text { name: "k.json".to_owned(), text: VALID.to_owned() };
        let _ = load(&source, &environment);
    }
}

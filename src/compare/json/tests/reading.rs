//! Documents are read as others read them.

use proptest::prelude::*;
use serde_json::Value;

use super::super::document::{Content, Document, Item, Unreadable};

/// What a document means, for another parser.
fn meaning(item: Item<'_>) -> Value {
    match item.content() {
        Content::Null => Value::Null,
        Content::Bool(value) => value.into(),
        Content::Number(number) => serde_json::from_str(number).unwrap(),
        Content::Text(text) => text.meaning().into(),
        Content::Array => item.children().map(meaning).collect(),
        Content::Object => item.children().map(|member| (member.name().to_owned(), meaning(member))).collect(),
    }
}

fn unreadable(text: &str) -> Option<Unreadable> {
    Document::read(text.as_bytes()).err()
}

#[test]
fn the_last_of_several_members_of_one_name_counts() {
    let document = Document::read(br#"{"b":1,"a":2,"b":[3],"a":4,"\u0062":5}"#).unwrap();
    assert_eq!(meaning(document.root().unwrap()).to_string(), r#"{"a":4,"b":5}"#);
}

#[test]
fn what_is_no_json_is_refused() {
    for text in [
        "",
        " ",
        "{",
        "[1,]",
        "{\"a\":1,}",
        "{\"a\" 1}",
        "01",
        "1.",
        "-",
        "1e",
        "\"\n\"",
        "\"\\x\"",
        "\"\\u12g4\"",
        "[1]2",
        "nul",
        "{a:1}",
        "]",
        "[}",
        "\"",
        "+1",
    ] {
        assert_eq!(unreadable(text), Some(Unreadable::Invalid), "{text}");
    }
    assert!(matches!(Document::read(b"\"\xff\""), Err(Unreadable::Invalid)));
}

#[test]
fn depth_and_number_of_values_are_bounded() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert_eq!((unreadable(&nested(64)), unreadable(&nested(65))), (None, Some(Unreadable::TooLarge)));
    assert_eq!(unreadable(&"[".repeat(1 << 20)), Some(Unreadable::TooLarge));
    let long = |values: usize| format!("[{}1]", "1,".repeat(values - 2));
    assert_eq!((unreadable(&long(20_000)), unreadable(&long(20_001))), (None, Some(Unreadable::TooLarge)));
}

proptest! {
    #[test]
    fn what_another_parser_accepts_has_the_same_meaning(text in r#"[\[\]{},:"\\ab10\-.eu \n]{0,24}|[ -~é\n]{0,20}"#) {
        let known = serde_json::from_str::<Value>(&text);
        match (Document::read(text.as_bytes()), known) {
            (Ok(document), Ok(known)) => prop_assert_eq!(meaning(document.root().unwrap()), known),
            // It knows no lone surrogates and no large exponents.
            (Ok(_), Err(_)) => prop_assert!(text.contains("\\u") || text.contains(['e', 'E']), "{}", text),
            (Err(_), known) => prop_assert!(known.is_err(), "{}", text),
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
        let _any_answer = Document::read(&bytes).is_ok();
    }
}

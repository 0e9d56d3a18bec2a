//! Documents are read as others read them.

use proptest::prelude::*;
use serde_json::Value;

use super::super::{
    document::{Content, Document, Item, Tape, Unreadable},
    names::Names,
};

use super::SIZE;

/// What a text means, for another parser.
fn read(text: &[u8]) -> Result<Value, Unreadable> {
    let mut names = Names::default();
    let tape = Tape::read(text, SIZE, &mut names, None)?;
    Ok(meaning(Document::new(&tape, &names, None).root().unwrap()))
}

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
    read(text.as_bytes()).err()
}

#[test]
fn the_last_of_several_members_of_one_name_counts() {
    assert_eq!(read(br#"{"b":1,"a":2,"b":[3],"a":4,"\u0062":5}"#).unwrap().to_string(), r#"{"a":4,"b":5}"#);
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
    assert_eq!(read(b"\"\xff\""), Err(Unreadable::Invalid));
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
        match (read(text.as_bytes()), known) {
            (Ok(meant), Ok(known)) => prop_assert_eq!(meant, known),
            // It knows no lone surrogates and no large exponents.
            (Ok(_), Err(_)) => prop_assert!(text.contains("\\u") || text.contains(['e', 'E']), "{}", text),
            (Err(_), known) => prop_assert!(known.is_err(), "{}", text),
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
        let _any_answer = read(&bytes).is_ok();
    }
}

/// Lists of objects, as most documents are: with the same names in the same order, in another, with one more or less.
fn lists() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec!["a", "b", "price", "a name of more than sixteen bytes", "\\u0061", "é", ""]);
    let space = prop::sample::select(vec!["", "", "", " ", "\n  "]);
    let value = prop::sample::select(vec!["1", "\"x\"", "{}", "[]", "{\"b\":[{\"a\":1}]}", "null"]);
    let member = (space.clone(), name, space.clone(), value)
        .prop_map(|(before, name, after, value)| format!("{before}\"{name}\":{after}{value}"));
    let object = prop::collection::vec(member, 0..6).prop_map(|members| format!("{{{}}}", members.join(",")));
    let few = prop::collection::vec(object, 1..4);
    (few, prop::collection::vec((any::<prop::sample::Index>(), space), 1..12)).prop_map(|(objects, order)| {
        let elements = order.iter().map(|(index, space)| format!("{}{space}", index.get(&objects)));
        format!("[{}]", elements.collect::<Vec<_>>().join(","))
    })
}

proptest! {
    #[test]
    fn names_that_were_foreseen_are_those_that_are_there(live in lists(), shadow in lists()) {
        let mut names = Names::default();
        let one = Tape::read(live.as_bytes(), SIZE, &mut names, None).unwrap();
        let other = Tape::read(shadow.as_bytes(), SIZE, &mut names, Some(&one)).unwrap();
        let one = Document::new(&one, &names, None);
        let other = Document::new(&other, &names, Some(&one));
        for (document, text) in [(&one, &live), (&other, &shadow)] {
            let known: Value = serde_json::from_str(text).unwrap();
            prop_assert_eq!(meaning(document.root().unwrap()), known, "{}", text);
        }
    }

    #[test]
    fn a_text_cut_or_changed_anywhere_is_read_as_others_read_it(
        text in lists(), at in any::<prop::sample::Index>(), byte in prop::sample::select(b"{}[],:\"a 1\0".to_vec()),
    ) {
        let mut text = text.into_bytes();
        let at = at.index(text.len());
        prop_assert_eq!(read(&text[..at]).ok(), serde_json::from_slice(&text[..at]).ok());
        text[at] = byte;
        prop_assert_eq!(read(&text).ok(), serde_json::from_slice(&text).ok(), "{}", String::from_utf8_lossy(&text));
    }
}

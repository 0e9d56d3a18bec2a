//! What opening, writing and refusing must never do to a value.

use bytes::Bytes;
use proptest::prelude::*;
use serde_json::Value;

use super::{Data, DataKind, NESTING_MAX};

pub(crate) fn data(text: &str) -> Data {
    Data::parse(&Bytes::copy_from_slice(text.as_bytes())).unwrap()
}

fn meaning(data: &Data) -> Value {
    serde_json::from_slice(&data.to_bytes()).unwrap()
}

fn refusal(text: &[u8]) -> String {
    Data::parse(&Bytes::copy_from_slice(text)).unwrap_err().to_string()
}

#[test]
fn an_unopened_value_shares_the_bytes_it_came_in() {
    let body = Bytes::from_static(b"  {\"a\" : [1, 2]} trailing garbage");
    let mut value = Data::parse(&body).unwrap();
    assert_eq!(value.to_bytes().as_ptr(), body[2..].as_ptr());
    assert_eq!(&value.to_bytes()[..], b"{\"a\" : [1, 2]}");
    let inner = value.as_object_mut().unwrap()["a"].to_bytes();
    assert_eq!(inner.as_ptr(), body[9..].as_ptr());
}

#[test]
fn refusals_speak_as_go_does() {
    for (text, message) in [
        ("", "EOF"),
        (" \n\t ", "EOF"),
        ("{", "unexpected EOF"),
        ("{\"a\"", "unexpected EOF"),
        ("\"abc", "unexpected EOF"),
        ("[1,", "unexpected EOF"),
        ("tru", "unexpected EOF"),
        ("-", "unexpected EOF"),
        ("{not json", "invalid character 'n' looking for beginning of object key string"),
        ("<html>", "invalid character '<' looking for beginning of value"),
        ("[1 2]", "invalid character '2' after array element"),
        ("[1,]", "invalid character ']' looking for beginning of value"),
        ("{\"a\" 1}", "invalid character '1' after object key"),
        ("{\"a\":1 \"b\"}", "invalid character '\"' after object key:value pair"),
        ("{\"a\":1,}", "invalid character '}' looking for beginning of object key string"),
        ("nil", "invalid character 'i' in literal null (expecting 'u')"),
        ("\"a\nb\"", "invalid character '\\n' in string literal"),
        (r#""\x""#, "invalid character 'x' in string escape code"),
        (r#""\u12g4""#, "invalid character 'g' in \\u hexadecimal character escape"),
        ("[-a]", "invalid character 'a' in numeric literal"),
        ("[1.]", "invalid character ']' after decimal point in numeric literal"),
        ("[1e]", "invalid character ']' in exponent of numeric literal"),
        ("[01]", "invalid character '1' after array element"),
        ("\u{feff}{}", "invalid character 'ï' looking for beginning of value"),
        ("'a'", "invalid character '\\'' looking for beginning of value"),
    ] {
        assert_eq!(refusal(text.as_bytes()), message, "{text:?}");
    }
}

#[test]
fn a_million_brackets_are_refused_without_a_deep_stack() {
    for byte in [b"[".as_slice(), b"{\"a\":"] {
        let bomb = byte.repeat(1_000_000);
        assert!(refusal(&bomb).ends_with("exceeded max depth"));
    }
}

#[test]
fn the_deepest_nesting_allowed_can_be_opened_and_written() {
    let text = format!("{}{}", "[".repeat(NESTING_MAX), "]".repeat(NESTING_MAX));
    let mut value = data(&text);
    value.open_deep();
    assert_eq!(&value.to_bytes()[..], text.as_bytes());
    let deeper = format!("[{text}]");
    assert!(refusal(deeper.as_bytes()).ends_with("exceeded max depth"));
}

#[test]
fn bytes_that_are_no_text_become_replacement_characters() {
    let value = Data::parse(&Bytes::from_static(b"{\"a\":\"b\xffc\xe2\x82\"}")).unwrap();
    assert_eq!(value.get("a").unwrap().as_text().unwrap(), "b\u{fffd}c\u{fffd}\u{fffd}");
}

#[test]
fn the_last_of_several_members_of_one_name_counts() {
    let mut value = data(r#"{"a":1,"b":2,"\u0061":3}"#);
    assert_eq!(&value.get("a").unwrap().to_bytes()[..], b"3");
    value.expand();
    assert_eq!(&value.to_bytes()[..], br#"{"a":3,"b":2}"#);
}

#[test]
fn escapes_mean_what_they_mean() {
    let value = data(r#""\"\\\/\b\f\n\r\tA\u0041\u00e9\ud83d\ude80\ud83dx\ud83d\n\\\\n""#);
    assert_eq!(value.as_text().unwrap(), "\"\\/\u{8}\u{c}\n\r\tAAé🚀\u{fffd}x\u{fffd}\n\\\\n");
    assert_eq!(data(r#""\ud83d""#).as_text().unwrap(), "\u{fffd}");
    assert_eq!(data(r#""\ude80\ud83d\ud83d\ude80""#).as_text().unwrap(), "\u{fffd}\u{fffd}🚀");
}

#[test]
fn strings_are_written_with_the_escapes_of_go() {
    let mut out = Vec::new();
    Data::String("<b>&\"\u{2028}\u{1}\t日".into()).write(&mut out);
    assert_eq!(out, "\"\\u003cb\\u003e\\u0026\\\"\\u2028\\u0001\\t日\"".as_bytes());
}

#[test]
fn the_digits_of_numbers_are_kept() {
    let mut value = data("[1.0,4.20,1e5,12345678901234567890,-0,1E-7]");
    value.open_deep();
    assert_eq!(&value.to_bytes()[..], b"[1.0,4.20,1e5,12345678901234567890,-0,1E-7]");
}

#[test]
fn kinds_are_seen_without_opening() {
    for (text, kind) in [
        ("null", DataKind::Null),
        ("true", DataKind::Bool),
        ("-1", DataKind::Number),
        ("\"\"", DataKind::String),
        ("[]", DataKind::Array),
        ("{ }", DataKind::Object),
    ] {
        let mut value = data(text);
        assert_eq!(value.kind(), kind);
        value.expand();
        assert_eq!(value.kind(), kind);
    }
    assert!(data("{ \n}").is_empty_object());
    assert!(!data("{\"a\":1}").is_empty_object());
    assert!(!data("[]").is_empty_object());
}

#[test]
fn looked_up_values_have_the_text_that_goes_into_an_address() {
    let value = data(
        r#"{"s":"a b/c","i":7,"f":2.50,"t":true,"n":null,"l":["x",1,null],"e":[],"o":{"k":1,"b":[1,{"z":"q"}]},
            "d":{"d":{"k":"v"}},"c":"top","z":[[1,2],{"a":"b"}]}"#,
    );
    for (path, text) in [
        ("s", Some("a b/c")),
        ("i", Some("7")),
        ("f", Some("2.50")),
        ("t", Some("true")),
        ("n", Some("<nil>")),
        ("l", Some("x,1,<nil>")),
        ("e", Some("")),
        ("o", Some("map[b:[1 map[z:q]] k:1]")),
        ("z", Some("[1 2],map[a:b]")),
        ("d.d.k", Some("v")),
        ("zzz", None),
        ("d.zzz", None),
        ("x.y.c", Some("top")),
        ("s.c", Some("top")),
        ("s.d.d", Some("map[d:map[k:v]]")),
        ("d.y.d", Some("map[k:v]")),
        ("", None),
    ] {
        assert_eq!(value.lookup_text(path).as_deref(), text, "{path}");
        let mut opened = value.clone();
        opened.open_deep();
        assert_eq!(opened.lookup_text(path).as_deref(), text, "{path} opened");
    }
}

/// Any JSON value, four levels deep at most.
pub(crate) fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i32>().prop_map(|sixtyfourths| Value::from(f64::from(sixtyfourths) / 64.0)),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map("[a-d.<é\"\\\\]{0,3}", inner, 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn opening_keeps_the_meaning(json in any_json(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_string_pretty(&json) } else { serde_json::to_string(&json) }.unwrap();
        let mut value = data(&text);
        prop_assert_eq!(&meaning(&value), &json);
        value.expand();
        prop_assert_eq!(&meaning(&value), &json);
        value.open_deep();
        prop_assert_eq!(&meaning(&value), &json);
    }

    #[test]
    fn accepts_exactly_what_another_parser_accepts(text in r#"[\[\]{}:,"\\a1tn\.eE0 \-u]{0,12}"#) {
        let text = format!("[{text}] tail");
        let mut first = serde_json::Deserializer::from_str(&text);
        let other = serde::de::IgnoredAny::deserialize_first(&mut first);
        prop_assert_eq!(Data::parse(&Bytes::from(text.clone())).is_ok(), other, "{:?}", text);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        if let Ok(mut value) = Data::parse(&Bytes::from(bytes)) {
            value.open_deep();
            let _text = value.lookup_text("a.b");
            prop_assert!(std::str::from_utf8(&value.to_bytes()).is_ok());
        }
    }

    #[test]
    fn unopened_and_wrong_text_never_panics(text in any::<String>()) {
        let mut value = Data::Raw(Bytes::from(text));
        let _found = value.get("a").is_some();
        value.open_deep();
        let _text = value.to_bytes();
    }
}

trait First {
    fn deserialize_first(from: &mut serde_json::Deserializer<serde_json::de::StrRead<'_>>) -> bool;
}

impl First for serde::de::IgnoredAny {
    fn deserialize_first(from: &mut serde_json::Deserializer<serde_json::de::StrRead<'_>>) -> bool {
        <Self as serde::Deserialize>::deserialize(from).is_ok()
    }
}

//! What decoders accept and encoders write, as recorded from the original.

use bytes::Bytes;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Decoder, Encoder};
use crate::model::{Data, data::tests::any_json};

pub(super) fn decoded(decoder: Decoder, body: &str) -> Value {
    let data = decoder.decode(Bytes::copy_from_slice(body.as_bytes())).unwrap();
    serde_json::from_slice(&data.to_bytes()).unwrap()
}

fn refusal(decoder: Decoder, body: &str) -> String {
    decoder.decode(Bytes::copy_from_slice(body.as_bytes())).unwrap_err().to_string()
}

pub(super) fn encoded(encoder: Encoder, body: &str) -> String {
    let mut data = Decoder::SafeJson.decode(Bytes::copy_from_slice(body.as_bytes())).unwrap();
    String::from_utf8(encoder.encode(Some(&mut data), None).body.to_vec()).unwrap()
}

#[test]
fn decoders_are_named_in_any_case_and_unknown_names_are_json() {
    assert_eq!(Decoder::from_name("STRING", false), Decoder::Text);
    assert_eq!(Decoder::from_name("SafeJson", true), Decoder::SafeJson);
    assert_eq!(Decoder::from_name("No-Op", false), Decoder::NoOp);
    for name in ["json", "JSON", "", "fast-json", "yaml", "martian"] {
        assert_eq!(Decoder::from_name(name, false), Decoder::Json, "{name}");
        assert_eq!(Decoder::from_name(name, true), Decoder::JsonCollection, "{name}");
    }
}

#[test]
fn json_takes_objects_and_null() {
    assert_eq!(decoded(Decoder::Json, r#"{"a":1} tail"#), json!({"a": 1}));
    assert!(Decoder::Json.decode(Bytes::from_static(b"null")).unwrap().is_null());
    for (body, kind) in [("[1]", "array"), ("42", "number"), ("\"x\"", "string"), ("true", "bool")] {
        let text = format!("json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}");
        assert_eq!(refusal(Decoder::Json, body), text);
    }
    assert_eq!(refusal(Decoder::Json, ""), "EOF");
    assert_eq!(refusal(Decoder::Json, "{\"a\":"), "unexpected EOF");
}

#[test]
fn a_collection_takes_lists() {
    assert_eq!(decoded(Decoder::JsonCollection, r#"[{"i":1},3]"#), json!({"collection": [{"i": 1}, 3]}));
    assert_eq!(decoded(Decoder::JsonCollection, "[]"), json!({"collection": []}));
    assert_eq!(decoded(Decoder::JsonCollection, "null"), json!({"collection": null}));
    assert_eq!(
        refusal(Decoder::JsonCollection, "{}"),
        "json: cannot unmarshal object into Go value of type []interface {}"
    );
}

#[test]
fn safejson_takes_anything() {
    assert_eq!(decoded(Decoder::SafeJson, r#"{"a":1}"#), json!({"a": 1}));
    assert_eq!(decoded(Decoder::SafeJson, "[1]"), json!({"collection": [1]}));
    assert_eq!(decoded(Decoder::SafeJson, "42"), json!({"content": 42}));
    assert_eq!(decoded(Decoder::SafeJson, "null"), json!({"content": null}));
}

#[test]
fn text_becomes_the_content() {
    assert_eq!(decoded(Decoder::Text, "hello, wörld\n"), json!({"content": "hello, wörld\n"}));
    assert_eq!(decoded(Decoder::Text, ""), json!({"content": ""}));
    let data = Decoder::Text.decode(Bytes::from_static(b"\xff")).unwrap();
    assert_eq!(&data.to_bytes()[..], "{\"content\":\"\u{fffd}\"}".as_bytes());
}

#[test]
fn an_xml_collection_is_the_document_in_a_member() {
    assert_eq!(Decoder::from_name("XML", false), Decoder::Xml);
    let collection = Decoder::from_name("xml", true);
    assert_eq!(decoded(collection, "<r><i>1</i></r>"), json!({"collection": {"r": {"i": "1"}}}));
}

#[test]
fn a_client_may_choose_the_encoding() {
    let encoded = |accept| {
        let mut data = Decoder::Json.decode(Bytes::from_static(b"{\"a\":1}")).unwrap();
        let encoded = Encoder::from_names("negotiate", None).encode(Some(&mut data), accept);
        (encoded.content_type, String::from_utf8(encoded.body.to_vec()).unwrap())
    };
    assert_eq!(encoded(None), ("application/json; charset=utf-8", r#"{"a":1}"#.to_owned()));
    assert_eq!(encoded(Some("application/xml")), ("application/xml", "<a>1</a>".to_owned()));
    assert_eq!(encoded(Some("text/plain")), ("application/yaml; charset=utf-8", "a: \"1\"\n".to_owned()));
}

#[test]
fn no_response_has_a_body_only_where_the_encoding_knows_an_empty_one() {
    assert_eq!(&Encoder::Xml.encode(None, None).body[..], b"");
    assert_eq!(&Encoder::Yaml.encode(None, None).body[..], b"{}\n");
}

#[test]
fn no_op_decodes_nothing() {
    assert_eq!(decoded(Decoder::NoOp, "whatever"), json!({}));
}

#[test]
fn an_untouched_answer_is_the_bytes_it_came_in() {
    let body = Bytes::from_static(b"{ \"z\": 1, \"a\": 2 }");
    let mut data = Decoder::Json.decode(body.clone()).unwrap();
    let encoded = Encoder::Json.encode(Some(&mut data), None);
    assert_eq!(encoded.body.as_ptr(), body.as_ptr());
    assert_eq!(encoded.content_type, "application/json; charset=utf-8");
}

#[test]
fn an_unknown_output_follows_the_only_backend() {
    assert_eq!(Encoder::from_names("json", Some("string")), Encoder::Json);
    assert_eq!(Encoder::from_names("weird", Some("string")), Encoder::Text);
    assert_eq!(Encoder::from_names("weird", Some("safejson")), Encoder::Json);
    assert_eq!(Encoder::from_names("JSON", None), Encoder::Json);
    assert_eq!(Encoder::from_names("json-collection", None), Encoder::JsonCollection);
    assert_eq!(Encoder::from_names("no-op", Some("no-op")), Encoder::NoOp);
}

#[test]
fn no_response_is_an_empty_object_and_null_is_null() {
    assert_eq!(&Encoder::Json.encode(None, None).body[..], b"{}");
    assert_eq!(&Encoder::Json.encode(Some(&mut Data::Null), None).body[..], b"null");
}

#[test]
fn a_collection_is_written_bare() {
    assert_eq!(encoded(Encoder::JsonCollection, r#"{"collection":[1,{"z":2}]}"#), r#"[1,{"z":2}]"#);
    assert_eq!(encoded(Encoder::JsonCollection, r#"[1]"#), "[1]");
    assert_eq!(encoded(Encoder::JsonCollection, r#"{"a":1}"#), "[]");
    assert_eq!(encoded(Encoder::JsonCollection, r#"{"collection":null}"#), "null");
    assert_eq!(&Encoder::JsonCollection.encode(Some(&mut Data::Null), None).body[..], b"[]");
    assert_eq!(&Encoder::JsonCollection.encode(None, None).body[..], b"[]");
}

#[test]
fn text_is_the_content_and_nothing_else() {
    assert_eq!(encoded(Encoder::Text, r#"{"content":"in\nner","a":1}"#), "in\nner");
    assert_eq!(encoded(Encoder::Text, r#"{"content":5}"#), "");
    assert_eq!(encoded(Encoder::Text, r#"{"a":1}"#), "");
    assert_eq!(Encoder::Text.encode(None, None).content_type, "text/plain; charset=utf-8");
}

proptest! {
    #[test]
    fn no_bytes_make_a_decoder_panic(bytes in prop::collection::vec(any::<u8>(), 0..64), name in "json|safejson|string|xml|no-op|rss") {
        for is_collection in [false, true] {
            if let Ok(mut data) = Decoder::from_name(&name, is_collection).decode(Bytes::from(bytes.clone())) {
                for output in ["json", "json-collection", "string", "xml", "yaml"] {
                    let _encoded = Encoder::from_names(output, None).encode(Some(&mut data), None);
                }
            }
        }
    }

    #[test]
    fn decoding_and_encoding_keeps_the_value(members in prop::collection::btree_map(".{0,4}", any_json(), 0..6)) {
        let value = Value::Object(members.into_iter().collect());
        prop_assert_eq!(decoded(Decoder::Json, &value.to_string()), value.clone());
        let list = json!([value]);
        prop_assert_eq!(decoded(Decoder::JsonCollection, &list.to_string()), json!({"collection": list}));
    }
}

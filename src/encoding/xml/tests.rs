//! XML as recorded from the original.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{decode, encode};
use crate::model::{
    Data,
    data::tests::{any_json, data},
};

fn read(document: impl AsRef<[u8]>) -> Value {
    serde_json::from_slice(&decode(document.as_ref()).unwrap().to_bytes()).unwrap()
}

fn refusal(document: impl AsRef<[u8]>) -> String {
    decode(document.as_ref()).unwrap_err().to_string()
}

fn written(json: &str) -> String {
    let mut data = data(json);
    data.open_deep();
    encode(&data)
}

const SHOP: &str = "<?xml version=\"1.0\"?><shop id=\"s1\" open=\"true\"><name>Blüm &amp; Co</name>\
    <item sku=\"1\">pen</item><item sku=\"2\">ink</item><none/><price>1.50</price></shop>";

#[test]
fn elements_attributes_and_texts_become_members() {
    assert_eq!(
        read(SHOP),
        json!({"shop": {"-id": "s1", "-open": "true", "item": [{"#text": "pen", "-sku": "1"}, {"#text": "ink", "-sku": "2"}],
            "name": "Blüm & Co", "none": "", "price": "1.50"}})
    );
    assert_eq!(read("<r><i>1</i></r>"), json!({"r": {"i": "1"}}));
    assert_eq!(read("<a>\n  x &#65;&lt;\n</a> trailing <garbage"), json!({"a": "x A<"}));
    assert_eq!(read("<a><b>1</b><b><c/></b><b>3</b></a>"), json!({"a": {"b": ["1", {"c": ""}, "3"]}}));
    assert_eq!(read("<x:a xmlns:x=\"u\"><x:b/></x:a>"), json!({"a": {"-x": "u", "b": ""}}));
    assert_eq!(read("<:a><b:/></:a>"), json!({":a": {"b:": ""}}));
    assert_eq!(read("<a><![CDATA[<raw> & text]]></a>"), json!({"a": "<raw> & text"}));
    assert_eq!(read("<!DOCTYPE a><!-- c --><a k='&quot;v&quot;'/>"), json!({"a": {"-k": "\"v\""}}));
}

#[test]
fn a_text_before_all_children_counts_and_else_the_last() {
    let read = |document: &str| read(document)["a"].take();
    assert_eq!(read("<a>pre<b>1</b>post</a>"), json!({"#text": "pre", "b": "1"}));
    assert_eq!(read("<a>one<!-- -->two<b/></a>"), json!({"#text": "two", "b": ""}));
    assert_eq!(read("<a><b/>one<b/>two</a>"), json!({"#text": "two", "b": ["", ""]}));
    assert_eq!(read("<a k='v'>pre<b/>post</a>"), json!({"#text": "post", "-k": "v", "b": ""}));
}

#[test]
fn numbers_of_the_files_own_are_written_as_go_prints_them() {
    let members = [("a", 1_000_000.0), ("b", 5.0)].map(|(name, number)| (name.to_owned(), Data::Figure(number)));
    assert_eq!(encode(&Data::Object(members.into())), "<doc><a>1e+06</a><b>5</b></doc>");
}

#[test]
fn the_declared_character_set_is_used() {
    assert_eq!(read(b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>\xe9t\xe9</a>"), json!({"a": "été"}));
    assert_eq!(read("<?xml version=\"1.0\" encoding=\"utf-8\"?><a>é</a>"), json!({"a": "é"}));
    assert_eq!(refusal("<?xml version=\"1.0\" encoding=\"klingon\"?><a/>"), "unsupported charset: \"klingon\"");
    assert_eq!(refusal(b"<a>\xff</a>"), "XML syntax error on line 1: invalid UTF-8");
}

#[test]
fn what_is_no_document_is_refused() {
    assert_eq!(refusal("<a><b></a>"), "XML syntax error on line 1: element <b> closed by </a>");
    assert_eq!(refusal("<a>\n\n<b>"), "XML syntax error on line 3: unexpected EOF");
    assert_eq!(refusal(""), "EOF");
    assert_eq!(refusal("{\"a\":1}"), "EOF");
    for (document, what) in [
        ("<a'b'/>", "expected element name after <"),
        ("<a:b:c/>", "expected element name after <"),
        ("<a 'x'='y'/>", "expected attribute name in element"),
    ] {
        assert_eq!(refusal(document), format!("XML syntax error on line 1: {what}"), "{document}");
    }
    assert_eq!(refusal("</a>"), "XML syntax error on line 1: unexpected end element </a>");
}

#[test]
fn entities_are_never_expanded() {
    let bomb = "<!DOCTYPE a [<!ENTITY x \"y\"><!ENTITY f SYSTEM \"file:///etc/passwd\">]><a>&x;&f;</a>";
    assert_eq!(refusal(bomb), "XML syntax error on line 1: invalid character entity &x;");
}

#[test]
fn a_million_elements_deep_is_refused() {
    assert_eq!(refusal("<a>".repeat(1_000_000)), "exceeded max depth");
}

#[test]
fn data_becomes_elements_sorted_by_name() {
    assert_eq!(
        written(r#"{"a":1,"b":"two","c":[1,"x",null],"d":{"e":true}}"#),
        "<doc><a>1</a><b>two</b><c>1</c><c>x</c><c/><d><e>true</e></d></doc>"
    );
    assert_eq!(
        written(r##"{"user":{"-id":"7","#text":"Ann","tag":["x","y"],"n":null,"t":true,"f":1.5}}"##),
        "<user id=\"7\">Ann<f>1.5</f><n/><t>true</t><tag>x</tag><tag>y</tag></user>"
    );
    assert_eq!(
        written(r#"{"a":{"content":"x & y"},"foo":42}"#),
        "<doc><a><content>x &amp; y</content></a><foo>42</foo></doc>"
    );
    assert_eq!(written(r#"{"html":"<b>&\"'</b>"}"#), "<html>&lt;b&gt;&amp;&quot;&apos;&lt;/b&gt;</html>");
}

#[test]
fn one_member_is_the_root_unless_it_is_a_list_of_scalars() {
    assert_eq!(written(r#"{"l":[{"i":1},{"i":2}]}"#), "<l><i>1</i></l><l><i>2</i></l>");
    assert_eq!(written(r#"{"l":[{"i":1},3]}"#), "<doc><l><i>1</i></l><l>3</l></doc>");
    assert_eq!(written(r#"{"l":[[1,2],[3]]}"#), "<doc><l>1</l><l>2</l><l>3</l></doc>");
    assert_eq!(written(r#"{"l":[]}"#), "<l/>");
}

#[test]
fn nothing_is_an_empty_element() {
    assert_eq!(written("{}"), "<doc/>");
    assert_eq!(written("null"), "<doc/>");
    assert_eq!(written(r#"{"a":{},"b":[],"c":"","d":{"-k":"v"}}"#), "<doc><a/><b/><c/><d k=\"v\"/></doc>");
}

#[test]
fn a_document_survives_being_read_and_written() {
    assert_eq!(
        encode(&decode(SHOP.as_bytes()).unwrap()),
        "<shop id=\"s1\" open=\"true\"><item sku=\"1\">pen</item><item sku=\"2\">ink</item><name>Blüm &amp; Co</name><none/>\
         <price>1.50</price></shop>"
    );
}

#[test]
fn names_cannot_make_comments_or_instructions() {
    assert_eq!(written(r#"{"!--":1,"?x":2}"#), "<doc><_-->1</_--><_x>2</_x></doc>");
    assert_eq!(refusal("<x:?/>"), "XML syntax error on line 1: expected element name after <");
}

#[test]
fn names_cannot_break_out_of_their_tag() {
    assert_eq!(written(r#"{"a><b":{"-x y='":"\"","":1}}"#), "<a__b x_y__=\"&quot;\"><_>1</_></a__b>");
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(document in prop::collection::vec(any::<u8>(), 0..64)) {
        let _refused = decode(&document).is_err();
    }

    #[test]
    fn no_markup_makes_it_panic(document in r#"(<|>|/|a|b|"|'|=| |&|;|#|x|!|\[|\]|CDATA|-|\?|xml|DOCTYPE|\n){0,24}"#) {
        if let Ok(data) = decode(document.as_bytes()) {
            let _text = encode(&data);
        }
    }

    #[test]
    fn what_is_written_can_be_read(json in any_json()) {
        let document = written(&json!({"r": {"v": json}}).to_string());
        prop_assert!(decode(document.as_bytes()).is_ok(), "{}", document);
    }
}

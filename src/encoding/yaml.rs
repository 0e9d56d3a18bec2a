//! Data as YAML.
//!
//! Numbers of upstreams are texts to the original and come out quoted, except where its quoting overlooks an exponent;
//! those of the file's own come out as they are. Anything
//! that a reader could take for something else is quoted, on one line. Recursion goes as deep as the data was opened.

use std::fmt::Write;

use crate::model::{
    Data,
    data::{Object, figure},
};

/// The document for opened data.
pub(super) fn encode(data: &Data) -> String {
    let mut out = String::new();
    match data {
        Data::Null => out.push_str("{}\n"),
        Data::Object(members) if !members.is_empty() => mapping(members, 0, &mut out),
        Data::Array(elements) if !elements.is_empty() => sequence(elements, 0, &mut out),
        flat => {
            scalar(flat, &mut out);
            out.push('\n');
        }
    }
    out
}

/// A longer name has a line of its own, as in the original; readers refuse names of more than 1024 characters otherwise.
const SIMPLE_NAME_BYTES_MAX: usize = 128;

/// Members, the first where the line stands, the others `indent` spaces in.
fn mapping(members: &Object, indent: usize, out: &mut String) {
    for (index, (name, value)) in members.iter().enumerate() {
        if index > 0 {
            pad(indent, out);
        }
        if name.len() > SIMPLE_NAME_BYTES_MAX {
            out.push_str("? ");
            string(name, out);
            out.push('\n');
            pad(indent, out);
            out.push_str(": ");
            behind_mark(value, indent, out);
            continue;
        }
        string(name, out);
        out.push(':');
        match value {
            Data::Object(members) if !members.is_empty() => {
                out.push('\n');
                pad(indent + 2, out);
                mapping(members, indent + 2, out);
            }
            Data::Array(elements) if !elements.is_empty() => {
                out.push('\n');
                pad(indent, out);
                sequence(elements, indent, out);
            }
            flat => {
                out.push(' ');
                scalar(flat, out);
                out.push('\n');
            }
        }
    }
}

/// Elements, the first where the line stands, the others `indent` spaces in.
fn sequence(elements: &[Data], indent: usize, out: &mut String) {
    for (index, element) in elements.iter().enumerate() {
        if index > 0 {
            pad(indent, out);
        }
        out.push_str("- ");
        behind_mark(element, indent, out);
    }
}

/// A value that begins on the line of the mark before it, which stands `indent` spaces in.
fn behind_mark(value: &Data, indent: usize, out: &mut String) {
    match value {
        Data::Object(members) if !members.is_empty() => mapping(members, indent + 2, out),
        Data::Array(elements) if !elements.is_empty() => sequence(elements, indent + 2, out),
        flat => {
            scalar(flat, out);
            out.push('\n');
        }
    }
}

fn pad(indent: usize, out: &mut String) {
    out.extend(std::iter::repeat_n(' ', indent));
}

fn scalar(value: &Data, out: &mut String) {
    match value {
        Data::Null => out.push_str("null"),
        Data::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Data::Number(digits) => string(digits, out),
        Data::Figure(number) => out.push_str(&figure::yaml(*number)),
        Data::String(text) => string(text, out),
        Data::Array(_) => out.push_str("[]"),
        Data::Object(_) => out.push_str("{}"),
        // JSON on one line is YAML.
        Data::Raw(text) => out.extend(String::from_utf8_lossy(text).chars().filter(|letter| !letter.is_control())),
    }
}

fn string(text: &str, out: &mut String) {
    if needs_quotes(text) { quoted(text, out) } else { out.push_str(text) }
}

/// Words that mean something else to some version of YAML.
const RESERVED: [&str; 27] = [
    "null", "Null", "NULL", "~", "true", "True", "TRUE", "false", "False", "FALSE", "y", "Y", "yes", "Yes", "YES", "n",
    "N", "no", "No", "NO", "on", "On", "ON", "off", "Off", "OFF", "<<",
];

fn needs_quotes(text: &str) -> bool {
    text.is_empty()
        || RESERVED.contains(&text)
        || is_number(text)
        || is_time(text)
        || text.starts_with(|first| "*&[]{},!|>%'\"@` ".contains(first))
        || text.ends_with([':', ' '])
        || text.contains(['#', '\\'])
        || text.contains(": ")
        || text.contains(needs_an_escape)
        || looks_like_structure(text)
}

/// What YAML has no place for as it is.
fn needs_an_escape(letter: char) -> bool {
    letter.is_control() || "\u{2028}\u{2029}\u{feff}\u{fffe}\u{ffff}".contains(letter)
}

/// What the original leaves plain although it reads as a list, a key or the end of the document.
fn looks_like_structure(text: &str) -> bool {
    let mark = text.strip_prefix(['-', '?', ':']);
    mark.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        || text.starts_with("---")
        || text.starts_with("...")
}

/// Whether the original takes this for a number: any base, underscores allowed, an exponent only beside a point.
fn is_number(text: &str) -> bool {
    if text.starts_with('_') || text.matches('.').count() > 1 {
        return matches!(text, ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN");
    }
    let digits = text.strip_prefix('+').unwrap_or(text);
    let digits = digits.strip_prefix('-').unwrap_or(digits).replace('_', "");
    let all = |digits: &str, base| !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(base));
    if let Some((base, digits)) = [(16, "0x"), (16, "0X"), (8, "0o"), (8, "0O"), (2, "0b"), (2, "0B")]
        .into_iter()
        .find_map(|(base, prefix)| digits.strip_prefix(prefix).map(|digits| (base, digits)))
    {
        return all(digits, base);
    }
    if digits.contains('.') {
        return digits.parse::<f64>().is_ok()
            || matches!(digits.as_str(), ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN");
    }
    all(&digits, 10)
}

/// Whether this looks like a date or a time of day.
fn is_time(text: &str) -> bool {
    let shape: String = text.chars().map(|letter| if letter.is_ascii_digit() { '0' } else { letter }).collect();
    shape.starts_with("0000-00-00") || matches!(shape.as_str(), "00:00" | "0:00" | "00:0" | "0:0")
}

fn quoted(text: &str, out: &mut String) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            other if needs_an_escape(other) => push_code(other, out),
            other => out.push(other),
        }
    }
    out.push('"');
}

fn push_code(letter: char, out: &mut String) {
    write!(out, "\\u{:04x}", u32::from(letter)).expect("writing to a string cannot fail");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::data::tests::data;

    fn written(json: &str) -> String {
        let mut data = data(json);
        data.open_deep();
        encode(&data)
    }

    #[test]
    fn numbers_are_quoted_and_lists_stand_under_their_key() {
        assert_eq!(
            written(r#"{"a":1,"b":"two","c":[1,"x",null],"d":{"e":true}}"#),
            "a: \"1\"\nb: two\nc:\n- \"1\"\n- x\n- null\nd:\n  e: true\n"
        );
    }

    #[test]
    fn numbers_of_the_files_own_are_not_quoted() {
        let figures = [("f", 1.5), ("i", 5.0)].map(|(name, number)| (name.to_owned(), Data::Figure(number)));
        assert_eq!(encode(&Data::Object(figures.into())), "f: 1.5\ni: 5.0\n");
    }

    #[test]
    fn an_exponent_without_a_point_is_overlooked() {
        for (number, text) in [
            ("1.0", "\"1.0\""),
            ("4.20", "\"4.20\""),
            ("1e5", "1e5"),
            ("1e-7", "1e-7"),
            ("1.5e3", "\"1.5e3\""),
            ("12345678901234567890", "\"12345678901234567890\""),
            ("-0", "\"-0\""),
        ] {
            assert_eq!(written(&format!("{{\"v\":{number}}}")), format!("v: {text}\n"));
        }
    }

    #[test]
    fn lists_of_lists_and_objects_hang_from_their_dashes() {
        assert_eq!(
            written(r#"{"l":[{"i":true,"s":"k"},[[1],[]],{}],"m":{"v":{"o":"p"}}}"#),
            "l:\n- i: true\n  s: k\n- - - \"1\"\n  - []\n- {}\nm:\n  v:\n    o: p\n"
        );
    }

    #[test]
    fn a_long_name_has_a_line_of_its_own() {
        let (short, long) = ("k".repeat(128), "k".repeat(129));
        assert_eq!(written(&format!("{{\"{short}\":1}}")), format!("{short}: \"1\"\n"));
        assert_eq!(
            written(&format!("{{\"a\":{{\"{long}\":{{\"b\":[true],\"c\":\"d\"}}}}}}")),
            format!("a:\n  ? {long}\n  : b:\n    - true\n    c: d\n")
        );
    }

    #[test]
    fn nothing_is_an_empty_object() {
        assert_eq!(written("{}"), "{}\n");
        assert_eq!(written("null"), "{}\n");
    }

    #[test]
    fn text_that_means_something_else_is_quoted() {
        for text in [
            "",
            "yes",
            "null",
            "~",
            "0x1f",
            "0X1F",
            "0B01",
            "1_000",
            "2006-01-02",
            "12:30",
            " a",
            "a ",
            "a:",
            "a: b",
            "a #b",
            "*a",
            "- a",
            "-",
            "?",
            "--- a",
            "[a",
            "{a",
            "@a",
            "`a",
            "'a",
            "<<",
            ".inf",
            "-.5",
        ] {
            assert_eq!(written(&format!("{{\"k\":{text:?}}}")), format!("k: \"{text}\"\n"));
        }
        for text in ["a", "a b", "a:b", "-a", "<b>", "1e5", "x.y.z", "日本", "a-b", "127.0.0.1"] {
            assert_eq!(written(&format!("{{\"k\":{text:?}}}")), format!("k: {text}\n"));
        }
    }

    #[test]
    fn characters_that_yaml_does_not_allow_are_escaped() {
        for (json, text) in [(r#""a\ufffe""#, r"a\ufffe"), (r#""\uffff""#, r"\uffff"), (r#""\u0085""#, r"\u0085")] {
            assert_eq!(written(&format!("{{\"k\":{json}}}")), format!("k: \"{text}\"\n"));
        }
    }

    #[test]
    fn quoted_text_stays_on_its_line() {
        assert_eq!(written(r#"{"a\nb":"c\td\u0001\u2028\"\\"}"#), "\"a\\nb\": \"c\\td\\u0001\\u2028\\\"\\\\\"\n");
    }
}

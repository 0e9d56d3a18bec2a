//! Data as a document.
//!
//! Recursion goes as deep as the data was opened; what is below appears as JSON text.

use super::TEXT;
use crate::model::{
    Data,
    data::{Object, figure},
};

const ROOT: &str = "doc";

/// The document for opened data: its only member as the root, or `doc` around several.
pub(in crate::encoding) fn encode(data: &Data) -> String {
    let mut out = String::new();
    match data {
        Data::Object(members) => match members.iter().next() {
            Some((name, value)) if members.len() == 1 && can_be_root(value) => element(name, value, &mut out),
            _ => element(ROOT, data, &mut out),
        },
        other => element(ROOT, other, &mut out),
    }
    out
}

/// A list of anything but objects needs an element around it.
fn can_be_root(value: &Data) -> bool {
    match value {
        Data::Array(elements) => elements.iter().all(|element| matches!(element, Data::Object(_))),
        _ => true,
    }
}

fn element(name: &str, value: &Data, out: &mut String) {
    match value {
        Data::Array(elements) if !elements.is_empty() => elements.iter().for_each(|value| element(name, value, out)),
        Data::Object(members) => object(name, members, out),
        other => {
            let text = scalar(other).unwrap_or_default();
            open(name, out);
            if text.is_empty() {
                out.push_str("/>");
            } else {
                out.push('>');
                escape(&text, out);
                close(name, out);
            }
        }
    }
}

fn object(name: &str, members: &Object, out: &mut String) {
    open(name, out);
    let (attributes, children): (Vec<_>, Vec<_>) = members.iter().partition(|(name, _)| is_attribute(name));
    for (name, value) in attributes {
        // A list or an object cannot be an attribute; the original writes an empty document then.
        if let Some(text) = scalar(value) {
            out.push(' ');
            tag_name(name.get(1..).unwrap_or_default(), out);
            out.push_str("=\"");
            escape(&text, out);
            out.push('"');
        }
    }
    if children.is_empty() {
        out.push_str("/>");
        return;
    }
    out.push('>');
    for (name, value) in children {
        match scalar(value) {
            Some(text) if name == TEXT => escape(&text, out),
            _ => element(name, value, out),
        }
    }
    close(name, out);
}

fn is_attribute(name: &str) -> bool {
    name.len() > 1 && name.starts_with('-')
}

/// The text of a value that is neither a list nor an object.
fn scalar(value: &Data) -> Option<String> {
    match value {
        Data::Null => Some(String::new()),
        Data::Bool(value) => Some(value.to_string()),
        Data::Number(digits) => Some(digits.to_string()),
        Data::Figure(number) => Some(figure::plain(*number)),
        Data::String(text) => Some(text.clone()),
        Data::Raw(text) => Some(String::from_utf8_lossy(text).into_owned()),
        Data::Array(_) | Data::Object(_) => None,
    }
}

fn open(name: &str, out: &mut String) {
    out.push('<');
    tag_name(name, out);
}

fn close(name: &str, out: &mut String) {
    out.push_str("</");
    tag_name(name, out);
    out.push('>');
}

/// A member's name as a tag's. What would end the tag is replaced; the original lets it through.
fn tag_name(name: &str, out: &mut String) {
    if name.is_empty() {
        out.push('_');
    }
    out.extend(name.chars().map(|letter| if stays_in_a_name(letter) { letter } else { '_' }));
}

/// Whether a letter in a name can neither end it nor make of the tag a comment or an instruction.
pub(super) fn stays_in_a_name(letter: char) -> bool {
    !matches!(letter, '<' | '>' | '&' | '"' | '\'' | '/' | '=' | '!' | '?')
        && !letter.is_whitespace()
        && !letter.is_control()
}

fn escape(text: &str, out: &mut String) {
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\t' | '\n' | '\r' => out.push(letter),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push(char::REPLACEMENT_CHARACTER),
            other => out.push(other),
        }
    }
}

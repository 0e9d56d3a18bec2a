//! Where a JSON pointer is in a JSON text, as line and column.
//!
//! Promises: never fails; a place that is not in the text answers with its nearest surrounding one. Validity of the
//! text is not judged here.

use std::collections::BTreeMap;

use jsonc_parser::{
    CollectOptions, ParseOptions,
    ast::{Object, Value},
    parse_to_ast,
};

use super::node::child;

/// The positions of a text that is valid JSON; for any other text there is none.
#[derive(Debug)]
pub struct Positions<'a> {
    text: &'a str,
    root: Option<Value<'a>>,
}

impl<'a> Positions<'a> {
    /// Reads the text once.
    #[must_use]
    pub fn of(text: &'a str) -> Self {
        let strict = ParseOptions {
            allow_comments: false,
            allow_loose_object_property_names: false,
            allow_trailing_commas: false,
            allow_missing_commas: false,
            allow_single_quoted_strings: false,
            allow_hexadecimal_numbers: false,
            allow_unary_plus_numbers: false,
            allow_bare_decimal_point_numbers: false,
            allow_non_finite_numbers: false,
            allow_extended_string_escapes: false,
        };
        let root = parse_to_ast(text, &CollectOptions::default(), &strict).ok().and_then(|result| result.value);
        Self { text, root }
    }

    /// Pointers of the keys that stand more than once in their object.
    #[must_use]
    pub fn repeated_keys(&self) -> Vec<String> {
        let mut found = Vec::new();
        if let Some(root) = &self.root {
            repeated(root, "", &mut found);
        }
        found
    }

    /// Line and column, both from 1, of the key of a member, of an element of a list, or of the document.
    #[must_use]
    pub fn find(&self, pointer: &str) -> Option<(usize, usize)> {
        let mut value = self.root.as_ref()?;
        let mut start = start_of(value);
        for token in pointer.split('/').skip(1) {
            let token = token.replace("~1", "/").replace("~0", "~");
            let (inner, at) = match value {
                Value::Object(object) => match last_property(object, &token) {
                    Some(found) => found,
                    None => break,
                },
                Value::Array(list) => match token.parse::<usize>().ok().and_then(|index| list.elements.get(index)) {
                    Some(element) => (element, start_of(element)),
                    None => break,
                },
                _ => break,
            };
            (value, start) = (inner, at);
        }
        Some(line_and_column(self.text, start))
    }
}

/// Collects the pointers of repeated keys, each once.
fn repeated(value: &Value<'_>, pointer: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
            for property in &object.properties {
                *seen.entry(property.name.as_str()).or_default() += 1;
            }
            found.extend(seen.iter().filter(|(_, times)| **times > 1).map(|(name, _)| child(pointer, name)));
            for name in seen.keys() {
                if let Some((inner, _)) = last_property(object, name) {
                    repeated(inner, &child(pointer, name), found);
                }
            }
        }
        Value::Array(list) => {
            for (index, element) in list.elements.iter().enumerate() {
                repeated(element, &format!("{pointer}/{index}"), found);
            }
        }
        _ => {}
    }
}

/// The last property of that name: of equal keys the last one counts.
fn last_property<'v, 'a>(object: &'v Object<'a>, name: &str) -> Option<(&'v Value<'a>, usize)> {
    let property = object.properties.iter().rev().find(|property| property.name.as_str() == name)?;
    Some((&property.value, property.range.start))
}

fn start_of(value: &Value<'_>) -> usize {
    match value {
        Value::StringLit(literal) => literal.range.start,
        Value::NumberLit(literal) => literal.range.start,
        Value::BooleanLit(literal) => literal.range.start,
        Value::Object(object) => object.range.start,
        Value::Array(array) => array.range.start,
        Value::NullKeyword(keyword) => keyword.range.start,
    }
}

/// Line and column, both from 1, of a byte offset; columns count characters.
#[must_use]
pub fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

#[cfg(test)]
mod tests {
    use super::Positions;

    #[test]
    fn members_are_found_at_their_keys_and_elements_at_their_values() {
        let positions = Positions::of("{\n  \"a\": 1,\n  \"é/\": [10, {\"b\": 2}]\n}");
        assert_eq!(positions.find(""), Some((1, 1)));
        assert_eq!(positions.find("/a"), Some((2, 3)));
        assert_eq!(positions.find("/é~1/0"), Some((3, 10)));
        assert_eq!(positions.find("/é~1/1/b"), Some((3, 15)));
    }

    #[test]
    fn missing_places_answer_with_the_surrounding_one() {
        let positions = Positions::of("{\"a\": {\"b\": 2}}");
        assert_eq!(positions.find("/a/c/d"), Some((1, 2)));
        assert_eq!(positions.find("/x"), Some((1, 1)));
    }

    #[test]
    fn of_equal_keys_the_last_one_is_meant() {
        assert_eq!(Positions::of("{\"a\": 1,\n\"a\": 2}").find("/a"), Some((2, 1)));
    }
}

//! The placeholders of a backend's `url_pattern`, each of which must come from somewhere.

use std::collections::BTreeSet;

/// What is wrong with the placeholders of one backend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// More names than the endpoint has parameters.
    TooMany,
    /// A name that is no parameter of the endpoint.
    Undefined(String),
}

/// Distinct placeholder names in byte order.
#[must_use]
pub fn names(pattern: &str) -> BTreeSet<String> {
    let starts = pattern.split('{').skip(1);
    let names = starts.filter_map(|rest| rest.split_once('}')).map(|(name, _)| name);
    names.filter(|name| is_name(name)).map(str::to_owned).collect()
}

/// Compares the placeholders with the endpoint's parameters, by the original's rule.
#[must_use]
pub fn mismatches(names: &BTreeSet<String>, params: &BTreeSet<String>) -> Vec<Mismatch> {
    // The original leaves the last name out of the count; with no parameters, one stray name is thus "undefined".
    let last = names.last();
    let plain = names.iter().filter(|name| Some(*name) != last && !comes_later(name)).count();
    if plain > params.len() {
        return vec![Mismatch::TooMany];
    }
    let stray = names.iter().filter(|name| !comes_later(name) && !params.contains(*name));
    stray.cloned().map(Mismatch::Undefined).collect()
}

/// Whether the name is one of a response (`resp0_id`) or a token (`JWT.sub`), which are known only later.
fn comes_later(name: &str) -> bool {
    if let Some(claim) = name.strip_prefix("JWT.") {
        return is_name(claim);
    }
    let Some(rest) = name.strip_prefix("resp") else { return false };
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let field = rest.get(digits..).and_then(|rest| rest.strip_prefix('_'));
    digits > 0 && field.is_some_and(|field| !field.is_empty())
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.:/".contains(&byte))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Mismatch, mismatches, names};

    fn set(list: &[&str]) -> BTreeSet<String> {
        list.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn placeholders_are_found_once_each() {
        assert_eq!(names("/a/{id}/{id}?x={b.c}&{a b}{}{d"), set(&["b.c", "id"]));
    }

    #[test]
    fn one_stray_name_is_undefined_and_two_are_too_many() {
        assert_eq!(mismatches(&set(&["x"]), &set(&[])), [Mismatch::Undefined("x".to_owned())]);
        assert_eq!(mismatches(&set(&["x", "y"]), &set(&[])), [Mismatch::TooMany]);
        assert_eq!(mismatches(&set(&["x"]), &set(&["id"])), [Mismatch::Undefined("x".to_owned())]);
    }

    #[test]
    fn names_of_responses_and_tokens_come_later() {
        let later = set(&["JWT.http://example.com/custom", "JWT.sub", "resp0_id", "resp1_a.b"]);
        assert!(mismatches(&later, &set(&[])).is_empty());
        assert_eq!(mismatches(&set(&["resp0"]), &set(&[])).len(), 1);
        assert_eq!(mismatches(&set(&["input_headers.X"]), &set(&[])).len(), 1);
    }
}

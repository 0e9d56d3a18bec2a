//! Query strings as Go reads and writes them.
//!
//! Promises: reading never fails, what Go drops is dropped; writing sorts by name and keeps the order of several
//! values of one name.

use std::borrow::Cow;

use super::escapes;

/// Everything but unreserved characters; the space becomes `+` afterwards.
const FORM: percent_encoding::AsciiSet =
    percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b' ');

/// The pairs of a query string; those with bad escapes or a `;` are dropped, as Go does.
pub fn pairs(raw: &str) -> impl Iterator<Item = (String, String)> {
    unescaped(raw).map(|(name, value)| (name.into_owned(), value.into_owned()))
}

/// The values of one parameter, in order. Only what is escaped is copied.
pub fn values<'a>(raw: &'a str, name: &str) -> impl Iterator<Item = Cow<'a, str>> {
    unescaped(raw).filter(move |(held, _)| held == name).map(|(_, value)| value)
}

fn unescaped(raw: &str) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    raw.split('&').filter(|pair| !pair.is_empty() && !pair.contains(';')).filter_map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        Some((unescape(name)?, unescape(value)?))
    })
}

/// The query with exactly one value of `name`, sorted and encoded anew.
#[must_use]
pub fn with_value(raw: &str, name: &str, value: &str) -> String {
    let mut all: Vec<(String, String)> = pairs(raw).filter(|(held, _)| held != name).collect();
    all.push((name.to_owned(), value.to_owned()));
    encode(all)
}

/// Writes pairs, sorted by name.
#[must_use]
pub fn encode(mut pairs: Vec<(String, String)>) -> String {
    // The sort is stable: several values of one name keep their order.
    pairs.sort_by(|(left, _), (right, _)| left.cmp(right));
    let escape = |text: &str| percent_encoding::utf8_percent_encode(text, &FORM).to_string().replace(' ', "+");
    let texts: Vec<String> = pairs.iter().map(|(name, value)| format!("{}={}", escape(name), escape(value))).collect();
    texts.join("&")
}

fn unescape(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains(['%', '+']) {
        return Some(text.into());
    }
    let spaced = text.replace('+', " ");
    escapes::are_whole(text)
        .then(|| percent_encoding::percent_decode_str(&spaced).decode_utf8_lossy().into_owned().into())
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::{values, with_value};

    #[test]
    fn values_are_those_of_the_pairs_and_copied_only_when_escaped() {
        let found: Vec<_> = values("k=a&b=2&k=c+d&%6B=e&k=%zz&k=f;g&k", "k").collect();
        assert_eq!(found, ["a", "c d", "e", ""]);
        assert_eq!(found.iter().filter(|value| matches!(value, Cow::Borrowed(_))).count(), 3);
    }

    #[test]
    fn setting_a_value_replaces_every_older_one() {
        assert_eq!(with_value("k=a&b=2&k=c", "k", "new one"), "b=2&k=new+one");
        assert_eq!(with_value("", "k", ""), "k=");
    }
}

//! Query strings as Go reads and writes them.
//!
//! Promises: reading never fails, what Go drops is dropped; writing sorts by name and keeps the order of several
//! values of one name.

use std::borrow::Cow;

use super::escapes;

/// Everything but unreserved characters; the space becomes `+` afterwards.
const FORM: percent_encoding::AsciiSet =
    percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b' ');

/// The pairs of a query string; those with bad escapes or a `;` are dropped, as Go does. What is not UTF-8 is U+FFFD.
pub fn pairs(raw: &str) -> impl Iterator<Item = (String, String)> {
    unescaped(raw).map(|(name, value)| (text(name).into_owned(), text(value).into_owned()))
}

/// The values of one parameter, in order. Only what is escaped is copied.
pub fn values<'a>(raw: &'a str, name: &str) -> impl Iterator<Item = Cow<'a, str>> {
    unescaped(raw).filter(move |(held, _)| **held == *name.as_bytes()).map(|(_, value)| text(value))
}

type Bytes<'a> = Cow<'a, [u8]>;

fn unescaped(raw: &str) -> impl Iterator<Item = (Bytes<'_>, Bytes<'_>)> {
    raw.split('&').filter(|pair| !pair.is_empty() && !pair.contains(';')).filter_map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        Some((unescape(name)?, unescape(value)?))
    })
}

fn text(bytes: Bytes<'_>) -> Cow<'_, str> {
    match bytes {
        Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
        Cow::Owned(bytes) => String::from_utf8_lossy(&bytes).into_owned().into(),
    }
}

/// The query with exactly one value of `name`, sorted and encoded anew.
#[must_use]
pub fn with_value(raw: &str, name: &str, value: &str) -> String {
    let mut all: Vec<(Bytes<'_>, Bytes<'_>)> = unescaped(raw).filter(|(held, _)| **held != *name.as_bytes()).collect();
    all.push((name.as_bytes().into(), value.as_bytes().into()));
    encode(all)
}

/// The query with the pairs whose names are wanted, sorted and encoded anew, byte by byte.
#[must_use]
pub fn encoded_anew(raw: &str, is_wanted: impl Fn(&[u8]) -> bool) -> String {
    encode(unescaped(raw).filter(|(name, _)| is_wanted(name)).collect())
}

/// Writes pairs, sorted by name.
#[must_use]
pub fn encode<T: AsRef<[u8]>>(mut pairs: Vec<(T, T)>) -> String {
    // The sort is stable: several values of one name keep their order.
    pairs.sort_by(|(left, _), (right, _)| left.as_ref().cmp(right.as_ref()));
    let escape = |bytes: &T| percent_encoding::percent_encode(bytes.as_ref(), &FORM).to_string().replace(' ', "+");
    let texts: Vec<String> = pairs.iter().map(|(name, value)| format!("{}={}", escape(name), escape(value))).collect();
    texts.join("&")
}

fn unescape(text: &str) -> Option<Bytes<'_>> {
    if !text.contains(['%', '+']) {
        return Some(text.as_bytes().into());
    }
    let spaced = text.replace('+', " ");
    escapes::are_whole(text).then(|| percent_encoding::percent_decode_str(&spaced).collect::<Vec<u8>>().into())
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::{encoded_anew, values, with_value};

    #[test]
    fn values_are_those_of_the_pairs_and_copied_only_when_escaped() {
        let found: Vec<_> = values("k=a&b=2&k=c+d&%6B=e&k=%zz&k=f;g&k", "k").collect();
        assert_eq!(found, ["a", "c d", "e", ""]);
        assert_eq!(found.iter().filter(|value| matches!(value, Cow::Borrowed(_))).count(), 3);
    }

    #[test]
    fn bytes_that_are_not_utf_8_are_kept() {
        assert_eq!(encoded_anew("b=%E9+%c3%a9&%ff=1", |_| true), "b=%E9+%C3%A9&%FF=1");
        assert_eq!(with_value("b=%E9", "a", "é"), "a=%C3%A9&b=%E9");
        assert_eq!(values("b=%E9", "b").collect::<Vec<_>>(), ["\u{fffd}"]);
    }

    #[test]
    fn setting_a_value_replaces_every_older_one() {
        assert_eq!(with_value("k=a&b=2&k=c", "k", "new one"), "b=2&k=new+one");
        assert_eq!(with_value("", "k", ""), "k=");
    }
}

//! Query strings as Go reads and writes them.
//!
//! Promises: reading never fails, what Go drops is dropped; writing sorts by name and keeps the order of several
//! values of one name.

use std::borrow::Cow;

use super::escapes;

/// Everything but unreserved characters; the space becomes `+` afterwards.
const FORM: percent_encoding::AsciiSet =
    percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b' ');

/// What stands between the parameters of a query, or may end it where it is quoted.
const SEPARATORS: [char; 7] = ['?', '&', ';', '#', '"', ' ', '\n'];

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

/// The query without the parameters of these names, in any case, the others as they are; `None` when it has none of
/// them.
#[must_use]
pub fn without(raw: &str, names: &[String]) -> Option<String> {
    let is_named = |pair: &str| is_one_of(pair.split('=').next().unwrap_or_default(), names);
    if !raw.split('&').any(is_named) {
        return None;
    }
    let kept: Vec<&str> = raw.split('&').filter(|pair| !is_named(pair)).collect();
    Some(kept.join("&"))
}

/// A text with queries in it, such as a target or a message that quotes a URL, with `***` for the values of the
/// parameters of these names.
#[must_use]
pub fn redacted<'a>(text: &'a str, names: &[String]) -> Cow<'a, str> {
    if !text.contains(['?', '&']) {
        return text.into();
    }
    let mut told = String::with_capacity(text.len());
    let (mut is_in_query, mut is_secret) = (false, false);
    for piece in text.split_inclusive(SEPARATORS) {
        let end = piece.chars().next_back().filter(|end| SEPARATORS.contains(end));
        let pair = end.map_or(piece, |end| piece.strip_suffix(end).unwrap_or(piece));
        let name = pair.split_once('=').map(|(name, _)| name);
        if let Some(name) = name.filter(|name| is_in_query && !is_secret && is_one_of(name, names)) {
            is_secret = true;
            told.push_str(name);
            told.push_str("=***");
        } else if !is_secret {
            told.push_str(pair);
        }
        // These may be part of a value.
        let goes_on = matches!(end, Some('?' | ';' | '"'));
        told.extend(end.filter(|end| !is_secret || !goes_on || *end == '"'));
        is_secret &= goes_on;
        is_in_query = matches!(end, Some('?' | '&' | ';'));
    }
    told.into()
}

/// Whether a name, however it is escaped, is one of these in any case.
fn is_one_of(name: &str, names: &[String]) -> bool {
    let name = percent_encoding::percent_decode_str(name).decode_utf8_lossy();
    names.iter().any(|held| held.eq_ignore_ascii_case(name.trim()))
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

    use proptest::prelude::*;

    use super::{encoded_anew, redacted, values, with_value, without};

    fn names() -> Vec<String> {
        ["token", "api_key"].map(str::to_owned).to_vec()
    }

    #[test]
    fn values_are_those_of_the_pairs_and_copied_only_when_escaped() {
        let found: Vec<_> = values("k=a&b=2&k=c+d&%6B=e&k=%zz&k=f;g&k", "k").collect();
        assert_eq!(found, ["a", "c d", "e", ""]);
        assert_eq!(found.iter().filter(|value| matches!(value, Cow::Borrowed(_))).count(), 3);
    }

    #[test]
    fn parameters_go_by_name_and_leave_the_others_as_they_are() {
        assert_eq!(without("a=%20&TOKEN=x&api%5fkey=y&b=1+2&token", &names()).as_deref(), Some("a=%20&b=1+2"));
        assert_eq!(without("tokens=x&a=token", &names()), None);
        assert_eq!(without("", &names()), None);
    }

    #[test]
    fn secrets_of_queries_are_told_as_stars() {
        for (text, told) in [
            ("/a?token=x&b=2", "/a?token=***&b=2"),
            ("/a?b=2&Api%5FKey=x?y;z&c=3", "/a?b=2&Api%5FKey=***&c=3"),
            ("/a?b;token=x#f", "/a?b;token=***#f"),
            ("Get \"http://h/a?token=x\": refused", "Get \"http://h/a?token=***\" refused"),
            ("/token=x/a?b=token", "/token=x/a?b=token"),
            ("/a", "/a"),
        ] {
            assert_eq!(redacted(text, &names()), told);
        }
    }

    proptest! {
        #[test]
        fn no_secret_is_told(before in "[a-z=&%;?]{0,20}", secret in "[0-9]{6}", after in "(&[a-z=&]{0,20})?") {
            let told = redacted(&format!("/?{before}&token={secret}{after}"), &names()).into_owned();
            prop_assert!(!told.contains(&secret), "{told}");
        }

        #[test]
        fn arbitrary_texts_never_panic(text: String) {
            let _told = (redacted(&text, &names()), without(&text, &names()));
        }
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

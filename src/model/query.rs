//! Query strings as Go reads and writes them.
//!
//! Promises: reading never fails, what Go drops is dropped; writing sorts by name and keeps the order of several
//! values of one name.

use super::escapes;

/// Everything but unreserved characters; the space becomes `+` afterwards.
const FORM: percent_encoding::AsciiSet =
    percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b' ');

/// The pairs of a query string; those with bad escapes or a `;` are dropped, as Go does.
pub fn pairs(raw: &str) -> impl Iterator<Item = (String, String)> {
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

fn unescape(text: &str) -> Option<String> {
    if !text.contains(['%', '+']) {
        return Some(text.to_owned());
    }
    let spaced = text.replace('+', " ");
    escapes::are_whole(text).then(|| percent_encoding::percent_decode_str(&spaced).decode_utf8_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::with_value;

    #[test]
    fn setting_a_value_replaces_every_older_one() {
        assert_eq!(with_value("k=a&b=2&k=c", "k", "new one"), "b=2&k=new+one");
        assert_eq!(with_value("", "k", ""), "k=");
    }
}

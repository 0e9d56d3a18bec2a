//! Which texts look like secrets, whatever they are called.
//!
//! Found are e-mail addresses, numbers of payment cards (by their check digit), IBANs (by their check digits), JWTs,
//! `Bearer` and `Basic` credentials, and long strings that look random: session ids, API keys, digests. UUIDs are not
//! taken for secrets: they are the ids that most differences are about. What can't be known by its looks, such as a
//! password of words, must be known by its name.

use std::borrow::Cow;

use base64::{Engine, engine::general_purpose::STANDARD};

/// How keys of well-known services begin, which would be too short or too regular to look random.
const PREFIXES: [&str; 14] = [
    "AKIA",
    "ASIA",
    "AIza",
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "github_pat_",
    "glpat-",
    "sk_live_",
    "sk_test_",
    "rk_live_",
    "xoxb-",
    "xoxp-",
];

/// A string of fewer letters and digits does not look random enough to tell.
const RANDOM_LETTERS_MIN: usize = 20;

/// How often a text is unescaped, should it be escaped twice.
const UNESCAPED_MAX: usize = 2;

/// Whether anything in this text looks like a secret, also when it is percent-encoded.
pub(super) fn is_secret(text: &str) -> bool {
    let mut text = Cow::Borrowed(text);
    for _ in 0..UNESCAPED_MAX {
        if holds_secret(&text) {
            return true;
        }
        if !text.contains('%') {
            return false;
        }
        text = percent_encoding::percent_decode_str(&text).decode_utf8_lossy().into_owned().into();
    }
    holds_secret(&text)
}

fn holds_secret(text: &str) -> bool {
    let is_of_token = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '+' | '=');
    let mut tokens = text.split(|letter| !is_of_token(letter)).filter(|token| token.len() >= 16);
    text.contains("-----BEGIN")
        || holds_email(text)
        || tokens.any(is_token)
        || holds_card(text)
        || holds_iban(text)
        || holds_credentials(text)
}

fn holds_email(text: &str) -> bool {
    text.match_indices('@').any(|(at, _)| {
        let (before, after) = text.split_at(at);
        let is_local = |letter: char| letter.is_alphanumeric() || "._%+-\"'!#$&*/=?^`{|}~".contains(letter);
        let is_domain = |letter: char| letter.is_alphanumeric() || letter == '[';
        before.ends_with(is_local) && after.strip_prefix('@').is_some_and(|after| after.starts_with(is_domain))
    })
}

/// Whether a run of letters, digits and what base64 has beside them is a JWT's part, a known key, or random.
fn is_token(token: &str) -> bool {
    let is_jwt = token.find("eyJ").is_some_and(|at| token.len() - at >= 16);
    is_jwt || PREFIXES.iter().any(|prefix| token.starts_with(prefix)) || (!is_uuid(token) && is_random(token))
}

/// Whether letters, capitals and digits take turns more often than in words, names and dates.
fn is_random(token: &str) -> bool {
    let class = |letter: u8| match letter {
        b'0'..=b'9' => Some(0),
        b'a'..=b'z' => Some(1),
        b'A'..=b'Z' => Some(2),
        _ => None,
    };
    let (mut letters, mut turns, mut has_digit, mut last) = (0_usize, 0_usize, false, None);
    for class in token.bytes().map(class) {
        letters += usize::from(class.is_some());
        turns += usize::from(class.is_some() && last.is_some() && class != last);
        has_digit |= class == Some(0);
        last = class;
    }
    letters >= RANDOM_LETTERS_MIN && if has_digit { turns * 4 >= letters } else { turns * 5 >= letters * 2 }
}

fn is_uuid(token: &str) -> bool {
    let mut parts = token.split('-');
    let is_part = |length| move |part: &str| part.len() == length && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    [8, 4, 4, 4, 12].into_iter().all(|length| parts.next().is_some_and(is_part(length))) && parts.next().is_none()
}

/// What may stand between groups of digits or letters that belong together; `+` is a space in a query.
const fn joins(byte: u8) -> bool {
    matches!(byte, b' ' | b'-' | b'+')
}

/// The runs of wanted bytes, each with what stands directly before it: the bytes since the run before it.
fn runs(text: &str, is_wanted: impl Fn(&u8) -> bool) -> Vec<(&[u8], &[u8])> {
    let (mut rest, mut runs) = (text.as_bytes(), Vec::new());
    while let Some(start) = rest.iter().position(&is_wanted) {
        let (between, from) = rest.split_at(start);
        let end = from.iter().position(|byte| !is_wanted(byte)).unwrap_or(from.len());
        let (run, after) = from.split_at(end);
        runs.push((between, run));
        rest = after;
    }
    runs
}

/// Whether groups of digits, alone or with those after them, make a card's number.
fn holds_card(text: &str) -> bool {
    let groups = runs(text, u8::is_ascii_digit);
    groups.iter().enumerate().any(|(first, (before, _))| {
        // The digits after a point are a fraction.
        if *before == b"." && first > 0 {
            return false;
        }
        let mut number = Vec::new();
        for (place, (between, group)) in groups.iter().skip(first).enumerate() {
            let is_joined = place == 0 || matches!(between, [byte] if joins(*byte));
            if !is_joined || number.len() + group.len() > 19 {
                return false;
            }
            number.extend_from_slice(group);
            if is_card(&number) {
                return true;
            }
        }
        false
    })
}

/// Whether a number of this length begins as those of card networks do and has the right check digit (Luhn's).
fn is_card(digits: &[u8]) -> bool {
    if digits.len() < 13 || !matches!(digits.first(), Some(b'2'..=b'6')) {
        return false;
    }
    let doubled = |(place, digit): (usize, &u8)| {
        let value = u32::from(digit - b'0') << (place % 2);
        value / 10 + value % 10
    };
    digits.iter().rev().enumerate().map(doubled).sum::<u32>() % 10 == 0
}

/// Whether a word, or groups of four, are an IBAN.
fn holds_iban(text: &str) -> bool {
    let groups = runs(text, u8::is_ascii_alphanumeric);
    groups.iter().enumerate().any(|(first, (_, begin))| {
        if !matches!(begin, [a, b, c, d, ..] if [a, b].iter().all(|byte| byte.is_ascii_alphabetic())
            && [c, d].iter().all(|byte| byte.is_ascii_digit()))
        {
            return false;
        }
        let mut number = begin.to_vec();
        for (between, group) in groups.iter().skip(first + 1) {
            let is_joined = number.len() % 4 == 0 && group.len() <= 4 && matches!(between, [byte] if joins(*byte));
            if is_iban(&number) || !is_joined || begin.len() != 4 || number.len() > 34 {
                break;
            }
            number.extend_from_slice(group);
        }
        is_iban(&number)
    })
}

/// ISO 13616: the number modulo 97 with its first four characters at the end, letters as 10 to 35, is 1.
fn is_iban(number: &[u8]) -> bool {
    if !(15..=34).contains(&number.len()) {
        return false;
    }
    let (head, tail) = number.split_at(4);
    let rest = tail.iter().chain(head).fold(0_u32, |rest, byte| match byte {
        b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
        _ => (rest * 100 + u32::from(byte.to_ascii_uppercase().saturating_sub(b'A')) + 10) % 97,
    });
    rest == 1
}

/// Whether `Bearer` and a token or `Basic` and a name with a password stand somewhere.
fn holds_credentials(text: &str) -> bool {
    let mut words = text.split([' ', '"', '\'', ',', ';', ':', '\n', '\t']).filter(|word| !word.is_empty()).peekable();
    while let Some(word) = words.next() {
        let Some(next) = words.peek() else { return false };
        let is_bearer = word.eq_ignore_ascii_case("bearer")
            && !next.trim_end_matches('=').contains('=')
            && !next.ends_with("realm=");
        let is_basic =
            word.eq_ignore_ascii_case("basic") && STANDARD.decode(next).is_ok_and(|decoded| decoded.contains(&b':'));
        if is_bearer || is_basic {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn secrets_are_known_by_their_looks() {
        for text in [
            "bob@example.com",
            "mail bob@example.com now",
            "bob%40example.com",
            "bob%2540example.com",
            "<bob@localhost>",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.x",
            "Bearer hunter2",
            "authorization: bearer abc",
            "Basic Ym9iOmh1bnRlcjI=",
            "4111111111111111",
            "4111 1111 1111 1111",
            "4111-1111-1111-1111",
            "4111+1111+1111+1111",
            "no 12 4111 1111 1111 1111 ok",
            "378282246310005",
            "card4111111111111111",
            "DE89370400440532013000",
            "DE89 3704 0044 0532 0130 00",
            "pay to GB82 WEST 1234 5698 7654 32 now",
            "de89370400440532013000",
            "AKIAIOSFODNN7EXAMPLE",
            "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
            "5f4dcc3b5aa765d61d8327deb882cf99",
            "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
            "q7XbT0aPz9KfLm2Rs4Vw",
        ] {
            assert!(is_secret(text), "{text}");
        }
    }

    #[test]
    fn what_is_no_secret_is_left() {
        for text in [
            "",
            "hello",
            "550e8400-e29b-41d4-a716-446655440000",
            "2026-11-25T00:40:00.123456789Z",
            "20261125T004000123456789Z",
            "1764031200000",
            "1764031200000000",
            "3.4111111111111111",
            "4111111111111112",
            "how-to-build-a-gateway-in-2026-part-2",
            "getUserAccountInformationByName",
            "Basic plan",
            "Bearer realm=\"x\"",
            "a @ b",
            "@here",
            "text/html; charset=utf-8",
            "max-age=3600, must-revalidate",
            "DE89370400440532013001",
            "100%",
            "99999999999999999999999999",
        ] {
            assert!(!is_secret(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn arbitrary_texts_never_panic(text in ".{0,80}", digits in "[0-9A-Z +-]{0,60}") {
            let _told = (is_secret(&text), is_secret(&digits));
        }

        #[test]
        fn emails_cards_and_tokens_are_found_in_any_text(
            before in "[a-z ]{0,20}", after in "( [a-z ]{0,20})?", name in "[a-z]{1,8}", stem in "[2-6][0-9]{14}",
            token in "[a-f0-9]{32}",
        ) {
            let digit = ('0'..='9').find(|digit| is_card(format!("{stem}{digit}").as_bytes())).unwrap();
            for secret in [format!("{name}@x.org"), format!("{stem}{digit}")] {
                prop_assert!(is_secret(&format!("{before}{secret}{after}")), "{secret}");
            }
            // One in some thousands takes turns too rarely.
            let text = format!("{before} {token}{after}");
            prop_assert!(is_secret(&text) || !is_random(&token));
        }
    }
}

//! sprig's functions for the case of letters and the words of names.

use super::super::{bounded::Bounded, value::Value};
use super::{
    Host,
    arguments::Arguments,
    table::{Function, takes},
};

/// The functions of this file.
pub(super) const FUNCTIONS: &[Function] = &[
    takes(1, "snakecase", |_, arguments| lower_words(arguments.text(0)?, '_')),
    takes(1, "kebabcase", |_, arguments| lower_words(arguments.text(0)?, '-')),
    takes(1, "camelcase", |_, arguments| Ok(Value::text(&camel(arguments.text(0)?)))),
    takes(1, "swapcase", |_, arguments| {
        let swapped = |letter: char| -> String {
            if letter.is_uppercase() { letter.to_lowercase().collect() } else { letter.to_uppercase().collect() }
        };
        Ok(Value::text(&arguments.text(0)?.chars().map(swapped).collect::<String>()))
    }),
    takes(1, "untitle", |_, arguments| {
        let untitled = |(letter, begins): (char, bool)| -> String {
            if begins { letter.to_lowercase().collect() } else { letter.to_string() }
        };
        Ok(Value::text(&with_beginnings(arguments.text(0)?).map(untitled).collect::<String>()))
    }),
    takes(1, "initials", |_, arguments| {
        let initials = with_beginnings(arguments.text(0)?).filter(|(_, begins)| *begins);
        Ok(Value::text(&initials.map(|(letter, _)| letter).collect::<String>()))
    }),
    takes(2, "abbrev", abbreviated),
    takes(3, "plural", |_, arguments| Ok(arguments.any(usize::from(arguments.int(2)? != 1)))),
];

/// Every character, and whether a word begins with it.
fn with_beginnings(text: &str) -> impl Iterator<Item = (char, bool)> {
    text.chars().scan(true, |after_space, letter| {
        let begins = *after_space && !letter.is_whitespace();
        *after_space = letter.is_whitespace();
        Some((letter, begins))
    })
}

fn is_connector(letter: char) -> bool {
    letter == '-' || letter == '_' || letter.is_whitespace()
}

/// `FirstName` as `first_name`, `HTTPServer` as `http_server`. Where digits go is a riddle in sprig, so they are refused.
fn lower_words(text: &str, between: char) -> Result<Value, String> {
    if text.chars().any(char::is_numeric) {
        return Err("names with digits are not supported".to_owned());
    }
    let letters: Vec<char> = text.chars().collect();
    let mut out = Bounded::default();
    for (place, &letter) in letters.iter().enumerate() {
        let before = place.checked_sub(1).and_then(|place| letters.get(place)).copied();
        let after = letters.get(place + 1).copied();
        if is_connector(letter) {
            out.push_char(between)?;
            continue;
        }
        let begins = letter.is_uppercase()
            && before.is_some_and(|before| {
                !is_connector(before) && (!before.is_uppercase() || after.is_some_and(char::is_lowercase))
            });
        if begins {
            out.push_char(between)?;
        }
        for lower in letter.to_lowercase() {
            out.push_char(lower)?;
        }
    }
    Ok(Value::text(out.as_str()))
}

/// `some_words` as `SomeWords`; connectors at the ends stay, and of several in a row all but one.
fn camel(text: &str) -> String {
    let body = text.trim_start_matches(is_connector);
    let (front, inner) = (text.strip_suffix(body).unwrap_or_default(), body.trim_end_matches(is_connector));
    let back = body.strip_prefix(inner).unwrap_or_default();
    let mut out = front.to_owned();
    let mut before = None;
    for letter in inner.chars() {
        match (before, is_connector(letter)) {
            (Some(before), true) if is_connector(before) => out.push(letter),
            (_, true) => {}
            (Some(before), false) if !is_connector(before) => out.extend(letter.to_lowercase()),
            (_, false) => out.extend(letter.to_uppercase()),
        }
        before = Some(letter);
    }
    out + back
}

/// The text, cut to so many characters, three points included, when it is longer.
fn abbreviated(_host: &Host<'_>, arguments: &Arguments) -> Result<Value, String> {
    let (width, text) = (arguments.int(0)?, arguments.text(1)?);
    match usize::try_from(width) {
        Ok(width) if width >= 4 && text.chars().count() > width => {
            let kept: String = text.chars().take(width - 3).collect();
            Ok(Value::text(&(kept + "...")))
        }
        _ => Ok(Value::text(text)),
    }
}

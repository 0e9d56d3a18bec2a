//! sprig's functions for texts.

use super::super::{
    bounded::Bounded,
    format::quote as quoted,
    print::text_of,
    value::{Elements, Value},
};
use super::{
    Host,
    arguments::Arguments,
    convert,
    table::{Function, takes, takes_more},
};

/// The functions of this file.
pub(super) const FUNCTIONS: &[Function] = &[
    takes(1, "upper", |_, arguments| Ok(Value::text(&arguments.text(0)?.to_uppercase()))),
    takes(1, "lower", |_, arguments| Ok(Value::text(&arguments.text(0)?.to_lowercase()))),
    takes(1, "title", |_, arguments| Ok(Value::text(&title(arguments.text(0)?)))),
    takes(1, "trim", |_, arguments| Ok(Value::text(arguments.text(0)?.trim()))),
    takes(2, "trimAll", trim_all),
    takes(2, "trimall", trim_all),
    takes(2, "trimPrefix", |_, arguments| {
        let (prefix, text) = (arguments.text(0)?, arguments.text(1)?);
        Ok(Value::text(text.strip_prefix(prefix).unwrap_or(text)))
    }),
    takes(2, "trimSuffix", |_, arguments| {
        let (suffix, text) = (arguments.text(0)?, arguments.text(1)?);
        Ok(Value::text(text.strip_suffix(suffix).unwrap_or(text)))
    }),
    takes(3, "replace", replace),
    takes(2, "contains", |_, arguments| Ok(Value::Flag(arguments.text(1)?.contains(arguments.text(0)?)))),
    takes(2, "hasPrefix", |_, arguments| Ok(Value::Flag(arguments.text(1)?.starts_with(arguments.text(0)?)))),
    takes(2, "hasSuffix", |_, arguments| Ok(Value::Flag(arguments.text(1)?.ends_with(arguments.text(0)?)))),
    takes(2, "repeat", |_, arguments| {
        let mut out = Bounded::default();
        out.push_times(arguments.text(1)?, usize::try_from(arguments.int(0)?).unwrap_or(0))?;
        Ok(Value::text(out.as_str()))
    }),
    takes(1, "nospace", |_, arguments| {
        Ok(Value::text(&arguments.text(0)?.chars().filter(|c| !c.is_whitespace()).collect::<String>()))
    }),
    takes(2, "indent", |_, arguments| indented(arguments, "")),
    takes(2, "nindent", |_, arguments| indented(arguments, "\n")),
    takes_more(0, "quote", |_, arguments| wrapped(arguments, |value| Ok(quoted(&convert::text(value)?)))),
    takes_more(0, "squote", |_, arguments| wrapped(arguments, |value| Ok(format!("'{}'", text_of(value)?)))),
    takes_more(0, "cat", |_, arguments| wrapped(arguments, text_of)),
    takes(2, "trunc", |_, arguments| {
        let (length, text) = (arguments.int(0)?, arguments.text(1)?);
        let size = usize::try_from(length.unsigned_abs()).unwrap_or(usize::MAX);
        if size >= text.len() {
            return Ok(Value::text(text));
        }
        let cut = if length < 0 { text.get(text.len() - size..) } else { text.get(..size) };
        cut.map(Value::text).ok_or_else(|| "a cut inside of a character".to_owned())
    }),
    takes(3, "substr", substring),
    takes(2, "split", |host, arguments| {
        let parts = parts(arguments)?;
        host.spend(parts.len())?;
        Ok(host.heap.map(parts.into_iter().enumerate().map(|(at, part)| (format!("_{at}"), part)).collect()))
    }),
    takes(2, "splitList", |host, arguments| {
        let parts = parts(arguments)?;
        host.spend(parts.len())?;
        Value::slice(Elements::Texts, parts)
    }),
    takes(2, "join", join),
    takes(1, "sortAlpha", |host, arguments| {
        let mut texts = convert::texts(&arguments.any(0), host)?;
        texts.sort_unstable();
        Value::slice(Elements::Texts, texts.iter().map(|text| Value::text(text)).collect())
    }),
];

/// Every word with a capital letter, as Go's `strings.Title`.
fn title(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut inside = false;
    for character in text.chars() {
        if inside {
            out.push(character);
        } else {
            out.extend(character.to_uppercase());
        }
        inside =
            character.is_alphanumeric() || character == '_' || (!character.is_ascii() && !character.is_whitespace());
    }
    out
}

fn trim_all(_host: &Host<'_>, arguments: &Arguments) -> Result<Value, String> {
    let cut: Vec<char> = arguments.text(0)?.chars().collect();
    Ok(Value::text(arguments.text(1)?.trim_matches(cut.as_slice())))
}

fn replace(_host: &Host<'_>, arguments: &Arguments) -> Result<Value, String> {
    let (old, new, text) = (arguments.text(0)?, arguments.text(1)?, arguments.text(2)?);
    let mut out = Bounded::default();
    let mut rest = 0;
    for (place, found) in text.match_indices(old) {
        out.push(text.get(rest..place).unwrap_or_default())?;
        out.push(new)?;
        rest = place + found.len();
    }
    out.push(text.get(rest..).unwrap_or_default())?;
    Ok(Value::text(out.as_str()))
}

fn indented(arguments: &Arguments, before: &str) -> Result<Value, String> {
    let width = usize::try_from(arguments.int(0)?).map_err(|_negative| "strings: negative Repeat count")?;
    let mut out = Bounded::default();
    out.push(before)?;
    for (index, line) in arguments.text(1)?.split('\n').enumerate() {
        out.push(if index > 0 { "\n" } else { "" })?;
        out.push_times(" ", width)?;
        out.push(line)?;
    }
    Ok(Value::text(out.as_str()))
}

/// Every argument that is not nil, written by `write` and separated by spaces.
fn wrapped(arguments: &Arguments, write: impl Fn(&Value) -> Result<String, String>) -> Result<Value, String> {
    let mut out = Bounded::default();
    for value in arguments.all().iter().filter(|value| !value.is_nil()) {
        out.push(if out.as_str().is_empty() { "" } else { " " })?;
        out.push(&write(value)?)?;
    }
    Ok(Value::text(out.as_str()))
}

fn substring(_host: &Host<'_>, arguments: &Arguments) -> Result<Value, String> {
    let (start, end, text) = (arguments.int(0)?, arguments.int(1)?, arguments.text(2)?);
    let (from, to) = (usize::try_from(start), usize::try_from(end).ok().filter(|to| *to <= text.len()));
    let cut = match (from, to) {
        (Err(_), Some(to)) => text.get(..to),
        (Ok(from), Some(to)) => text.get(from..to),
        (Ok(from), None) => text.get(from..),
        (Err(_), None) => None,
    };
    cut.map(Value::text).ok_or_else(|| format!("no characters from {start} to {end}"))
}

fn parts(arguments: &Arguments) -> Result<Vec<Value>, String> {
    let (separator, text) = (arguments.text(0)?, arguments.text(1)?);
    if separator.is_empty() {
        return Ok(text.chars().map(|character| Value::text(&character.to_string())).collect());
    }
    Ok(text.split(separator).map(Value::text).collect())
}

fn join(host: &Host<'_>, arguments: &Arguments) -> Result<Value, String> {
    let separator = arguments.text(0)?;
    let mut out = Bounded::default();
    for (index, text) in convert::texts(&arguments.any(1), host)?.iter().enumerate() {
        out.push(if index > 0 { separator } else { "" })?;
        out.push(text)?;
    }
    Ok(Value::text(out.as_str()))
}

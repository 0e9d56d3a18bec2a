//! Go's own functions, and the two of KrakenD.

use super::super::{
    format,
    json::{Layout, to_json},
    print,
    value::Value,
};
use super::{
    Host,
    arguments::Arguments,
    table::{Function, takes, takes_more},
};

/// The functions of this file.
pub(super) const FUNCTIONS: &[Function] = &[
    // Carried out by the evaluation, which looks at no more arguments than it must.
    takes_more(1, "and", |_, arguments| Ok(arguments.any(0))),
    takes_more(1, "or", |_, arguments| Ok(arguments.any(0))),
    takes(1, "not", |_, arguments| Ok(Value::Flag(!arguments.any(0).truth()))),
    takes(1, "len", length),
    takes_more(1, "index", index),
    takes_more(0, "print", |_, arguments| print::print(arguments.all()).map(|text| Value::text(&text))),
    takes_more(0, "println", |_, arguments| print::print_line(arguments.all()).map(|text| Value::text(&text))),
    takes_more(1, "printf", |_, arguments| {
        format::format(arguments.text(0)?, arguments.from(1)).map(|text| Value::text(&text))
    }),
    takes_more(0, "html", |_, arguments| Ok(Value::text(&html(&joined(arguments)?)))),
    takes_more(0, "js", |_, arguments| Ok(Value::text(&javascript(&joined(arguments)?)))),
    takes_more(0, "urlquery", |_, arguments| Ok(Value::text(&query(&joined(arguments)?)))),
    takes(1, "marshal", |_, arguments| {
        let layout = Layout { pretty: false, escapes_markup: true };
        to_json(&arguments.any(0), layout).map(|text| Value::text(&text))
    }),
    takes(1, "include", |host, arguments| {
        (host.surroundings.partial)(arguments.text(0)?).map(|text| Value::text(&text))
    }),
    takes(1, "colored", |host, arguments| match host.surroundings.colored {
        true => Ok(Value::text(arguments.text(0)?)),
        false => Err("function \"colored\" not defined".to_owned()),
    }),
    takes(1, "fail", |_, arguments| Err(arguments.text(0)?.to_owned())),
];

fn length(_host: &Host<'_>, arguments: &Arguments) -> Result<Value, String> {
    let length = match arguments.any(0) {
        Value::Text(text) => text.len(),
        Value::List(list) => list.items().len(),
        Value::Map(map) => map.len(),
        Value::Nil => return Err("len of nil pointer".to_owned()),
        other => return Err(format!("len of type {}", other.type_name())),
    };
    Ok(Value::Int(i64::try_from(length).unwrap_or(i64::MAX)))
}

fn index(_host: &Host<'_>, arguments: &Arguments) -> Result<Value, String> {
    let mut value = arguments.any(0);
    if value.is_nil() {
        return Err("index of untyped nil".to_owned());
    }
    for key in arguments.from(1) {
        value = match &value {
            Value::Map(map) => match key {
                Value::Text(key) => map.get(key).unwrap_or(Value::Nil),
                other => return Err(format!("value has type {}; should be string", other.type_name())),
            },
            Value::List(list) => {
                let place = position(key, list.items().len())?;
                list.items().get(place).cloned().unwrap_or(Value::Nil)
            }
            Value::Text(text) => {
                let place = position(key, text.len())?;
                text.as_bytes().get(place).map_or(Value::Nil, |byte| Value::Int(i64::from(*byte)))
            }
            Value::Missing | Value::Nil => return Err("index of nil pointer".to_owned()),
            other => return Err(format!("can't index item of type {}", other.type_name())),
        };
    }
    Ok(value)
}

fn position(key: &Value, length: usize) -> Result<usize, String> {
    match key {
        Value::Int(number) | Value::Long(number) => {
            let place = usize::try_from(*number).ok().filter(|place| *place < length);
            place.ok_or_else(|| format!("index out of range: {number}"))
        }
        Value::Missing | Value::Nil => Err("cannot index slice/array with nil".to_owned()),
        other => Err(format!("cannot index slice/array with type {}", other.type_name())),
    }
}

/// The text that `html` and its like escape: a lone text, else everything as `print` writes it.
fn joined(arguments: &Arguments) -> Result<String, String> {
    let shown = arguments.all().iter().map(|value| match value {
        Value::Missing | Value::Nil => Value::text("<no value>"),
        other => other.clone(),
    });
    print::print(&shown.collect::<Vec<_>>())
}

fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '"' => out.push_str("&#34;"),
            '\'' => out.push_str("&#39;"),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\0' => out.push('\u{fffd}'),
            other => out.push(other),
        }
    }
    out
}

fn javascript(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' => out.push_str("\\\\"),
            '\'' => out.push_str("\\'"),
            '"' => out.push_str("\\\""),
            '<' | '>' | '&' | '=' | '\0'..='\u{1f}' => out.push_str(&format!("\\u{:04X}", u32::from(character))),
            other if other.is_ascii() || format::is_printable(other) => out.push(other),
            other => out.push_str(&format!("\\u{:04X}", u32::from(other))),
        }
    }
    out
}

fn query(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

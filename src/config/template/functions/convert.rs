//! sprig's functions from one type to another, and those that ask for types and emptiness.

use base64::{Engine, engine::general_purpose::STANDARD};

use super::super::{
    json::{Layout, to_json},
    print::text_of,
    value::{Elements, Value},
};
use super::{
    Host,
    arguments::Arguments,
    table::{Function, takes, takes_more},
};

/// The functions of this file.
pub(super) const FUNCTIONS: &[Function] = &[
    takes_more(1, "default", |_, arguments| {
        Ok(arguments.all().get(1).filter(|given| given.truth()).cloned().unwrap_or_else(|| arguments.any(0)))
    }),
    takes(1, "empty", |_, arguments| Ok(Value::Flag(!arguments.any(0).truth()))),
    takes_more(0, "coalesce", |_, arguments| {
        Ok(arguments.all().iter().find(|value| value.truth()).cloned().unwrap_or(Value::Nil))
    }),
    takes_more(0, "all", |_, arguments| Ok(Value::Flag(arguments.all().iter().all(Value::truth)))),
    takes_more(0, "any", |_, arguments| Ok(Value::Flag(arguments.all().iter().any(Value::truth)))),
    takes(3, "ternary", |_, arguments| Ok(arguments.any(if arguments.flag(2)? { 0 } else { 1 }))),
    takes(1, "toString", |_, arguments| text(&arguments.any(0)).map(|text| Value::text(&text))),
    takes(1, "toStrings", |host, arguments| {
        let texts = texts(&arguments.any(0), host)?;
        Value::slice(Elements::Texts, texts.iter().map(|text| Value::text(text)).collect())
    }),
    takes(1, "toJson", |_, arguments| json(arguments, false, true)),
    takes(1, "toPrettyJson", |_, arguments| json(arguments, true, true)),
    takes(1, "toRawJson", |_, arguments| json(arguments, false, false)),
    takes(1, "fromJson", |host, arguments| {
        let read = serde_json::from_str::<serde_json::Value>(arguments.text(0)?);
        // As in sprig, a text that is no JSON is nil.
        Ok(read.map_or(Value::Nil, |value| host.heap.decoded(&value)))
    }),
    takes(1, "mustFromJson", |host, arguments| {
        let read = serde_json::from_str::<serde_json::Value>(arguments.text(0)?);
        read.map(|value| host.heap.decoded(&value)).map_err(|error| format!("not JSON: {error}"))
    }),
    takes(1, "b64enc", |_, arguments| Ok(Value::text(&STANDARD.encode(arguments.text(0)?)))),
    takes(1, "b64dec", |_, arguments| {
        let bytes = STANDARD.decode(arguments.text(0)?.replace(['\r', '\n'], ""));
        let bytes = bytes.map_err(|error| format!("not base64: {error}"))?;
        String::from_utf8(bytes).map(|text| Value::text(&text)).map_err(|_invalid| "not UTF-8 text".to_owned())
    }),
    takes(1, "env", |host, arguments| {
        Ok(Value::text(&(host.surroundings.variable)(arguments.text(0)?).unwrap_or_default()))
    }),
    takes(1, "expandenv", |host, arguments| expand(host, arguments.text(0)?).map(|text| Value::text(&text))),
    takes(1, "kindOf", |_, arguments| Ok(Value::text(arguments.any(0).kind_name()))),
    takes(2, "kindIs", |_, arguments| Ok(Value::Flag(arguments.any(1).kind_name() == arguments.text(0)?))),
    takes(1, "typeOf", |_, arguments| Ok(Value::text(arguments.any(0).type_name()))),
    takes(2, "typeIs", |_, arguments| Ok(Value::Flag(arguments.any(1).type_name() == arguments.text(0)?))),
    takes(2, "typeIsLike", |_, arguments| Ok(Value::Flag(arguments.any(1).type_name() == arguments.text(0)?))),
];

/// A value as a text: itself, or as `%v` writes it.
pub(super) fn text(value: &Value) -> Result<String, String> {
    text_of(value)
}

/// A value as a list of texts, nils left out; a lone value is a list of one.
pub(super) fn texts(value: &Value, host: &Host<'_>) -> Result<Vec<String>, String> {
    match value {
        Value::Missing | Value::Nil => Ok(Vec::new()),
        Value::List(list) => {
            host.spend(list.items().len())?;
            let mut texts = Vec::new();
            for item in list.items().iter().filter(|item| !item.is_nil()) {
                let text = text(item)?;
                host.spend(text.len())?;
                texts.push(text);
            }
            Ok(texts)
        }
        other => Ok(vec![text(other)?]),
    }
}

fn json(arguments: &Arguments, pretty: bool, escapes_markup: bool) -> Result<Value, String> {
    to_json(&arguments.any(0), Layout { pretty, escapes_markup }).map(|text| Value::text(&text))
}

/// Puts variables in for `$name` and `${name}`.
fn expand(host: &Host<'_>, text: &str) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((literal, after)) = rest.split_once('$') {
        out.push_str(literal);
        let (name, after) = match after.strip_prefix('{').and_then(|braced| braced.split_once('}')) {
            Some(found) => found,
            None if after.starts_with('{') => return Err("a \"${\" without its \"}\"".to_owned()),
            None => {
                let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
                after.split_at_checked(end).unwrap_or((after, ""))
            }
        };
        if name.is_empty() {
            out.push('$');
        } else {
            let value = (host.surroundings.variable)(name).unwrap_or_default();
            host.spend(value.len())?;
            out.push_str(&value);
        }
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

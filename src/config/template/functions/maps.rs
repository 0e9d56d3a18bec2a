//! sprig's functions for maps. Keys come in order; sprig leaves their order to chance.

use super::super::{
    limits::VALUE_DEPTH_MAX,
    print::too_deep,
    value::{Elements, Map, Members, Value},
};
use super::{
    Host,
    arguments::Arguments,
    convert,
    table::{Function, takes, takes_more},
};

/// The functions of this file.
pub(super) const FUNCTIONS: &[Function] = &[
    takes_more(0, "dict", |host, arguments| {
        let mut members = Members::new();
        for pair in arguments.all().chunks(2) {
            if let Some(key) = pair.first() {
                members.insert(convert::text(key)?, pair.get(1).cloned().unwrap_or_else(|| Value::text("")));
            }
        }
        Ok(host.heap.map(members))
    }),
    takes(2, "get", |_, arguments| Ok(arguments.map(0)?.get(arguments.text(1)?).unwrap_or_else(|| Value::text("")))),
    takes(3, "set", |_, arguments| {
        arguments.map(0)?.set(arguments.text(1)?, arguments.any(2));
        Ok(arguments.any(0))
    }),
    takes(2, "unset", |_, arguments| {
        arguments.map(0)?.unset(arguments.text(1)?);
        Ok(arguments.any(0))
    }),
    takes(2, "hasKey", |_, arguments| Ok(Value::Flag(arguments.map(0)?.has(arguments.text(1)?)))),
    takes_more(0, "keys", |host, arguments| {
        let mut keys = Vec::new();
        for index in 0..arguments.count() {
            let map = arguments.map(index)?;
            host.spend(map.len())?;
            keys.extend(map.members().into_iter().map(|(key, _)| Value::text(&key)));
        }
        Value::slice(Elements::Texts, keys)
    }),
    takes(1, "values", |host, arguments| {
        let map = arguments.map(0)?;
        host.spend(map.len())?;
        Value::list(map.members().into_iter().map(|(_, value)| value).collect())
    }),
    takes_more(1, "pick", |host, arguments| {
        let map = arguments.map(0)?;
        let names = names(arguments, 1)?;
        Ok(host.heap.map(names.into_iter().filter_map(|name| Some((name.clone(), map.get(&name)?))).collect()))
    }),
    takes_more(1, "omit", |host, arguments| {
        let map = arguments.map(0)?;
        host.spend(map.len())?;
        let names = names(arguments, 1)?;
        Ok(host.heap.map(map.members().into_iter().filter(|(key, _)| !names.contains(key)).collect()))
    }),
    takes_more(1, "pluck", |_, arguments| {
        let key = arguments.text(0)?;
        let mut found = Vec::new();
        for index in 1..arguments.count() {
            found.extend(arguments.map(index)?.get(key));
        }
        Value::list(found)
    }),
    takes_more(1, "merge", |host, arguments| {
        let target = arguments.map(0)?;
        for index in 1..arguments.count() {
            merge(target, arguments.map(index)?, 0, host)?;
        }
        Ok(arguments.any(0))
    }),
    takes_more(1, "mergeOverwrite", |host, arguments| {
        let target = arguments.map(0)?;
        for index in 1..arguments.count() {
            overwrite(target, arguments.map(index)?, 0, host)?;
        }
        Ok(arguments.any(0))
    }),
    takes(1, "deepCopy", |host, arguments| copied(&arguments.any(0), 0, host)),
    takes_more(3, "dig", dig),
];

fn names(arguments: &Arguments, from: usize) -> Result<Vec<String>, String> {
    (from..arguments.count()).map(|index| arguments.text(index).map(str::to_owned)).collect()
}

/// Adds what the target lacks or has empty, and goes into maps that both have.
fn merge(target: &Map, source: &Map, depth: usize, host: &Host<'_>) -> Result<(), String> {
    if depth > VALUE_DEPTH_MAX {
        return Err(too_deep());
    }
    host.spend(source.len())?;
    for (key, value) in source.members() {
        match (target.get(&key), &value) {
            (Some(Value::Map(inner)), Value::Map(more)) => merge(&inner, more, depth + 1, host)?,
            (Some(present), _) if present.truth() => {}
            _ => target.set(&key, value),
        }
    }
    Ok(())
}

/// Puts everything of the source that is not empty over what the target has, and goes into maps that both have.
fn overwrite(target: &Map, source: &Map, depth: usize, host: &Host<'_>) -> Result<(), String> {
    if depth > VALUE_DEPTH_MAX {
        return Err(too_deep());
    }
    host.spend(source.len())?;
    for (key, value) in source.members() {
        match (target.get(&key), &value) {
            (Some(Value::Map(inner)), Value::Map(more)) => overwrite(&inner, more, depth + 1, host)?,
            (Some(_), value) if !value.truth() => {}
            _ => target.set(&key, value),
        }
    }
    Ok(())
}

/// A value that shares no map with another.
fn copied(value: &Value, depth: usize, host: &Host<'_>) -> Result<Value, String> {
    if depth > VALUE_DEPTH_MAX {
        return Err(too_deep());
    }
    host.spend(1)?;
    match value {
        Value::List(list) => {
            let items = list.items().iter().map(|item| copied(item, depth + 1, host));
            Value::slice(list.elements, items.collect::<Result<_, _>>()?)
        }
        Value::Map(map) => {
            let members = map.members().into_iter();
            let members = members.map(|(key, value)| Ok((key, copied(&value, depth + 1, host)?)));
            Ok(host.heap.map(members.collect::<Result<Members, String>>()?))
        }
        other => Ok(other.clone()),
    }
}

/// `dig "a" "b" default map`: the value that deep, or the default.
fn dig(_host: &Host<'_>, arguments: &Arguments) -> Result<Value, String> {
    let last = arguments.count().saturating_sub(1);
    let before = last.saturating_sub(1);
    let mut map = arguments.map(last)?.clone();
    for index in 0..before {
        let name = arguments.text(index)?;
        match map.get(name) {
            None => break,
            Some(value) if index + 1 == before => return Ok(value),
            Some(Value::Map(inner)) => map = inner,
            Some(other) => return Err(format!("{name} is of type {}, not a map", other.type_name())),
        }
    }
    Ok(arguments.any(before))
}

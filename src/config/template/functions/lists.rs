//! sprig's functions for lists.

use super::super::{
    equal::deep_equal,
    value::{Elements, Value},
};
use super::{
    Host,
    arguments::Arguments,
    numbers,
    table::{Function, takes, takes_more},
};

/// The functions of this file.
pub(super) const FUNCTIONS: &[Function] = &[
    takes_more(0, "list", |_, arguments| Value::list((0..arguments.count()).map(|at| arguments.any(at)).collect())),
    takes_more(0, "tuple", |_, arguments| Value::list((0..arguments.count()).map(|at| arguments.any(at)).collect())),
    takes(1, "first", |_, arguments| Ok(arguments.list(0)?.items().first().cloned().unwrap_or(Value::Nil))),
    takes(1, "last", |_, arguments| Ok(arguments.list(0)?.items().last().cloned().unwrap_or(Value::Nil))),
    takes(1, "rest", |host, arguments| any(host, arguments.list(0)?.items().get(1..).unwrap_or_default().to_vec())),
    takes(1, "initial", |host, arguments| {
        any(host, arguments.list(0)?.items().split_last().map(|(_, rest)| rest.to_vec()).unwrap_or_default())
    }),
    takes(2, "append", append),
    takes(2, "push", append),
    takes(2, "prepend", |host, arguments| {
        let mut items = vec![arguments.any(1)];
        items.extend_from_slice(arguments.list(0)?.items());
        any(host, items)
    }),
    takes_more(0, "concat", |host, arguments| {
        let mut items = Vec::new();
        for index in 0..arguments.count() {
            let more = arguments.list(index)?.items();
            host.spend(more.len())?;
            items.extend_from_slice(more);
        }
        Value::list(items)
    }),
    takes(1, "reverse", |host, arguments| any(host, arguments.list(0)?.items().iter().rev().cloned().collect())),
    takes(1, "compact", |host, arguments| {
        any(host, arguments.list(0)?.items().iter().filter(|item| item.truth()).cloned().collect())
    }),
    takes(1, "uniq", |host, arguments| {
        let mut kept: Vec<Value> = Vec::new();
        for item in arguments.list(0)?.items() {
            if !holds(&kept, item, host)? {
                kept.push(item.clone());
            }
        }
        Value::list(kept)
    }),
    takes(2, "has", |host, arguments| match arguments.any(1) {
        Value::Nil => Ok(Value::Flag(false)),
        _ => holds(arguments.list(1)?.items(), &arguments.any(0), host).map(Value::Flag),
    }),
    takes_more(1, "without", |host, arguments| {
        let mut kept = Vec::new();
        for item in arguments.list(0)?.items() {
            if !holds(arguments.from(1), item, host)? {
                kept.push(item.clone());
            }
        }
        Value::list(kept)
    }),
    takes_more(1, "slice", slice),
    takes(2, "chunk", |host, arguments| {
        let size = usize::try_from(arguments.int(0)?).ok().filter(|size| *size > 0).ok_or("chunks of no size")?;
        let items = arguments.list(1)?.items();
        host.spend(items.len())?;
        Value::list(items.chunks(size).map(|part| Value::list(part.to_vec())).collect::<Result<_, _>>()?)
    }),
];

fn any(host: &Host<'_>, items: Vec<Value>) -> Result<Value, String> {
    host.spend(items.len())?;
    Value::list(items)
}

fn append(host: &Host<'_>, arguments: &Arguments) -> Result<Value, String> {
    let mut items = arguments.list(0)?.items().to_vec();
    items.push(arguments.any(1));
    any(host, items)
}

fn holds(items: &[Value], wanted: &Value, host: &Host<'_>) -> Result<bool, String> {
    for item in items {
        if deep_equal(item, wanted, host)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// sprig's `slice`, which stands before Go's own: for lists only.
fn slice(host: &Host<'_>, arguments: &Arguments) -> Result<Value, String> {
    let list = arguments.list(0)?;
    let items = list.items();
    if items.is_empty() {
        return Ok(Value::Nil);
    }
    let bound = |index: usize, otherwise: usize| {
        arguments.all().get(index).map_or(Ok(otherwise), |value| {
            usize::try_from(numbers::whole(value)).map_err(|_negative| "slice bounds out of range".to_owned())
        })
    };
    let (from, to) = (bound(1, 0)?, bound(2, items.len())?);
    let part = items.get(from..to).ok_or_else(|| format!("slice bounds out of range [{from}:{to}]"))?;
    host.spend(part.len())?;
    let elements: Elements = list.elements;
    Value::slice(elements, part.to_vec())
}

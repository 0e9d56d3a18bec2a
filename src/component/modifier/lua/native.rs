//! Values of the language itself as data: a native table is an object, those inside it are lists where they look so.

use std::collections::BTreeMap;

use mlua::Value;

use crate::model::Data;

use super::{
    data::{List, Null, Room, Table},
    error::ScriptError,
};

/// A value that is no container; nothing for one that has no place in data.
pub(super) fn plain(value: &Value) -> Option<Data> {
    match value {
        Value::Boolean(flag) => Some(Data::Bool(*flag)),
        Value::Integer(number) => Some(Data::Number(number.to_string().into())),
        Value::Number(number) => Some(number_data(*number)),
        Value::String(text) => Some(Data::String(text.to_string_lossy())),
        Value::UserData(held) if held.is::<Null>() => Some(Data::Null),
        _ => None,
    }
}

/// A number as Go writes it.
fn number_data(number: f64) -> Data {
    let size = number.abs();
    let text = match size {
        _ if !number.is_finite() => return Data::Null,
        _ if size == 0.0 || (1e-6..1e21).contains(&size) => format!("{number}"),
        _ if size >= 1e21 => format!("{number:e}").replace('e', "e+"),
        _ => format!("{number:e}"),
    };
    Data::Number(text.into())
}

/// The bytes of a text, 0 for anything else.
pub(super) fn text_bytes(value: &Value) -> usize {
    if let Value::String(text) = value { text.as_bytes().len() } else { 0 }
}

/// A native table, always an object.
///
/// # Errors
/// When it does not fit into the room.
pub(super) fn native_object(table: &mlua::Table, room: &mut Room) -> mlua::Result<Data> {
    let mut members = BTreeMap::new();
    for pair in table.pairs::<Value, Value>() {
        let (key, value) = pair?;
        let key = match &key {
            Value::String(text) => text.to_string_lossy(),
            other => other.to_string()?,
        };
        room.bytes = room.bytes.saturating_sub(key.len());
        if let Some(data) = nested(&value, room)? {
            members.insert(key, data);
        }
    }
    Ok(Data::Object(members))
}

fn nested(value: &Value, room: &mut Room) -> mlua::Result<Option<Data>> {
    let refused = |why| Err(mlua::Error::external(ScriptError::plain(why)));
    let Some(below) = room.levels.checked_sub(1) else { return refused("a table nests too deep") };
    if !room.take(text_bytes(value)) {
        return refused("a table is too large");
    }
    room.levels = below;
    let data = match value {
        Value::Table(table) => nested_table(table, room).map(Some)?,
        Value::UserData(held) if held.is::<Table>() => Some(held.borrow::<Table>()?.data_within(room)),
        Value::UserData(held) if held.is::<List>() => Some(held.borrow::<List>()?.data_within(room)),
        other => plain(other),
    };
    room.levels = below + 1;
    if room.is_too_small { refused("a table is too large") } else { Ok(data) }
}

fn nested_table(table: &mlua::Table, room: &mut Room) -> mlua::Result<Data> {
    let length = table.raw_len();
    if length == 0 || table.pairs::<Value, Value>().count() != length {
        return native_object(table, room);
    }
    let elements = table.sequence_values::<Value>().map(|value| nested(&value?, room));
    let elements = elements.collect::<mlua::Result<Vec<_>>>()?;
    Ok(Data::Array(elements.into_iter().flatten().collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_many_places_is_written_no_more_often_than_there_is_room() {
        let lua = mlua::Lua::new();
        let narrow: mlua::Table = lua.load("local t = {'x'}; for i = 1, 8 do t = {t} end; return t").eval().unwrap();
        let wide: mlua::Table = lua.load("local t = {'x'}; for i = 1, 60 do t = {t, t} end; return t").eval().unwrap();
        let room = |nodes, bytes| Room { nodes, bytes, ..Room::default() };
        assert!(native_object(&narrow, &mut room(9, 2)).is_ok());
        for (table, mut room) in [(&narrow, room(8, 2)), (&narrow, room(9, 0)), (&wide, room(10_000, 1_000_000))] {
            let error = native_object(table, &mut room).unwrap_err().to_string();
            assert!(error.contains("too large"), "{error}");
        }
    }
}

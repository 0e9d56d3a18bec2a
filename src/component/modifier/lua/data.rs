//! Decoded data as scripts see it: `luaTable` and `luaList`, shared by reference as in the original.
//!
//! Only what a script touches is opened; the rest stays the text it came as.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use mlua::{Lua, MultiValue, UserData, UserDataMethods, Value};

use crate::model::{Data, DataKind};

use super::{error::ScriptError, machine::text};

/// What scripts build nests no deeper than this; what is below is `null`.
const LEVELS_MAX: usize = 100;
/// No list is longer, and no more values of a script are written.
const ELEMENTS_MAX: usize = 1_000_000;

/// One value inside a table or list.
#[derive(Clone, Debug)]
enum Node {
    /// Nobody has looked into it.
    Leaf(Data),
    Table(Table),
    List(List),
}

/// An object; clones are the same object.
#[derive(Clone, Debug, Default)]
pub(super) struct Table(Rc<RefCell<BTreeMap<String, Node>>>);

/// A list: elements that others may share, and how many of them are this one's. As a Go slice it leaves the others
/// when it grows.
#[derive(Clone, Debug, Default)]
pub(super) struct List {
    shared: Rc<RefCell<Vec<Node>>>,
    length: usize,
}

/// How much may still be written: a script can put a table into itself, twice.
#[derive(Debug)]
struct Room {
    levels: usize,
    nodes: usize,
}

impl Default for Room {
    fn default() -> Self {
        Self { levels: LEVELS_MAX, nodes: ELEMENTS_MAX }
    }
}

/// An explicit `null`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Null;

impl Table {
    /// The members of an object; none of anything else.
    pub(super) fn of(data: Data) -> Self {
        let members = data.into_object().unwrap_or_default();
        let members = members.into_iter().map(|(name, value)| (name, Node::Leaf(value)));
        Self(Rc::new(RefCell::new(members.collect())))
    }

    /// A table of texts.
    pub(super) fn of_texts(pairs: impl Iterator<Item = (String, String)>) -> Self {
        let members = pairs.map(|(name, value)| (name, Node::Leaf(Data::String(value))));
        Self(Rc::new(RefCell::new(members.collect())))
    }

    /// A table of lists of texts.
    pub(super) fn of_lists(pairs: impl Iterator<Item = (String, List)>) -> Self {
        Self(Rc::new(RefCell::new(pairs.map(|(name, list)| (name, Node::List(list))).collect())))
    }

    /// The data as it is now.
    pub(super) fn data(&self) -> Data {
        self.data_within(&mut Room::default())
    }

    fn data_within(&self, room: &mut Room) -> Data {
        let members = self.0.borrow();
        Data::Object(members.iter().map(|(name, node)| (name.clone(), node.data(room))).collect())
    }
}

impl List {
    /// A list of texts.
    pub(super) fn of_texts(texts: impl Iterator<Item = String>) -> Self {
        Self::of(texts.map(|text| Node::Leaf(Data::String(text))).collect())
    }

    fn of(elements: Vec<Node>) -> Self {
        Self { length: elements.len(), shared: Rc::new(RefCell::new(elements)) }
    }

    /// The elements as texts, as Go prints them.
    pub(super) fn texts(&self) -> Vec<String> {
        let elements = self.shared.borrow();
        let texts = elements.iter().take(self.length).map(|node| match node.data(&mut Room { levels: 1, nodes: 1 }) {
            Data::String(text) => text,
            other => String::from_utf8_lossy(&other.to_bytes()).into_owned(),
        });
        texts.collect()
    }

    fn data_within(&self, room: &mut Room) -> Data {
        Data::Array(self.shared.borrow().iter().take(self.length).map(|node| node.data(room)).collect())
    }

    fn set(&mut self, index: usize, node: Node) {
        if index >= self.length {
            let mut grown: Vec<Node> = self.shared.borrow().iter().take(self.length).cloned().collect();
            grown.resize(index + 1, Node::Leaf(Data::Null));
            *self = Self::of(grown);
        }
        if let Some(element) = self.shared.borrow_mut().get_mut(index) {
            *element = node;
        }
    }

    fn remove(&mut self, index: usize) {
        let mut elements = self.shared.borrow_mut();
        if let Some(own) = elements.get_mut(..self.length)
            && let Some(rest) = own.get_mut(index..)
            && !rest.is_empty()
        {
            rest.rotate_left(1);
            self.length -= 1;
            if let Some(last) = elements.get_mut(self.length) {
                *last = Node::Leaf(Data::Null);
            }
        }
    }
}

impl Node {
    /// What it holds; `null` where there is no more room.
    fn data(&self, room: &mut Room) -> Data {
        if room.levels == 0 || room.nodes == 0 {
            return Data::Null;
        }
        room.nodes -= 1;
        room.levels -= 1;
        let data = match self {
            Self::Leaf(data) => data.clone(),
            Self::Table(table) => table.data_within(room),
            Self::List(list) => list.data_within(room),
        };
        room.levels += 1;
        data
    }

    /// Opens an object or a list, so that what scripts change in it is changed here.
    fn open(&mut self) {
        let Self::Leaf(data) = self else { return };
        match data.kind() {
            DataKind::Object => *self = Self::Table(Table::of(std::mem::replace(data, Data::Null))),
            DataKind::Array => {
                let elements = data.as_array_mut().map(std::mem::take).unwrap_or_default();
                *self = Self::List(List::of(elements.into_iter().map(Self::Leaf).collect()));
            }
            _ => data.expand(),
        }
    }

    /// What a script gets.
    fn value(&mut self, lua: &Lua) -> mlua::Result<Value> {
        self.open();
        match self {
            Self::Table(table) => lua.create_userdata(table.clone()).map(Value::UserData),
            Self::List(list) => lua.create_userdata(list.clone()).map(Value::UserData),
            Self::Leaf(Data::Bool(flag)) => Ok(Value::Boolean(*flag)),
            Self::Leaf(Data::Number(number)) => Ok(Value::Number(number.parse().unwrap_or_default())),
            Self::Leaf(Data::String(text)) => lua.create_string(text).map(Value::String),
            Self::Leaf(_) => lua.create_userdata(Null).map(Value::UserData),
        }
    }

    /// What a script gives; nothing for values that have no place in data. A native table is always an object, those
    /// inside it are lists where they look like lists.
    fn given(value: &Value) -> mlua::Result<Option<Self>> {
        match value {
            Value::Table(table) => Ok(Some(Self::Leaf(native_object(table, LEVELS_MAX)?))),
            Value::UserData(held) if held.is::<Table>() => Ok(Some(Self::Table(held.borrow::<Table>()?.clone()))),
            Value::UserData(held) if held.is::<List>() => Ok(Some(Self::List(held.borrow::<List>()?.clone()))),
            other => Ok(plain(other).map(Self::Leaf)),
        }
    }
}

fn plain(value: &Value) -> Option<Data> {
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

fn native_object(table: &mlua::Table, levels: usize) -> mlua::Result<Data> {
    let mut members = BTreeMap::new();
    for pair in table.pairs::<Value, Value>() {
        let (key, value) = pair?;
        let key = match &key {
            Value::String(text) => text.to_string_lossy(),
            other => other.to_string()?,
        };
        if let Some(data) = nested(&value, levels)? {
            members.insert(key, data);
        }
    }
    Ok(Data::Object(members))
}

fn nested(value: &Value, levels: usize) -> mlua::Result<Option<Data>> {
    let Some(below) = levels.checked_sub(1) else {
        return Err(mlua::Error::external(ScriptError::plain("a table nests too deep")));
    };
    match value {
        Value::Table(table) => {
            let length = table.raw_len();
            if length > 0 && table.pairs::<Value, Value>().count() == length {
                let elements = table.sequence_values::<Value>().map(|value| nested(&value?, below));
                let elements = elements.collect::<mlua::Result<Vec<_>>>()?;
                return Ok(Some(Data::Array(elements.into_iter().flatten().collect())));
            }
            native_object(table, below).map(Some)
        }
        Value::UserData(held) if held.is::<Table>() => Ok(Some(held.borrow::<Table>()?.data())),
        Value::UserData(held) if held.is::<List>() => {
            Ok(Some(held.borrow::<List>()?.data_within(&mut Room::default())))
        }
        other => Ok(plain(other)),
    }
}

/// What a method complains of when it gets too little.
pub(super) fn needs_arguments() -> mlua::Error {
    mlua::Error::external(ScriptError::plain("need arguments"))
}

fn argument(arguments: &MultiValue, at: usize) -> mlua::Result<&Value> {
    arguments.get(at).ok_or_else(needs_arguments)
}

fn index(lua: &Lua, arguments: &MultiValue) -> mlua::Result<Option<usize>> {
    let number = lua.coerce_number(argument(arguments, 0)?.clone())?.ok_or_else(needs_arguments)?;
    let index = number as i64;
    let fits = usize::try_from(index).ok().filter(|index| *index < ELEMENTS_MAX);
    if fits.is_none() && index >= 0 {
        return Err(mlua::Error::external(ScriptError::plain("list too long")));
    }
    Ok(fits)
}

/// One value, or none at all, which is less than `nil`.
fn one_or_none(value: Option<Value>) -> MultiValue {
    value.into_iter().collect()
}

impl UserData for Null {}

impl UserData for Table {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_method("get", |lua, this, arguments: MultiValue| {
            let key = text(lua, argument(&arguments, 0)?)?;
            let value = this.0.borrow_mut().get_mut(&key).map(|node| node.value(lua)).transpose()?;
            Ok(one_or_none(value))
        });
        methods.add_method("set", |lua, this, arguments: MultiValue| {
            let key = text(lua, argument(&arguments, 0)?)?;
            if let Some(node) = Node::given(argument(&arguments, 1)?)? {
                this.0.borrow_mut().insert(key, node);
            }
            Ok(())
        });
        methods.add_method("del", |lua, this, arguments: MultiValue| {
            let key = text(lua, argument(&arguments, 0)?)?;
            this.0.borrow_mut().remove(&key);
            Ok(())
        });
        methods.add_method("len", |_lua, this, ()| Ok(this.0.borrow().len()));
        methods.add_method("keys", |_lua, this, ()| Ok(List::of_texts(this.0.borrow().keys().cloned())));
        methods.add_method("keyExists", |lua, this, arguments: MultiValue| {
            let key = text(lua, argument(&arguments, 0)?)?;
            Ok(this.0.borrow().contains_key(&key))
        });
    }
}

impl UserData for List {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_method("get", |lua, this, arguments: MultiValue| {
            let at = index(lua, &arguments)?.filter(|at| *at < this.length);
            let mut elements = this.shared.borrow_mut();
            let value = at.and_then(|at| elements.get_mut(at)).map(|node| node.value(lua)).transpose()?;
            Ok(one_or_none(value))
        });
        methods.add_method_mut("set", |lua, this, arguments: MultiValue| {
            let at = index(lua, &arguments)?;
            if let (Some(at), Some(node)) = (at, Node::given(argument(&arguments, 1)?)?) {
                this.set(at, node);
            }
            Ok(())
        });
        methods.add_method_mut("del", |lua, this, arguments: MultiValue| {
            if let Some(at) = index(lua, &arguments)? {
                this.remove(at);
            }
            Ok(())
        });
        methods.add_method("len", |_lua, this, ()| Ok(this.length));
    }
}

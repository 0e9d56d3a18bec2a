//! Decoded data as scripts see it: `luaTable` and `luaList`, shared by reference as in the original.
//!
//! Only what a script touches is opened; the rest stays the text it came as.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use mlua::{Lua, MultiValue, UserData, UserDataMethods, Value};

use crate::model::{Data, DataKind};

use super::{
    account,
    error::ScriptError,
    machine::text,
    native::{native_object, plain, text_bytes},
};

/// What scripts build nests no deeper than this; what is below is `null`.
const LEVELS_MAX: usize = 100;
/// No list is longer, and no more values of a script are written.
const ELEMENTS_MAX: usize = 1_000_000;
/// No more bytes of texts are written.
const TEXT_BYTES_MAX: usize = 256 * 1024 * 1024;

/// The members of an object.
pub(super) type Members = RefCell<BTreeMap<String, Node>>;
/// The elements of a list.
pub(super) type Elements = RefCell<Vec<Node>>;

/// One value inside a table or list.
#[derive(Clone, Debug)]
pub(super) enum Node {
    /// Nobody has looked into it.
    Leaf(Data),
    Table(Table),
    List(List),
}

/// An object; clones are the same object.
#[derive(Clone, Debug, Default)]
pub(super) struct Table(Rc<Members>);

/// A list: elements that others may share, and how many of them are this one's. As a Go slice it leaves the others
/// when it grows.
#[derive(Clone, Debug, Default)]
pub(super) struct List {
    shared: Rc<Elements>,
    length: usize,
}

/// How much may still be written: a script can put a table into itself, twice.
#[derive(Debug)]
pub(super) struct Room {
    pub(super) levels: usize,
    pub(super) nodes: usize,
    pub(super) bytes: usize,
    pub(super) is_too_small: bool,
}

impl Default for Room {
    fn default() -> Self {
        Self { levels: LEVELS_MAX, nodes: ELEMENTS_MAX, bytes: TEXT_BYTES_MAX, is_too_small: false }
    }
}

impl Room {
    /// Takes the room for one more value with so many bytes of text, if there is so much.
    pub(super) fn take(&mut self, bytes: usize) -> bool {
        match (self.nodes.checked_sub(1), self.bytes.checked_sub(bytes)) {
            (Some(nodes), Some(bytes)) => (self.nodes, self.bytes) = (nodes, bytes),
            _ => self.is_too_small = true,
        }
        !self.is_too_small
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
    ///
    /// # Errors
    /// When there is more of it than may be written.
    pub(super) fn data(&self) -> Result<Data, ScriptError> {
        let mut room = Room::default();
        let data = self.data_within(&mut room);
        if room.is_too_small { Err(ScriptError::plain("too much data")) } else { Ok(data) }
    }

    /// By how many it is held.
    #[cfg(test)]
    pub(super) fn holders(&self) -> usize {
        Rc::strong_count(&self.0)
    }

    pub(super) fn data_within(&self, room: &mut Room) -> Data {
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
        let texts =
            elements.iter().take(self.length).map(|node| match node.data(&mut Room { levels: 1, ..Room::default() }) {
                Data::String(text) => text,
                other => String::from_utf8_lossy(&other.to_bytes()).into_owned(),
            });
        texts.collect()
    }

    pub(super) fn data_within(&self, room: &mut Room) -> Data {
        Data::Array(self.shared.borrow().iter().take(self.length).map(|node| node.data(room)).collect())
    }

    fn set(&mut self, lua: &Lua, index: usize, node: Node) -> mlua::Result<()> {
        if index >= self.length {
            self.grow(lua, index + 1)?;
        }
        if let Some(element) = self.shared.borrow_mut().get_mut(index) {
            *element = node;
        }
        Ok(())
    }

    /// Grows where it is while nobody else has it, so that a script can build a list one by one.
    fn grow(&mut self, lua: &Lua, length: usize) -> mlua::Result<()> {
        if Rc::strong_count(&self.shared) == 1 {
            account::charge(lua, (length - self.length) * size_of::<Node>())?;
        } else {
            let held: usize = self.shared.borrow().iter().take(self.length).map(Node::text_bytes).sum();
            account::charge(lua, length * size_of::<Node>() + held)?;
            let copied = self.shared.borrow().iter().take(self.length).cloned().collect();
            self.shared = Rc::new(RefCell::new(copied));
        }
        let mut elements = self.shared.borrow_mut();
        elements.truncate(self.length);
        elements.resize(length, Node::Leaf(Data::Null));
        self.length = length;
        Ok(())
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
    /// The bytes that a copy of it costs beside itself.
    fn text_bytes(&self) -> usize {
        match self {
            Self::Leaf(Data::String(text)) => text.len(),
            _ => 0,
        }
    }

    /// What it holds; `null` where there is no more room.
    fn data(&self, room: &mut Room) -> Data {
        if room.levels == 0 || !room.take(self.text_bytes()) {
            return Data::Null;
        }
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
            Self::Leaf(Data::Figure(number)) => Ok(Value::Number(*number)),
            Self::Leaf(Data::String(text)) => lua.create_string(text).map(Value::String),
            Self::Leaf(_) => lua.create_userdata(Null).map(Value::UserData),
        }
    }

    /// What a script gives; nothing for values that have no place in data. A native table is always an object, those
    /// inside it are lists where they look like lists.
    fn given(lua: &Lua, value: &Value) -> mlua::Result<Option<Self>> {
        match value {
            Value::Table(table) => {
                let mut room = Room::default();
                let object = native_object(table, &mut room)?;
                account::charge(lua, TEXT_BYTES_MAX - room.bytes + (ELEMENTS_MAX - room.nodes) * size_of::<Self>())?;
                Ok(Some(Self::Leaf(object)))
            }
            Value::UserData(held) if held.is::<Table>() => {
                let table = held.borrow::<Table>()?.clone();
                account::remember_table(lua, &table.0)?;
                Ok(Some(Self::Table(table)))
            }
            Value::UserData(held) if held.is::<List>() => {
                let list = held.borrow::<List>()?.clone();
                account::remember_list(lua, &list.shared)?;
                Ok(Some(Self::List(list)))
            }
            other => {
                account::charge(lua, size_of::<Self>() + text_bytes(other))?;
                Ok(plain(other).map(Self::Leaf))
            }
        }
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
            if let Some(node) = Node::given(lua, argument(&arguments, 1)?)? {
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
            if let (Some(at), Some(node)) = (at, Node::given(lua, argument(&arguments, 1)?)?) {
                this.set(lua, at, node)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_many_places_is_written_no_more_often_than_there_is_room() {
        let of =
            |node: Node| Table(Rc::new(RefCell::new(BTreeMap::from([("a".into(), node.clone()), ("b".into(), node)]))));
        let mut wide = of(Node::Leaf(Data::String("x".into())));
        for _ in 0..60 {
            wide = of(Node::Table(wide));
        }
        let mut room = Room { nodes: 10_000, ..Room::default() };
        wide.data_within(&mut room);
        assert!(room.is_too_small);
    }
}

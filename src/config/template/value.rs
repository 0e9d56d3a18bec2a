//! A value of a template, with the types that Go would see.
//!
//! Promises: lists never change and know how deep they nest; maps are shared and may change (sprig's `set`), and live
//! until the rendering ends, so that dropping values never recurses far, not even where a map holds itself.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use super::limits::{LIST_LENGTH_MAX, VALUE_DEPTH_MAX};

/// The members of a map, by name.
pub(super) type Members = BTreeMap<String, Value>;

/// One value.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// No value at all: a missing key.
    Missing,
    /// `null` of JSON, `nil` of Go.
    Nil,
    /// `bool`.
    Flag(bool),
    /// `int`.
    Int(i64),
    /// `int64`, as sprig's arithmetic answers.
    Long(i64),
    /// `float64`, as every number of a settings file.
    Float(f64),
    /// `string`.
    Text(Rc<str>),
    /// A slice.
    List(List),
    /// `map[string]interface {}`.
    Map(Map),
}

/// What a slice is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Elements {
    /// `[]interface {}`.
    Any,
    /// `[]string`.
    Texts,
    /// `[]int`.
    Ints,
}

/// A slice.
#[derive(Clone, Debug)]
pub(super) struct List {
    /// What its elements are declared as.
    pub(super) elements: Elements,
    depth: usize,
    items: Rc<[Value]>,
}

impl List {
    /// Its values.
    pub(super) fn items(&self) -> &[Value] {
        &self.items
    }
}

/// A map that is shared by everyone who holds it.
#[derive(Clone, Debug)]
pub(super) struct Map {
    members: Rc<RefCell<Members>>,
}

impl Map {
    /// The value of a key.
    pub(super) fn get(&self, key: &str) -> Option<Value> {
        self.members.borrow().get(key).cloned()
    }

    /// Whether the key is there.
    pub(super) fn has(&self, key: &str) -> bool {
        self.members.borrow().contains_key(key)
    }

    /// Sets a key.
    pub(super) fn set(&self, key: &str, value: Value) {
        self.members.borrow_mut().insert(key.to_owned(), value);
    }

    /// Takes a key away.
    pub(super) fn unset(&self, key: &str) {
        self.members.borrow_mut().remove(key);
    }

    /// How many members there are.
    pub(super) fn len(&self) -> usize {
        self.members.borrow().len()
    }

    /// Its members now, by key.
    pub(super) fn members(&self) -> Vec<(String, Value)> {
        self.members.borrow().iter().map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    /// Whether this is the very same map.
    pub(super) fn is(&self, other: &Map) -> bool {
        Rc::ptr_eq(&self.members, &other.members)
    }
}

/// Every map of a rendering; they are emptied together when it ends.
#[derive(Debug, Default)]
pub(super) struct Heap {
    maps: RefCell<Vec<Map>>,
}

impl Heap {
    /// A new map.
    pub(super) fn map(&self, members: Members) -> Value {
        let map = Map { members: Rc::new(RefCell::new(members)) };
        self.maps.borrow_mut().push(map.clone());
        Value::Map(map)
    }

    /// A JSON value as Go decodes it: every number a `float64`.
    pub(super) fn decoded(&self, value: &serde_json::Value) -> Value {
        match value {
            serde_json::Value::Null => Value::Nil,
            serde_json::Value::Bool(flag) => Value::Flag(*flag),
            serde_json::Value::Number(number) => Value::Float(number.as_f64().unwrap_or(f64::MAX)),
            serde_json::Value::String(text) => Value::text(text),
            serde_json::Value::Array(items) => {
                let items: Rc<[Value]> = items.iter().map(|item| self.decoded(item)).collect();
                // The parser's own limit is below ours.
                Value::List(List { elements: Elements::Any, depth: depth_of(&items), items })
            }
            serde_json::Value::Object(members) => {
                self.map(members.iter().map(|(key, value)| (key.clone(), self.decoded(value))).collect())
            }
        }
    }
}

impl Drop for Heap {
    fn drop(&mut self) {
        for map in self.maps.borrow().iter() {
            // The maps inside are still held by the heap, so none of this goes deep.
            let members = std::mem::take(&mut *map.members.borrow_mut());
            drop(members);
        }
    }
}

fn depth_of(items: &[Value]) -> usize {
    let inner = items.iter().map(|item| if let Value::List(list) = item { list.depth } else { 0 });
    inner.max().unwrap_or(0).saturating_add(1)
}

impl Value {
    /// A text.
    pub(super) fn text(text: &str) -> Self {
        Value::Text(Rc::from(text))
    }

    /// A list of any values.
    ///
    /// # Errors
    /// When it is too long or nests too deep.
    pub(super) fn list(items: Vec<Value>) -> Result<Self, String> {
        Self::slice(Elements::Any, items)
    }

    /// A list whose elements are declared so.
    ///
    /// # Errors
    /// When it is too long or nests too deep.
    pub(super) fn slice(elements: Elements, items: Vec<Value>) -> Result<Self, String> {
        if items.len() > LIST_LENGTH_MAX {
            return Err(format!("a list of more than {LIST_LENGTH_MAX} elements"));
        }
        let depth = depth_of(&items);
        if depth > VALUE_DEPTH_MAX {
            return Err(format!("a list that nests more than {VALUE_DEPTH_MAX} deep"));
        }
        Ok(Value::List(List { elements, depth, items: items.into() }))
    }

    /// Whether there is no value, or `nil`.
    pub(super) fn is_nil(&self) -> bool {
        matches!(self, Value::Missing | Value::Nil)
    }

    /// Go's truth of a template: anything but zero, nothing and the empty.
    pub(super) fn truth(&self) -> bool {
        match self {
            Value::Missing | Value::Nil => false,
            Value::Flag(flag) => *flag,
            Value::Int(number) | Value::Long(number) => *number != 0,
            Value::Float(number) => *number != 0.0,
            Value::Text(text) => !text.is_empty(),
            Value::List(list) => !list.items().is_empty(),
            Value::Map(map) => map.len() > 0,
        }
    }

    /// The type as Go prints it.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Value::Missing | Value::Nil => "<nil>",
            Value::Flag(_) => "bool",
            Value::Int(_) => "int",
            Value::Long(_) => "int64",
            Value::Float(_) => "float64",
            Value::Text(_) => "string",
            Value::List(list) => match list.elements {
                Elements::Any => "[]interface {}",
                Elements::Texts => "[]string",
                Elements::Ints => "[]int",
            },
            Value::Map(_) => "map[string]interface {}",
        }
    }

    /// The kind as Go prints it.
    pub(super) fn kind_name(&self) -> &'static str {
        match self {
            Value::Missing | Value::Nil => "invalid",
            Value::List(_) => "slice",
            Value::Map(_) => "map",
            other => other.type_name(),
        }
    }
}

//! The arguments of one call, read as the types that Go's functions declare.

use super::super::value::{List, Map, Value};

/// The arguments, in order.
#[derive(Debug)]
pub(super) struct Arguments {
    values: Vec<Value>,
}

impl Arguments {
    /// Takes them over.
    pub(super) fn new(values: Vec<Value>) -> Self {
        Self { values }
    }

    /// All of them.
    pub(super) fn all(&self) -> &[Value] {
        &self.values
    }

    /// All from one on.
    pub(super) fn from(&self, index: usize) -> &[Value] {
        self.values.get(index..).unwrap_or_default()
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.values.len()
    }

    /// An argument of any type; no value is `nil`.
    pub(super) fn any(&self, index: usize) -> Value {
        match self.values.get(index) {
            None | Some(Value::Missing) => Value::Nil,
            Some(value) => value.clone(),
        }
    }

    /// A `string`.
    ///
    /// # Errors
    /// When it is something else.
    pub(super) fn text(&self, index: usize) -> Result<&str, String> {
        match self.values.get(index) {
            Some(Value::Text(text)) => Ok(text),
            other => Err(mistyped(other, "string")),
        }
    }

    /// An `int`. A number of a settings file is none: it is a `float64`.
    ///
    /// # Errors
    /// When it is something else.
    pub(super) fn int(&self, index: usize) -> Result<i64, String> {
        match self.values.get(index) {
            Some(Value::Int(number)) => Ok(*number),
            other => Err(mistyped(other, "int")),
        }
    }

    /// A `bool`.
    ///
    /// # Errors
    /// When it is something else.
    pub(super) fn flag(&self, index: usize) -> Result<bool, String> {
        match self.values.get(index) {
            Some(Value::Flag(flag)) => Ok(*flag),
            other => Err(mistyped(other, "bool")),
        }
    }

    /// A slice.
    ///
    /// # Errors
    /// When it is something else.
    pub(super) fn list(&self, index: usize) -> Result<&List, String> {
        match self.values.get(index) {
            Some(Value::List(list)) => Ok(list),
            other => Err(mistyped(other, "a list")),
        }
    }

    /// A `map[string]interface {}`.
    ///
    /// # Errors
    /// When it is something else.
    pub(super) fn map(&self, index: usize) -> Result<&Map, String> {
        match self.values.get(index) {
            Some(Value::Map(map)) => Ok(map),
            other => Err(mistyped(other, "map[string]interface {}")),
        }
    }
}

fn mistyped(value: Option<&Value>, wanted: &str) -> String {
    match value {
        None | Some(Value::Missing) => format!("invalid value; expected {wanted}"),
        Some(Value::Nil) => format!("wrong type for value; expected {wanted}; got nil"),
        Some(value) => format!("wrong type for value; expected {wanted}; got {}", value.type_name()),
    }
}

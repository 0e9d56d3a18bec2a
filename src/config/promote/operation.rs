//! One step of a JSON Patch (RFC 6902), as far as promotions need them.

use serde::Serialize;
use serde_json::Value;

/// A step. Places are JSON pointers.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "op", rename_all = "lowercase")]
pub enum Operation {
    /// The value must be there, else the patch is for another document.
    Test {
        /// Where.
        path: String,
        /// What.
        value: Value,
    },
    /// Puts a value there; a member of that name is replaced, elements of a list make room.
    Add {
        /// Where.
        path: String,
        /// What.
        value: Value,
    },
    /// Takes the value away.
    Remove {
        /// Where.
        path: String,
    },
    /// Takes the value away and puts it there.
    Move {
        /// From where.
        from: String,
        /// To where, when it is no longer there.
        path: String,
    },
}

impl Operation {
    /// Does it; `false` when the document has no such place or another value.
    #[must_use]
    pub(super) fn apply(&self, document: &mut Value) -> bool {
        match self {
            Self::Test { path, value } => document.pointer(path) == Some(value),
            Self::Add { path, value } => put(document, path, value.clone()),
            Self::Remove { path } => take(document, path).is_some(),
            Self::Move { from, path } => take(document, from).is_some_and(|value| put(document, path, value)),
        }
    }
}

/// The container of a place, and its name there.
fn parent<'a>(document: &'a mut Value, path: &str) -> Option<(&'a mut Value, String)> {
    let (parent, name) = path.rsplit_once('/')?;
    Some((document.pointer_mut(parent)?, name.replace("~1", "/").replace("~0", "~")))
}

fn take(document: &mut Value, path: &str) -> Option<Value> {
    match parent(document, path)? {
        (Value::Object(members), name) => members.remove(&name),
        (Value::Array(list), name) => {
            let place: usize = name.parse().ok()?;
            (place < list.len()).then(|| list.remove(place))
        }
        _ => None,
    }
}

fn put(document: &mut Value, path: &str, value: Value) -> bool {
    match parent(document, path) {
        Some((Value::Object(members), name)) => {
            members.insert(name, value);
            true
        }
        Some((Value::Array(list), name)) => match name.parse() {
            Ok(place) if place <= list.len() => {
                list.insert(place, value);
                true
            }
            _ => false,
        },
        _ => false,
    }
}

//! A request while scripts look at it and change it; they share it by reference.

use std::{cell::RefCell, rc::Rc};

use bytes::Bytes;
use futures_util::TryStreamExt;
use http::{HeaderName, HeaderValue, Uri};
use mlua::{Lua, MultiValue, Value};

use crate::model::{Body, Failure, Headers, Kind, body::Held};

use super::{
    account,
    data::{List, Table, needs_arguments},
    error::ScriptError,
    machine::text,
};

/// A body that a script may ask for is held in memory up to this, in bytes.
const BODY_BYTES_MAX: usize = 64 * 1024 * 1024;

/// What scripts may know of a request.
#[derive(Debug, Default)]
pub(super) struct AskedState {
    pub(super) method: String,
    pub(super) path: String,
    /// Encoded, without `?`.
    pub(super) query: String,
    pub(super) url: String,
    pub(super) host: String,
    /// Names as scripts call them.
    pub(super) params: Vec<(String, String)>,
    pub(super) headers: Headers,
    pub(super) body: Bytes,
    /// Whether a script has written the body.
    pub(super) has_new_body: bool,
}

/// The request, shared.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked(pub(super) Rc<RefCell<AskedState>>);

impl Asked {
    pub(super) fn new(state: AskedState) -> Self {
        Self(Rc::new(RefCell::new(state)))
    }

    /// The request as scripts have left it.
    pub(super) fn take(&self) -> AskedState {
        self.0.take()
    }
}

impl AskedState {
    /// The body to send: the one scripts have written, or `original`.
    pub(super) fn body_or(&mut self, original: Body) -> Body {
        match std::mem::take(&mut self.has_new_body) {
            false => original,
            true if self.body.is_empty() => Body::Empty,
            true => Body::Held(Held::new(vec![std::mem::take(&mut self.body)])),
        }
    }

    /// `params`: all, one, or a new one.
    pub(super) fn params(&mut self, lua: &Lua, arguments: &MultiValue) -> mlua::Result<Value> {
        let Some(name) = arguments.front() else {
            return userdata(lua, Table::of_texts(self.params.iter().cloned()));
        };
        let name = text(lua, name)?;
        let held = self.params.iter_mut().find(|(held, _)| *held == name);
        match (arguments.get(1), held) {
            (None, held) => string(lua, held.map_or("", |(_, value)| value.as_str())),
            (Some(value), Some((_, held))) => {
                *held = text(lua, value)?;
                Ok(Value::Nil)
            }
            (Some(value), None) => {
                self.params.push((name, text(lua, value)?));
                Ok(Value::Nil)
            }
        }
    }

    /// `body`: the old or a new one.
    pub(super) fn body(&mut self, lua: &Lua, arguments: &MultiValue) -> mlua::Result<Value> {
        let Some(value) = arguments.front() else { return lua.create_string(&self.body).map(Value::String) };
        self.body = bytes_of(lua, value)?;
        self.has_new_body = true;
        Ok(Value::Nil)
    }
}

/// `headers`: all, one, a new value, or none any more. Names are found in any case.
pub(super) fn headers(headers: &mut Headers, lua: &Lua, arguments: &MultiValue) -> mlua::Result<Value> {
    let Some(name) = arguments.front() else {
        let lists = headers.iter().map(|(name, _)| (canonical(name.as_str()), values(headers, name)));
        return userdata(lua, Table::of_lists(lists));
    };
    let name: Option<HeaderName> = text(lua, name)?.parse().ok();
    match (name, arguments.get(1)) {
        (None, None) => string(lua, ""),
        (Some(name), None) => match headers.get(&name) {
            Some(value) => lua.create_string(value.as_bytes()).map(Value::String),
            None => string(lua, ""),
        },
        (Some(name), Some(Value::Nil)) => {
            headers.remove(&name);
            Ok(Value::Nil)
        }
        (name, Some(value)) => {
            let value = header_value(&text(lua, value)?)?;
            headers.insert(name.ok_or_else(|| error("invalid header name"))?, value);
            Ok(Value::Nil)
        }
    }
}

/// `headerList`: all values of one name, or new ones.
pub(super) fn header_list(headers: &mut Headers, lua: &Lua, arguments: &MultiValue) -> mlua::Result<Value> {
    let name = text(lua, arguments.front().ok_or_else(needs_arguments)?)?;
    let name: HeaderName = name.parse().map_err(|_invalid| error("invalid header name"))?;
    let Some(value) = arguments.get(1) else { return userdata(lua, values(headers, &name)) };
    let list = match value {
        Value::UserData(held) if held.is::<List>() => held.borrow::<List>()?.clone(),
        _ => return Err(error("invalid header value, must be a luaList")),
    };
    headers.remove(&name);
    for value in list.texts() {
        account::charge(lua, value.len())?;
        headers.append(name.clone(), header_value(&value)?);
    }
    Ok(Value::Nil)
}

fn values(headers: &Headers, name: &HeaderName) -> List {
    List::of_texts(headers.get_all(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()))
}

fn header_value(text: &str) -> mlua::Result<HeaderValue> {
    HeaderValue::from_str(text).map_err(|_invalid| error("invalid header value"))
}

/// A header's name as Go writes it.
pub(super) fn canonical(name: &str) -> String {
    let parts = name.split('-').map(|part| {
        let mut letters = part.chars();
        letters.next().map_or_else(String::new, |first| {
            first.to_uppercase().chain(letters.flat_map(char::to_lowercase)).collect::<String>()
        })
    });
    parts.collect::<Vec<_>>().join("-")
}

/// An error that a script may catch.
pub(super) fn error(message: &str) -> mlua::Error {
    mlua::Error::external(ScriptError::plain(message))
}

pub(super) fn string(lua: &Lua, text: &str) -> mlua::Result<Value> {
    lua.create_string(text).map(Value::String)
}

pub(super) fn userdata<T: mlua::UserData + 'static>(lua: &Lua, data: T) -> mlua::Result<Value> {
    lua.create_userdata(data).map(Value::UserData)
}

/// A text, its bytes as they are.
pub(super) fn bytes_of(lua: &Lua, value: &Value) -> mlua::Result<Bytes> {
    let held = lua.coerce_string(value.clone())?.ok_or_else(needs_arguments)?;
    account::charge(lua, held.as_bytes().len())?;
    Ok(Bytes::copy_from_slice(&held.as_bytes()))
}

/// Reads or writes a text member.
pub(super) fn member(held: &mut String, lua: &Lua, arguments: &MultiValue) -> mlua::Result<Value> {
    let Some(value) = arguments.front() else { return string(lua, held) };
    *held = text(lua, value)?;
    Ok(Value::Nil)
}

/// The path and query of a text that is a URL or the part of one after its host.
pub(super) fn target(text: &str) -> Option<(String, String)> {
    let uri: Uri = text.parse().ok()?;
    Some((uri.path().to_owned(), uri.query().unwrap_or_default().to_owned()))
}

/// A body whole, with its bytes.
///
/// # Errors
/// When it breaks off or is too large to be held.
pub(super) async fn whole(body: Body) -> Result<(Body, Bytes), Failure> {
    match body {
        Body::Empty => Ok((Body::Empty, Bytes::new())),
        Body::Held(held) => {
            let bytes = held.to_bytes();
            Ok((Body::Held(held), bytes))
        }
        Body::Transit(mut receiver) => {
            let (mut chunks, mut length) = (Vec::new(), 0);
            let broken = |_error| Failure::new(Kind::Upload, "unexpected EOF");
            while let Some(chunk) = receiver.try_next().await.map_err(broken)? {
                length += chunk.len();
                if length > BODY_BYTES_MAX {
                    return Err(Failure::new(Kind::TooLarge, "http: request body too large"));
                }
                chunks.push(chunk);
            }
            let held = Held::new(chunks);
            let bytes = held.to_bytes();
            Ok((Body::Held(held), bytes))
        }
    }
}

//! `response`: what scripts see of an answer and may change in it.

use std::{cell::RefCell, rc::Rc};

use bytes::Bytes;
use futures_util::TryStreamExt;
use http::{HeaderName, StatusCode, header::CONTENT_LENGTH};
use mlua::{Lua, MultiValue, UserData, UserDataMethods, Value};

use crate::model::{Failure, Headers, Kind, Payload, Response};

use super::{
    asked::{bytes_of, canonical, error, header_list, headers, string, userdata},
    data::Table,
    error::ScriptError,
    machine::text,
};

/// An answer that scripts may read whole is held in memory up to this, in bytes.
const BODY_BYTES_MAX: usize = 64 * 1024 * 1024;

/// An answer in the hands of scripts.
#[derive(Clone, Debug)]
pub(super) struct Answered(Rc<RefCell<State>>);

#[derive(Debug)]
struct State {
    status: StatusCode,
    headers: Headers,
    complete: bool,
    data: Table,
    /// The body of an answer that is passed through.
    body: Option<Bytes>,
    has_new_body: bool,
}

impl Answered {
    /// Takes what scripts may change out of an answer; what they may not stays in it.
    pub(super) fn take_from(response: &mut Response) -> Self {
        let (data, body) = match &mut response.payload {
            Payload::Data(data) => (Table::of(std::mem::replace(data, crate::model::Data::Null)), None),
            Payload::Whole(bytes) => (Table::default(), Some(bytes.clone())),
            Payload::Transit(_) => (Table::default(), None),
        };
        Self(Rc::new(RefCell::new(State {
            status: response.status,
            headers: std::mem::take(&mut response.headers),
            complete: response.complete,
            data,
            body,
            has_new_body: false,
        })))
    }

    /// Puts it back as scripts have left it.
    ///
    /// # Errors
    /// When it is too much by now.
    pub(super) fn give_back_to(&self, response: &mut Response) -> Result<(), ScriptError> {
        let mut state = self.0.borrow_mut();
        response.status = state.status;
        response.complete = state.complete;
        response.headers = std::mem::take(&mut state.headers);
        if let Payload::Data(data) = &mut response.payload {
            *data = state.data.data()?;
        } else if state.has_new_body
            && let Some(body) = state.body.take()
        {
            response.headers.insert(CONTENT_LENGTH, body.len().into());
            response.payload = Payload::Whole(body);
        }
        Ok(())
    }
}

/// Reads an answer that is still arriving, so that scripts can look at it.
///
/// # Errors
/// When it breaks off or is too large to be held.
pub(super) async fn hold(response: &mut Response) -> Result<(), Failure> {
    let Payload::Transit(receiver) = &mut response.payload else { return Ok(()) };
    let mut whole = Vec::new();
    let broken = |_error| Failure::new(Kind::Io, "unexpected EOF");
    while let Some(chunk) = receiver.try_next().await.map_err(broken)? {
        if whole.len() + chunk.len() > BODY_BYTES_MAX {
            return Err(Failure::new(Kind::TooLarge, format!("response body larger than {BODY_BYTES_MAX} bytes")));
        }
        whole.extend_from_slice(&chunk);
    }
    response.payload = Payload::Whole(whole.into());
    Ok(())
}

/// Lets scripts load the answer.
pub(super) fn register(lua: &Lua, answered: &Answered) -> mlua::Result<()> {
    let response = lua.create_userdata(answered.clone())?;
    let class = lua.create_table()?;
    class.set("load", lua.create_function(move |_lua, ()| Ok(response.clone()))?)?;
    lua.globals().set("response", class)
}

impl State {
    fn status_code(&mut self, lua: &Lua, arguments: &MultiValue) -> mlua::Result<Value> {
        let Some(value) = arguments.front() else { return Ok(Value::Number(self.status.as_u16().into())) };
        let code = lua.coerce_number(value.clone())?.unwrap_or_default();
        let status = StatusCode::from_u16(code as u16).ok().filter(|status| !status.is_informational());
        self.status = status.ok_or_else(|| error("invalid status"))?;
        Ok(Value::Nil)
    }

    /// As in the original a header is found only by its exact name, while one that is set gets that name.
    fn headers(&mut self, lua: &Lua, arguments: &MultiValue) -> mlua::Result<Value> {
        if let (Some(name), 1) = (arguments.front(), arguments.len()) {
            let name = text(lua, name)?;
            if canonical(&name) != name {
                return string(lua, "");
            }
        }
        headers(&mut self.headers, lua, arguments)
    }

    fn body(&mut self, lua: &Lua, arguments: &MultiValue) -> mlua::Result<Value> {
        let Some(value) = arguments.front() else {
            return lua.create_string(self.body.as_deref().unwrap_or_default()).map(Value::String);
        };
        self.body = Some(bytes_of(lua, value)?);
        self.has_new_body = true;
        self.headers.remove(&HeaderName::from_static("content-encoding"));
        Ok(Value::Nil)
    }
}

impl UserData for Answered {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_method("isComplete", |_lua, this, arguments: MultiValue| {
            let mut state = this.0.borrow_mut();
            let Some(value) = arguments.front() else { return Ok(Value::Boolean(state.complete)) };
            state.complete = !matches!(value, Value::Nil | Value::Boolean(false));
            Ok(Value::Nil)
        });
        methods.add_method("statusCode", |lua, this, arguments: MultiValue| {
            this.0.borrow_mut().status_code(lua, &arguments)
        });
        methods.add_method("data", |lua, this, ()| userdata(lua, this.0.borrow().data.clone()));
        methods.add_method("headers", |lua, this, arguments: MultiValue| this.0.borrow_mut().headers(lua, &arguments));
        methods.add_method("headerList", |lua, this, arguments: MultiValue| {
            header_list(&mut this.0.borrow_mut().headers, lua, &arguments)
        });
        methods.add_method("body", |lua, this, arguments: MultiValue| this.0.borrow_mut().body(lua, &arguments));
    }
}

//! `ctx`: the client's request as scripts before an endpoint see it, unfiltered.

use mlua::{Lua, MultiValue, UserData, UserDataMethods, Value};

use crate::model::query;

use super::{
    asked::{Asked, error, header_list, headers, member, string, target},
    data::needs_arguments,
    machine::text,
};

/// The object behind `ctx.load()`.
#[derive(Clone, Debug)]
struct ScriptContext(Asked);

/// Lets scripts load the client's request.
pub(super) fn register(lua: &Lua, asked: &Asked) -> mlua::Result<()> {
    let context = lua.create_userdata(ScriptContext(asked.clone()))?;
    let class = lua.create_table()?;
    class.set("load", lua.create_function(move |_lua, ()| Ok(context.clone()))?)?;
    lua.globals().set("ctx", class)
}

impl ScriptContext {
    /// `url`: path and query, read or written.
    fn url(&self, lua: &Lua, arguments: &MultiValue) -> mlua::Result<Value> {
        let mut asked = self.0.0.borrow_mut();
        let Some(url) = arguments.front() else {
            let mark = if asked.query.is_empty() { "" } else { "?" };
            return string(lua, &format!("{}{mark}{}", asked.path, asked.query));
        };
        (asked.path, asked.query) = target(&text(lua, url)?).ok_or_else(|| error("invalid URL"))?;
        Ok(Value::Nil)
    }

    /// `query`: one parameter, read or written.
    fn query(&self, lua: &Lua, arguments: &MultiValue) -> mlua::Result<Value> {
        let mut asked = self.0.0.borrow_mut();
        let name = text(lua, arguments.front().ok_or_else(needs_arguments)?)?;
        if let Some(value) = arguments.get(1) {
            asked.query = query::with_value(&asked.query, &name, &text(lua, value)?);
            return Ok(Value::Nil);
        }
        let found = query::pairs(&asked.query).find(|(held, _)| *held == name);
        string(lua, found.as_ref().map_or("", |(_, value)| value.as_str()))
    }
}

impl UserData for ScriptContext {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_method("method", |lua, this, arguments: MultiValue| {
            member(&mut this.0.0.borrow_mut().method, lua, &arguments)
        });
        methods.add_method("host", |lua, this, arguments: MultiValue| {
            member(&mut this.0.0.borrow_mut().host, lua, &arguments)
        });
        methods.add_method("url", |lua, this, arguments: MultiValue| this.url(lua, &arguments));
        methods.add_method("query", |lua, this, arguments: MultiValue| this.query(lua, &arguments));
        methods.add_method("params", |lua, this, arguments: MultiValue| this.0.0.borrow_mut().params(lua, &arguments));
        methods.add_method("headers", |lua, this, arguments: MultiValue| {
            headers(&mut this.0.0.borrow_mut().headers, lua, &arguments)
        });
        methods.add_method("headerList", |lua, this, arguments: MultiValue| {
            header_list(&mut this.0.0.borrow_mut().headers, lua, &arguments)
        });
        methods.add_method("body", |lua, this, arguments: MultiValue| this.0.0.borrow_mut().body(lua, &arguments));
    }
}

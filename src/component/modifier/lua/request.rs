//! `request`: what scripts inside an endpoint or around a backend see of a request.

use mlua::{Lua, MultiValue, UserData, UserDataMethods, Value};

use crate::model::query;

use super::asked::{Asked, header_list, headers, member, string};

/// The object behind `request.load()`.
#[derive(Clone, Debug)]
struct ScriptRequest(Asked);

/// Lets scripts load the request.
pub(super) fn register(lua: &Lua, asked: &Asked) -> mlua::Result<()> {
    let request = lua.create_userdata(ScriptRequest(asked.clone()))?;
    let class = lua.create_table()?;
    class.set("load", lua.create_function(move |_lua, ()| Ok(request.clone()))?)?;
    lua.globals().set("request", class)
}

impl UserData for ScriptRequest {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_method("method", |lua, this, arguments: MultiValue| {
            member(&mut this.0.0.borrow_mut().method, lua, &arguments)
        });
        methods.add_method("path", |lua, this, arguments: MultiValue| {
            member(&mut this.0.0.borrow_mut().path, lua, &arguments)
        });
        methods.add_method("url", |lua, this, arguments: MultiValue| {
            member(&mut this.0.0.borrow_mut().url, lua, &arguments)
        });
        methods.add_method("query", |lua, this, arguments: MultiValue| {
            let held = &mut this.0.0.borrow_mut().query;
            if arguments.is_empty() {
                return string(lua, held);
            }
            member(held, lua, &arguments)?;
            *held = query::encoded_anew(held, |_| true);
            Ok(Value::Nil)
        });
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

//! What a script makes the gateway hold outside the script's own state, whose bound does not see it.
//!
//! Promises: it has a bound of its own; and tables and lists that hold each other in a circle are let go of together
//! with the state, however often a request makes some.

use std::{
    cell::{Cell, RefCell},
    rc::{Rc, Weak},
};

use mlua::Lua;

use super::{
    data::{Elements, Members},
    error::ScriptError,
};

/// More bytes than this, given over the whole time of a state, end a script.
const BYTES_MAX: usize = 256 * 1024 * 1024;
/// What remembering one container costs, in bytes.
const CONTAINER_BYTES: usize = 32;

/// What one state has given.
#[derive(Debug, Default)]
struct Account {
    bytes: Cell<usize>,
    tables: RefCell<Vec<Weak<Members>>>,
    lists: RefCell<Vec<Weak<Elements>>>,
}

/// Opens the account of a state.
pub(super) fn open(lua: &Lua) {
    lua.set_app_data(Account::default());
}

/// Books so many bytes more.
///
/// # Errors
/// When that is too much.
pub(super) fn charge(lua: &Lua, bytes: usize) -> mlua::Result<()> {
    let Some(account) = lua.app_data_ref::<Account>() else { return Ok(()) };
    let sum = account.bytes.get().saturating_add(bytes);
    account.bytes.set(sum);
    if sum > BYTES_MAX {
        Err(mlua::Error::external(ScriptError::plain("script takes too much memory")))
    } else {
        Ok(())
    }
}

/// Remembers a table that stands in another container now.
///
/// # Errors
/// When there are too many.
pub(super) fn remember_table(lua: &Lua, members: &Rc<Members>) -> mlua::Result<()> {
    charge(lua, CONTAINER_BYTES)?;
    if let Some(account) = lua.app_data_ref::<Account>() {
        account.tables.borrow_mut().push(Rc::downgrade(members));
    }
    Ok(())
}

/// Remembers a list that stands in another container now.
///
/// # Errors
/// When there are too many.
pub(super) fn remember_list(lua: &Lua, elements: &Rc<Elements>) -> mlua::Result<()> {
    charge(lua, CONTAINER_BYTES)?;
    if let Some(account) = lua.app_data_ref::<Account>() {
        account.lists.borrow_mut().push(Rc::downgrade(elements));
    }
    Ok(())
}

/// Empties what stands in other containers, so that no circle keeps itself. Nobody may look into them any more.
pub(super) fn close(lua: &Lua) {
    let Some(account) = lua.remove_app_data::<Account>() else { return };
    for table in account.tables.take().iter().filter_map(Weak::upgrade) {
        table.take();
    }
    for list in account.lists.take().iter().filter_map(Weak::upgrade) {
        list.take();
    }
}

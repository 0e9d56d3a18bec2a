//! Which libraries scripts have, without what would stop the thread or end the process.
//!
//! Promises: nothing of the base, table and package libraries runs on unseen by the bounds of the machine. What
//! `allow_open_libs` opens can wait for other programs and files, as in the original; that is the file's own choice.

use mlua::{Function, Lua, LuaOptions, MultiValue, StdLib, Value};

use super::{error::ScriptError, machine::text};

/// Longer patterns are refused: the library matches them by calling itself, and no stack is endless.
const PATTERN_BYTES_MAX: usize = 1024;
/// How binary chunks begin. The interpreter believes whatever stands in them.
const BINARY_MARK: u8 = 0x1b;

/// A state with the libraries that scripts may use.
pub(super) fn state(open_libraries: bool) -> mlua::Result<Lua> {
    let few = StdLib::TABLE | StdLib::PACKAGE;
    let libraries = if open_libraries { few | StdLib::STRING | StdLib::MATH | StdLib::OS | StdLib::IO } else { few };
    let lua = Lua::new_with(libraries, LuaOptions::default())?;
    tame_base(&lua)?;
    if open_libraries {
        tame_os(&lua)?;
        tame_patterns(&lua)?;
    } else {
        // The base library of Lua 5.1 brings it along.
        lua.globals().set("coroutine", Value::Nil)?;
    }
    Ok(lua)
}

fn tame_base(lua: &Lua) -> mlua::Result<()> {
    let globals = lua.globals();
    // Its finalizers run with no bound at all; the original's never run.
    globals.set("newproxy", Value::Nil)?;
    globals.set("print", lua.create_function(|_lua, words: MultiValue| print(&words))?)?;
    globals.set(
        "collectgarbage",
        lua.create_function(|lua, what: Option<mlua::LuaString>| Ok(collect_garbage(lua, what.as_ref())))?,
    )?;
    let load_text: Function = globals.get("loadstring")?;
    globals.set("loadstring", lua.create_function(move |lua, arguments| load(lua, &load_text, arguments))?)?;
    let load_text: Function = globals.get("loadstring")?;
    globals.set("load", lua.create_function(move |lua, arguments| load_pieces(lua, &load_text, arguments))?)?;
    for name in ["dofile", "loadfile"] {
        let original: Function = globals.get(name)?;
        let named = move |_lua: &Lua, arguments: MultiValue| match arguments.front() {
            Some(Value::String(_)) => original.call::<MultiValue>(arguments),
            // Without a name it would wait for somebody to type.
            _ => Err(refused("no file is named")),
        };
        globals.set(name, lua.create_function(named)?)?;
    }
    Ok(())
}

fn tame_os(lua: &Lua) -> mlua::Result<()> {
    let os = lua.globals().get::<mlua::Table>("os")?;
    // It would end the gateway, and everybody else's requests with it.
    os.set("exit", Value::Nil)?;
    // It would be another one for every thread; the original has none.
    os.set("setlocale", lua.create_function(|_lua, _arguments: MultiValue| Ok(false))?)
}

fn tame_patterns(lua: &Lua) -> mlua::Result<()> {
    let strings = lua.globals().get::<mlua::Table>("string")?;
    for name in ["find", "match", "gmatch", "gsub"] {
        let original: Function = strings.get(name)?;
        let bounded = move |_lua: &Lua, arguments: MultiValue| match arguments.get(1) {
            Some(Value::String(pattern)) if pattern.as_bytes().len() > PATTERN_BYTES_MAX && !is_plain(&arguments) => {
                Err(refused("pattern too long"))
            }
            _ => original.call::<MultiValue>(arguments),
        };
        strings.set(name, lua.create_function(bounded)?)?;
    }
    strings.set("gfind", strings.get::<Value>("gmatch")?)
}

/// Whether `find` is told to take its pattern as it stands.
fn is_plain(arguments: &MultiValue) -> bool {
    matches!(arguments.get(3), Some(Value::Boolean(true)))
}

/// What scripts print goes where everything goes that the gateway has to say, and never waits for a reader.
fn print(arguments: &MultiValue) -> mlua::Result<()> {
    let words = arguments.iter().map(Value::to_string).collect::<mlua::Result<Vec<_>>>()?;
    tracing::info!("[Lua] {}", words.join("\t"));
    Ok(())
}

/// Only tells how much is in use, in KiB: a collection is one step for the bounds, and a long time for the thread.
fn collect_garbage(lua: &Lua, what: Option<&mlua::LuaString>) -> f64 {
    if what.is_some_and(|what| *what == "count") { lua.used_memory() as f64 / 1024.0 } else { 0.0 }
}

fn load(lua: &Lua, original: &Function, arguments: MultiValue) -> mlua::Result<MultiValue> {
    if let Some(Value::String(chunk)) = arguments.front()
        && chunk.as_bytes().first() == Some(&BINARY_MARK)
    {
        let message = lua.create_string("binary chunks are not loaded")?;
        return Ok(MultiValue::from_iter([Value::Nil, Value::String(message)]));
    }
    original.call(arguments)
}

fn load_pieces(lua: &Lua, load_text: &Function, arguments: MultiValue) -> mlua::Result<MultiValue> {
    let mut arguments = arguments.into_iter();
    let Some(Value::Function(next)) = arguments.next() else { return Err(refused("function expected")) };
    let mut chunk = Vec::new();
    loop {
        let piece: Value = next.call(())?;
        if piece.is_nil() {
            break;
        }
        let piece = text(lua, &piece)?;
        if piece.is_empty() {
            break;
        }
        chunk.extend_from_slice(piece.as_bytes());
    }
    let chunk = Value::String(lua.create_string(chunk)?);
    load_text.call(std::iter::once(chunk).chain(arguments).collect::<MultiValue>())
}

fn refused(message: &str) -> mlua::Error {
    mlua::Error::external(ScriptError::plain(message))
}

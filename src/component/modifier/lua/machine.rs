//! One state in which scripts run, with its bounds.
//!
//! Runs once per request and script: a state is made, used and thrown away.

use std::cell::Cell;

use mlua::{HookTriggers, Lua, MultiValue, Value, VmState, chunk::ChunkMode};

use super::{
    account,
    data::{List, Table},
    error::ScriptError,
    libraries,
    settings::{Settings, Sources},
};

/// More memory than this ends a script, in bytes.
const MEMORY_BYTES_MAX: usize = 64 * 1024 * 1024;
/// More instructions than this end a script; some tenths of a second of its thread's time.
const INSTRUCTIONS_MAX: u32 = 20_000_000;
/// How many instructions pass between two looks at their number.
const INSTRUCTIONS_PER_LOOK: u32 = 10_000;

/// A state with the sources loaded.
pub(super) struct Machine {
    lua: Lua,
    sources: Sources,
}

impl Machine {
    /// Makes a state, lets `register` add what scripts may ask for, and runs the sources.
    pub(super) fn start(
        settings: &Settings,
        register: impl FnOnce(&Lua) -> mlua::Result<()>,
    ) -> Result<Self, ScriptError> {
        let sources = settings.sources()?;
        let machine = Self { lua: state(settings.open_libraries).map_err(|error| told(&error, None))?, sources };
        let registered = register_common(&machine.lua).and_then(|()| register(&machine.lua));
        registered.map_err(|error| told(&error, None))?;
        machine.run("sources", &machine.sources.text)?;
        Ok(machine)
    }

    /// Lets scripts ask for more.
    pub(super) fn add(&self, register: impl FnOnce(&Lua) -> mlua::Result<()>) -> Result<(), ScriptError> {
        register(&self.lua).map_err(|error| told(&error, None))
    }

    /// Runs a script in this state.
    pub(super) fn run(&self, name: &str, script: &str) -> Result<(), ScriptError> {
        if script.trim().is_empty() {
            return Ok(());
        }
        let chunk = self.lua.load(script).set_name(format!("={name}")).set_mode(ChunkMode::Text);
        chunk.exec().map_err(|error| told(&error, Some(&self.sources)))
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        account::close(&self.lua);
    }
}

/// Whether a script is one at all.
pub(super) fn check(name: &str, script: &str) -> Result<(), ScriptError> {
    if script.trim().is_empty() {
        return Ok(());
    }
    let lua = state(false).map_err(|error| told(&error, None))?;
    let chunk = lua.load(script).set_name(format!("={name}")).set_mode(ChunkMode::Text);
    chunk.into_function().map(drop).map_err(|error| told(&error, None))
}

fn state(open_libraries: bool) -> mlua::Result<Lua> {
    let lua = libraries::state(open_libraries)?;
    account::open(&lua);
    lua.set_memory_limit(MEMORY_BYTES_MAX)?;
    bound_instructions(&lua)?;
    Ok(lua)
}

fn bound_instructions(lua: &Lua) -> mlua::Result<()> {
    let looks = Cell::new(0_u32);
    lua.set_global_hook(HookTriggers::new().every_nth_instruction(INSTRUCTIONS_PER_LOOK), move |lua, _debug| {
        looks.set(looks.get().saturating_add(1));
        if looks.get() <= INSTRUCTIONS_MAX / INSTRUCTIONS_PER_LOOK {
            return Ok(VmState::Continue);
        }
        // From now on every instruction ends the script: one that catches errors may not live on between two looks.
        lua.set_global_hook(HookTriggers::new().every_nth_instruction(1), |_lua, _debug| too_long())?;
        too_long()
    })
}

fn too_long() -> mlua::Result<VmState> {
    Err(mlua::Error::external(ScriptError::plain("script takes too long")))
}

fn register_common(lua: &Lua) -> mlua::Result<()> {
    let globals = lua.globals();
    globals.set("custom_error", lua.create_function(custom_error)?)?;
    let class = |make: mlua::Function| -> mlua::Result<mlua::Table> {
        let class = lua.create_table()?;
        class.set("new", make)?;
        Ok(class)
    };
    globals.set("luaTable", class(lua.create_function(|_lua, ()| Ok(Table::default()))?)?)?;
    globals.set("luaList", class(lua.create_function(|_lua, ()| Ok(List::default()))?)?)?;
    globals.set("luaNil", class(lua.create_function(|_lua, ()| Ok(super::data::Null))?)?)?;
    globals.set("http_response", class(lua.create_function(no_http)?)?)
}

fn no_http(_lua: &Lua, _arguments: MultiValue) -> mlua::Result<()> {
    Err(mlua::Error::external(ScriptError::plain("http_response is not supported")))
}

fn custom_error(lua: &Lua, arguments: MultiValue) -> mlua::Result<()> {
    let mut arguments = arguments.into_iter();
    let Some(message) = arguments.next() else {
        return Err(mlua::Error::external(ScriptError::plain("need arguments")));
    };
    let message = text(lua, &message)?;
    let status = arguments.next().map(|status| lua.coerce_number(status)).transpose()?.flatten();
    let content_type = arguments.next().map(|value| text(lua, &value)).transpose()?;
    let error = ScriptError::custom(&message, status.map(|number| number as i64), content_type.as_deref());
    Err(mlua::Error::external(error))
}

/// A value that must be a text or a number, as text.
pub(super) fn text(lua: &Lua, value: &Value) -> mlua::Result<String> {
    match lua.coerce_string(value.clone())? {
        Some(text) => {
            account::charge(lua, text.as_bytes().len())?;
            Ok(text.to_string_lossy())
        }
        None => Err(mlua::Error::external(ScriptError::plain(format!("string expected, got {}", value.type_name())))),
    }
}

/// An error in the original's form: `message (script:L1)`.
fn told(error: &mlua::Error, sources: Option<&Sources>) -> ScriptError {
    if let Some(error) = error.downcast_ref::<ScriptError>() {
        return error.clone();
    }
    let text = match error {
        mlua::Error::CallbackError { cause, .. } => cause.to_string(),
        mlua::Error::RuntimeError(text) => text.clone(),
        mlua::Error::SyntaxError { message, .. } => message.clone(),
        other => other.to_string(),
    };
    let text = text.split("\nstack traceback:").next().unwrap_or_default();
    let Some((name, line, message)) = located(text) else { return ScriptError::plain(text) };
    let (name, line) = match sources {
        Some(sources) if name == "sources" => sources.place_of(line),
        _ => (name.to_owned(), line),
    };
    ScriptError::plain(format!("{message} ({name}:L{line})"))
}

fn located(text: &str) -> Option<(&str, usize, &str)> {
    let (name, rest) = text.split_once(':')?;
    let (line, message) = rest.split_once(": ")?;
    Some((name, line.parse().ok()?, message))
}

impl Sources {
    /// The file and its line at a line of the whole.
    fn place_of(&self, line: usize) -> (String, usize) {
        let mut left = line;
        for (path, lines) in &self.files {
            if left <= *lines {
                return (path.clone(), left);
            }
            left -= lines;
        }
        ("sources".to_owned(), line)
    }
}

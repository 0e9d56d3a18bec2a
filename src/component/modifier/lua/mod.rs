//! `modifier/lua-endpoint`, `modifier/lua-proxy`, `modifier/lua-backend`: scripts of the file around a request.
//!
//! Promises: every request has a fresh state, so that nothing is remembered; a script has bounds of memory and of
//! instructions, because it runs on the thread that serves others; whatever a script does, its request ends with an
//! answer. The language is that of PUC Lua 5.1.

mod account;
mod asked;
mod checksum;
mod context;
mod data;
mod error;
mod guard;
mod libraries;
mod machine;
mod native;
mod request;
mod response;
mod settings;
mod within;

pub use guard::{make_edge, make_guard, make_service_guard};
pub use within::{make_call, make_exchange};

#[cfg(test)]
mod tests;

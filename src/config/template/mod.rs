//! The part of Go's text/template, with sprig's staples, that configuration files use.
//!
//! Promises: what is rendered is what Go would render; a construct or function that is not supported is an error with
//! its place, never a silent difference. Any text ends in a rendering or an error: output, loops, nesting and the
//! size of every value are bounded. Nothing here opens a file or reads a variable of the process.

mod bounded;
mod equal;
mod eval;
mod format;
mod functions;
mod json;
mod lexer;
mod limits;
mod literal;
mod parser;
mod pipeline;
mod print;
mod render;
mod tree;
mod value;

pub use render::{Surroundings, TemplateError, render};

#[cfg(test)]
mod tests;

//! `gnomon top`: the experiments and canaries of a running gateway as a table that is drawn anew every second, for people
//! on ssh.
//!
//! Promises: what a gateway says can't steer the terminal; the terminal is left as it was found, however this ends; a
//! gateway that is away is waited for, and its absence is told; nothing is changed.

pub mod args;
mod command;
mod experiment;
mod keys;
mod layout;
mod line;
mod live;
mod look;
mod part;
mod screen;
mod sort;
mod text;
mod words;

#[cfg(test)]
mod layout_tests;

pub use command::top;

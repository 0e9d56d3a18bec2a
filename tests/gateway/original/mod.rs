//! The specs of KrakenD's own integration suite, one test each, with files and expectations of our own to the same
//! effect.
//!
//! Names of the original's specs stand above the tests. What differs on purpose: the gateway is called by its own name,
//! and nothing leaves the machine.

mod answers;
mod components;
mod encodings;
mod forwarding;
mod routing;
mod scripts;
mod sequences;
mod suite;
mod tokens;

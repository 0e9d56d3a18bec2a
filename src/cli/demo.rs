//! `gnomon demo`.

#![expect(clippy::print_stderr, reason = "a command line talks to people")]

use std::process::ExitCode;

use super::args::DemoArgs;

/// Not there yet.
pub fn demo(_arguments: DemoArgs) -> ExitCode {
    eprintln!("demo is not part of this branch");
    ExitCode::FAILURE
}

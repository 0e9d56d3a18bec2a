//! `gnomon run`.

#![expect(clippy::print_stderr, reason = "a command line talks to people")]

use std::process::ExitCode;

use super::args::RunArgs;

/// Not there yet.
pub fn run(_arguments: RunArgs) -> ExitCode {
    eprintln!("run is not part of this branch");
    ExitCode::FAILURE
}

//! `gnomon version`.

#![expect(clippy::print_stdout, reason = "a command line talks to people")]

use std::process::ExitCode;

/// Prints the version and what it stands in for.
pub fn version() -> ExitCode {
    println!("Gnomon Version: {}", env!("CARGO_PKG_VERSION"));
    println!("Runs files of: KrakenD 2.x (version 3)");
    ExitCode::SUCCESS
}

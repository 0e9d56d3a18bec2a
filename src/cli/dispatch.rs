//! Hands the command line to the command that was asked for.

#![expect(clippy::print_stderr, reason = "a command line talks to people")]

use std::{ffi::OsString, io::Write, process::ExitCode};

use clap::{CommandFactory, Parser};

use super::{
    args::{Arguments, Command, ConfigCommand},
    audit, check, demo, routes, run, shadow, split, top, version,
};
use crate::config::schema::schema;

/// Runs the program with these arguments, the program's name first.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => return told(&error),
    };
    match arguments.command {
        None => written(|out| write!(out, "{}", Arguments::command().render_long_help())),
        Some(Command::Run(arguments)) => run::run(&arguments),
        Some(Command::Check(arguments)) => check::check(&arguments),
        Some(Command::Routes(arguments)) => routes::routes(&arguments),
        Some(Command::Audit(arguments)) => audit::audit(&arguments),
        Some(Command::Config(ConfigCommand::Schema)) => written(|out| writeln!(out, "{:#}", schema())),
        Some(Command::Shadow(command)) => shadow::shadow(&command),
        Some(Command::Split(command)) => split::split(&command),
        Some(Command::Top(arguments)) => top::top(&arguments),
        Some(Command::CheckPlugin(_)) => unsupported("check-plugin"),
        Some(Command::TestPlugin(_)) => unsupported("test-plugin"),
        Some(Command::Version) => version::version(),
        Some(Command::Demo(arguments)) => demo::demo(arguments),
        Some(Command::Man) => written(|out| clap_mangen::Man::new(Arguments::command()).render(out)),
        Some(Command::Completions { shell }) => written(|out| {
            clap_complete::generate(shell, &mut Arguments::command(), "gnomon", out);
            Ok(())
        }),
    }
}

/// Commands that are about what we don't have are known, so that scripts are told why they fail.
fn unsupported(command: &str) -> ExitCode {
    eprintln!("gnomon: {command} is not supported: there are no Go plugins here");
    ExitCode::FAILURE
}

/// Help and version are answers, anything else is wrong usage.
fn told(error: &clap::Error) -> ExitCode {
    // Nobody is left to tell when the terminal has gone.
    let _ = error.print();
    u8::try_from(error.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from)
}

/// Collects what is to be written, then writes it at once; a reader that left early is no trouble.
fn written(write: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> ExitCode {
    let mut text = Vec::new();
    let outcome = write(&mut text).and_then(|()| std::io::stdout().write_all(&text));
    match outcome {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            eprintln!("gnomon: {error}");
            ExitCode::FAILURE
        }
        _ => ExitCode::SUCCESS,
    }
}

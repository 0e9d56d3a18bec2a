//! `gnomon check`: every finding about a configuration, and on request what was understood.
//!
//! Promises: everything goes to standard error, as in KrakenD; nothing is contacted, and ports are only tried when that
//! is asked for.

#![expect(clippy::print_stderr, reason = "a command line talks to people")]

use std::process::ExitCode;

use super::{args::CheckArgs, dump};
use crate::{
    config::{Diagnostic, Environment, Severity, Source, load, schema::lint},
    plan::compile,
    server::try_to_listen,
};

/// The exit code for wrong usage and unusable configurations.
pub const UNUSABLE: u8 = 2;

/// Checks one configuration: 0 when it can be used, else 2.
pub fn check(arguments: &CheckArgs) -> ExitCode {
    if arguments.lint_schema.is_some() {
        eprintln!(
            "--lint-schema is not supported: --lint checks against the schema that \"gnomon config schema\" prints"
        );
        return ExitCode::from(UNUSABLE);
    }
    eprintln!("Parsing configuration file: {}", arguments.config.display());
    let loaded = load(&Source::File(arguments.config.clone()), &Environment::of_process());
    let Some(service) = loaded.service else {
        report(&loaded.diagnostics);
        return ExitCode::from(UNUSABLE);
    };
    let (plan, findings) = compile(&service);
    let mut diagnostics = loaded.diagnostics;
    diagnostics.extend(loaded.places.locate(findings));
    if arguments.lint || arguments.lint_no_network {
        let findings = loaded.places.document().map(lint).unwrap_or_default();
        diagnostics.extend(loaded.places.locate(findings));
    }
    diagnostics.sort_by_key(|diagnostic| diagnostic.position);
    report(&diagnostics);
    if arguments.debug > 0 {
        eprint!("{}", dump::dump(&service, arguments.debug, &arguments.indent));
    }
    if diagnostics.iter().any(|diagnostic| diagnostic.severity >= Severity::Mistake) {
        return ExitCode::from(UNUSABLE);
    }
    if arguments.test_gin_routes
        && let Err(error) = try_to_listen(&plan.service)
    {
        eprintln!("ERROR testing the configuration file:\t{error}");
        return ExitCode::FAILURE;
    }
    eprintln!("Syntax OK!");
    ExitCode::SUCCESS
}

/// Prints findings, one a line, and how many errors there are.
pub fn report(diagnostics: &[Diagnostic]) {
    for diagnostic in diagnostics {
        eprintln!("{diagnostic}");
    }
    match diagnostics.iter().filter(|diagnostic| diagnostic.severity >= Severity::Mistake).count() {
        0 => {}
        1 => eprintln!("ERROR parsing the configuration file: 1 error"),
        errors => eprintln!("ERROR parsing the configuration file: {errors} errors"),
    }
}

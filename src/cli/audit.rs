//! `gnomon audit`: what is insecure or wasteful in a configuration that works.
//!
//! Promises: recommendations go to standard error, as in KrakenD; nothing is started or contacted.

#![expect(clippy::print_stderr, reason = "a command line talks to people")]

use std::process::ExitCode;

use super::{
    args::AuditArgs,
    check::{self, UNUSABLE},
};
use crate::config::{
    Environment, Source,
    audit::{DEFAULT_FORMAT, Selection, format, recommend},
    load,
};

/// Audits one configuration: 0 when there is nothing to say, 1 when there is, 2 when it cannot be used.
pub fn audit(arguments: &AuditArgs) -> ExitCode {
    let selection = match selection(arguments) {
        Ok(selection) => selection,
        Err(message) => return refused(&message),
    };
    let loaded = load(&Source::File(arguments.config.clone()), &Environment::of_process());
    let Some(document) = loaded.places.document().filter(|_| loaded.service.is_some()) else {
        check::report(&loaded.diagnostics);
        return ExitCode::from(UNUSABLE);
    };
    let recommendations = recommend(document, &selection);
    match format(&recommendations, arguments.format.as_deref().unwrap_or(DEFAULT_FORMAT)) {
        Ok(text) => eprint!("{text}"),
        Err(error) => return refused(&format!("--format: {error}")),
    }
    if recommendations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn refused(message: &str) -> ExitCode {
    eprintln!("gnomon: {message}");
    ExitCode::from(UNUSABLE)
}

fn selection(arguments: &AuditArgs) -> Result<Selection, String> {
    let mut ignored = arguments.ignore.clone();
    if let Some(path) = &arguments.ignore_file {
        let text = Source::File(path.clone()).read().map_err(|finding| finding.message)?;
        ignored.extend(text.split([',', '\n']).map(|rule| rule.trim().to_owned()));
    }
    let severities = ["CRITICAL", "HIGH", "MEDIUM", "LOW"];
    for wanted in &arguments.severity {
        if !severities.iter().any(|known| known.eq_ignore_ascii_case(wanted)) {
            return Err(format!("--severity: {wanted} is none of {}", severities.join(", ")));
        }
    }
    Ok(Selection { ignored, severities: arguments.severity.clone() })
}

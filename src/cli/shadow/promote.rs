//! `gnomon shadow promote`: how a file looks in which a shadow and its live backend have changed places.
//!
//! Promises: no gateway is asked and none is changed; nothing is written but what `--output` names.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line talks to people")]

use std::{fs, process::ExitCode};

use super::args::PromoteArgs;
use crate::{
    cli::check::{UNUSABLE, report},
    config::{Environment, Source, load, promote::Refusal},
    plan::promoted,
};

/// Prints or writes the patch or the file: 0 when it is done, 1 when it can't be, 2 when the file can't be used.
pub(super) fn promote(arguments: &PromoteArgs) -> ExitCode {
    let loaded = load(&Source::File(arguments.config.clone()), &Environment::of_process());
    let (Some(service), Some(document)) = (&loaded.service, loaded.places.document()) else {
        report(&loaded.diagnostics);
        return ExitCode::from(UNUSABLE);
    };
    let promotion = match promoted(service, document, &arguments.target) {
        Ok(promotion) => promotion,
        Err(refusal) => {
            eprintln!("gnomon: {}", words(&arguments.target, &refusal));
            return ExitCode::FAILURE;
        }
    };
    for note in &promotion.notes {
        eprintln!("note: {note}");
    }
    let written =
        if arguments.file { serde_json::to_string_pretty(&promotion.document) } else { pretty(&promotion.patch) };
    let outcome = written.map_err(|error| error.to_string()).and_then(|text| match &arguments.output {
        None => {
            println!("{text}");
            Ok(())
        }
        Some(path) => fs::write(path, format!("{text}\n"))
            .map_err(|error| format!("{} can't be written: {error}", path.display())),
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("gnomon: {why}");
            ExitCode::FAILURE
        }
    }
}

fn pretty(patch: &[crate::config::promote::Operation]) -> serde_json::Result<String> {
    serde_json::to_string_pretty(patch)
}

fn words(id: &str, refusal: &Refusal) -> String {
    match refusal {
        Refusal::Impossible(why) => format!("{id} can't be promoted: {why}"),
        Refusal::Unknown(ids) if ids.is_empty() => format!("there is no shadow {id}, nor any other"),
        Refusal::Unknown(ids) => format!("there is no shadow {id}; there are\n  {}", ids.join("\n  ")),
    }
}

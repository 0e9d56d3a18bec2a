//! What machines read of the figures: the dashboard and the alerts of the documentation against the real output, judged
//! by promtool and scraped by a real Prometheus.
//!
//! Tests that need one of the two programs say so and pass where it is missing; `tests/packages` installs both.

mod alerts;
mod board;
mod expression;
mod prometheus;
mod scene;
mod scraped;

use std::{
    fs::File,
    path::PathBuf,
    process::{Command, Output, Stdio},
};

use crate::gnomon::Folder;

/// The folder of the dashboard and the alerts.
fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/dashboards")
}

fn read(name: &str) -> String {
    std::fs::read_to_string(folder().join(name)).expect("a file of the documentation")
}

/// Runs promtool beside the files with this to read; `None` where it is not installed.
fn promtool(arguments: &[&str], input: &str) -> Option<Output> {
    let scratch = Folder::new();
    let input = File::open(scratch.file("input", input)).expect("it was just written");
    let started = Command::new("promtool")
        .args(arguments)
        .current_dir(folder())
        .stdin(input)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    match started {
        Ok(running) => Some(running.wait_with_output().expect("promtool ends")),
        Err(error) => {
            println!("skipped: promtool is not installed: {error}");
            None
        }
    }
}

/// What it printed.
fn printed(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

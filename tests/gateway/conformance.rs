//! The recorded answers of the original, where they are at hand: beside the repository, never part of it.

use std::{
    path::Path,
    process::{Command, Output},
};

/// Areas in which every case must pass.
const REQUIRED: &[&str] = &["shadow"];

fn run(runner: &Path, more: &[&str]) -> Output {
    Command::new("python3")
        .arg(runner)
        .args(["--gateway", env!("CARGO_BIN_EXE_gnomon")])
        .args(more)
        .output()
        .expect("python3 is installed where the recorded answers are")
}

fn last_line(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).lines().last().unwrap_or("nothing").to_owned()
}

#[test]
fn what_must_be_as_in_the_original_is() {
    let runner = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/conformance/run.py");
    if !runner.exists() {
        println!("skipped: there is no {}", runner.display());
        return;
    }
    for area in REQUIRED {
        let output = run(&runner, &["--only", area]);
        println!("{area}: {}", last_line(&output));
        assert!(output.status.success(), "{area}:\n{}", String::from_utf8_lossy(&output.stdout));
    }
}

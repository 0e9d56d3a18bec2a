//! The recorded answers of the original, where they are at hand: beside the repository, never part of it.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

/// Cases that fail because what they are about is not built yet; the part before the first dot is a file of cases.
/// Whoever builds it takes its line out: a line that no longer fails is an error here.
const NOT_YET: &[&str] = &[];

/// Cases where the original does something we do not want; docs/compatibility.md says why.
const NEVER: &[&str] = &["check.version-2"];

fn matches(pattern: &str, id: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == id, |start| id.starts_with(start))
}

/// Runs the cases and gives the ids of those that failed, with the runner's own report.
fn failed(runner: &Path, more: &[&str]) -> (BTreeSet<String>, String) {
    let report = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("conformance.json");
    let output = Command::new("python3")
        .arg(runner)
        .args(["--gateway", env!("CARGO_BIN_EXE_gnomon"), "--json"])
        .arg(&report)
        .args(more)
        .output()
        .expect("python3 is installed where the recorded answers are");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let read = std::fs::read_to_string(&report).unwrap_or_else(|error| panic!("{error}: {text}"));
    let report: Value = serde_json::from_str(&read).expect("the runner writes JSON");
    let cases = report["cases"].as_array().expect("the report lists cases");
    let failing = |case: &&Value| case["passed"] == false && case["divergence_allowed"] == false;
    let ids = cases.iter().filter(failing).filter_map(|case| case["id"].as_str().map(str::to_owned));
    (ids.collect(), text)
}

#[test]
fn what_is_built_answers_as_the_original_does() {
    let runner = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/conformance/run.py");
    if !runner.exists() {
        println!("skipped: there is no {}", runner.display());
        return;
    }
    let (failing, report) = failed(&runner, &[]);
    println!("{}", report.lines().last().unwrap_or_default());
    let expected = |id: &String| NOT_YET.iter().chain(NEVER).any(|pattern| matches(pattern, id));
    for id in failing.iter().filter(|id| !expected(id)) {
        // Timed cases stretch when other tests run beside them: a second look decides.
        let (again, report) = failed(&runner, &["--only", id]);
        assert!(again.is_empty(), "{id} does not answer as the original does:\n{report}");
    }
    let done: Vec<_> = NOT_YET.iter().filter(|pattern| !failing.iter().any(|id| matches(pattern, id))).collect();
    assert!(done.is_empty(), "take these out of the list of what is not built yet: {done:?}");
}

//! What was counted when the figures were last accepted, and what has changed since.
//!
//! A change is told and is no failure: instructions are those of one compiler, one C library and one valgrind, and more
//! of them may be what a feature is worth. Whoever reads it decides, and accepts or mends. What must never change stands
//! in `bars.rs` and in tests.

use std::{
    collections::BTreeMap,
    fs, io,
    path::PathBuf,
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use super::{
    count::{Counted, Figures},
    marks,
};

/// More or fewer instructions than this are a change, in percent.
const PERCENT_MAX: f64 = 3.0;
/// The same where threads work side by side, which scatters.
const PERCENT_MAX_THREADED: f64 = 10.0;
/// Allocations and tasks are counted whole; what is grown now and then makes fractions, which are no change.
const COUNT_MAX: f64 = 0.15;

/// The accepted figures, by scene.
pub(crate) struct Baseline {
    /// What they were counted with.
    tools: String,
    scenes: BTreeMap<String, Figures>,
}

impl Baseline {
    /// Those of the repository; none if there is no file.
    pub(crate) fn read() -> Self {
        let text = fs::read_to_string(path()).unwrap_or_default();
        let file: Value = serde_json::from_str(&text).unwrap_or_default();
        let tools = file.get("tools").and_then(Value::as_str).unwrap_or_default().to_owned();
        let scenes = file.get("scenes").and_then(Value::as_object).into_iter().flatten();
        Self { tools, scenes: scenes.filter_map(|(name, row)| Some((name.clone(), figures(row)?))).collect() }
    }

    /// The same with these figures for their scenes, and without scenes that are none of `known`.
    ///
    /// # Errors
    /// When some are kept that were counted with other tools: they can't stand in one table.
    pub(crate) fn accept(self, counted: &[Counted], known: &[&str]) -> Result<Self, String> {
        let mut scenes = self.scenes;
        scenes.retain(|name, _| known.contains(&name.as_str()) && counted.iter().all(|counted| counted.name != name));
        let tools = tools();
        if !scenes.is_empty() && self.tools != tools {
            return Err(format!("the other figures are of {}, these of {tools}: accept all of them", self.tools));
        }
        scenes.extend(counted.iter().map(|counted| (counted.name.to_owned(), counted.figures)));
        Ok(Self { tools, scenes })
    }

    /// Makes these the accepted ones.
    ///
    /// # Errors
    /// When the file can't be written.
    pub(crate) fn write(&self) -> io::Result<()> {
        let scenes: BTreeMap<&String, Value> = self.scenes.iter().map(|(name, figures)| (name, row(figures))).collect();
        let file = json!({ "tools": self.tools, "scenes": scenes });
        fs::write(path(), serde_json::to_string_pretty(&file)? + "\n")
    }

    /// Shows them on the page, in the order of `known`.
    ///
    /// # Errors
    /// When the page can't be written.
    pub(crate) fn show(&self, known: &[&'static str]) -> io::Result<()> {
        let accepted = |name: &&'static str| Some(Counted { name, figures: *self.scenes.get(*name)? });
        let counted: Vec<Counted> = known.iter().filter_map(accepted).collect();
        marks::fill("costs", &format!("{}\n\n{}", self.tools, super::table(&counted)))
    }

    /// What differs now, as text for people.
    pub(crate) fn told(&self, counted: &[Counted], is_threaded: impl Fn(&str) -> bool) -> String {
        let mut text = String::new();
        if counted.iter().any(|counted| counted.figures.instructions.is_none()) {
            text.push_str("Not all instructions were counted: is valgrind installed?\n");
        }
        if self.tools != tools() {
            text.push_str(&format!("Accepted were figures of {};\nthese are of {}.\n", self.tools, tools()));
        }
        let rows: Vec<String> =
            counted.iter().flat_map(|counted| self.changes(counted, is_threaded(counted.name))).collect();
        if rows.is_empty() {
            return format!("{text}{} scenes cost what they did, within {PERCENT_MAX} %.", counted.len());
        }
        format!(
            "{text}| scene | what | was | is | change |\n|---|---|---|---|---|\n{}\n\n\
             If that is meant, or these are better: cargo bench --bench costs -- --bless",
            rows.join("\n")
        )
    }

    fn changes(&self, counted: &Counted, is_threaded: bool) -> Vec<String> {
        let Counted { name, figures: is } = counted;
        let Some(was) = self.scenes.get(*name) else { return vec![format!("| {name} | all | – | is new | |")] };
        let mut rows = Vec::new();
        for (what, was, is) in [("allocations", was.allocations, is.allocations), ("tasks", was.tasks, is.tasks)] {
            if (is - was).abs() > COUNT_MAX {
                rows.push(format!("| {name} | {what} | {was:.1} | {is:.1} | {:+.1} |", is - was));
            }
        }
        let percent_max = if is_threaded { PERCENT_MAX_THREADED } else { PERCENT_MAX };
        if let (Some(was), Some(is)) = (was.instructions, is.instructions) {
            let percent = (is as f64 / was.max(1) as f64 - 1.0) * 100.0;
            if percent.abs() > percent_max {
                rows.push(format!("| {name} | instructions | {was} | {is} | {percent:+.1} % |"));
            }
        }
        rows
    }
}

fn row(figures: &Figures) -> Value {
    let Figures { allocations, bytes, tasks, instructions } = figures;
    json!({ "allocations": allocations, "bytes": bytes, "tasks": tasks, "instructions": instructions })
}

fn figures(row: &Value) -> Option<Figures> {
    let number = |key: &str| row.get(key).and_then(Value::as_f64);
    let instructions = row.get("instructions").and_then(Value::as_u64);
    let (allocations, bytes, tasks) = (number("allocations")?, number("bytes")?, number("tasks")?);
    Some(Figures { allocations, bytes, tasks, instructions })
}

fn path() -> PathBuf {
    marks::in_repository("benches/costs/baseline.json")
}

/// The compiler, the C library and valgrind, by version: what instructions depend on beside the sources.
fn tools() -> String {
    let first_line = |program: &str| {
        let output = Command::new(program).arg("--version").stderr(Stdio::null()).output().ok()?;
        let line = String::from_utf8_lossy(&output.stdout).lines().next()?.trim().to_owned();
        (!line.is_empty()).then_some(line)
    };
    let told = ["rustc", "ldd", "valgrind"].map(|program| first_line(program).unwrap_or(format!("no {program}")));
    format!("{}, {}", told.join(", "), std::env::consts::ARCH)
}

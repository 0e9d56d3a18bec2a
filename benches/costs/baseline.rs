//! What was counted when the figures were last accepted, and what has changed since.
//!
//! Instructions are those of one compiler, one C library and one valgrind: with others the changes are told and are no
//! failure. Allocations and tasks are the same everywhere.

use std::{
    collections::BTreeMap,
    fs, io,
    path::PathBuf,
    process::{Command, ExitCode},
};

use serde_json::{Value, json};

use super::{count::Counted, marks};

/// More or fewer instructions than this are a change, in percent.
const PERCENT_MAX: f64 = 3.0;
/// Allocations and tasks are counted whole; what is grown now and then makes fractions, which are not.
const COUNT_MAX: f64 = 0.1;

/// The accepted figures, by scene.
pub(crate) struct Baseline {
    /// What they were counted with.
    tools: String,
    scenes: BTreeMap<String, Figures>,
}

#[derive(Clone, Copy)]
struct Figures {
    allocations: f64,
    bytes: f64,
    tasks: f64,
    instructions: Option<u64>,
}

impl Baseline {
    /// The figures just counted.
    pub(crate) fn now(counted: &[Counted]) -> Self {
        let figures = |counted: &Counted| Figures {
            allocations: counted.allocations,
            bytes: counted.bytes,
            tasks: counted.tasks,
            instructions: counted.instructions,
        };
        let scenes = counted.iter().map(|counted| (counted.name.to_owned(), figures(counted))).collect();
        Self { tools: tools(), scenes }
    }

    /// Those of the repository; none if there is no file.
    pub(crate) fn read() -> Self {
        let text = fs::read_to_string(path()).unwrap_or_default();
        let file: Value = serde_json::from_str(&text).unwrap_or_default();
        let tools = file.get("tools").and_then(Value::as_str).unwrap_or_default().to_owned();
        let scenes = file.get("scenes").and_then(Value::as_object).into_iter().flatten();
        let scenes = scenes.filter_map(|(name, figures)| {
            let number = |key: &str| figures.get(key).and_then(Value::as_f64);
            let instructions = figures.get("instructions").and_then(Value::as_u64);
            let (allocations, bytes, tasks) = (number("allocations")?, number("bytes")?, number("tasks")?);
            Some((name.clone(), Figures { allocations, bytes, tasks, instructions }))
        });
        Self { tools, scenes: scenes.collect() }
    }

    /// Makes these the accepted ones; `is_part` keeps those of other scenes.
    ///
    /// # Errors
    /// When the file can't be written.
    pub(crate) fn write(self, is_part: bool) -> io::Result<()> {
        let mut scenes = if is_part { Self::read().scenes } else { BTreeMap::new() };
        scenes.extend(self.scenes);
        let tenth = |number: f64| (number * 10.0).round() / 10.0;
        let row = |figures: Figures| {
            let Figures { allocations, bytes, tasks, instructions } = figures;
            json!({
                "allocations": tenth(allocations),
                "bytes": bytes.round(),
                "tasks": tenth(tasks),
                "instructions": instructions,
            })
        };
        let scenes: BTreeMap<String, Value> = scenes.into_iter().map(|(name, figures)| (name, row(figures))).collect();
        let file = json!({ "tools": self.tools, "scenes": scenes });
        let text = serde_json::to_string_pretty(&file).expect("a tree can be written") + "\n";
        fs::write(path(), text)
    }

    /// Prints what has changed; a failure if something has that can be compared.
    pub(crate) fn check(&self, counted: &[Counted]) -> ExitCode {
        let (mut rows, mut must_fail) = (Vec::new(), false);
        let same_tools = self.tools == tools();
        for counted in counted {
            let Some(before) = self.scenes.get(counted.name) else {
                rows.push(format!("| {} | all | – | is new | |", counted.name));
                must_fail = true;
                continue;
            };
            for (what, was, is) in
                [("allocations", before.allocations, counted.allocations), ("tasks", before.tasks, counted.tasks)]
            {
                if (is - was).abs() > COUNT_MAX {
                    rows.push(format!("| {} | {what} | {was:.1} | {is:.1} | |", counted.name));
                    must_fail = true;
                }
            }
            if let (Some(was), Some(is)) = (before.instructions, counted.instructions) {
                let percent = (is as f64 / was.max(1) as f64 - 1.0) * 100.0;
                if percent.abs() > PERCENT_MAX {
                    rows.push(format!("| {} | instructions | {was} | {is} | {percent:+.1} % |", counted.name));
                    must_fail |= same_tools;
                }
            }
        }
        if counted.iter().all(|counted| counted.instructions.is_none()) {
            println!("Instructions were not counted: valgrind is missing.");
        } else if !same_tools {
            println!("Accepted were figures of {}; these are of {}.", self.tools, tools());
            println!("So instructions are compared for what it is worth, and no difference of them is a failure.\n");
        }
        if rows.is_empty() {
            println!("{} scenes cost what they did, within {PERCENT_MAX} %.", counted.len());
            return ExitCode::SUCCESS;
        }
        println!("| scene | what | was | is | change |\n|---|---|---|---|---|\n{}", rows.join("\n"));
        println!("\nIf that is meant: cargo bench --bench costs -- --bless");
        if must_fail { ExitCode::FAILURE } else { ExitCode::SUCCESS }
    }
}

fn path() -> PathBuf {
    marks::in_repository("benches/costs/baseline.json")
}

/// The compiler, the C library and valgrind, by version: what instructions depend on beside the sources.
fn tools() -> String {
    let first_line = |program: &str, flag: &str| {
        let output = Command::new(program).arg(flag).output().ok()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let line = text.lines().next()?.trim().to_owned();
        (!line.is_empty()).then_some(line)
    };
    let known = [("rustc", "--version"), ("ldd", "--version"), ("valgrind", "--version")];
    let told = known.map(|(program, flag)| first_line(program, flag).unwrap_or_else(|| format!("no {program}")));
    format!("{}, {}", told.join(", "), std::env::consts::ARCH)
}

//! Allocations, tasks and instructions of what a request goes through, counted and not timed: the same on a busy machine.
//!
//! `cargo bench --bench costs` prints the table, `-- --check` compares it with `baseline.json` and fails where something
//! changed, `-- --bless` writes that file anew; a word more takes only scenes with that word in their name. Instructions
//! need valgrind. `docs/performance.md` says how to read it.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "its output is a table")]

mod baseline;
#[path = "../hot_path/compare.rs"]
#[expect(dead_code, reason = "its criterion group is of the other program")]
mod compare;
mod count;
#[path = "../sweep/marks.rs"]
mod marks;
mod pieces;
#[path = "../hot_path/plans.rs"]
mod plans;
mod scale;
mod scenes;
mod served;
#[path = "../hot_path/stubs.rs"]
mod stubs;

use std::{env, process::ExitCode};

use baseline::Baseline;
use count::Counted;
use scenes::Scene;

/// Every scene, in the order of the table.
fn all() -> Vec<Scene> {
    [pieces::all(), scenes::all(), scale::all(), served::all()].into_iter().flatten().collect()
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [flag, name, times] = arguments.as_slice()
        && flag == "--play"
    {
        return play(name, times);
    }
    // `cargo test` builds this too and only wants to see that it works.
    let is_test = arguments.iter().any(|argument| argument == "--test") || !arguments.iter().any(|it| it == "--bench");
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    let word = arguments.iter().find(|argument| !argument.starts_with("--"));
    let wanted = |scene: &Scene| word.is_none_or(|word| scene.name.contains(word.as_str()));
    let scenes: Vec<Scene> = all().into_iter().filter(wanted).collect();
    let counted = count::all(&scenes, is_test);
    if has("--bless") {
        return bless(&counted, word.is_some());
    }
    if has("--check") {
        return Baseline::read().check(&counted);
    }
    println!("{}", table(&counted));
    ExitCode::SUCCESS
}

/// Accepts the figures, and shows them on the page if all were counted.
fn bless(counted: &[Counted], is_part: bool) -> ExitCode {
    let written = Baseline::now(counted).write(is_part);
    let shown = if is_part { Ok(()) } else { marks::fill("costs", &table(counted)) };
    if let Err(error) = written.and(shown) {
        eprintln!("{error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn table(counted: &[Counted]) -> String {
    let row = |counted: &Counted| {
        let Counted { name, allocations, bytes, tasks, instructions } = counted;
        let instructions = instructions.map_or_else(|| "–".to_owned(), |count| count.to_string());
        format!("| {name} | {allocations:.1} | {bytes:.0} | {tasks:.1} | {instructions} |")
    };
    let rows: Vec<String> = counted.iter().map(row).collect();
    format!("| scene | allocations | bytes | tasks | instructions |\n|---|---|---|---|---|\n{}", rows.join("\n"))
}

fn play(name: &str, times: &str) -> ExitCode {
    let Some(scene) = all().into_iter().find(|scene| scene.name == name) else { return ExitCode::FAILURE };
    let Ok(times) = times.parse() else { return ExitCode::FAILURE };
    (scene.play)(times);
    ExitCode::SUCCESS
}

//! Allocations, tasks and instructions of what a request goes through, counted and not timed: the same on a busy machine.
//!
//! `cargo bench --bench costs` prints the table; `-- --check` tells what differs from `baseline.json` and fails where a
//! bar is broken; `-- --bless` accepts what is counted, in that file and on the page; `-- --show` writes the page anew from
//! the file. A word more takes only scenes with that word in their name. Instructions need valgrind.
//! `docs/performance.md` says how to read it.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "its output is a table")]

mod bars;
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

use std::{env, fmt::Display, process::ExitCode};

use baseline::Baseline;
use count::{Counted, Figures};
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
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    let is_test = has("--test") || !has("--bench");
    let word = arguments.iter().find(|argument| !argument.starts_with("--"));
    let all = all();
    let known: Vec<&'static str> = all.iter().map(|scene| scene.name).collect();
    if has("--show") {
        return done(Baseline::read().show(&known));
    }
    let wanted = |scene: &&Scene| word.is_none_or(|word| scene.name.contains(word.as_str()));
    let scenes: Vec<Scene> = all.iter().filter(wanted).copied().collect();
    let counted = count::all(&scenes, is_test);
    if has("--bless") {
        return match Baseline::read().accept(&counted, &known) {
            Ok(accepted) => done(accepted.write().and_then(|()| accepted.show(&known))),
            Err(reason) => done(Err(reason)),
        };
    }
    if has("--check") {
        let is_threaded = |name: &str| scenes.iter().any(|scene| scene.name == name && scene.is_threaded);
        println!("{}", Baseline::read().told(&counted, is_threaded));
        let broken = bars::broken(&counted);
        return done(if broken.is_empty() { Ok(()) } else { Err(broken.join("\n")) });
    }
    println!("{}", table(&counted));
    ExitCode::SUCCESS
}

fn done(outcome: Result<(), impl Display>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn table(counted: &[Counted]) -> String {
    let row = |counted: &Counted| {
        let Counted { name, figures: Figures { allocations, bytes, tasks, instructions } } = counted;
        let instructions = instructions.map_or_else(|| "–".to_owned(), |count| count.to_string());
        format!("| {name} | {allocations:.1} | {bytes:.0} | {tasks:.1} | {instructions} |")
    };
    let rows: Vec<String> = counted.iter().map(row).collect();
    format!("| scene | allocations | bytes | tasks | instructions |\n|---|---|---|---|---|\n{}", rows.join("\n"))
}

fn play(name: &str, times: &str) -> ExitCode {
    let Some(scene) = all().into_iter().find(|scene| scene.name == name) else { return ExitCode::FAILURE };
    let Ok(times) = times.parse() else { return ExitCode::FAILURE };
    count::play(&scene, times);
    ExitCode::SUCCESS
}

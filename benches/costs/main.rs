//! Allocations and instructions of what a request goes through, counted and not timed: the same on a busy machine.
//!
//! `cargo bench --bench costs` prints the table; instructions need valgrind. `benches/README.md` says how to read it.

#![expect(clippy::print_stdout, reason = "its output is a table")]

#[path = "../hot_path/compare.rs"]
#[expect(dead_code, reason = "its criterion group is of the other program")]
mod compare;
#[path = "../hot_path/plans.rs"]
mod plans;
mod scenes;
#[path = "../hot_path/stubs.rs"]
mod stubs;

use std::{
    env,
    process::{Command, ExitCode},
};

use scenes::{Scene, all};

/// How often a scene is played before its allocations are counted, so that what is made once has been made.
const WARM_UP: u64 = 100;
/// How often it is played while allocations are counted.
const TIMES: u64 = 1000;
/// How often under valgrind; the difference of both runs leaves out start and end of the program.
const FEW: u64 = 200;
const MANY: u64 = 1200;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().collect();
    if let [_, flag, name, times] = arguments.as_slice()
        && flag == "--play"
    {
        return play(name, times);
    }
    // `cargo test` builds this too and only wants to see that it works.
    let is_test = arguments.iter().any(|argument| argument == "--test") || !arguments.iter().any(|it| it == "--bench");
    println!("| scene | allocations | bytes | instructions |\n|---|---|---|---|");
    for scene in all() {
        let (count, bytes) = allocations(&scene, if is_test { 1 } else { TIMES });
        let instructions = if is_test { None } else { instructions(&scene) };
        let instructions = instructions.map_or_else(|| "–".to_owned(), |count| count.to_string());
        println!("| {} | {count:.1} | {bytes:.0} | {instructions} |", scene.name);
    }
    ExitCode::SUCCESS
}

fn play(name: &str, times: &str) -> ExitCode {
    let Some(scene) = all().into_iter().find(|scene| scene.name == name) else { return ExitCode::FAILURE };
    let Ok(times) = times.parse() else { return ExitCode::FAILURE };
    (scene.play)(times);
    ExitCode::SUCCESS
}

/// Allocations and allocated bytes of one time.
fn allocations(scene: &Scene, times: u64) -> (f64, f64) {
    let of = |times: u64| allocation_counter::measure(|| (scene.play)(times));
    of(WARM_UP);
    // Here too the difference leaves out what a play makes once.
    let (few, many) = (of(times), of(2 * times));
    let each = |few: u64, many: u64| many.saturating_sub(few) as f64 / times as f64;
    (each(few.count_total, many.count_total), each(few.bytes_total, many.bytes_total))
}

/// Instructions of one time; `None` without valgrind.
fn instructions(scene: &Scene) -> Option<u64> {
    let (few, many) = (collected(scene, FEW)?, collected(scene, MANY)?);
    Some(many.saturating_sub(few) / (MANY - FEW))
}

fn collected(scene: &Scene, times: u64) -> Option<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(env::current_exe().ok()?)
        .args(["--play", scene.name, &times.to_string()])
        .output()
        .ok()?;
    let told = String::from_utf8_lossy(&output.stderr);
    let line = told.lines().find_map(|line| line.split("Collected :").nth(1))?;
    line.trim().parse().ok()
}

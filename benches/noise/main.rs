//! How often the decisions about noise are wrong, and how often they find a regression: a table, counted and not timed.
//!
//! `cargo bench --bench noise` prints it; RUNS may be set. `docs/shadowing.md` shows it and says what it means.

#![expect(clippy::print_stdout, reason = "its output is a table")]

#[path = "../../src/compare/noise/tests/simulation.rs"]
mod simulation;

use std::{env, thread, time::Duration};

use gnomon::{
    compare::{Decision, DifferenceKind, Fields},
    config::shadow::{Baseline, BaselineMode, Share},
};
use simulation::{Outcome, Scene, play};

const PAIRS: u64 = 12_800;
const NOISE: [f64; 4] = [0.001, 0.01, 0.1, 0.5];
/// None first: there every alarm is false.
const REGRESSIONS: [f64; 5] = [0.0, 0.001, 0.005, 0.01, 0.05];
const MODES: [BaselineMode; 4] = [
    BaselineMode::DualPrimary,
    BaselineMode::Learned { lasts: Duration::from_secs(3600), pairs: 6400 },
    BaselineMode::Learned { lasts: Duration::from_secs(3600), pairs: 2000 },
    BaselineMode::Diffy,
];

/// A line of the table: a mode, and when its decisions are read.
struct Line {
    name: &'static str,
    mode: usize,
    alarm: fn(&Outcome) -> bool,
    found: fn(&Outcome) -> bool,
}

const LINES: [Line; 5] = [
    Line { name: "dual_primary", mode: 0, alarm: |outcome| outcome.alarm_ever, found: |outcome| outcome.found_ever },
    Line { name: "learned", mode: 1, alarm: |outcome| outcome.alarm_ever, found: |outcome| outcome.found_ever },
    Line {
        name: "learned from 2000",
        mode: 2,
        alarm: |outcome| outcome.alarm_ever,
        found: |outcome| outcome.found_ever,
    },
    Line { name: "diffy", mode: 3, alarm: |outcome| outcome.alarm_ever, found: |outcome| outcome.found_ever },
    Line {
        name: "diffy, read once",
        mode: 3,
        alarm: |outcome| outcome.alarm_at_end,
        found: |outcome| outcome.found_at_end,
    },
];

fn main() {
    // `cargo test` builds this too and only wants to see that it works.
    let is_bench = env::args().any(|argument| argument == "--bench");
    let asked = env::var("RUNS").ok().and_then(|runs| runs.parse().ok());
    let (runs, pairs) = if is_bench { (asked.unwrap_or(1000), PAIRS) } else { (2, 400) };
    println!("{runs} runs a number, {pairs} pairs a run, ten fields\n");
    println!("| mode | noise | false alarms | 0.1 % found | 0.5 % found | 1 % found | 5 % found |");
    println!("|---|---|---|---|---|---|---|");
    let mut cells = vec![Vec::new(); NOISE.len()];
    for (noise, cells) in NOISE.into_iter().zip(&mut cells) {
        for regression in REGRESSIONS {
            let outcomes = play_often(Scene { noise, regression, pairs }, runs);
            cells.push(LINES.map(|line| {
                let of = if regression > 0.0 { line.found } else { line.alarm };
                outcomes.iter().filter(|outcomes| outcomes.get(line.mode).is_some_and(of)).count()
            }));
        }
    }
    for (place, line) in LINES.iter().enumerate() {
        for (noise, cells) in NOISE.into_iter().zip(&cells) {
            let counts = cells.iter().filter_map(|counts| counts.get(place));
            let shares: Vec<String> = counts.map(|count| share(*count, runs)).collect();
            println!("| {} | {} % | {} |", line.name, noise * 100.0, shares.join(" | "));
        }
    }
}

fn share(count: usize, runs: u64) -> String {
    format!("{:.1} %", count as f64 * 100.0 / runs as f64)
}

/// The outcomes of each mode in each run, on all cores.
fn play_often(scene: Scene, runs: u64) -> Vec<Vec<Outcome>> {
    let threads = thread::available_parallelism().map_or(1, |count| count.get() as u64);
    thread::scope(|scope| {
        let begin = |first: u64| {
            scope.spawn(move || {
                let seeds = (first..runs).step_by(usize::try_from(threads).unwrap_or(1));
                seeds.map(|seed| play(scene, &MODES, seed)).collect::<Vec<_>>()
            })
        };
        let playing: Vec<_> = (0..threads).map(begin).collect();
        playing.into_iter().flat_map(|thread| thread.join().unwrap_or_default()).collect()
    })
}

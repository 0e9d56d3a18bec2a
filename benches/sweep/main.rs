//! How what a request costs grows: with connections, endpoints, backends, sizes of bodies, the share that is copied, and
//! worker threads. Draws the plots of `docs/performance.md` and fills its tables.
//!
//! `cargo bench --bench sweep -- --write`, on a machine that does nothing else: about five minutes; without the flag it
//! only prints, and with `--draw` it measures nothing and makes plots and tables of what is recorded. ROUNDS (4) and
//! MILLISECONDS (a cell, 1000) may be set, AXES names some with commas between them, GNOMON another binary. Every round begins with another cell; what is shown is the median, and from the least to the most.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "its output is tables and how far it is")]

mod axes;
mod gateway;
mod load;
mod marks;
mod measured;
mod plot;
mod record;
mod table;
mod upstream;

use std::{env, io, process::ExitCode, time::Duration};

use axes::{Axis, Cell};
use gateway::Gateway;
use measured::{Measured, rounded};
use record::{Record, Taken};
use upstream::Upstream;

fn setting(name: &str, otherwise: u64) -> u64 {
    env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

fn main() -> ExitCode {
    let has = |flag: &str| env::args().any(|argument| argument == flag);
    let done = if has("--draw") {
        Record::read().and_then(|record| record.draw(&axes::all()))
    } else {
        sweep(has("--bench"), has("--write"))
    };
    if let Err(error) = done {
        eprintln!("{error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// `cargo test --benches` only wants to know whether this works; `cargo bench` says so by its flag, `is_meant`.
fn sweep(is_meant: bool, is_kept: bool) -> io::Result<()> {
    let rounds = setting("ROUNDS", if is_meant { 4 } else { 1 });
    let time = Duration::from_millis(setting("MILLISECONDS", if is_meant { 1000 } else { 50 }));
    let asked = env::var("AXES").ok();
    let wanted = |axis: &Axis| asked.as_ref().is_none_or(|names| names.split(',').any(|name| name == axis.name));
    let axes: Vec<Axis> = axes::all().into_iter().filter(wanted).collect();
    let is_pinned = gateway::stay_on_other_core();
    let taken = Taken::now(rounds, time, is_pinned);
    let measured = measure(&axes, rounds, time, is_pinned);
    println!("{}", taken.told());
    for axis in &axes {
        println!("\n{}\n\n{}", axis.title, table::markdown(axis, &measured));
    }
    if !is_kept {
        return Ok(());
    }
    let record = Record::read()?.renewed(&axes, &taken, measured);
    record.write()?;
    record.draw(&axes)
}

fn measure(axes: &[Axis], rounds: u64, time: Duration, is_pinned: bool) -> Vec<Measured> {
    let upstream = Upstream::start();
    let cells: Vec<(&Axis, &Cell)> =
        axes.iter().flat_map(|axis| axis.cells.iter().map(move |cell| (axis, cell))).collect();
    let mut measured = Vec::new();
    for round in 0..rounds {
        for turn in 0..cells.len() {
            // Begins elsewhere every round, so that no cell is always early.
            let shift = usize::try_from(round).unwrap_or(0) * cells.len() / usize::try_from(rounds).unwrap_or(1).max(1);
            let Some((axis, cell)) = cells.get((turn + shift) % cells.len()) else { continue };
            eprintln!("round {} of {rounds}: {}, {} {}", round + 1, axis.name, cell.at, cell.series);
            measured.push(one(axis, cell, round, time, &upstream, is_pinned));
        }
    }
    measured
}

fn one(axis: &Axis, cell: &Cell, round: u64, time: Duration, upstream: &Upstream, is_pinned: bool) -> Measured {
    let gateway = Gateway::start(|port| cell.file(port, upstream.port), cell.workers, is_pinned);
    let idle_kb = gateway.memory_kb();
    load::run(gateway.port, &cell.request(), cell.connections, time / 4);
    let before = gateway.cpu_ns();
    let answered = load::run(gateway.port, &cell.request(), cell.connections, time);
    let cpu_ns = gateway.cpu_ns().saturating_sub(before);
    Measured {
        axis: axis.name.to_owned(),
        at: cell.at.clone(),
        series: cell.series.to_owned(),
        round,
        answered,
        cpu_us: rounded(cpu_ns as f64 / 1e3 / answered.max(1) as f64),
        start_ms: rounded(gateway.start_time.as_secs_f64() * 1e3),
        idle_mb: rounded(idle_kb as f64 / 1024.0),
        memory_mb: rounded(gateway.memory_kb() as f64 / 1024.0),
    }
}

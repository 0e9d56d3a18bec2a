//! Counting a scene: what one time of it allocates, spawns and executes.
//!
//! Each figure is a difference between playing it often and playing it less often, which leaves out what is made once.

use std::{
    env,
    process::{self, Command, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::{available_parallelism, scope},
};

use super::scenes::Scene;

/// How often a scene is played before its allocations are counted, so that what is made once has been made.
const WARM_UP: u64 = 100;
/// How often it is played while allocations are counted.
const TIMES: u64 = 1000;
/// How often under valgrind, at first and then.
const FEW: u64 = 200;
const MANY: u64 = 1200;
/// How often both are done where threads work side by side; the least is what the scene itself takes.
const TRIES: usize = 2;

/// Set where a scene is played under valgrind.
static IS_WATCHED: AtomicBool = AtomicBool::new(false);

/// What one time of a scene takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Figures {
    /// Of the thread that plays it.
    pub(crate) allocations: f64,
    pub(crate) bytes: f64,
    /// Spawned on any thread.
    pub(crate) tasks: f64,
    /// Of all threads, in user space; `None` without valgrind.
    pub(crate) instructions: Option<u64>,
}

/// A scene with its figures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Counted {
    pub(crate) name: &'static str,
    pub(crate) figures: Figures,
}

/// Counts the scenes; `roughly` only plays each once or twice, to see that it works.
pub(crate) fn all(scenes: &[Scene], roughly: bool) -> Vec<Counted> {
    let mut counted: Vec<Counted> =
        scenes.iter().map(|scene| Counted { name: scene.name, figures: memory_and_tasks(scene, roughly) }).collect();
    if !roughly {
        for (counted, instructions) in counted.iter_mut().zip(instructions_of_all(scenes)) {
            counted.figures.instructions = instructions;
        }
    }
    counted
}

fn memory_and_tasks(scene: &Scene, roughly: bool) -> Figures {
    let times = if roughly { 1 } else { TIMES };
    let of = |times: u64| {
        let before = task_number();
        let memory = allocation_counter::measure(|| (scene.play)(times));
        (memory, task_number() - before)
    };
    of(if roughly { 1 } else { WARM_UP });
    let ((few, tasks_few), (many, tasks_many)) = (of(times), of(2 * times));
    let each = |few: u64, many: u64| many.saturating_sub(few) as f64 / times as f64;
    let tenth = |number: f64| (number * 10.0).round() / 10.0;
    Figures {
        allocations: tenth(each(few.count_total, many.count_total)),
        bytes: each(few.bytes_total, many.bytes_total).round(),
        tasks: tenth(each(tasks_few, tasks_many)),
        instructions: None,
    }
}

/// The number of the newest task: a process numbers its tasks one after the other, on whichever runtime they are.
fn task_number() -> u64 {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime without drivers can be made");
    runtime.spawn(async {}).id().to_string().parse().expect("tasks are numbered")
}

/// As many at once as there are cores: they share nothing, and it is not time that is measured.
fn instructions_of_all(scenes: &[Scene]) -> Vec<Option<u64>> {
    let waiting = Mutex::new(scenes.iter().enumerate());
    let found = Mutex::new(vec![None; scenes.len()]);
    let count = || loop {
        let next = waiting.lock().expect("nobody panics with it").next();
        let Some((place, scene)) = next else { return };
        let instructions = instructions(scene);
        if let Some(slot) = found.lock().expect("nobody panics with it").get_mut(place) {
            *slot = instructions;
        }
    };
    scope(|scope| {
        for _ in 0..available_parallelism().map_or(1, usize::from) {
            scope.spawn(count);
        }
    });
    found.into_inner().expect("nobody panicked with it")
}

/// Instructions of one time; `None` without valgrind.
fn instructions(scene: &Scene) -> Option<u64> {
    let tries = if scene.is_threaded { TRIES } else { 1 };
    let least = |times: u64| (0..tries).filter_map(|_| collected(scene, times)).min();
    let (few, many) = (least(FEW)?, least(MANY)?);
    Some(many.saturating_sub(few) / (MANY - FEW))
}

fn collected(scene: &Scene, times: u64) -> Option<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(if scene.is_threaded { "--instr-atstart=no" } else { "--instr-atstart=yes" })
        .arg(env::current_exe().ok()?)
        .args(["--play", scene.name, &times.to_string()])
        .output()
        .ok()?;
    if !output.status.success() {
        return None;
    }
    let told = String::from_utf8_lossy(&output.stderr);
    let line = told.lines().find_map(|line| line.split("Collected :").nth(1))?;
    line.trim().parse().ok()
}

/// Plays a scene for valgrind.
pub(crate) fn play(scene: &Scene, times: u64) {
    IS_WATCHED.store(true, Ordering::Relaxed);
    (scene.play)(times);
}

/// Where a threaded scene is ready and what is counted begins; until then valgrind hardly slows it down.
///
/// # Panics
/// When valgrind can't be told: nothing would be counted.
pub(crate) fn begin() {
    if !IS_WATCHED.load(Ordering::Relaxed) {
        return;
    }
    let own = format!("--pid={}", process::id());
    let mut vgdb = Command::new("vgdb");
    vgdb.args([&own, "instrumentation", "on"]).stdout(Stdio::null()).stderr(Stdio::null());
    let mut told = vgdb.spawn().expect("it comes with valgrind");
    // Valgrind listens while its program works, so this doesn't sleep.
    let ended = loop {
        if let Some(ended) = told.try_wait().expect("it is a child of ours") {
            break ended;
        }
        std::hint::spin_loop();
    };
    assert!(ended.success(), "valgrind was not told to count");
}

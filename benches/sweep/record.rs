//! What was measured, as it stands in the repository: a line for how each axis was measured, and one for each cell and
//! round. The tables and the plots are made of it and of nothing else.

use std::{
    fs, io,
    path::PathBuf,
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Serialize};

use super::{
    axes::Axis,
    marks,
    measured::Measured,
    plot,
    table::{self, machine},
};

/// Where the plots and the lines they are made of go.
const FOLDER: &str = "docs/performance";

/// How an axis was measured.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Taken {
    pub(crate) measured: String,
    /// Processor, cores and kernel.
    pub(crate) machine: String,
    pub(crate) is_pinned: bool,
    pub(crate) rounds: u64,
    pub(crate) milliseconds: u64,
    /// The day, `2026-11-25`.
    pub(crate) day: String,
    /// What else ran: the load of the last minute before.
    pub(crate) load_before: Option<f64>,
}

/// A line of the file.
#[derive(Deserialize, Serialize)]
#[serde(untagged)]
enum Line {
    Taken(Taken),
    Measured(Measured),
}

/// Every line.
#[derive(Default)]
pub(crate) struct Record {
    pub(crate) taken: Vec<Taken>,
    pub(crate) measured: Vec<Measured>,
}

impl Taken {
    /// One that begins now; its axis is named later.
    pub(crate) fn now(rounds: u64, time: Duration, is_pinned: bool) -> Self {
        let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        Self {
            measured: String::new(),
            machine: machine(),
            is_pinned,
            rounds,
            milliseconds: u64::try_from(time.as_millis()).unwrap_or(u64::MAX),
            day: chrono::DateTime::<chrono::Utc>::from(SystemTime::now()).format("%Y-%m-%d").to_string(),
            load_before: load.split(' ').next().and_then(|load| load.parse().ok()),
        }
    }

    /// What stands above a table.
    pub(crate) fn told(&self) -> String {
        let cores = if self.is_pinned {
            "one core for the gateway, another for load and upstream"
        } else {
            "cores shared by all"
        };
        let load = self.load_before.map_or_else(
            || "whether anything else ran is not known".to_owned(),
            |load| format!("load of the machine before: {load}"),
        );
        let rounds = if self.rounds == 1 { "one round".to_owned() } else { format!("{} rounds", self.rounds) };
        format!("{}; {}; {cores}; {rounds} of {} ms; {load}", self.day, self.machine, self.milliseconds)
    }
}

impl Record {
    /// That of the repository, empty if there is none.
    ///
    /// # Errors
    /// When it can't be read, or a line is none of ours.
    pub(crate) fn read() -> io::Result<Self> {
        let text = match fs::read_to_string(path()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            text => text?,
        };
        let mut record = Self::default();
        for line in text.lines() {
            match serde_json::from_str(line)? {
                Line::Taken(taken) => record.taken.push(taken),
                Line::Measured(measured) => record.measured.push(measured),
            }
        }
        Ok(record)
    }

    /// The same with axes measured anew.
    pub(crate) fn renewed(mut self, axes: &[Axis], taken: &Taken, measured: Vec<Measured>) -> Self {
        for axis in axes {
            let taken = Taken { measured: axis.name.to_owned(), ..taken.clone() };
            self.measured.retain(|old| old.axis != axis.name);
            match self.taken.iter_mut().find(|old| old.measured == axis.name) {
                Some(old) => *old = taken,
                None => self.taken.push(taken),
            }
        }
        self.measured.extend(measured);
        self
    }

    /// Writes the lines, each axis after the other.
    ///
    /// # Errors
    /// When the file can't be written.
    pub(crate) fn write(&self) -> io::Result<()> {
        let mut text = String::new();
        for taken in &self.taken {
            text.push_str(&(serde_json::to_string(taken)? + "\n"));
            for measured in self.measured.iter().filter(|measured| measured.axis == taken.measured) {
                text.push_str(&(serde_json::to_string(measured)? + "\n"));
            }
        }
        fs::create_dir_all(marks::in_repository(FOLDER))?;
        fs::write(path(), text)
    }

    /// Draws the plots and fills the tables of the page.
    ///
    /// # Errors
    /// When a file can't be written, or the page has no place for an axis.
    pub(crate) fn draw(&self, axes: &[Axis]) -> io::Result<()> {
        for axis in axes {
            let Some(taken) = self.taken.iter().find(|taken| taken.measured == axis.name) else { continue };
            for plot in &axis.plots {
                let file = marks::in_repository(FOLDER).join(format!("{}.svg", plot.name));
                fs::write(file, plot::svg(axis, plot, &self.measured))?;
            }
            marks::fill(axis.name, &format!("{}\n\n{}", taken.told(), table::markdown(axis, &self.measured)))?;
        }
        Ok(())
    }
}

fn path() -> PathBuf {
    marks::in_repository(FOLDER).join("sweep.jsonl")
}

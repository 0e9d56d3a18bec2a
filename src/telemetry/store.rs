//! All figures since the start, by what they are called, so that a reload changes none that keeps its name.
//!
//! Lives on the thread that exports. Bounded: beyond [`SERIES_MAX`] new series are counted, not kept.

use std::collections::HashMap;

use super::{
    Family, Report,
    instruments::{INSTRUMENTS, Instrument, Slot},
    labels::{LabelSet, ordered, shown},
    meter::{Cell, Histogram},
    span::now_ns,
};

/// How many series are kept.
pub const SERIES_MAX: usize = 100_000;

/// The name by which a series is found: its family and its labels as a text.
type Name = (Family, String);

/// All figures.
#[derive(Debug)]
pub struct Store {
    series: HashMap<Name, (LabelSet, Cell)>,
    /// Whether names and units are those of version 1.27 of the conventions.
    semantic_1_27: bool,
    /// Since when is counted, in nanoseconds since 1970.
    started_ns: u64,
    refused: u64,
}

/// The figures of one instrument.
#[derive(Debug)]
pub struct Shown<'a> {
    /// It.
    pub instrument: &'static Instrument,
    /// Its name.
    pub name: &'static str,
    /// Its name for Prometheus.
    pub series: &'static str,
    /// Its series, in one order.
    pub points: Vec<(&'a LabelSet, Point<'a>)>,
}

/// The value of one series of an instrument.
#[derive(Clone, Copy, Debug)]
pub enum Point<'a> {
    /// A distribution.
    Histogram(&'a Histogram),
    /// A sum.
    Sum(f64),
}

impl Default for Store {
    fn default() -> Self {
        Self { series: HashMap::new(), semantic_1_27: false, started_ns: now_ns(), refused: 0 }
    }
}

impl Store {
    /// Adds what a thread reports.
    pub fn book(&mut self, report: &Report) {
        self.semantic_1_27 = report.labels.semantic_1_27;
        for (series, cell) in &report.cells {
            let Some(labels) = report.labels.of(series) else { continue };
            let name = (series.family, name(&labels));
            let full = self.series.len() >= SERIES_MAX;
            match self.series.get_mut(&name) {
                Some((_, own)) => own.add(cell),
                None if full => {
                    if self.refused == 0 {
                        tracing::warn!(
                            "telemetry/opentelemetry: {SERIES_MAX} series of figures are kept; those of further names of \
                             hosts are left out until the next start"
                        );
                    }
                    self.refused += 1;
                }
                None => {
                    self.series.insert(name, (labels, cell.clone()));
                }
            }
        }
    }

    /// Since when is counted, in nanoseconds since 1970.
    #[must_use]
    pub fn started_ns(&self) -> u64 {
        self.started_ns
    }

    /// How many reports of new series found no room.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// Every instrument with its figures; those without any are left out.
    #[must_use]
    pub fn instruments(&self) -> Vec<Shown<'_>> {
        let shown = INSTRUMENTS.iter().map(|instrument| {
            let of_family = self.series.iter().filter(|((family, _), _)| *family == instrument.family);
            let points = of_family.filter_map(|(_, (labels, cell))| Some((labels, point(cell, instrument.slot)?)));
            let mut points: Vec<_> = points.collect();
            points.sort_by(|(one, _), (other, _)| ordered(one, other));
            let renamed = self.semantic_1_27;
            let name = instrument.name_1_27.filter(|_| renamed).unwrap_or(instrument.name);
            let series = instrument.series_1_27.filter(|_| renamed).unwrap_or(instrument.series);
            Shown { instrument, name, series, points }
        });
        shown.filter(|shown| !shown.points.is_empty()).collect()
    }
}

fn point(cell: &Cell, slot: Slot) -> Option<Point<'_>> {
    match slot {
        Slot::Histogram(place) => {
            cell.histograms.get(place).filter(|histogram| !histogram.buckets.is_empty()).map(Point::Histogram)
        }
        Slot::Sum(place) => cell.sums.get(place).copied().flatten().map(Point::Sum),
    }
}

fn name(labels: &LabelSet) -> String {
    let texts = labels.iter().flat_map(|label| [label.0.to_string(), "\u{1}".into(), shown(&label.1), "\u{2}".into()]);
    texts.collect()
}

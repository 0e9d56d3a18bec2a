//! What was measured of one cell in one round, and figures of several rounds together.

use serde::{Deserialize, Serialize};

/// One cell in one round.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Measured {
    pub(crate) axis: String,
    pub(crate) at: String,
    pub(crate) series: String,
    pub(crate) round: u64,
    /// Requests that were answered while it was measured.
    pub(crate) answered: u64,
    /// Processor time of the gateway, all threads, a request.
    pub(crate) cpu_us: f64,
    /// From the start of the process to its first answer.
    pub(crate) start_ms: f64,
    /// Resident memory after the start.
    pub(crate) idle_mb: f64,
    /// The same after the load.
    pub(crate) memory_mb: f64,
}

/// Two digits after the point, as it is recorded.
pub(crate) fn rounded(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

/// The rounds of one cell: least, middle and most.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    pub(crate) least: f64,
    pub(crate) middle: f64,
    pub(crate) most: f64,
}

impl Spread {
    /// `None` of nothing.
    pub(crate) fn of(figures: impl Iterator<Item = f64>) -> Option<Self> {
        let mut figures: Vec<f64> = figures.collect();
        figures.sort_unstable_by(f64::total_cmp);
        let half = figures.len() / 2;
        let upper = *figures.get(half)?;
        let lower = if figures.len().is_multiple_of(2) { *figures.get(half.checked_sub(1)?)? } else { upper };
        Some(Self { least: *figures.first()?, middle: f64::midpoint(lower, upper), most: *figures.last()? })
    }
}

/// Those of a cell, by one of its figures.
pub(crate) fn spread(
    measured: &[Measured],
    (axis, at, series): (&str, &str, &str),
    figure: fn(&Measured) -> f64,
) -> Option<Spread> {
    let of_cell = measured.iter().filter(|one| one.axis == axis && one.at == at && one.series == series);
    Spread::of(of_cell.map(figure))
}

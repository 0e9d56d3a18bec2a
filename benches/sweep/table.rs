//! The figures of an axis as a table of Markdown, and the machine they are of.

use super::{
    axes::Axis,
    measured::{Measured, Spread, spread},
};

/// Processor, cores and kernel, as the system says.
pub(crate) fn machine() -> String {
    let information = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = information.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    let model = model.map_or("unknown processor", |(_, name)| name.trim());
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let cores = information.lines().filter(|line| line.starts_with("processor")).count();
    format!("{model}, {cores} cores, Linux {}", kernel.trim())
}

/// A row for each place along the axis, columns for each series.
pub(crate) fn markdown(axis: &Axis, measured: &[Measured]) -> String {
    let (places, series) = (places(axis), series(axis));
    let mut columns: Vec<Column> = Vec::new();
    for series in series {
        columns.push(Column { series, name: "CPU µs a request", figure: |one| one.cpu_us, digits: 1 });
    }
    if let [only] = columns.as_slice() {
        let series = only.series;
        columns.push(Column { series, name: "memory MB", figure: |one| one.memory_mb, digits: 1 });
        if axis.name == "endpoints" {
            columns.push(Column { series, name: "memory MB after the start", figure: |one| one.idle_mb, digits: 1 });
            columns.push(Column { series, name: "start ms", figure: |one| one.start_ms, digits: 0 });
        }
    }
    let heads = columns.iter().map(|column| format!("{}, {}", column.series, column.name));
    let mut text = format!("| {} | {} |\n", axis.along, heads.collect::<Vec<_>>().join(" | "));
    text.push_str(&format!("|---{}|\n", "|---".repeat(columns.len())));
    for place in places {
        let cells = columns.iter().map(|column| {
            let spread = spread(measured, (axis.name, place, column.series), column.figure);
            spread.map_or_else(|| "–".to_owned(), |spread| column.cell(spread))
        });
        text.push_str(&format!("| {place} | {} |\n", cells.collect::<Vec<_>>().join(" | ")));
    }
    text
}

struct Column {
    series: &'static str,
    name: &'static str,
    figure: fn(&Measured) -> f64,
    digits: usize,
}

impl Column {
    fn cell(&self, Spread { least, middle, most }: Spread) -> String {
        let digits = self.digits;
        format!("{middle:.digits$} ({least:.digits$}–{most:.digits$})")
    }
}

/// The places of an axis, each once.
pub(crate) fn places(axis: &Axis) -> Vec<&str> {
    let mut places: Vec<&str> = Vec::new();
    for cell in &axis.cells {
        if !places.contains(&cell.at.as_str()) {
            places.push(&cell.at);
        }
    }
    places
}

/// Its series, each once.
pub(crate) fn series(axis: &Axis) -> Vec<&'static str> {
    let mut series: Vec<&'static str> = Vec::new();
    for cell in &axis.cells {
        if !series.contains(&cell.series) {
            series.push(cell.series);
        }
    }
    series
}

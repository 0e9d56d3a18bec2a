//! What is on the screen: a head, a row for each experiment, and the canaries.
//!
//! Pure. Whatever there is to show, no line is wider than the screen: what matters least goes first.

use super::{
    experiment::Experiment,
    line::{Line, Tone},
    look::Look,
    part::Part,
    text::{cut, width},
    words::{NONE, bytes, difference, duration, per_second, share, span},
};

/// From this share on something is wrong: a screen that always cries is not heard.
const ALARMING: f64 = 0.01;
/// The name of a row has so many columns at least, as long as there is anything to be left out.
const NAME_MIN: usize = 16;
/// What stands between two columns.
const GAP: &str = "  ";

/// A column of a table of `T`s.
struct Column<T> {
    title: &'static str,
    /// Columns with the highest rank are left out first; one of rank 0 stays.
    rank: u8,
    is_number: bool,
    cell: fn(&T) -> (String, Tone),
}

/// A column with its cells.
struct Filled {
    title: &'static str,
    rank: u8,
    is_number: bool,
    cells: Vec<(String, Tone)>,
    width: usize,
}

const fn text<T>(title: &'static str, rank: u8, cell: fn(&T) -> (String, Tone)) -> Column<T> {
    Column { title, rank, is_number: false, cell }
}

const fn number<T>(title: &'static str, rank: u8, cell: fn(&T) -> (String, Tone)) -> Column<T> {
    Column { title, rank, is_number: true, cell }
}

const OF_EXPERIMENTS: [Column<Experiment>; 10] = [
    text("EXPERIMENT", 0, |row| (row.id.clone(), Tone::Plain)),
    text("STATE", 1, |row| (row.state.clone(), tone_of_state(row))),
    number("RATE", 5, |row| (rate(row), Tone::Plain)),
    number("COMPARED", 8, |row| (share(row.sample), Tone::Plain)),
    number("SENT/S", 4, |row| (per_second(row.sent_rate), Tone::Plain)),
    number("LOSS", 3, |row| (share(row.loss), bad_if(row.loss.is_some_and(|loss| loss >= ALARMING)))),
    number("MATCH", 2, |row| (share(row.matched), bad_if(row.matched.is_some_and(|matched| matched < 1.0 - ALARMING)))),
    number("ΔP99", 6, |row| (difference(row.slower_ms), Tone::Plain)),
    number("OVERHEAD P99", 7, |row| (overhead(row), Tone::Plain)),
    text("VERDICT", 1, |row| (row.verdict.clone(), tone_of_verdict(&row.verdict))),
];

const OF_PARTS: [Column<Part>; 8] = [
    text("CANARY", 0, |row| (row.split.clone(), Tone::Plain)),
    text("VARIANT", 0, |row| (row.variant.clone(), Tone::Plain)),
    text("STATE", 1, |row| (row.state.clone(), bad_if(row.state == "stopped"))),
    number("RATE", 1, |row| (share(row.rate), Tone::Plain)),
    number("CALLS", 4, |row| (row.calls.map_or_else(|| NONE.to_owned(), |calls| format!("{calls:.0}")), Tone::Plain)),
    number("FAILED", 2, |row| (share(row.failed), bad_if(row.failed.is_some_and(|failed| failed >= ALARMING)))),
    number("P99", 3, |row| (duration(row.p99_ms), Tone::Plain)),
    text("BACKEND", 5, |row| (row.backend.clone(), Tone::Quiet)),
];

fn bad_if(is_bad: bool) -> Tone {
    if is_bad { Tone::Bad } else { Tone::Plain }
}

fn tone_of_state(row: &Experiment) -> Tone {
    match row.state.as_str() {
        _ if row.is_stopped => Tone::Bad,
        "running" => Tone::Plain,
        _ => Tone::Quiet,
    }
}

fn tone_of_verdict(verdict: &str) -> Tone {
    match verdict {
        "ready" => Tone::Good,
        "not ready" => Tone::Bad,
        _ => Tone::Quiet,
    }
}

fn rate(row: &Experiment) -> String {
    let limit = row.max_rps.map(|limit| format!(" ≤{limit}/s")).unwrap_or_default();
    share(row.rate) + &limit
}

fn overhead(row: &Experiment) -> String {
    match row.overhead_interval {
        Some([low, high]) => {
            format!("{} ({}…{})", difference(row.overhead_ms), difference(Some(low)), difference(Some(high)))
        }
        None => difference(row.overhead_ms),
    }
}

/// The lines above the tables: what the gateway does.
pub(super) fn head(look: &Look, root: &str) -> Vec<Line> {
    let gateway = &look.gateway;
    let first = Line::of(format!("gnomon {}", gateway.version), Tone::Title)
        .and(format!(" at {root} · up {}", span(gateway.uptime_seconds)), Tone::Plain);
    let is_bad = gateway.errors.is_some_and(|errors| errors >= ALARMING);
    let second = Line::of(format!("{} requests/s · ", per_second(gateway.rate)), Tone::Plain)
        .and(format!("errors {}", share(gateway.errors)), bad_if(is_bad))
        .and(format!(" · p99 {} · {} held for copies", duration(gateway.p99_ms), bytes(gateway.buffered)), Tone::Plain);
    let mut lines = vec![first, second];
    if let Some(by) = &look.killed {
        lines.push(Line::of(format!("ALL SHADOWS ARE SWITCHED OFF by {by}"), Tone::Bad));
    }
    lines
}

/// The tables, in so many columns.
pub(super) fn body(look: &Look, rows: &[&Experiment], columns: usize) -> Vec<Line> {
    let mut lines = if rows.is_empty() {
        vec![Line::of("no experiments", Tone::Quiet)]
    } else {
        table(&OF_EXPERIMENTS, rows, columns)
    };
    let unshown = look.found.saturating_sub(rows.len() as u64);
    if unshown > 0 {
        lines.push(Line::of(format!("and {unshown} more, which --find can show"), Tone::Quiet));
    }
    if !look.parts.is_empty() {
        lines.push(Line::default());
        lines.extend(table(&OF_PARTS, &look.parts.iter().collect::<Vec<_>>(), columns));
    }
    lines.into_iter().map(|line| line.fitted(columns)).collect()
}

fn table<T>(columns: &[Column<T>], rows: &[&T], available: usize) -> Vec<Line> {
    let mut filled: Vec<Filled> = columns.iter().map(|column| column.filled(rows)).collect();
    fit(&mut filled, available);
    let titles = filled.iter().map(|column| column.padded(column.title));
    let title = Line::of(titles.collect::<Vec<_>>().join(GAP).trim_end(), Tone::Title);
    let lines = (0..rows.len()).map(|place| {
        let cells = filled.iter().enumerate().map(|(number, column)| {
            let (text, tone) = column.cells.get(place).cloned().unwrap_or_default();
            let gap = if number == 0 { "" } else { GAP };
            (format!("{gap}{}", column.padded(&text)), tone)
        });
        cells.fold(Line::default(), |line, (text, tone)| line.and(text, tone))
    });
    std::iter::once(title).chain(lines).collect()
}

/// Leaves columns out until the rest has room; then the first one, the names, gets what is left.
fn fit(columns: &mut Vec<Filled>, available: usize) {
    loop {
        let gaps = GAP.len() * columns.len().saturating_sub(1);
        let others: usize = columns.iter().skip(1).map(|column| column.width).sum::<usize>() + gaps;
        let Some(name) = columns.first_mut() else { return };
        let left = available.saturating_sub(others);
        if left >= name.width.min(NAME_MIN) {
            name.width = name.width.min(left);
            return;
        }
        let least = columns.iter().enumerate().max_by_key(|(_, column)| column.rank);
        let Some((place, _)) = least.filter(|(_, column)| column.rank > 0) else { return };
        columns.remove(place);
    }
}

impl<T> Column<T> {
    fn filled(&self, rows: &[&T]) -> Filled {
        let cells: Vec<(String, Tone)> = rows.iter().map(|row| (self.cell)(row)).collect();
        let widest = cells.iter().map(|(text, _)| width(text)).max().unwrap_or(0);
        Filled {
            title: self.title,
            rank: self.rank,
            is_number: self.is_number,
            cells,
            width: widest.max(width(self.title)),
        }
    }
}

impl Filled {
    /// A text of as many columns as this one has.
    fn padded(&self, text: &str) -> String {
        let text = cut(text, self.width);
        let space = " ".repeat(self.width.saturating_sub(width(&text)));
        if self.is_number { space + &text } else { text + &space }
    }
}

//! Text in one of the formats, family by family.

use std::fmt::{Display, Write as _};

use crate::stats::{
    exemplar::{Exemplar, Exemplars},
    pieces::PIECE_BYTES,
    snapshot::{BOUND_LABELS, LatencySnapshot},
};

use super::format::{Format, Kind, unit};

/// A label and its value.
pub(super) type Label<'a> = (&'static str, &'a str);

/// Something that has series of its own.
pub(super) trait Labelled {
    fn labels(&self) -> Vec<Label<'_>>;
}

/// A distribution, with traced requests out of it where there are any.
pub(super) type Traced<'a> = (&'a LatencySnapshot, Option<&'a Exemplars>);

/// The text as it grows.
#[derive(Default)]
pub(super) struct Exposition {
    /// What is written, in pieces of about [`PIECE_BYTES`], so that long texts need no large buffers that grow.
    full: Vec<String>,
    /// The piece that is being written.
    text: String,
    format: Format,
}

impl Exposition {
    /// Nothing yet.
    pub(super) fn new(format: Format) -> Self {
        Self { full: Vec::new(), text: String::new(), format }
    }

    /// All of it, in pieces.
    pub(super) fn finish(mut self) -> Vec<String> {
        if self.format == Format::OpenMetrics {
            self.text.push_str("# EOF\n");
        }
        self.full.push(self.text);
        self.full
    }

    /// Opens a family, which is called as its samples are: all of them must follow before the next one.
    pub(super) fn family(&mut self, name: &str, kind: Kind, help: &str) {
        let (kind, family) = kind.of_family(name, self.format);
        self.line(format_args!("# HELP {family} {help}"));
        self.line(format_args!("# TYPE {family} {kind}"));
        if let (Format::OpenMetrics, Some(unit)) = (self.format, unit(family)) {
            self.line(format_args!("# UNIT {family} {unit}"));
        }
    }

    /// A family of one sample without labels.
    pub(super) fn single(&mut self, name: &str, kind: Kind, help: &str, value: impl Display) {
        self.family(name, kind, help);
        self.sample(name, &[], None, value);
    }

    /// A family of one number for each of `all`.
    pub(super) fn numbers<T: Labelled, N: Display>(
        &mut self,
        name: &str,
        kind: Kind,
        help: &str,
        all: &[T],
        number: impl Fn(&T) -> N,
    ) {
        self.family(name, kind, help);
        for one in all {
            self.sample(name, &one.labels(), None, number(one));
        }
    }

    /// A family of counters for each of `all`, told apart by one more label.
    pub(super) fn counts<T: Labelled>(
        &mut self,
        name: &str,
        help: &str,
        label: &'static str,
        all: &[T],
        counts: impl Fn(&T) -> Vec<(&'static str, u64)>,
    ) {
        self.family(name, Kind::Counter, help);
        for one in all {
            let labels = one.labels();
            for (value, count) in counts(one) {
                self.sample(name, &labels, Some((label, value)), count);
            }
        }
    }

    /// A family of one histogram for each of `all`.
    pub(super) fn histograms<T: Labelled>(
        &mut self,
        name: &str,
        help: &str,
        all: &[T],
        latency: impl Fn(&T) -> Traced<'_>,
    ) {
        self.family(name, Kind::Histogram, help);
        for one in all {
            self.histogram(name, &one.labels(), latency(one));
        }
    }

    fn histogram(&mut self, name: &str, labels: &[Label<'_>], (latency, exemplars): Traced<'_>) {
        let bucket = format!("{name}_bucket");
        let format = self.format;
        let exemplars = exemplars.filter(|_| format == Format::OpenMetrics);
        let bounds = BOUND_LABELS.into_iter().map(|bound| format.bound(bound)).chain(["+Inf".into()]);
        let counts = latency.cumulative.into_iter().chain([latency.count]);
        for (place, (bound, count)) in bounds.zip(counts).enumerate() {
            self.series(&bucket, labels, Some(("le", &bound)));
            let exemplar = exemplars.and_then(|exemplars| exemplars.of_bucket(place));
            match exemplar {
                Some(exemplar) => self.line(format_args!(" {count} # {exemplar}")),
                None => self.line(format_args!(" {count}")),
            }
        }
        self.sample(&format!("{name}_sum"), labels, None, latency.sum_seconds);
        self.sample(&format!("{name}_count"), labels, None, latency.count);
    }

    pub(super) fn sample(&mut self, name: &str, labels: &[Label<'_>], last: Option<Label<'_>>, value: impl Display) {
        self.series(name, labels, last);
        self.line(format_args!(" {value}"));
    }

    fn series(&mut self, name: &str, labels: &[Label<'_>], last: Option<Label<'_>>) {
        self.text.push_str(name);
        let mut before = '{';
        for (label, text) in labels.iter().copied().chain(last) {
            self.text.push(before);
            self.text.push_str(label);
            self.text.push_str("=\"");
            self.escaped(text);
            self.text.push('"');
            before = ',';
        }
        if before == ',' {
            self.text.push('}');
        }
    }

    /// Backslash, quote and line feed are the three that the formats escape.
    fn escaped(&mut self, text: &str) {
        for letter in text.chars() {
            match letter {
                '\\' => self.text.push_str("\\\\"),
                '"' => self.text.push_str("\\\""),
                '\n' => self.text.push_str("\\n"),
                other => self.text.push(other),
            }
        }
    }

    fn line(&mut self, arguments: std::fmt::Arguments<'_>) {
        let written = writeln!(self.text, "{arguments}");
        debug_assert!(written.is_ok(), "writing to a string cannot fail");
        if self.text.len() >= PIECE_BYTES {
            self.full.push(std::mem::take(&mut self.text));
        }
    }
}

/// As OpenMetrics has it: the labels, the value, and when it was.
impl Display for Exemplar {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { trace, took_us, at_ms } = self;
        let (took, at) = (Decimal(*took_us, 6), Decimal(*at_ms, 3));
        write!(out, "{{trace_id=\"{:032x}\"}} {took} {at}", trace.0)
    }
}

/// A whole number of the smallest unit, written with so many digits behind the point: no float, so nothing is rounded.
struct Decimal(u64, u32);

impl Display for Decimal {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (scale, digits) = (10_u64.pow(self.1), usize::try_from(self.1).unwrap_or_default());
        write!(out, "{}.{:0digits$}", self.0 / scale, self.0 % scale)
    }
}

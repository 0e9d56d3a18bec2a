//! Text in Prometheus' exposition format, family by family.

use std::fmt::{Display, Write as _};

use crate::stats::snapshot::{BOUND_LABELS, LatencySnapshot};

/// A label and its value.
pub(super) type Label<'a> = (&'static str, &'a str);

/// Something that has series of its own.
pub(super) trait Labelled {
    fn labels(&self) -> Vec<Label<'_>>;
}

/// The text as it grows.
#[derive(Default)]
pub(super) struct Exposition(String);

impl Exposition {
    /// All of it.
    pub(super) fn finish(self) -> String {
        self.0
    }

    /// Opens a family: all its samples must follow before the next one.
    pub(super) fn family(&mut self, name: &str, kind: &str, help: &str) {
        self.line(format_args!("# HELP {name} {help}"));
        self.line(format_args!("# TYPE {name} {kind}"));
    }

    /// A family of one sample without labels.
    pub(super) fn single(&mut self, name: &str, kind: &str, help: &str, value: impl Display) {
        self.family(name, kind, help);
        self.sample(name, &[], None, value);
    }

    /// A family of one number for each of `all`.
    pub(super) fn numbers<T: Labelled>(
        &mut self,
        name: &str,
        kind: &str,
        help: &str,
        all: &[T],
        number: impl Fn(&T) -> u64,
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
        self.family(name, "counter", help);
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
        latency: impl Fn(&T) -> &LatencySnapshot,
    ) {
        self.family(name, "histogram", help);
        for one in all {
            let (labels, latency) = (one.labels(), latency(one));
            for (bound, count) in BOUND_LABELS.iter().zip(latency.cumulative) {
                self.sample(&format!("{name}_bucket"), &labels, Some(("le", bound)), count);
            }
            self.sample(&format!("{name}_bucket"), &labels, Some(("le", "+Inf")), latency.count);
            self.sample(&format!("{name}_sum"), &labels, None, latency.sum_seconds);
            self.sample(&format!("{name}_count"), &labels, None, latency.count);
        }
    }

    pub(super) fn sample(&mut self, name: &str, labels: &[Label<'_>], last: Option<Label<'_>>, value: impl Display) {
        self.0.push_str(name);
        let mut before = '{';
        for (label, text) in labels.iter().copied().chain(last) {
            self.0.push(before);
            self.0.push_str(label);
            self.0.push_str("=\"");
            self.escaped(text);
            self.0.push('"');
            before = ',';
        }
        if before == ',' {
            self.0.push('}');
        }
        self.line(format_args!(" {value}"));
    }

    /// Backslash, quote and line feed are the three that the format escapes.
    fn escaped(&mut self, text: &str) {
        for letter in text.chars() {
            match letter {
                '\\' => self.0.push_str("\\\\"),
                '"' => self.0.push_str("\\\""),
                '\n' => self.0.push_str("\\n"),
                other => self.0.push(other),
            }
        }
    }

    fn line(&mut self, arguments: std::fmt::Arguments<'_>) {
        let written = writeln!(self.0, "{arguments}");
        debug_assert!(written.is_ok(), "writing to a string cannot fail");
    }
}

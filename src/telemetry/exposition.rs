//! The figures as Prometheus reads them, under the names of the original's exporter.

use std::fmt::Write as _;

use super::{
    Store,
    instruments::Slot,
    instruments::bounds,
    labels::{LabelSet, shown},
    store::{Point, Shown},
};

/// The name of whoever measures, as the original calls itself.
pub const SCOPE: &str = "io.krakend.krakend-otel";

/// What the service says about itself.
pub type Resource = [(&'static str, String)];

/// Writes all figures.
#[must_use]
pub fn write(store: &Store, resource: &Resource) -> String {
    let mut text = String::new();
    for shown in store.instruments() {
        write_instrument(&mut text, &shown);
    }
    family(&mut text, "otel_scope_info", "gauge", "Instrumentation Scope metadata");
    line(&mut text, "otel_scope_info", &scope_labels(), "1");
    family(&mut text, "target_info", "gauge", "Target metadata");
    let labels: Vec<_> = resource.iter().map(|(name, value)| (underscored(name), value.clone())).collect();
    line(&mut text, "target_info", &labels, "1");
    text
}

/// A family without labels: what the process says about itself.
pub fn write_single(text: &mut String, name: &str, kind: &str, help: &str, value: f64) {
    family(text, name, kind, help);
    line(text, name, &[], &value.to_string());
}

fn write_instrument(text: &mut String, instrument: &Shown<'_>) {
    let about = instrument.instrument;
    let (name, kind) = match about.slot {
        Slot::Histogram(_) => (instrument.series.to_owned(), "histogram"),
        Slot::Sum(_) => (format!("{}_total", instrument.series), "counter"),
    };
    family(text, &name, kind, about.about);
    for (labels, point) in &instrument.points {
        let mut labels = series_labels(labels);
        match (point, about.slot) {
            (Point::Sum(sum), _) => line(text, &name, &labels, &sum.to_string()),
            (Point::Histogram(histogram), Slot::Histogram(place)) => {
                let bounds = bounds(about.family, place).iter().map(f64::to_string).chain(["+Inf".to_owned()]);
                let mut below = 0;
                for (bound, count) in bounds.zip(&histogram.buckets) {
                    below += count;
                    labels.push(("le".to_owned(), bound));
                    line(text, &format!("{name}_bucket"), &labels, &below.to_string());
                    labels.pop();
                }
                line(text, &format!("{name}_sum"), &labels, &histogram.sum.to_string());
                line(text, &format!("{name}_count"), &labels, &below.to_string());
            }
            (Point::Histogram(_), Slot::Sum(_)) => {}
        }
    }
}

fn series_labels(labels: &LabelSet) -> Vec<(String, String)> {
    let own = labels.iter().map(|label| (underscored(&label.0), shown(&label.1)));
    let mut all: Vec<_> = own.chain(scope_labels()).collect();
    // What differs in OpenTelemetry may be the same here, and a label must not come twice.
    all.sort();
    all.dedup_by(|second, first| second.0 == first.0);
    all
}

fn scope_labels() -> [(String, String); 2] {
    [("otel_scope_name".to_owned(), SCOPE.to_owned()), ("otel_scope_version".to_owned(), String::new())]
}

/// A name as Prometheus allows it.
fn underscored(name: &str) -> String {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let text: String = name.chars().map(|letter| if fits(letter) { letter } else { '_' }).collect();
    if text.starts_with(|first: char| first.is_ascii_digit()) { format!("_{text}") } else { text }
}

fn family(text: &mut String, name: &str, kind: &str, help: &str) {
    let written = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
    debug_assert!(written.is_ok(), "writing to a string cannot fail");
}

fn line(text: &mut String, name: &str, labels: &[(String, String)], value: &str) {
    text.push_str(name);
    let mut before = '{';
    for (label, said) in labels {
        text.push(before);
        text.push_str(label);
        text.push_str("=\"");
        said.chars().for_each(|letter| match letter {
            '\\' => text.push_str("\\\\"),
            '"' => text.push_str("\\\""),
            '\n' => text.push_str("\\n"),
            other => text.push(other),
        });
        text.push('"');
        before = ',';
    }
    if before == ',' {
        text.push('}');
    }
    text.push(' ');
    text.push_str(value);
    text.push('\n');
}

//! What an expression of PromQL names: metrics, the labels it tells them apart by, and those it groups by.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use regex::Regex;

/// A metric with the matchers behind it, if there are any.
static SELECTOR: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"\b((?:gnomon|process)_\w+)(?:\{((?:[^}"]|"[^"]*")*)\})?"#).expect("a pattern that compiles")
});
/// The name of a label before what it is compared with.
static MATCHER: LazyLock<Regex> = LazyLock::new(|| Regex::new(r#"(\w+)\s*[=!]~?\s*""#).expect("the same"));
/// What is grouped by.
static GROUPS: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\bby\s*\(([^)]*)\)").expect("the same"));

/// Labels that Prometheus gives to everything it scrapes.
const OF_PROMETHEUS: [&str; 2] = ["job", "instance"];

/// Series of a text, as name and labels with their values.
pub(super) type Series = BTreeSet<(String, BTreeMap<String, String>)>;

/// The metrics that are named anywhere in a text.
pub(super) fn metrics(text: &str) -> BTreeSet<String> {
    SELECTOR.captures_iter(text).map(|found| found[1].to_owned()).collect()
}

/// What an expression names that no series has: metrics, labels of them, and labels that are grouped by.
pub(super) fn missing(expression: &str, series: &Series) -> Vec<String> {
    let mut missing = Vec::new();
    let mut known: BTreeSet<&str> = OF_PROMETHEUS.into();
    for found in SELECTOR.captures_iter(expression) {
        let of_metric: Vec<_> = series.iter().filter(|(name, _)| *name == found[1]).map(|(_, labels)| labels).collect();
        if of_metric.is_empty() {
            missing.push(found[1].to_owned());
        }
        let labels: BTreeSet<&str> = of_metric.iter().flat_map(|labels| labels.keys()).map(String::as_str).collect();
        let matchers = found.get(2).map_or("", |matchers| matchers.as_str());
        let asked = MATCHER.captures_iter(matchers).filter_map(|label| Some(label.get(1)?.as_str()));
        let strange = asked.filter(|label| !labels.contains(label) && !OF_PROMETHEUS.contains(label));
        missing.extend(strange.map(|label| format!("{}{{{label}}}", &found[1])));
        known.extend(labels);
    }
    let grouped = GROUPS.captures_iter(expression).filter_map(|groups| Some(groups.get(1)?.as_str()));
    let strange = grouped.flat_map(|groups| groups.split(',')).map(str::trim).filter(|label| !known.contains(label));
    missing.extend(strange.map(|label| format!("by ({label})")));
    missing
}

/// The series of an exposition in Prometheus' text format.
pub(super) fn series(text: &str) -> Series {
    let label = Regex::new(r#"(\w+)="((?:[^"\\]|\\.)*)""#).expect("a pattern that compiles");
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    let read = samples.map(|line| {
        let end = line.find(['{', ' ']).expect("a sample has a value");
        let (name, rest) = line.split_at(end);
        (name.to_owned(), label.captures_iter(rest).map(|pair| (pair[1].to_owned(), pair[2].to_owned())).collect())
    });
    read.collect()
}

#[test]
fn what_no_series_has_is_found() {
    let series = series("# HELP gnomon_a b\ngnomon_a{x=\"1}\\\"\",y=\"{z=\"} 1\nprocess_b 2\n");
    assert_eq!(series.len(), 2);
    for (expression, wanted) in [
        ("sum by (x, job) (rate(gnomon_a{y!=\"}\",instance=~\".*\"}[5m])) > process_b", &[][..]),
        ("gnomon_a{z=\"1\"} / gnomon_c", &["gnomon_a{z}", "gnomon_c"][..]),
        ("sum by (z) (gnomon_a) / sum by (q) (process_b)", &["by (z)", "by (q)"]),
    ] {
        assert_eq!(missing(expression, &series), wanted, "{expression}");
    }
}

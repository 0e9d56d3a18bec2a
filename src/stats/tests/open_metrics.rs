//! The exposition as OpenMetrics: what the standard asks for beyond what Prometheus always read.

use std::collections::{BTreeMap, BTreeSet};

use actix::System;

use super::{
    names,
    prometheus::{busy, parse, steering},
};
use crate::stats::{
    Names,
    prometheus::{Format, write},
};

/// The busy gateway in both formats.
fn both() -> [String; 2] {
    System::new().block_on(async {
        let snapshot = busy(Names::clone(&names(2))).await;
        [Format::Text, Format::OpenMetrics].map(|format| write(&snapshot, &steering(), format))
    })
}

/// The text without what only OpenMetrics has.
fn without_exemplars(text: &str) -> String {
    text.lines().map(|line| line.split(" # ").next().unwrap().to_owned() + "\n").collect()
}

/// What is said about each family, in the order of the text; its samples must follow at once.
fn families(text: &str) -> Vec<(String, BTreeMap<&str, &str>, Vec<&str>)> {
    let mut families: Vec<(String, BTreeMap<&str, &str>, Vec<&str>)> = Vec::new();
    for line in text.lines() {
        match line.strip_prefix("# ").map(|words| words.splitn(3, ' ').collect::<Vec<_>>()) {
            Some(words) if words == ["EOF"] => {}
            Some(words) => {
                let [what, family, said] = words[..] else { panic!("{line}") };
                if families.last().is_none_or(|(last, ..)| last != family) {
                    families.push((family.to_owned(), BTreeMap::new(), Vec::new()));
                }
                let (_, facts, samples) = families.last_mut().unwrap();
                assert!(samples.is_empty() && facts.insert(what, said).is_none(), "said again: {line}");
            }
            None => families.last_mut().unwrap().2.push(line),
        }
    }
    families
}

#[test]
fn every_family_is_described_once_and_has_its_samples_behind_it() {
    let text = &both()[1];
    assert!(text.ends_with("\n# EOF\n") && text.matches("# EOF").count() == 1, "{text}");
    let families = families(text);
    let distinct: BTreeSet<_> = families.iter().map(|(family, ..)| family).collect();
    assert_eq!(distinct.len(), families.len(), "a family is described twice");
    for (family, facts, samples) in &families {
        let ends: &[&str] = match facts["TYPE"] {
            "counter" => &["_total"],
            "gauge" => &[""],
            "info" => &["_info"],
            "histogram" => &["_bucket", "_sum", "_count"],
            other => panic!("{family} is a {other}"),
        };
        assert!(!facts["HELP"].is_empty() && !facts["HELP"].contains(['\\', '"']), "{family}");
        let unit = ["seconds", "bytes"].into_iter().find(|unit| family.ends_with(&format!("_{unit}")));
        assert_eq!(facts.get("UNIT").copied(), unit, "{family}");
        for sample in samples {
            let name = sample.split(['{', ' ']).next().unwrap();
            let end = name.strip_prefix(family.as_str()).unwrap_or_else(|| panic!("{sample} is not of {family}"));
            assert!(ends.contains(&end), "{sample} of {family}");
        }
    }
}

#[test]
fn both_formats_have_the_same_samples() {
    let [text, open_metrics] = both();
    let bare = |text: &str| {
        let mut samples: Vec<_> = parse(&without_exemplars(text)).into_iter().collect();
        for ((_, labels), _) in &mut samples {
            if let Some(bound) = labels.get_mut("le") {
                *bound = bound.parse::<f64>().unwrap().to_string();
            }
        }
        samples.sort_by(|one, two| one.0.cmp(&two.0));
        samples
    };
    assert!(bare(&text).len() > 100);
    assert_eq!(bare(&text), bare(&open_metrics));
}

#[test]
fn bounds_are_floats() {
    let text = &both()[1];
    for bound in ["0.0005", "1.0", "30.0", "+Inf"] {
        assert!(text.contains(&format!("le=\"{bound}\"")), "{bound} in {text}");
    }
    assert!(!text.contains("le=\"1\""));
}

#[test]
fn a_traced_request_stands_in_its_bucket_and_only_where_the_format_has_a_place_for_it() {
    let [text, open_metrics] = both();
    assert!(!text.contains(" # ") && !text.contains("trace_id"), "{text}");
    let exemplars: Vec<&str> = open_metrics.lines().filter(|line| line.contains(" # {")).collect();
    let wanted = [
        ("gnomon_endpoint_duration_seconds", "0.025", "{trace_id=\"00000000000000000000000000000abc\"} 0.020500 "),
        ("gnomon_backend_duration_seconds", "0.5", "{trace_id=\"000000000000000000000000000000b0\"} 0.300000 "),
        ("gnomon_shadow_duration_seconds", "0.5", "{trace_id=\"000000000000000000000000000000b1\"} 0.300000 "),
    ];
    assert_eq!(exemplars.len(), wanted.len(), "{exemplars:#?}");
    for (line, (name, bound, said)) in exemplars.into_iter().zip(wanted) {
        let (series, exemplar) = line.split_once(" # ").unwrap();
        assert!(series.starts_with(&format!("{name}_bucket{{")), "{line}");
        assert!(series.contains(&format!("le=\"{bound}\"")), "{line}");
        let at = exemplar.strip_prefix(said);
        assert!(at.is_some_and(|at| at.parse::<f64>().unwrap() > 1_600_000_000.0), "{exemplar}");
    }
}

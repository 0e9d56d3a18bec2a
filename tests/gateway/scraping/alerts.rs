//! The alert rules: each says what is the matter and what to do, and is tested by rules of its own; and the metrics
//! themselves, as promtool sees them.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{printed, promtool, read, scene::Scene};
use crate::patience::wait_for;

fn yaml(name: &str) -> Value {
    serde_saphyr::from_str(&read(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

/// All rules, in the order of the file.
pub(super) fn rules() -> Vec<Value> {
    list(&yaml("alerts.yml"), "groups").iter().flat_map(|group| list(group, "rules").to_vec()).collect()
}

#[test]
fn each_alert_says_how_urgent_it_is_what_is_the_matter_and_what_to_do() {
    let rules = rules();
    let names: BTreeSet<_> = rules.iter().map(|rule| text(rule, "alert")).collect();
    assert!(names.len() == rules.len() && rules.len() > 20);
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/operations.md")).expect("the page");
    for rule in &rules {
        let name = text(rule, "alert");
        assert!(name.starts_with("Gnomon") && rule["for"].is_string(), "{name}");
        assert!(["critical", "warning", "info"].contains(&text(&rule["labels"], "severity")), "{name}");
        let annotations = &rule["annotations"];
        assert!(!text(annotations, "summary").is_empty() && text(annotations, "runbook").ends_with('.'), "{name}");
        assert!(page.contains(&format!("`{name}`")), "{name} is not on the page on operations");
    }
}

#[test]
fn each_alert_has_a_test_in_which_it_fires_and_one_in_which_it_does_not() {
    let tests = yaml("alerts_test.yml");
    for rule in rules() {
        let name = text(&rule, "alert");
        let own = list(&tests, "tests").iter().flat_map(|test| list(test, "alert_rule_test"));
        let fires = own.filter(|test| text(test, "alertname") == name).map(|test| !list(test, "exp_alerts").is_empty());
        assert_eq!(fires.collect::<BTreeSet<_>>(), [false, true].into(), "{name}");
    }
}

#[test]
fn promtool_takes_the_rules_and_their_tests_pass() {
    for arguments in [["check", "rules", "alerts.yml"], ["test", "rules", "alerts_test.yml"]] {
        let Some(output) = promtool(&arguments, "") else { return };
        assert!(output.status.success(), "{arguments:?}: {}", printed(&output));
    }
}

#[test]
fn promtool_has_nothing_to_say_about_the_metrics_of_a_running_gateway() {
    let mut scene = Scene::new();
    scene.ask();
    // Before the first report there is too little to complain about.
    let full = wait_for(|| Some(scene.text()).filter(|text| text.contains("gnomon_backend_duration_seconds_bucket{")));
    let text = full.unwrap_or_else(|| panic!("no backend was counted:\n{}", scene.told()));
    let Some(output) = promtool(&["check", "metrics"], &text) else { return };
    assert!(output.status.success() && printed(&output).is_empty(), "{}\n{text}", printed(&output));
    let wrong = promtool(&["check", "metrics"], "gnomon_a 1\ngnomon_a 1\n").expect("it was there a moment ago");
    assert!(!wrong.status.success(), "promtool finds nothing wrong with anything");
}

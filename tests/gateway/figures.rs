//! The figures of the page on performance are those that were recorded: nobody types them, nobody forgets to write them
//! anew.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::house::{read, said};

#[test]
fn the_page_on_performance_shows_what_is_recorded() {
    let page = read("docs/performance.md");
    let accepted: Value = serde_json::from_str(&read("benches/costs/baseline.json")).unwrap();
    assert!(!accepted["scenes"].as_object().unwrap().is_empty());
    said(&stale_costs(&page, &accepted));
    let record = read("docs/performance/sweep.jsonl");
    let lines: Vec<Value> = record.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(!lines.is_empty());
    said(&stale_sweep(&page, &lines));
}

/// Scenes of the ledger that the page shows with other figures, or not at all.
fn stale_costs(page: &str, accepted: &Value) -> Vec<String> {
    let is_shown = |(name, figures): &(&String, &Value)| {
        let (begin, end) = (format!("| {name} |"), format!("| {} |", figures["instructions"]));
        page.lines().any(|line| line.starts_with(&begin) && line.ends_with(&end))
    };
    let scenes = accepted["scenes"].as_object().into_iter().flatten();
    let stale = scenes.filter(|scene| !is_shown(scene));
    stale.map(|(name, _)| format!("docs/performance.md: {name}; cargo bench --bench costs -- --show")).collect()
}

/// Cells of the sweep that are not in the table of their axis with the middle of what was measured.
fn stale_sweep(page: &str, lines: &[Value]) -> Vec<String> {
    let mut cells: BTreeMap<[&str; 3], Vec<f64>> = BTreeMap::new();
    for line in lines.iter().filter(|line| line["cpu_us"].is_number()) {
        let key = ["axis", "at", "series"].map(|key| line[key].as_str().unwrap_or_default());
        cells.entry(key).or_default().extend(line["cpu_us"].as_f64());
    }
    let is_shown = |[axis, at, _]: [&str; 3], figures: &mut Vec<f64>| {
        figures.sort_by(f64::total_cmp);
        let middle = f64::midpoint(figures[(figures.len() - 1) / 2], figures[figures.len() / 2]);
        let (begin, cell) = (format!("| {at} |"), format!("| {middle:.1} ("));
        let table = page.split_once(&format!("<!-- measured: {axis} -->")).map_or("", |(_, after)| after);
        let mut rows = table.lines().take_while(|line| *line != "<!-- end -->");
        rows.any(|line| line.starts_with(&begin) && line.contains(&cell))
    };
    let stale = cells.into_iter().filter_map(|(key, mut figures)| (!is_shown(key, &mut figures)).then_some(key));
    stale.map(|key| format!("docs/performance.md: {}; cargo bench --bench sweep -- --draw", key.join(", "))).collect()
}

#[test]
fn figures_that_are_not_those_recorded_are_seen() {
    let accepted = json!({ "scenes": { "route": { "instructions": 7 } } });
    assert!(stale_costs("| route | 1.0 | 7 |", &accepted).is_empty());
    assert_eq!(stale_costs("| route | 7.0 | 8 |", &accepted).len(), 1);
    let cell = |round, cpu_us| json!({ "axis": "a", "at": "1", "series": "s", "round": round, "cpu_us": cpu_us });
    let lines = [json!({ "measured": "a" }), cell(0, 1.0), cell(1, 3.0)];
    let page = |row: &str| format!("| 1 | 9.0 (\n<!-- measured: a -->\n{row}\n<!-- end -->\n| 1 | 2.0 (\n");
    assert!(stale_sweep(&page("| 1 | 2.0 (1.0–3.0) |"), &lines).is_empty());
    assert_eq!(stale_sweep(&page("| 1 | 2.5 (1.0–3.0) |"), &lines).len(), 1);
}

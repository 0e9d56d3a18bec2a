//! The Grafana dashboard: whole, and about nothing that is not there.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    expression::{metrics, missing},
    read,
    scene::Scene,
};
use crate::patience::wait_for;

/// What every query asks: the data source that was chosen.
const CHOSEN: &str = "${datasource}";

pub(super) fn board() -> Value {
    serde_json::from_str(&read("gnomon.json")).expect("the dashboard is JSON")
}

fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("no text at {pointer} of {value:#}"))
}

/// Panels that show something; the others are the heads of rows.
fn panels(board: &Value) -> impl Iterator<Item = &Value> {
    list(board, "/panels").iter().filter(|panel| panel["type"] != "row")
}

/// Everything that is asked by panels, with the title of each.
pub(super) fn queries(board: &Value) -> Vec<(String, String)> {
    let of_panel = |panel| {
        let title = text(panel, "/title").to_owned();
        list(panel, "/targets").iter().map(move |target| (title.clone(), text(target, "/expr").to_owned()))
    };
    panels(board).flat_map(of_panel).collect()
}

/// What variables and annotations ask.
pub(super) fn other_queries(board: &Value) -> Vec<String> {
    let variables = list(board, "/templating/list").iter().filter(|variable| variable["type"] == "query");
    let variables = variables.map(|variable| text(variable, "/query/query").to_owned());
    variables.chain(list(board, "/annotations/list").iter().map(|one| text(one, "/expr").to_owned())).collect()
}

/// Where a panel stands: its columns and its lines.
fn place(panel: &Value) -> (std::ops::Range<u64>, std::ops::Range<u64>) {
    let number = |name: &str| panel["gridPos"][name].as_u64().expect("a number");
    (number("x")..number("x") + number("w"), number("y")..number("y") + number("h"))
}

fn overlap(one: &Value, two: &Value) -> bool {
    let meet = |one: &std::ops::Range<u64>, two: &std::ops::Range<u64>| one.start < two.end && two.start < one.end;
    let ((columns, lines), (other_columns, other_lines)) = (place(one), place(two));
    meet(&columns, &other_columns) && meet(&lines, &other_lines)
}

#[test]
fn panels_have_numbers_of_their_own_and_a_place_of_their_own() {
    let board = board();
    let all = list(&board, "/panels");
    let numbers: BTreeSet<_> = all.iter().map(|panel| panel["id"].as_u64().expect("a number")).collect();
    assert_eq!(numbers.len(), all.len());
    for (at, one) in all.iter().enumerate() {
        assert!(place(one).0.end <= 24, "{} is beyond the right edge", one["title"]);
        for two in &all[..at] {
            assert!(!overlap(one, two), "{} lies on {}", one["title"], two["title"]);
        }
    }
}

#[test]
fn each_panel_asks_the_chosen_data_source_and_says_what_it_shows() {
    let board = board();
    assert_eq!(board["templating"]["list"][0]["type"], "datasource");
    assert_eq!(format!("${{{}}}", text(&board, "/templating/list/0/name")), CHOSEN);
    assert!(panels(&board).count() > 40);
    for panel in panels(&board) {
        let title = text(panel, "/title");
        assert!(!title.is_empty() && text(panel, "/description").ends_with('.'), "{title}");
        let targets = list(panel, "/targets");
        assert!(!targets.is_empty(), "{title} asks nothing");
        let letters: BTreeSet<_> = targets.iter().map(|target| text(target, "/refId")).collect();
        assert_eq!(letters.len(), targets.len(), "{title}");
        for asked in targets.iter().chain([panel]) {
            assert_eq!(asked["datasource"], json!({ "type": "prometheus", "uid": CHOSEN }), "{title}");
        }
    }
}

#[test]
fn each_variable_narrows_some_query_and_each_that_is_used_is_there() {
    let board = board();
    let there: BTreeSet<_> = list(&board, "/templating/list").iter().map(|one| text(one, "/name")).collect();
    let all = board.to_string();
    for name in &there {
        assert!(all.contains(&format!("${name}\\\"")) || all.contains(&format!("${{{name}}}")), "{name} is not used");
    }
    let of_grafana = ["__rate_interval", "__range", "__interval"];
    let used = regex::Regex::new(r"\$(\w+)").expect("a pattern that compiles");
    for (title, expression) in queries(&board) {
        for variable in used.captures_iter(&expression) {
            assert!(there.contains(&variable[1]) || of_grafana.contains(&&variable[1]), "{title}: {}", &variable[1]);
        }
        assert!(expression.contains("job=~\"$job\""), "{title} mixes jobs: {expression}");
    }
}

#[test]
fn all_that_the_dashboard_and_the_alerts_name_is_in_the_real_output() {
    let board = board();
    let mut expressions: Vec<_> = queries(&board).into_iter().map(|(_, expression)| expression).collect();
    expressions.extend(other_queries(&board));
    expressions.extend(super::alerts::rules().into_iter().map(|rule| text(&rule, "/expr").to_owned()));
    // What the words beside the rules name as well.
    expressions.extend(metrics(&read("alerts.yml")));
    assert!(expressions.len() > 100);
    let mut scene = Scene::new();
    let mut missed = Vec::new();
    let found = wait_for(|| {
        scene.ask();
        let series = scene.series();
        missed = expressions.iter().flat_map(|expression| missing(expression, &series)).collect();
        missed.is_empty().then_some(())
    });
    assert!(found.is_some(), "{missed:#?} in\n{}", scene.told());
}

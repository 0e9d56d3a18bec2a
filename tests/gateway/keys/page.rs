//! The page on compatibility, row by row: a case for what works, a word of `gnomon check` for what doesn't.

use std::collections::BTreeSet;

use gnomon::config::{known::Scope, known_keys};
use serde_json::json;

use super::{
    backend, bots, breaker, cache,
    case::{Case, case},
    comparison, components, cors, credentials, endpoint, expression, graphql, limits, logging, metrics, ours, places,
    policy, proxy, restraint, rewriting, router,
    scene::Scene,
    secure_http, selection, service, signer, split, stopping, telemetry, tls, transport, validator,
};

/// Keys of the core without a case, by scope; must shrink to nothing.
const CORE_WITHOUT_A_CASE: &[(Scope, &[&str])] = &[];

/// Keys of components without a case, by scope; must shrink to nothing.
const COMPONENTS_WITHOUT_A_CASE: &[(Scope, &[&str])] = &[];

/// All cases there are.
fn cases() -> Vec<Case> {
    [
        service::cases(),
        transport::cases(),
        metrics::cases(),
        logging::cases(),
        tls::cases(),
        router::cases(),
        ours::cases(),
        policy::cases(),
        selection::cases(),
        restraint::cases(),
        rewriting::cases(),
        split::cases(),
        endpoint::cases(),
        backend::cases(),
        proxy::cases(),
        comparison::cases(),
        components::cases(),
        bots::cases(),
        breaker::cases(),
        cache::cases(),
        cors::cases(),
        credentials::cases(),
        expression::cases(),
        graphql::cases(),
        limits::cases(),
        secure_http::cases(),
        signer::cases(),
        stopping::cases(),
        telemetry::cases(),
        validator::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A row of the page.
struct Row {
    scope: Scope,
    key: String,
    /// `yes`, `not yet` or `ignored`.
    here: String,
    remark: String,
}

impl Row {
    /// The row as lists name it.
    fn name(&self) -> (&'static str, String) {
        (self.scope.title(), self.key.clone())
    }
}

fn rows() -> Vec<Row> {
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/compatibility.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (_, tables) = page.split_once("\n## Keys\n").expect("the page has a chapter about keys");
    let (mut scope, mut rows) = (None, Vec::new());
    for line in tables.lines() {
        if let Some(title) = line.strip_prefix("### ") {
            scope = Some(known_keys().find(|row| row.scope.title() == title).expect(title).scope);
        } else if line.starts_with("| `") {
            let cells: Vec<&str> = line.split(" |").map(|cell| cell.trim_start_matches('|').trim()).collect();
            rows.push(Row {
                scope: scope.expect("a table stands below the name of its scope"),
                key: cells[0].trim_matches('`').to_owned(),
                here: cells[1].to_owned(),
                remark: cells[2].to_owned(),
            });
        }
    }
    rows
}

#[test]
fn every_key_that_works_has_one_case() {
    let supported: BTreeSet<_> = rows().iter().filter(|row| row.here == "yes").map(Row::name).collect();
    assert!(supported.len() > 200, "the page was not read right: {supported:?}");
    let (mut proved, mut wrong) = (BTreeSet::new(), Vec::new());
    for case in cases() {
        let name = (case.scope.title(), case.key.to_owned());
        if !supported.contains(&name) {
            wrong.push(format!("{name:?} has a case and no row that says yes"));
        }
        if !proved.insert(name.clone()) {
            wrong.push(format!("{name:?} has more than one case"));
        }
    }
    let missing = CORE_WITHOUT_A_CASE.iter().chain(COMPONENTS_WITHOUT_A_CASE);
    let missing: BTreeSet<_> =
        missing.flat_map(|(scope, keys)| keys.iter().map(|key| (scope.title(), (*key).to_owned()))).collect();
    let unproved: BTreeSet<_> = supported.difference(&proved).cloned().collect();
    wrong.extend(unproved.difference(&missing).map(|name| format!("{name:?} has no case")));
    wrong.extend(missing.difference(&unproved).map(|name| format!("{name:?}: take it out of the list")));
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn every_key_that_is_not_heard_is_told_by_check() {
    let (mut count, mut wrong) = (0, Vec::new());
    for row in rows().into_iter().filter(|row| row.here != "yes") {
        count += 1;
        let key: &'static str = row.key.clone().leak();
        let case = case(row.scope, key, json!({}));
        let told = Scene::new(&case, case.file_with()).command(&["check"]);
        let silent = Scene::new(&case, case.file_without()).command(&["check"]);
        // What is ours refuses what it doesn't have.
        let (fate, severities, end): (_, &[&str], _) = match row.here.as_str() {
            "ignored" => ("ignored", &["info", "warning"], "\n"),
            _ if row.scope.is_ours() => ("not supported by this version", &["error"], " (remove it)\n"),
            _ => ("not supported yet", &["warning"], "\n"),
        };
        let remark = if row.remark.is_empty() { String::new() } else { format!(": {}", row.remark) };
        let finding = format!(" at {}: \"{key}\" is {fate}{remark}{end}", places::pointer(row.scope, key));
        let is_told = severities.iter().any(|severity| told.contains(&format!(": {severity}{finding}")));
        if !is_told || silent.contains(&format!("\"{key}\" is {fate}")) {
            wrong.push(format!("{:?}: not{finding}but\n{told}and without it\n{silent}", row.name()));
        }
    }
    assert!(count > 90, "the page was not read right: {count}");
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

//! `gnomon routes`: the compiled plan as a table, and what each shadow is sent.

#![expect(clippy::print_stdout, reason = "a command line talks to people")]

use std::process::ExitCode;

use super::{
    aligned::aligned,
    args::RoutesArgs,
    check::{self, UNUSABLE},
};
use crate::{
    config::{Environment, Service, Severity, Source, load},
    plan::{Plan, Route, compile, outline},
};

const TITLES: [&str; 7] = ["METHOD", "PATH", "TIMEOUT", "LIVE", "SHADOWS", "ENCODING", "FLOW"];

/// Prints the routes of one configuration: 0 when it can be used, else 2.
pub fn routes(arguments: &RoutesArgs) -> ExitCode {
    let loaded = load(&Source::File(arguments.config.clone()), &Environment::of_process());
    let Some(service) = loaded.service else {
        check::report(&loaded.diagnostics);
        return ExitCode::from(UNUSABLE);
    };
    let (plan, findings) = compile(&service);
    let findings = loaded.places.locate(findings);
    if findings.iter().any(|finding| finding.severity >= Severity::Mistake) {
        check::report(&findings);
        return ExitCode::from(UNUSABLE);
    }
    print!("{}{}{}", table(&plan), shadows(&service), splits(&service));
    ExitCode::SUCCESS
}

/// One line for each shadow: where it is, and what is copied; nothing if there is none.
#[must_use]
pub fn shadows(service: &Service) -> String {
    let mut text = String::new();
    for endpoint in &service.endpoints {
        for (backend, shadow) in endpoint.backends.iter().filter_map(|one| Some((one, one.shadow.as_ref()?))) {
            let host = backend.hosts.first().map_or("(no host)", String::as_str);
            let mode = match &shadow.policy {
                None => "plain: everything".to_owned(),
                Some(policy) => format!("policy: {}", policy.summary(&endpoint.params)),
            };
            let (method, path) = (&endpoint.method, &endpoint.path);
            text.push_str(&format!("{method} {path} shadow → {host} {mode}\n"));
        }
    }
    if text.is_empty() { text } else { format!("\n{text}") }
}

/// One line for each variant of a split: where it is, and which part it takes; nothing if there is none.
#[must_use]
pub fn splits(service: &Service) -> String {
    let mut text = String::new();
    for endpoint in &service.endpoints {
        for split in endpoint.backends.iter().filter_map(|backend| backend.split.as_ref()) {
            for variant in &split.variants {
                let host = variant.backend.hosts.first().map_or("(no host)", String::as_str);
                let (method, path, name) = (&endpoint.method, &endpoint.path, &variant.name);
                let share = split.share_of(variant, &endpoint.params);
                text.push_str(&format!("{method} {path} {name} → {host} {share}\n"));
            }
        }
    }
    if text.is_empty() { text } else { format!("\n{text}") }
}

/// The endpoints as a table, columns aligned, one line per endpoint.
#[must_use]
pub fn table(plan: &Plan) -> String {
    let rows = outline(plan).into_iter().map(|route| {
        let Route { method, path, timeout, live, shadows, encoding, flow } = route;
        [method, path, timeout, listed(&live), listed(&shadows), encoding.to_owned(), flow.to_owned()]
    });
    aligned(TITLES, rows)
}

fn listed(calls: &[String]) -> String {
    if calls.is_empty() { "-".to_owned() } else { calls.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::{shadows, splits, table};
    use crate::{
        config::{Environment, Source, load},
        plan::compile,
    };

    #[test]
    fn the_table_tells_live_backends_from_shadows() {
        let text = include_str!("../../config/krakend.json").to_owned();
        let loaded = load(&Source::Text { name: "k.json".to_owned(), text }, &Environment::default());
        let (plan, _) = compile(&loaded.service.unwrap());
        let lines: Vec<Vec<String>> = table(&plan)
            .lines()
            .map(|line| line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).map(str::to_owned).collect())
            .collect();
        assert_eq!(lines[0], ["METHOD", "PATH", "TIMEOUT", "LIVE", "SHADOWS", "ENCODING", "FLOW"]);
        assert_eq!(
            lines[1],
            [
                "GET",
                "/user/{id}",
                "150ms",
                "GET http://127.0.0.1:8081/v1/user/{{.Id}}",
                "GET http://127.0.0.1:8082/v2/user/{{.Id}}",
                "json",
                "single"
            ]
        );
        assert_eq!(lines.len(), 2);
    }

    #[test]
    fn each_variant_has_a_line_with_its_part() {
        let text = r#"{"version": 3, "endpoints": [{"endpoint": "/u/{id}", "backend": [{"host": ["http://v1"],
            "extra_config": {"proxy": {"@split": {"key": "param:id", "to": [
                {"rate": "5%", "host": ["http://v2"]}, {"rate": 0.2, "host": ["http://v3"], "name": "blue"}]}}}}]}]}"#;
        let source = Source::Text { name: "k.json".to_owned(), text: text.to_owned() };
        let service = load(&source, &Environment::default()).service.unwrap();
        assert_eq!(
            splits(&service),
            "\nGET /u/{id} canary → http://v2 5% by param:id\nGET /u/{id} blue → http://v3 20% by param:id\n"
        );
    }

    #[test]
    fn each_shadow_has_a_line_with_its_mode_and_policy() {
        let text = r#"{"version": 3, "endpoints": [{"endpoint": "/u/{id}", "backend": [{"host": ["http://v1"]},
            {"host": ["http://v2"], "extra_config": {"proxy": {"shadow": true}}},
            {"host": ["http://v3"], "extra_config": {"proxy": {"shadow": true, "@shadow_policy": {
                "sample": {"rate": "10%", "key": "param:id"}, "match": {"methods": ["GET"]},
                "limits": {"max_rps": 200}}}}}]}]}"#;
        let source = Source::Text { name: "k.json".to_owned(), text: text.to_owned() };
        let service = load(&source, &Environment::default()).service.unwrap();
        assert_eq!(
            shadows(&service),
            "\nGET /u/{id} shadow → http://v2 plain: everything\n\
             GET /u/{id} shadow → http://v3 policy: 10% by param:id, GET only, ≤200/s, holdout 5%\n"
        );
    }
}

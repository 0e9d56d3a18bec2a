//! From a document to the recommendations that were asked for, as text.

use serde_json::{Map, Value, json};

use super::{facts::Facts, rules::RULES};
use crate::config::template::{Surroundings, TemplateError, render};

/// The format unless another is given: one recommendation a line.
pub const DEFAULT_FORMAT: &str =
    "{{ range .Recommendations }}{{ .Rule }}\t[{{ colored .Severity }}]   \t{{ .Message }}\n{{ end }}";

/// One rule that has something to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recommendation {
    /// Its number, like `2.1.2`.
    pub rule: &'static str,
    /// `CRITICAL`, `HIGH`, `MEDIUM` or `LOW`.
    pub severity: &'static str,
    /// What to do.
    pub message: &'static str,
}

/// Which rules count.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Numbers of rules that don't.
    pub ignored: Vec<String>,
    /// Severities that do.
    pub severities: Vec<String>,
}

/// What the rules recommend for a document, by their numbers.
#[must_use]
pub fn recommend(document: &Value, selection: &Selection) -> Vec<Recommendation> {
    let facts = Facts::of(document);
    let counts = |rule: &str, severity: &str| {
        !selection.ignored.iter().any(|ignored| ignored == rule)
            && selection.severities.iter().any(|wanted| wanted.eq_ignore_ascii_case(severity))
    };
    let found = RULES.iter().filter(|(rule, severity, _, applies)| counts(rule, severity) && applies(&facts));
    found.map(|(rule, severity, message, _)| Recommendation { rule, severity, message }).collect()
}

/// The recommendations through a template, which sees `.Recommendations`, each with `.Rule`, `.Severity` and
/// `.Message`.
///
/// # Errors
/// When the template is wrong.
pub fn format(recommendations: &[Recommendation], template: &str) -> Result<String, Box<TemplateError>> {
    let list: Vec<_> = recommendations
        .iter()
        .map(|one| json!({ "Rule": one.rule, "Severity": one.severity, "Message": one.message }))
        .collect();
    let data = Map::from_iter([("Recommendations".to_owned(), Value::from(list))]);
    let surroundings = Surroundings {
        settings: &data,
        partial: &|_| Err("there are no partials here".to_owned()),
        variable: &|_| None,
        colored: true,
    };
    render(&[("format".to_owned(), template.to_owned())], &surroundings)
}

//! What of JSON bodies is compared, and what counts as the same there.
//!
//! Promises: every path is read, and stands at most once in its key.

use std::time::Duration;

use regex::Regex;
use serde_json::Value;

use super::Layers;
use crate::config::{
    Node,
    diagnostic::{Findings, brief},
    shadow::{ArrayRule, FieldPath, JsonRules, StringRule, Tolerance, ValueShape},
};

/// Rules under one key.
const RULES_MAX: usize = 1000;
const PATH: &str = "write a path like \"$.user.name\", \"$.items[*].price\" or \"$.users{*}.age\"";
const ARRAYS: &str = "write \"ordered\", \"set\" or {\"key\": \"id\"}";
const NUMBERS: &str = "write {\"abs\": 0.01}, {\"rel\": 0.001} or both";
const TIMES: &str = "write {\"within\": \"5s\"}";
const SHAPES: &str = "write uuid, iso8601, epoch, hex, jwt, or a text like \"regex:[a-z]{8}\"";
const STRINGS: &str = "write \"ci\", \"trim\" or [\"ci\", \"trim\"]";

/// Reads the rules of a `compare`.
pub(super) fn json_rules(group: &Layers<'_>, findings: &mut Findings) -> JsonRules {
    JsonRules {
        ignore: paths(&group.key("ignore"), findings),
        only: paths(&group.key("only"), findings),
        arrays: by_path(&group.key("arrays"), array, findings),
        numbers: by_path(&group.key("numbers"), tolerance, findings),
        times: by_path(&group.key("times"), distance, findings),
        shapes: by_path(&group.key("shapes"), shape, findings),
        strings: by_path(&group.key("strings"), string, findings),
        null_is_missing: group.key("null_is_missing").strict_flag(findings).unwrap_or(false),
    }
}

fn paths(node: &Node<'_>, findings: &mut Findings) -> Vec<FieldPath> {
    let list = node.strict_list(findings).unwrap_or_default();
    bounded(node, list.len(), findings);
    let mut paths = Vec::new();
    for entry in list.iter().take(RULES_MAX) {
        if let Some(text) = entry.value().as_str() {
            paths.extend(path(entry, text, findings).filter(|path| is_first(entry, path, &paths, findings)));
        } else {
            entry.refuse(findings, format!("{} is not a path", brief(entry.value())), PATH);
        }
    }
    paths
}

/// An object of paths, each with its rule.
fn by_path<R>(
    node: &Node<'_>,
    rule: fn(&Node<'_>, &mut Findings) -> Option<R>,
    findings: &mut Findings,
) -> Vec<(FieldPath, R)> {
    if !node.strict_object(findings) {
        return Vec::new();
    }
    bounded(node, node.members().count(), findings);
    let (mut paths, mut rules) = (Vec::new(), Vec::new());
    for (key, entry) in node.members().take(RULES_MAX) {
        let path = path(&entry, key, findings).filter(|path| is_first(&entry, path, &paths, findings));
        let rule = rule(&entry, findings);
        paths.extend(path.clone());
        rules.extend(path.zip(rule));
    }
    rules
}

fn bounded(node: &Node<'_>, count: usize, findings: &mut Findings) {
    if count > RULES_MAX {
        let message = format!("{count} paths are too many");
        node.refuse(
            findings,
            message,
            format!("write at most {RULES_MAX}, with {{*}} and [*] for many places at once"),
        );
    }
}

fn path(node: &Node<'_>, text: &str, findings: &mut Findings) -> Option<FieldPath> {
    match FieldPath::parse(text) {
        Ok(path) => Some(path),
        Err(message) => {
            node.refuse(findings, message, PATH);
            None
        }
    }
}

fn is_first(node: &Node<'_>, path: &FieldPath, earlier: &[FieldPath], findings: &mut Findings) -> bool {
    let is_first = !earlier.contains(path);
    if !is_first {
        node.refuse(findings, format!("{path} stands here twice"), "keep one of them");
    }
    is_first
}

fn array(node: &Node<'_>, findings: &mut Findings) -> Option<ArrayRule> {
    let rule = match node.value() {
        Value::String(word) if word == "ordered" => Some(ArrayRule::Ordered),
        Value::String(word) if word == "set" => Some(ArrayRule::Set),
        Value::Object(members) => members
            .get("key")
            .and_then(Value::as_str)
            .filter(|key| !key.is_empty())
            .map(|key| ArrayRule::Key(key.into())),
        _ => None,
    };
    told(node, rule, "a way to compare lists", ARRAYS, findings)
}

fn tolerance(node: &Node<'_>, findings: &mut Findings) -> Option<Tolerance> {
    let absolute = node.member("abs");
    let distance = |value: &Value| value.as_f64().filter(|distance| *distance >= 0.0 && distance.is_finite());
    let absolute = absolute.strict(findings, distance, "a number from 0", NUMBERS);
    let relative = node.member("rel").strict_ratio(findings);
    let is_written = ["abs", "rel"].iter().any(|key| !node.member(key).is_absent());
    let rule = (absolute.is_some() || relative.is_some()).then_some(Tolerance { absolute, relative });
    // What is written and wrong has been told.
    if is_written { rule } else { told(node, None, "a tolerance", NUMBERS, findings) }
}

fn distance(node: &Node<'_>, findings: &mut Findings) -> Option<Duration> {
    let within = node.member("within");
    if within.is_absent() {
        return told(node, None, "a distance in time", TIMES, findings);
    }
    within.strict_positive_time(findings)
}

fn shape(node: &Node<'_>, findings: &mut Findings) -> Option<ValueShape> {
    let text = node.value().as_str().unwrap_or_default();
    if let Some(expression) = text.strip_prefix("regex:") {
        return expression_of(node, expression, findings);
    }
    let shape = match text {
        "uuid" => Some(ValueShape::Uuid),
        "iso8601" => Some(ValueShape::Iso8601),
        "epoch" => Some(ValueShape::Epoch),
        "hex" => Some(ValueShape::Hex),
        "jwt" => Some(ValueShape::Jwt),
        _ => None,
    };
    told(node, shape, "a shape", SHAPES, findings)
}

/// An expression that is anchored at both ends, so that it can only match the whole of a value.
fn expression_of(node: &Node<'_>, expression: &str, findings: &mut Findings) -> Option<ValueShape> {
    // Compiled alone first: what is no expression must not become one within the brackets.
    let anchored = Regex::new(expression).and_then(|_| Regex::new(&format!(r"\A(?:{expression})\z")));
    match anchored {
        Ok(expression) => Some(ValueShape::Expression(expression)),
        Err(error) => {
            let reason = error.to_string();
            let reason = reason.rsplit("error: ").next().unwrap_or_default().trim().to_owned();
            node.refuse(findings, format!("\"{expression}\" is no regular expression: {reason}"), "see docs.rs/regex");
            None
        }
    }
}

fn string(node: &Node<'_>, findings: &mut Findings) -> Option<StringRule> {
    let words = node.elements();
    let mut rule = StringRule::default();
    for word in &words {
        match word.value().as_str() {
            Some("ci") => rule.ignores_case = true,
            Some("trim") => rule.trims = true,
            _ => return told(node, None, "a way to compare texts", STRINGS, findings),
        }
    }
    told(node, (!words.is_empty()).then_some(rule), "a way to compare texts", STRINGS, findings)
}

/// A rule that is nothing, `null` included, is not `wanted`.
fn told<R>(node: &Node<'_>, rule: Option<R>, wanted: &str, hint: &str, findings: &mut Findings) -> Option<R> {
    if rule.is_none() {
        node.refuse(findings, format!("{} is not {wanted}", brief(node.value())), hint);
    }
    rule
}

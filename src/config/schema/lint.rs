//! Checks a document against the schema: the keywords that our own schema uses, and no others.

use regex_lite::Regex;
use serde_json::{Map, Value};

use super::generate::schema;
use crate::config::{
    diagnostic::{Diagnostic, Findings, Severity, brief},
    node::child,
};

/// Every place where the document differs from the schema.
#[must_use]
pub fn lint(document: &Value) -> Findings {
    let schema = schema();
    let mut linter = Linter { schema: &schema, findings: Findings::default() };
    linter.value(document, &schema, "");
    linter.findings
}

struct Linter<'a> {
    schema: &'a Value,
    findings: Findings,
}

impl<'a> Linter<'a> {
    fn report(&mut self, pointer: &str, value: &Value, message: String) {
        self.findings.push(Diagnostic::new(Severity::Mistake, pointer, message).value(value));
    }

    fn value(&mut self, value: &Value, rules: &'a Value, pointer: &str) {
        let Some(rules) = self.resolved(rules).as_object() else { return };
        if let Some(forms) = rules.get("anyOf").and_then(Value::as_array) {
            return self.any_of(value, forms, pointer);
        }
        if !has_type(value, rules.get("type")) {
            let wanted = types(rules.get("type")).join(" or ");
            return self.report(pointer, value, format!("{} is not of type {wanted}", brief(value)));
        }
        self.constants(value, rules, pointer);
        match value {
            Value::Object(members) => self.object(members, rules, pointer),
            Value::Array(items) => {
                if let Some(rules) = rules.get("items") {
                    for (index, item) in items.iter().enumerate() {
                        self.value(item, rules, &format!("{pointer}/{index}"));
                    }
                }
            }
            _ => {}
        }
    }

    /// One of several forms, told apart by their types.
    fn any_of(&mut self, value: &Value, forms: &'a [Value], pointer: &str) {
        let type_of = |form: &'a Value| self.resolved(form).get("type");
        if let Some(form) = forms.iter().find(|form| has_type(value, type_of(form))) {
            return self.value(value, form, pointer);
        }
        let wanted: Vec<_> = forms.iter().flat_map(|form| types(type_of(form))).collect();
        self.report(pointer, value, format!("{} is not of type {}", brief(value), wanted.join(" or ")));
    }

    /// What a reference leads to; what is none leads to itself.
    fn resolved(&self, rules: &'a Value) -> &'a Value {
        let target = rules.get("$ref").and_then(Value::as_str);
        let place = target.map(|target| target.trim_start_matches('#').replace("%20", " "));
        place.and_then(|place| self.schema.pointer(&place)).unwrap_or(rules)
    }

    fn constants(&mut self, value: &Value, rules: &Map<String, Value>, pointer: &str) {
        if let Some(constant) = rules.get("const").filter(|constant| *constant != value) {
            self.report(pointer, value, format!("{} is not {constant}", brief(value)));
        }
        if let Some(choices) = rules.get("enum").and_then(Value::as_array).filter(|choices| !choices.contains(value)) {
            let choices: Vec<_> = choices.iter().filter_map(Value::as_str).collect();
            self.report(pointer, value, format!("{} is none of {}", brief(value), choices.join(", ")));
        }
        let least = rules.get("minimum").and_then(Value::as_f64);
        if least.zip(value.as_f64()).is_some_and(|(least, number)| number < least) {
            self.report(pointer, value, format!("{} is too small", brief(value)));
        }
        let most = rules.get("maximum").and_then(Value::as_f64);
        if most.zip(value.as_f64()).is_some_and(|(most, number)| number > most) {
            self.report(pointer, value, format!("{} is too large", brief(value)));
        }
        let pattern = rules.get("pattern").and_then(Value::as_str);
        if let Some((pattern, text)) = pattern.zip(value.as_str())
            && !Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(text))
        {
            self.report(pointer, value, format!("{} is not written as it should be: {pattern}", brief(value)));
        }
    }

    fn object(&mut self, members: &Map<String, Value>, rules: &'a Map<String, Value>, pointer: &str) {
        for name in rules.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
            if !members.contains_key(name) {
                self.findings.push(Diagnostic::new(Severity::Mistake, pointer, format!("\"{name}\" is missing")));
            }
        }
        let known = rules.get("properties").and_then(Value::as_object);
        let comments = rules.contains_key("patternProperties");
        for (name, value) in members {
            let pointer = child(pointer, name);
            if let Some(rules) = known.and_then(|known| known.get(name)) {
                self.value(value, rules, &pointer);
            } else if !(comments && name.starts_with(['@', '$', '_', '#'])) {
                match rules.get("additionalProperties") {
                    Some(Value::Bool(false)) => self.report(&pointer, value, format!("unknown key \"{name}\"")),
                    Some(rules) => self.value(value, rules, &pointer),
                    None => {}
                }
            }
        }
    }
}

fn types(rule: Option<&Value>) -> Vec<&str> {
    match rule {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn has_type(value: &Value, rule: Option<&Value>) -> bool {
    let names = types(rule);
    let is = |name: &&str| match *name {
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    };
    names.is_empty() || names.iter().any(is)
}

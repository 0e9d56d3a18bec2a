//! Reading of keys inside `extra_config` components, where KrakenD tests types and ignores what doesn't fit.
//!
//! Promises: a value of the wrong type reads as absent, exactly as in the original, but is warned of.

use serde_json::Value;

use super::{
    Node,
    diagnostic::{Diagnostic, Findings, Severity, brief},
};

impl Node<'_> {
    /// A truth value written as such.
    pub fn exact_flag(&self, findings: &mut Findings) -> Option<bool> {
        match self.value() {
            Value::Bool(flag) => Some(*flag),
            _ => self.ignored(findings, "true or false"),
        }
    }

    /// A text written as such.
    pub fn exact_text(&self, findings: &mut Findings) -> Option<String> {
        match self.value() {
            Value::String(text) => Some(text.clone()),
            _ => self.ignored(findings, "a text"),
        }
    }

    /// A number written as such.
    pub fn exact_number(&self, findings: &mut Findings) -> Option<f64> {
        match self.value() {
            Value::Number(number) => number.as_f64(),
            _ => self.ignored(findings, "a number"),
        }
    }

    /// A list of texts written as such; elements of other types are left out.
    pub fn exact_texts(&self, findings: &mut Findings) -> Option<Vec<String>> {
        match self.value() {
            Value::Array(_) => Some(self.elements().iter().filter_map(|item| item.exact_text(findings)).collect()),
            _ => self.ignored(findings, "a list of texts"),
        }
    }

    /// Whether the node is an object; anything else that is present is warned of.
    pub fn exact_object(&self, findings: &mut Findings) -> bool {
        self.value().is_object() || self.ignored::<()>(findings, "an object").is_some()
    }

    /// Warns of a present value that is not `wanted`; absent ones pass in silence.
    pub fn ignored<T>(&self, findings: &mut Findings, wanted: &str) -> Option<T> {
        if !self.is_absent() {
            let message = format!("{} is not {wanted}, ignored as KrakenD does", brief(self.value()));
            findings.push(Diagnostic::new(Severity::Warning, self.pointer(), message).value(self.value()));
        }
        None
    }
}

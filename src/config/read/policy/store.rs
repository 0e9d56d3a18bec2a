//! `store`: what is kept of the differences that were found.

use serde_json::Value;

use super::{Context, Layers};
use crate::config::{
    Node,
    diagnostic::Findings,
    shadow::{Store, StoredValues},
};

/// Names under `redact`.
const NAMES_MAX: usize = 1000;

/// Reads the group.
pub(super) fn store(group: &Layers<'_>, context: &Context<'_>, findings: &mut Findings) -> Store {
    let values = [("redacted", StoredValues::Redacted), ("shape", StoredValues::Shape), ("raw", StoredValues::Raw)];
    let (default, node) = (Store::default(), group.key("values"));
    let values = node.strict_choice(findings, &values).unwrap_or(default.values);
    // A place that is read alone does not say what the service says.
    let may_be_raw = context.shadow.is_none() || context.service.member("raw_values").value() == true;
    if values == StoredValues::Raw && !may_be_raw {
        let hint =
            "write \"raw_values\": true in the service's @shadow if everybody who may see the dashboard may see them";
        node.refuse(findings, "whole values are kept only where the service allows it", hint);
    }
    Store {
        values,
        ttl: group.key("ttl").strict_positive_time(findings).unwrap_or(default.ttl),
        redact: redact(&group.key("redact"), findings),
    }
}

fn redact(node: &Node<'_>, findings: &mut Findings) -> Vec<String> {
    let entries = node.strict_list(findings).unwrap_or_default();
    if entries.len() > NAMES_MAX {
        let message = format!("{} names are too many", entries.len());
        node.refuse(findings, message, format!("write at most {NAMES_MAX}, or \"values\": \"shape\""));
    }
    let mut names = Vec::new();
    for entry in entries.iter().take(NAMES_MAX) {
        let name = |value: &Value| value.as_str().map(str::trim).filter(|name| !name.is_empty()).map(str::to_lowercase);
        let name = if entry.is_absent() {
            entry.refuse(findings, "null is not the name of a field", "write a name like \"iban\"");
            None
        } else {
            entry.strict(findings, name, "the name of a field or header", "write a name like \"iban\"")
        };
        names.extend(name.filter(|name| !names.contains(name)));
    }
    names
}

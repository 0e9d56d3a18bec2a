//! `dispatch` and `when_primary_status`: when a copy is sent.

use std::time::Duration;

use serde_json::Value;

use super::Layers;
use crate::config::{
    Node,
    diagnostic::{Findings, brief},
    shadow::{Dispatch, StatusSet},
};

const LONGEST: Duration = Duration::from_secs(3600);
const DELAYED: &str = "write two times up to an hour, the shorter first: {\"delayed\": [\"50ms\", \"500ms\"]}";

/// Reads `dispatch`; unless it is given, a set of statuses makes it wait for the live answer.
pub(super) fn dispatch(node: &Node<'_>, waits_for_status: bool, findings: &mut Findings) -> Dispatch {
    let default = if waits_for_status { Dispatch::AfterLive } else { Dispatch::Concurrent };
    if node.value().is_object() {
        return delayed(&node.member("delayed"), findings).unwrap_or(default);
    }
    let known = |value: &Value| match value.as_str() {
        Some("concurrent") => Some(Dispatch::Concurrent),
        Some("after_primary") => Some(Dispatch::AfterLive),
        _ => None,
    };
    let hint = "write \"concurrent\", \"after_primary\" or {\"delayed\": [\"50ms\", \"500ms\"]}";
    node.strict(findings, known, "a way to send copies", hint).unwrap_or(default)
}

fn delayed(node: &Node<'_>, findings: &mut Findings) -> Option<Dispatch> {
    let list = node.elements();
    let times: Vec<_> = list.iter().filter_map(|entry| entry.strict_time(findings)).collect();
    match (times.as_slice(), list.len()) {
        ([shortest, longest], 2) if shortest <= longest && *longest <= LONGEST => {
            Some(Dispatch::Delayed(*shortest, *longest))
        }
        (times, length) => {
            // Entries that are no times have an error of their own.
            if node.is_absent() {
                node.refuse(findings, "a delay needs a range of times", DELAYED);
            } else if times.len() == length {
                node.refuse(findings, format!("{} is not a range of times", brief(node.value())), DELAYED);
            }
            None
        }
    }
}

/// Reads `when_primary_status`; `"any"` and nothing are no condition.
pub(super) fn statuses(node: &Node<'_>, findings: &mut Findings) -> Option<StatusSet> {
    if node.value() == "any" {
        return None;
    }
    let hint = "write [\"2xx\", \"404\"], or \"any\"";
    let list =
        node.strict(findings, |value| value.as_array().filter(|list| !list.is_empty()), "a list of statuses", hint);
    list?;
    let mut set = StatusSet { classes: Vec::new(), codes: Vec::new() };
    for entry in node.elements() {
        let written = entry.value().as_str().map_or_else(|| entry.value().to_string(), str::to_owned);
        let class = written.strip_suffix("xx").and_then(|digit| digit.parse().ok());
        let code = written.parse().ok().filter(|_| written.len() == 3);
        match (class, code) {
            (Some(class @ 1..=5), _) => set.classes.push(class),
            (_, Some(code @ 100..=599)) => set.codes.push(code),
            _ => entry.refuse(findings, format!("{} is not a status", brief(entry.value())), hint),
        }
    }
    Some(set)
}

/// The pointer of a `dispatch` that a set of statuses contradicts.
pub(super) fn contradiction<'a>(layers: &Layers<'a>, dispatch: Dispatch) -> Option<Node<'a>> {
    let node = layers.key("dispatch");
    (dispatch != Dispatch::AfterLive && !node.is_absent()).then_some(node)
}

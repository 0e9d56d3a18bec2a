//! `compare.against`: which live answer a shadow's is held against.
//!
//! Promises: a place is only taken when the endpoint has a live backend there; with several of them nothing is guessed.

use super::{Context, rules::Shadow};
use crate::config::{
    Backend, Node,
    diagnostic::{Findings, brief},
    shadow::Against,
};

/// So many live backends are named when one of them must be chosen.
const CHOICES_MAX: usize = 8;

/// Reads the key; `group` is the `compare` that is told when it lacks one.
pub(super) fn against(
    node: &Node<'_>,
    group: &Node<'_>,
    context: &Context<'_>,
    findings: &mut Findings,
) -> Option<Against> {
    let written = written(node, findings);
    let shadow = context.shadow?;
    let live: Vec<_> = shadow.live().collect();
    match written {
        Some(Written::Place(against)) if against.place() < live.len() => Some(against),
        Some(Written::Place(against)) => {
            let message = format!("{} has no live backend {}", shadow.endpoint.path, against.place());
            node.refuse(findings, message, choices(&live, "backend"));
            None
        }
        Some(Written::Merged) => merged(node, &live, &shadow, findings),
        None if node.is_absent() => only(group, &live, &shadow, findings),
        None => None,
    }
}

/// What is written.
#[derive(Clone, Copy)]
enum Written {
    Place(Against),
    Merged,
}

fn written(node: &Node<'_>, findings: &mut Findings) -> Option<Written> {
    let hint = "write \"backend:0\" for the first live backend, \"merged\" or \"merged:0\"";
    let text = node.strict(findings, |value| value.as_str(), "a text", hint)?;
    let place = |digits: &str| digits.parse().ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit()));
    let written = match text.split_once(':') {
        None if text == "merged" => Some(Written::Merged),
        Some(("backend", digits)) => place(digits).map(|place| Written::Place(Against::Backend(place))),
        Some(("merged", digits)) => place(digits).map(|place| Written::Place(Against::Merged(place))),
        _ => None,
    };
    if written.is_none() {
        node.refuse(findings, format!("{} is nothing to compare with", brief(node.value())), hint);
    }
    written
}

/// `merged` alone: in place of the only live backend whose data goes where the shadow's would.
fn merged(node: &Node<'_>, live: &[&Backend], shadow: &Shadow<'_>, findings: &mut Findings) -> Option<Against> {
    let mut same = live.iter().enumerate().filter(|(_, backend)| backend.group == shadow.backend.group);
    match (same.next(), same.next()) {
        (Some((place, _)), None) => Some(Against::Merged(place)),
        _ if live.is_empty() => None,
        _ => {
            let message =
                format!("{} has several live backends: in place of which is the shadow?", shadow.endpoint.path);
            node.refuse(findings, message, choices(live, "merged"));
            None
        }
    }
}

/// Nothing is written: the only live backend.
fn only(group: &Node<'_>, live: &[&Backend], shadow: &Shadow<'_>, findings: &mut Findings) -> Option<Against> {
    if live.len() > 1 {
        let message = format!("{} has several live backends, and \"against\" names none of them", shadow.endpoint.path);
        group.refuse(findings, message, choices(live, "backend"));
        return None;
    }
    (!live.is_empty()).then_some(Against::Backend(0))
}

fn choices(live: &[&Backend], word: &str) -> String {
    let name = |(place, backend): (usize, &&Backend)| {
        format!("\"{word}:{place}\" ({} {})", backend.method, backend.url_pattern)
    };
    let mut names: Vec<_> = live.iter().take(CHOICES_MAX).enumerate().map(name).collect();
    if live.len() > CHOICES_MAX {
        names.push(format!("… \"{word}:{}\"", live.len() - 1));
    }
    format!("write \"against\": {}", names.join(" or "))
}

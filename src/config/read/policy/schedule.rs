//! `ramp`, `until`, `ttl` and `dry_run`: what changes by itself as time goes by.

use std::time::SystemTime;

use chrono::DateTime;

use super::Layers;
use crate::config::{
    Node,
    diagnostic::{Diagnostic, Findings, Severity, brief},
    shadow::{Ramp, RampStep, Schedule, Share},
};

const STEPS_MAX: usize = 1000;

/// Reads the keys; a nearer `"off"` ends what a farther place began.
pub(super) fn schedule(layers: &Layers<'_>, now: Option<SystemTime>, findings: &mut Findings) -> Schedule {
    let given = |key: &str| Some(layers.key(key)).filter(|node| !node.is_absent() && !node.is_off());
    Schedule {
        ramp: given("ramp").and_then(|node| ramp(&node, findings)),
        until: given("until").and_then(|node| until(&node, now, findings)),
        ttl: given("ttl").and_then(|node| node.strict_positive_time(findings)),
        dry_run: layers.key("dry_run").strict_flag(findings).unwrap_or(false),
    }
}

fn until(node: &Node<'_>, now: Option<SystemTime>, findings: &mut Findings) -> Option<SystemTime> {
    let until = point_in_time(node, findings)?;
    if now.is_some_and(|now| until <= now) {
        let finding = Diagnostic::new(Severity::Warning, node.pointer(), "this time has passed: nothing is copied");
        findings.push(finding.value(node.value()).hint("write a later time, or remove the shadow"));
    }
    Some(until)
}

/// RFC 3339: `2026-12-01T08:00:00Z`.
fn point_in_time(node: &Node<'_>, findings: &mut Findings) -> Option<SystemTime> {
    let time = |value: &serde_json::Value| {
        let time = DateTime::parse_from_rfc3339(value.as_str()?).ok()?;
        // Before 1970 nothing of this can be meant.
        (time.timestamp() >= 0).then(|| SystemTime::from(time))
    };
    node.strict(findings, time, "a point in time", "write one like \"2026-12-01T08:00:00Z\"")
}

/// Reads a ramp.
pub(in crate::config::read) fn ramp(node: &Node<'_>, findings: &mut Findings) -> Option<Ramp> {
    if !node.strict_object(findings) {
        return None;
    }
    let (start, steps) = (node.member("start"), node.member("steps"));
    if start.is_absent() {
        node.refuse(findings, "a ramp needs a start", "write \"start\": \"2026-12-01T08:00:00Z\"");
    }
    let list = steps.strict_list(findings).unwrap_or_default();
    if list.is_empty() || list.len() > STEPS_MAX {
        let hint = "write \"steps\": [{\"rate\": \"1%\", \"for\": \"1h\"}, {\"rate\": 1}]";
        node.refuse(findings, format!("a ramp needs from 1 to {STEPS_MAX} steps"), hint);
    }
    let last = list.len().saturating_sub(1);
    let read = |(place, node): (usize, &Node<'_>)| step(node, place == last, findings);
    let steps: Vec<_> = list.iter().enumerate().map(read).collect();
    let (start, steps) = (point_in_time(&start, findings)?, steps.into_iter().collect::<Option<Vec<_>>>()?);
    (!steps.is_empty()).then_some(Ramp { start, steps })
}

fn step(node: &Node<'_>, is_last: bool, findings: &mut Findings) -> Option<RampStep> {
    if !node.value().is_object() {
        node.refuse(
            findings,
            format!("{} is not an object", brief(node.value())),
            "write {\"rate\": \"1%\", \"for\": \"1h\"}",
        );
        return None;
    }
    let (rate, lasts) = (node.member("rate"), node.member("for"));
    if rate.is_absent() {
        node.refuse(findings, "a step needs a rate", "write \"rate\": \"1%\"");
    }
    if is_last && !lasts.is_absent() {
        lasts.refuse(findings, "the last step stays", "leave \"for\" out, and write \"until\" to end it");
    } else if !is_last && lasts.is_absent() {
        node.refuse(findings, "every step but the last needs to end", "write \"for\": \"1h\"");
    }
    let lasts = lasts.strict_positive_time(findings);
    let rate: Share = rate.strict_share(findings)?;
    (is_last || lasts.is_some()).then_some(RampStep { rate, lasts })
}

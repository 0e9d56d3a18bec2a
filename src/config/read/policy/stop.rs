//! `stop_on`: when a shadow is stopped by itself.

use std::time::Duration;

use url::Url;

use super::Layers;
use crate::config::{
    Node,
    diagnostic::{Diagnostic, Findings, Severity},
    shadow::{StopAction, StopOn},
};

const PAIRS_MIN: u64 = 500;
const PAIRS_MAX: usize = 1_000_000_000;
const WINDOW: Duration = Duration::from_secs(600);
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(24 * 3600);
const RATIO_MAX: f64 = 1_000_000.0;

/// Reads the group; `None` when no rule is given or it is off.
pub(super) fn stop_on(layers: &Layers<'_>, findings: &mut Findings) -> Option<StopOn> {
    if layers.key("stop_on").is_off() {
        return None;
    }
    let group = layers.group("stop_on");
    let pairs = group.key("min_pairs").strict_count(findings, 1..=PAIRS_MAX);
    let actions = [("pause", StopAction::Pause), ("kill", StopAction::Kill)];
    let rules = StopOn {
        mismatch_rate: share(&group, "mismatch_rate", findings),
        error_delta: share(&group, "error_delta", findings),
        p99_ratio: ratio(&group.key("p99_ratio"), findings),
        overhead_p99: share(&group, "overhead_p99", findings),
        min_pairs: pairs.and_then(|pairs| u64::try_from(pairs).ok()).unwrap_or(PAIRS_MIN),
        window: window(&group.key("window"), findings).unwrap_or(WINDOW),
        action: group.key("action").strict_choice(findings, &actions).unwrap_or(StopAction::Pause),
        webhook: webhook(&group.key("webhook"), findings),
    };
    let shares = [rules.mismatch_rate, rules.error_delta, rules.p99_ratio, rules.overhead_p99];
    shares.iter().any(Option::is_some).then_some(rules)
}

fn share(group: &Layers<'_>, key: &str, findings: &mut Findings) -> Option<f64> {
    let node = group.key(key);
    if node.is_off() { None } else { node.strict_ratio(findings) }
}

fn ratio(node: &Node<'_>, findings: &mut Findings) -> Option<f64> {
    if node.is_off() {
        return None;
    }
    let number = |value: &serde_json::Value| value.as_f64().filter(|ratio| *ratio > 0.0 && *ratio <= RATIO_MAX);
    node.strict(
        findings,
        number,
        "a number above 0, up to 1000000",
        "write 3 for three times the live side's, or \"off\"",
    )
}

fn window(node: &Node<'_>, findings: &mut Findings) -> Option<Duration> {
    let window = node.strict_time(findings)?;
    if !(SHORTEST..=LONGEST).contains(&window) {
        node.refuse(findings, format!("{window:?} is no time to look back"), "write a time from \"1s\" to \"24h\"");
        return None;
    }
    Some(window)
}

/// An address may hold a secret: it is never repeated.
pub(in crate::config::read) fn webhook(node: &Node<'_>, findings: &mut Findings) -> Option<String> {
    if node.is_absent() || node.is_off() {
        return None;
    }
    let mut refuse = |message: &str, hint: &str| {
        findings.push(Diagnostic::new(Severity::Error, node.pointer(), message).hint(hint));
        None
    };
    let Some((text, url)) = node.value().as_str().and_then(|text| Some((text, Url::parse(text).ok()?))) else {
        return refuse("this is no address to post to", "write one like \"https://hooks.test/shadows\"");
    };
    if !["http", "https"].contains(&url.scheme()) || url.host_str().is_none_or(str::is_empty) {
        return refuse("this is no http address with a host", "write one like \"https://hooks.test/shadows\"");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return refuse("user and password in an address are not sent", "put what lets us in into its path or query");
    }
    Some(text.to_owned())
}

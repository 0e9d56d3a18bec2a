//! `stop_on` of a split: when a variant is stopped by itself.

use std::time::Duration;

use crate::config::{
    Node,
    diagnostic::{Findings, brief},
    known::Scope,
    read::policy::webhook,
    split::{SplitAction, SplitStop},
    unknown,
};

/// The longest window.
const WINDOW_MAX: Duration = Duration::from_secs(24 * 3600);
const WINDOW_MIN: Duration = Duration::from_secs(1);
const REQUESTS_MAX: usize = 1_000_000_000;
const RATIO_MAX: f64 = 1000.0;

/// Reads the rules; `None` when there are none.
pub(super) fn stop_on(node: &Node<'_>, findings: &mut Findings) -> Option<SplitStop> {
    if !node.strict_object(findings) {
        return None;
    }
    unknown::refuse(node, Scope::SplitStop, findings);
    let (error_delta, p99_ratio) = (node.member("error_delta"), node.member("p99_ratio"));
    if error_delta.is_absent() && p99_ratio.is_absent() {
        node.refuse(findings, "no rule", "write error_delta, p99_ratio or both, or leave stop_on out");
    }
    let ratio = |value: &serde_json::Value| value.as_f64().filter(|ratio| *ratio > 0.0 && *ratio <= RATIO_MAX);
    let requests = node.member("min_requests").strict_count(findings, 1..=REQUESTS_MAX);
    let actions = [("stop", SplitAction::Stop), ("log", SplitAction::Log)];
    Some(SplitStop {
        error_delta: error_delta.strict_ratio(findings),
        p99_ratio: p99_ratio.strict(findings, ratio, "a number above 0, up to 1000", "write 2 for twice as long"),
        min_requests: requests.and_then(|count| u64::try_from(count).ok()).unwrap_or(500),
        window: window(&node.member("window"), findings).unwrap_or(Duration::from_secs(600)),
        action: node.member("action").strict_choice(findings, &actions).unwrap_or(SplitAction::Stop),
        webhook: webhook(&node.member("webhook"), findings),
    })
}

fn window(node: &Node<'_>, findings: &mut Findings) -> Option<Duration> {
    let window = node.strict_positive_time(findings)?;
    if !(WINDOW_MIN..=WINDOW_MAX).contains(&window) {
        node.refuse(findings, format!("{} is no window", brief(node.value())), "write a time from 1s to 24h");
        return None;
    }
    Some(window)
}

//! `breaker`: when a shadow that fails is left alone.

use std::time::Duration;

use super::Layers;
use crate::config::{Node, diagnostic::Findings, shadow::Breaker};

const COUNT_MAX: usize = 1_000_000;

/// Reads the group; `None` when it is off.
pub(super) fn breaker(layers: &Layers<'_>, findings: &mut Findings) -> Option<Breaker> {
    if layers.key("breaker").is_off() {
        return None;
    }
    let group = layers.group("breaker");
    let time = |key: &str, default: u64, findings: &mut Findings| {
        group.key(key).strict_positive_time(findings).unwrap_or(Duration::from_secs(default))
    };
    Some(Breaker {
        consecutive: count(&group.key("consecutive"), 10, findings),
        ratio: ratio(&group.key("ratio"), findings),
        minimum: count(&group.key("minimum"), 20, findings),
        window: time("window", 10, findings),
        open: time("open", 5, findings),
        open_max: time("max_open", 60, findings),
    })
}

fn count(node: &Node<'_>, default: u32, findings: &mut Findings) -> u32 {
    node.strict_count(findings, 1..=COUNT_MAX).and_then(|count| u32::try_from(count).ok()).unwrap_or(default)
}

fn ratio(node: &Node<'_>, findings: &mut Findings) -> f64 {
    let ratio = node.strict_ratio(findings);
    if ratio == Some(0.0) {
        node.refuse(findings, "a share of 0 would open it at once", "write a share above 0, or \"breaker\": \"off\"");
    }
    ratio.filter(|ratio| *ratio > 0.0).unwrap_or(0.5)
}

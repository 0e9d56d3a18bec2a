//! `limits` and `body`: how much a shadow may be sent.

use super::{Context, Layers};
use crate::config::{
    Node,
    diagnostic::Findings,
    shadow::{BodyMode, Limits},
};

const MIB: usize = 1 << 20;
const STREAM_WINDOW: usize = 256 << 10;
const PER_SECOND_MAX: f64 = 1_000_000.0;

/// Reads both groups; where they say nothing, a bound that the service's `@shadow` names is the default.
pub(super) fn limits(layers: &Layers<'_>, context: &Context<'_>, mode: BodyMode, findings: &mut Findings) -> Limits {
    let (group, body) = (layers.group("limits"), layers.group("body"));
    let concurrent = or_bound(group.key("max_concurrent"), context, "max_concurrent");
    let request = or_bound(body.key("max_request"), context, "max_request");
    let response = or_bound(body.key("max_response"), context, "max_response");
    let copies = group.key("multiplier").strict_count(findings, 1..=100);
    Limits {
        concurrent_max: concurrent.strict_count(findings, 1..=100_000).unwrap_or(64),
        queue_max: group.key("queue").strict_count(findings, 0..=100_000).unwrap_or(256),
        per_second: per_second(&group.key("max_rps"), findings),
        bytes_per_second: bytes_per_second(&group.key("max_bytes_per_s"), findings),
        multiplier: copies.and_then(|copies| u32::try_from(copies).ok()).unwrap_or(1),
        // What is streamed holds no more than its window, however long it is.
        request_bytes_max: request.strict_bytes(findings).unwrap_or(match mode {
            BodyMode::Stream(_) => usize::MAX,
            BodyMode::Buffer | BodyMode::None => MIB,
        }),
        response_bytes_max: response.strict_bytes(findings).unwrap_or(MIB),
    }
}

fn or_bound<'a>(node: Node<'a>, context: &Context<'a>, bound: &str) -> Node<'a> {
    let bound = context.service.member(bound);
    if node.is_absent() && !bound.is_absent() { bound } else { node }
}

fn per_second(node: &Node<'_>, findings: &mut Findings) -> Option<f64> {
    if node.is_off() {
        return None;
    }
    let number = |value: &serde_json::Value| value.as_f64().filter(|rate| *rate > 0.0 && *rate <= PER_SECOND_MAX);
    node.strict(
        findings,
        number,
        "a number above 0, up to 1000000",
        "write \"off\" for no limit, \"rate\": 0 for nothing",
    )
}

fn bytes_per_second(node: &Node<'_>, findings: &mut Findings) -> Option<usize> {
    if node.is_off() {
        return None;
    }
    let bytes = node.strict_bytes(findings)?;
    if bytes == 0 {
        node.refuse(findings, "0 bytes a second are nothing", "write \"off\" for no limit, \"rate\": 0 for nothing");
        return None;
    }
    Some(bytes)
}

/// Reads `body.mode` and `body.stream_window`.
pub(super) fn body_mode(layers: &Layers<'_>, findings: &mut Findings) -> BodyMode {
    let group = layers.group("body");
    let (node, window_node) = (group.key("mode"), group.key("stream_window"));
    let mut window = window_node.strict_bytes(findings).unwrap_or(STREAM_WINDOW);
    if window == 0 {
        window_node.refuse(findings, "a window of 0 bytes lets nothing through", "write \"256KiB\", or leave it out");
        window = STREAM_WINDOW;
    }
    let modes = [("buffer", BodyMode::Buffer), ("stream", BodyMode::Stream(window)), ("none", BodyMode::None)];
    node.strict_choice(findings, &modes).unwrap_or(BodyMode::Buffer)
}

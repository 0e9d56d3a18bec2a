//! What comparing, and stopping by what was found, have to do with the endpoint and the rest of a policy.

use super::{
    Layers,
    compare::passes_undecoded,
    rules::{SAFE, Shadow},
};
use crate::config::{
    Node,
    diagnostic::{Diagnostic, Findings, Severity},
    shadow::{Against, BaselineMode, BodyRule, Compare, Policy, Share, Stage, StopOn},
};

/// The rules that stop a shadow.
const RULES: [&str; 4] = ["mismatch_rate", "error_delta", "p99_ratio", "overhead_p99"];

/// Reports what can't hold or is hardly meant.
pub(super) fn check(layers: &Layers<'_>, policy: &Policy, shadow: &Shadow<'_>, findings: &mut Findings) {
    if let Some(compare) = &policy.compare {
        let group = layers.group("compare");
        check_stage(&group, compare, shadow, findings);
        check_merged(&group, compare, shadow, findings);
        check_baseline(&group, compare, shadow, findings);
        check_copies(layers, policy, compare, findings);
    }
    match &policy.stop_on {
        Some(rules) => check_stop(layers, policy, rules, findings),
        None => check_no_rule(layers, findings),
    }
    check_store(layers, policy, findings);
}

fn check_stage(group: &Layers<'_>, compare: &Compare, shadow: &Shadow<'_>, findings: &mut Findings) {
    let (stage, body) = (group.key("stage"), group.key("body"));
    let path = &shadow.endpoint.path;
    if compare.stage == Stage::Processed && !stage.is_absent() && passes_undecoded(shadow, compare.against) {
        let message = format!("answers of {path} pass as they come (no-op): none is decoded");
        stage.refuse(findings, message, "write \"raw\", or leave it out");
    }
    let of_bytes = matches!(compare.body, BodyRule::Text | BodyRule::Bytes | BodyRule::Hash);
    if compare.stage == Stage::Processed && of_bytes {
        let message = "answers that were decoded are data, neither text nor bytes";
        body.refuse(findings, message, "write \"stage\": \"raw\" beside it, or \"body\": \"json\"");
    }
}

fn check_merged(group: &Layers<'_>, compare: &Compare, shadow: &Shadow<'_>, findings: &mut Findings) {
    let Against::Merged(place) = compare.against else { return };
    let (node, path) = (group.key("against"), &shadow.endpoint.path);
    let hint = format!("write \"against\": \"backend:{place}\"");
    if passes_undecoded(shadow, compare.against) {
        node.refuse(findings, format!("answers of {path} pass as they come (no-op): nothing is merged"), hint);
    } else if shadow.endpoint.sequential {
        let message = format!("{path} is a sequence: answers after the shadow's place were made with the live one");
        node.refuse(findings, message, hint);
    } else if compare.stage == Stage::Raw {
        let message = "what is merged has been decoded";
        group.key("stage").refuse(findings, message, format!("{hint}, or \"stage\": \"processed\""));
    }
}

fn check_baseline(group: &Layers<'_>, compare: &Compare, shadow: &Shadow<'_>, findings: &mut Findings) {
    if compare.baseline.mode == BaselineMode::Off {
        return;
    }
    let place = compare.against.place();
    let node = group.key("baseline");
    let Some(live) = shadow.live().nth(place) else { return };
    if let Some(method) =
        [&shadow.endpoint.method, &live.method].into_iter().find(|method| !SAFE.contains(&method.as_str()))
    {
        let message = format!(
            "nothing of {} is sent to the live backend a second time: {method} is no safe method",
            shadow.endpoint.path
        );
        warn(&node, message, "write \"off\"; every difference counts", findings);
    }
    if shadow.endpoint.sequential && place > 0 {
        let message =
            format!("{} is a sequence: a second answer of a later backend needs those before it", shadow.endpoint.path);
        node.refuse(findings, message, "write \"off\", or compare against \"backend:0\"");
    }
}

fn check_copies(layers: &Layers<'_>, policy: &Policy, compare: &Compare, findings: &mut Findings) {
    if policy.limits.multiplier > 1 {
        let message = "of several copies of a request only the first is compared";
        warn(
            &layers.group("limits").key("multiplier"),
            message,
            "leave one of \"multiplier\" and \"compare\" out",
            findings,
        );
    }
    let max_body = layers.group("compare").key("max_body");
    if compare.body_bytes_max > policy.limits.response_bytes_max && !max_body.is_absent() {
        let message = "max_body is larger than max_response: such answers of the shadow are cut off";
        warn(&max_body, message, "write a larger \"max_response\" in \"body\"", findings);
    }
}

fn check_stop(layers: &Layers<'_>, policy: &Policy, rules: &StopOn, findings: &mut Findings) {
    let group = layers.group("stop_on");
    let of_pairs =
        [("mismatch_rate", rules.mismatch_rate), ("error_delta", rules.error_delta), ("p99_ratio", rules.p99_ratio)];
    for (key, _) in of_pairs.iter().filter(|(_, limit)| limit.is_some() && policy.compare.is_none()) {
        let message = format!("nothing is compared, and {key} is taken of pairs of answers");
        group.key(key).refuse(findings, message, "write \"compare\": {} in the policy, or leave it out");
    }
    if rules.overhead_p99.is_some() && policy.holdout == Share::NONE {
        let message = "nothing is held out, and overhead_p99 is taken between requests with the shadow and without";
        group.key("overhead_p99").refuse(findings, message, "write \"holdout\": \"5%\" in the policy, or leave it out");
    }
}

/// Defaults of the service may leave the rules to others.
fn check_no_rule(layers: &Layers<'_>, findings: &mut Findings) {
    let node = layers.key("stop_on");
    let group = layers.group("stop_on");
    let is_written = |key| !group.key(key).is_absent() && !group.key(key).is_off();
    if node.value().is_object() && is_of_endpoint(&node) && !RULES.iter().any(|key| is_written(key)) {
        let message = "without a rule nothing stops this shadow";
        let hint = "write \"mismatch_rate\", \"error_delta\", \"p99_ratio\" or \"overhead_p99\"";
        warn(&node, message, hint, findings);
    }
}

fn check_store(layers: &Layers<'_>, policy: &Policy, findings: &mut Findings) {
    let node = layers.key("store");
    if policy.compare.is_none() && node.value().is_object() && is_of_endpoint(&node) {
        warn(&node, "nothing is compared, so nothing is kept", "write \"compare\": {} in the policy", findings);
    }
}

fn is_of_endpoint(node: &Node<'_>) -> bool {
    node.pointer().starts_with("/endpoints/") || node.pointer().starts_with("/backend/")
}

fn warn(node: &Node<'_>, message: impl Into<String>, hint: &str, findings: &mut Findings) {
    findings.push(Diagnostic::new(Severity::Warning, node.pointer(), message).hint(hint));
}

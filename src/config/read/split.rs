//! `@split` of a live backend: which others take a part of its calls.
//!
//! Promises: nothing is guessed, as in all that is ours; a variant is read as any backend is, from its own keys and, where
//! it says nothing, from those of the backend that it stands beside.

use serde_json::{Map, Value};

use super::{
    backend,
    backends::{Parent, check_placeholders},
    policy::{sample_key, steps},
    service::Inherited,
    split_stop,
};
use crate::config::{
    Backend, Node,
    diagnostic::{Diagnostic, Findings, Severity, brief},
    known::Scope,
    legacy,
    rules::paths,
    shadow::{OnMissingKey, Ramp, SampleKey, Share},
    split::{BASE, Split, VARIANTS_MAX, Variant},
    unknown,
};

/// The key in a backend's `proxy`.
const KEY: &str = "@split";
/// The longest name of a variant, in bytes.
const NAME_MAX: usize = 40;
/// How far the sum of rates may be above 1, for the sake of tenths that are none in binary.
const ROUNDING: f64 = 1e-9;

/// A backend with a split, and what it stands in.
pub(super) struct Beside<'a> {
    /// The backend.
    pub(super) base: &'a Node<'a>,
    /// Its place among those of the endpoint.
    pub(super) index: usize,
    /// Its endpoint.
    pub(super) parent: &'a Parent<'a>,
    /// Its service.
    pub(super) inherited: &'a Inherited,
}

/// Reads the split of a backend, if it has one.
pub(super) fn split(beside: &Beside<'_>, base: &Backend, findings: &mut Findings) -> Option<Split> {
    let Beside { parent, inherited, .. } = beside;
    let split = beside.base.field("extra_config").namespace("proxy").member(KEY);
    if !split.strict_object(findings) {
        return None;
    }
    unknown::refuse(&split, Scope::Split, findings);
    if base.shadow.is_some() {
        let message = "a shadow has no calls of clients to share";
        split.refuse(findings, message, "write it at the live backend, or use the shadow's sample");
        return None;
    }
    let missing = [("skip", OnMissingKey::Skip), ("random", OnMissingKey::Random)];
    let missing = split.member("on_missing_key").strict_choice(findings, &missing);
    let ramp = ramp(&split.member("ramp"), findings);
    Some(Split {
        key: key(&split.member("key"), parent, findings),
        salt: split.member("salt").strict_text(findings).unwrap_or_else(|| inherited.name.clone()),
        on_missing_key: missing.unwrap_or(OnMissingKey::Skip),
        variants: variants(&split, beside, ramp.as_ref(), findings),
        ramp,
        stop_on: split_stop::stop_on(&split.member("stop_on"), findings),
    })
}

fn key(node: &Node<'_>, parent: &Parent<'_>, findings: &mut Findings) -> SampleKey {
    let params = paths::route_params(parent.path, parent.params);
    let key = sample_key(node, Some((parent.path, &params)), findings).unwrap_or(SampleKey::Random);
    if matches!(key, SampleKey::Claim(_)) && !parent.has_claims {
        let message = format!("{} has no auth/validator, so there are no claims", parent.path);
        node.refuse(findings, message, "add auth/validator to the endpoint, or choose by something else");
    }
    key
}

fn ramp(node: &Node<'_>, findings: &mut Findings) -> Option<Ramp> {
    if node.is_absent() {
        return None;
    }
    unknown::refuse(node, Scope::PolicyRamp, findings);
    for step in node.member("steps").elements() {
        unknown::refuse(&step, Scope::PolicyStep, findings);
    }
    steps(node, findings)
}

fn variants(split: &Node<'_>, beside: &Beside<'_>, ramp: Option<&Ramp>, findings: &mut Findings) -> Vec<Variant> {
    let to = split.member("to");
    let list = to.strict_list(findings).unwrap_or_default();
    if list.is_empty() || list.len() > VARIANTS_MAX {
        let hint = "write \"to\": [{\"rate\": \"5%\", \"host\": [\"http://v2:8080\"]}]";
        to.refuse(findings, format!("a split needs from 1 to {VARIANTS_MAX} backends to share with"), hint);
        return Vec::new();
    }
    if ramp.is_some() && list.len() > 1 {
        let message = "a ramp is for one variant: which of several it is for nobody could say";
        split.member("ramp").refuse(findings, message, "leave one of them, or the ramp out");
    }
    let mut variants: Vec<Variant> = Vec::with_capacity(list.len());
    for (place, node) in list.iter().enumerate() {
        let Some(variant) = variant(node, place, ramp.is_some(), beside, findings) else { continue };
        if variant.name == BASE || variants.iter().any(|earlier| earlier.name == variant.name) {
            let message = format!("\"{}\" is somebody else's name", variant.name);
            node.member("name").refuse(findings, message, "give each variant a name of its own");
        }
        variants.push(variant);
    }
    let sum: f64 = variants.iter().map(|variant| variant.rate.ratio()).sum();
    if sum > 1.0 + ROUNDING {
        let message = format!("the rates are {}% together", (sum * 1e5).round() / 1e3);
        to.refuse(findings, message, "100% is all there is; what they leave is the base's");
    }
    variants
}

fn variant(
    node: &Node<'_>,
    place: usize,
    has_ramp: bool,
    beside: &Beside<'_>,
    findings: &mut Findings,
) -> Option<Variant> {
    if !node.value().is_object() {
        node.refuse(findings, format!("{} is not a backend", brief(node.value())), "write an object");
        return None;
    }
    let mark = node.field("extra_config").namespace("proxy");
    for key in ["shadow", KEY] {
        let member = mark.member(key);
        if !member.is_absent() && member.value() != false {
            member.refuse(findings, format!("\"{key}\" in a variant, whose answers are for clients"), "remove it");
        }
    }
    let rate = node.member("rate");
    if rate.is_absent() && !has_ramp {
        node.refuse(findings, "a variant needs a rate", "write \"rate\": \"5%\", or 0 to begin with nothing");
    }
    let rate = rate.strict_share(findings).unwrap_or(Share::NONE);
    let merged = over(beside.base.value(), node.value());
    let merged = Node::at(&merged, node.pointer());
    let backend = backend::backend(&merged, beside.parent, beside.inherited, findings)?;
    check_placeholders(&merged, &backend, beside.parent, beside.index, findings);
    Some(Variant { name: name(&node.member("name"), place, findings), rate, backend })
}

fn name(node: &Node<'_>, place: usize, findings: &mut Findings) -> String {
    let usual = || if place == 0 { "canary".to_owned() } else { format!("canary-{}", place + 1) };
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let Some(name) = node.strict_text(findings) else { return usual() };
    if name.is_empty() || name.len() > NAME_MAX || !name.bytes().all(is_letter) {
        let pointer = node.pointer();
        let finding = Diagnostic::new(Severity::Error, pointer, format!("{} is not a name", brief(node.value())));
        findings.push(finding.value(node.value()).hint(format!("write up to {NAME_MAX} letters, digits, -, _ and .")));
        return usual();
    }
    name
}

/// The backend that a variant is: its own keys over those of the base, and its own components over those of the base.
/// `null` takes nothing over.
fn over(base: &Value, own: &Value) -> Value {
    let (Value::Object(base), Value::Object(own)) = (base, own) else { return own.clone() };
    let is_extra = |key: &str| key.eq_ignore_ascii_case("extra_config");
    let mut merged: Map<String, Value> = base.clone();
    for (key, value) in own.iter().filter(|(key, _)| !is_extra(key)) {
        merged.retain(|name, _| !name.eq_ignore_ascii_case(key));
        merged.insert(key.clone(), value.clone());
    }
    let extra = |members: &Map<String, Value>| {
        let found = members.iter().find(|(key, value)| is_extra(key) && !value.is_null());
        found.map(|(_, value)| value.clone())
    };
    merged.retain(|name, _| !is_extra(name));
    let mut components = extra(base).unwrap_or(Value::Null);
    without_split(&mut components);
    let components = match (components, extra(own)) {
        (Value::Object(base), Some(Value::Object(own))) => Some(Value::Object(components_over(base, own))),
        (Value::Null, own) => own,
        (base, None) => Some(base),
        (_, own) => own,
    };
    merged.extend(components.map(|components| ("extra_config".to_owned(), components)));
    Value::Object(merged)
}

fn components_over(mut base: Map<String, Value>, own: Map<String, Value>) -> Map<String, Value> {
    fn short(name: &str) -> &str {
        legacy::short_name(name).unwrap_or(name)
    }
    base.retain(|name, _| !own.keys().any(|key| short(key) == short(name)));
    base.extend(own);
    base
}

/// Takes the split off an `extra_config`: it belongs to the base alone.
fn without_split(extra: &mut Value) {
    for (name, component) in extra.as_object_mut().into_iter().flatten() {
        if legacy::short_name(name).unwrap_or(name) == "proxy"
            && let Some(members) = component.as_object_mut()
        {
            members.remove(KEY);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::over;

    #[test]
    fn a_variant_takes_from_the_base_what_it_does_not_say() {
        let base = json!({
            "host": ["http://v1"], "url_pattern": "/v1", "Mapping": { "a": "b" },
            "extra_config": {
                "proxy": { "@split": { "to": [] }, "flatmap_filter": [] },
                "github.com/devopsfaith/krakend-circuitbreaker/gobreaker": { "max_errors": 1 },
                "qos/ratelimit/proxy": { "max_rate": 5 },
            },
        });
        for (own, merged) in [
            (
                json!({ "host": ["http://v2"] }),
                json!({
                    "host": ["http://v2"], "url_pattern": "/v1", "Mapping": { "a": "b" },
                    "extra_config": {
                        "proxy": { "flatmap_filter": [] },
                        "github.com/devopsfaith/krakend-circuitbreaker/gobreaker": { "max_errors": 1 },
                        "qos/ratelimit/proxy": { "max_rate": 5 },
                    },
                }),
            ),
            (
                json!({
                    "mapping": null, "Url_Pattern": "/v2",
                    "extra_config": { "qos/circuit-breaker": { "max_errors": 9 }, "qos/ratelimit/proxy": null },
                }),
                json!({
                    "host": ["http://v1"], "mapping": null, "Url_Pattern": "/v2",
                    "extra_config": {
                        "proxy": { "flatmap_filter": [] },
                        "qos/circuit-breaker": { "max_errors": 9 }, "qos/ratelimit/proxy": null,
                    },
                }),
            ),
        ] {
            assert_eq!(over(&base, &own), merged);
        }
        assert_eq!(
            over(&json!({ "host": [] }), &json!({ "extra_config": {} })),
            json!({ "host": [], "extra_config": {} })
        );
    }
}

//! `sample`: which share of the requests, and by what.

use http::HeaderName;

use super::{Context, Layers};
use crate::config::{
    Node,
    diagnostic::{Findings, brief},
    shadow::{OnMissingKey, Sample, SampleKey, Share},
};

const KEYS: &str = "write random, header:NAME, cookie:NAME, jwt:CLAIM, query:NAME, param:NAME, path, ip or trace_id";

/// Reads the group.
pub(super) fn sample(group: &Layers<'_>, context: &Context<'_>, findings: &mut Findings) -> Sample {
    let on_missing_key = [("skip", OnMissingKey::Skip), ("random", OnMissingKey::Random)];
    Sample {
        rate: group.key("rate").strict_share(findings).unwrap_or(Share::ALL),
        key: key(&group.key("key"), endpoint(context), findings).unwrap_or(SampleKey::Random),
        salt: group.key("salt").strict_text(findings).unwrap_or_else(|| context.salt.to_owned()),
        on_missing_key: group
            .key("on_missing_key")
            .strict_choice(findings, &on_missing_key)
            .unwrap_or(OnMissingKey::Skip),
    }
}

/// Path and parameters of the endpoint that a policy is read for.
fn endpoint<'a>(context: &Context<'a>) -> Option<(&'a str, &'a [String])> {
    let endpoint = context.shadow.as_ref()?.endpoint;
    Some((&endpoint.path, &endpoint.params))
}

/// Reads what decides. `endpoint` is path and parameters of the endpoint that it is for, if it is for one.
pub(in crate::config::read) fn key(
    node: &Node<'_>,
    endpoint: Option<(&str, &[String])>,
    findings: &mut Findings,
) -> Option<SampleKey> {
    let text = node.strict(findings, |value| value.as_str(), "a text", KEYS)?;
    let plain = match text {
        "random" => Some(SampleKey::Random),
        "path" => Some(SampleKey::Path),
        "ip" => Some(SampleKey::Address),
        "trace_id" => Some(SampleKey::TraceId),
        _ => None,
    };
    if plain.is_some() {
        return plain;
    }
    let named = match text.split_once(':').filter(|(_, name)| !name.is_empty()) {
        Some(("header", name)) => HeaderName::from_bytes(name.as_bytes()).ok().map(SampleKey::Header),
        Some(("cookie", name)) => Some(SampleKey::Cookie(name.to_owned())),
        Some(("jwt", name)) => Some(SampleKey::Claim(name.to_owned())),
        Some(("query", name)) => Some(SampleKey::Query(name.to_owned())),
        Some(("param", name)) => return param(node, name, endpoint, findings),
        _ => None,
    };
    if named.is_none() {
        node.refuse(findings, format!("{} is nothing to sample by", brief(node.value())), KEYS);
    }
    named
}

/// The place of a parameter among those of the endpoint.
fn param(
    node: &Node<'_>,
    name: &str,
    endpoint: Option<(&str, &[String])>,
    findings: &mut Findings,
) -> Option<SampleKey> {
    let (path, params) = endpoint?;
    let place = params.iter().position(|param| param == name);
    if place.is_none() {
        let hint = match params {
            [] => "the path has no parameters".to_owned(),
            _ => format!("its parameters are {}", params.join(", ")),
        };
        node.refuse(findings, format!("\"{name}\" is no parameter of {path}"), hint);
    }
    place.map(SampleKey::Param)
}

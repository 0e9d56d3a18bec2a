//! `compare`: which answers of a shadow are held against live ones, and how.

use http::HeaderName;
use serde_json::Value;

use super::{Context, Layers, against, baseline, json_rules, rewrite::names, rules::Shadow};
use crate::config::{
    Node,
    diagnostic::{Findings, brief},
    shadow::{
        Against, BodyRule, COMPARED_BYTES_MAX, COMPARED_HEADERS, COMPARED_VALUES_MAX, Compare, HeaderRules, Share,
        Stage, StatusRule, TextRule,
    },
};

const STATUS: &str = "write \"exact\", \"class\", or an object like {\"200\": [\"200\", \"204\"]}";
/// No file may ask for more values: with as many a pair may take a thread for a second.
const VALUES_MAX: usize = 1_000_000;

const HEADERS: &str = "write a list of names, or \"all\"";

/// Reads the group; `None` when nothing is compared.
pub(super) fn compare(layers: &Layers<'_>, context: &Context<'_>, findings: &mut Findings) -> Option<Compare> {
    let node = layers.key("compare");
    if node.is_absent() || node.is_off() {
        return None;
    }
    let group = layers.group("compare");
    let body = body(&group.key("body"), findings);
    let against = against::against(&group.key("against"), &node, context, findings).unwrap_or(Against::Backend(0));
    let stage = self::stage(&group.key("stage"), findings).unwrap_or_else(|| default_stage(body, against, context));
    Some(Compare {
        sample: group.key("sample").strict_share(findings).unwrap_or(Share::ALL),
        against,
        stage,
        status: status(&group.key("status"), findings),
        headers: headers(&group, stage, findings),
        body,
        json: json_rules::json_rules(&group, findings),
        text: text(&group.group("text"), findings),
        body_bytes_max: body_bytes_max(&group.key("max_body"), findings),
        values_max: values_max(&group.key("max_values"), findings),
        baseline: baseline::baseline(&group, findings),
    })
}

fn stage(node: &Node<'_>, findings: &mut Findings) -> Option<Stage> {
    node.strict_choice(findings, &[("raw", Stage::Raw), ("processed", Stage::Processed)])
}

/// Raw where there is nothing else, and where bodies are compared that decoding would end.
fn default_stage(body: BodyRule, against: Against, context: &Context<'_>) -> Stage {
    let of_bytes = matches!(body, BodyRule::Text | BodyRule::Bytes | BodyRule::Hash);
    let is_raw = context.shadow.is_some_and(|shadow| passes_undecoded(&shadow, against));
    let is_merged = matches!(against, Against::Merged(_));
    if (of_bytes || is_raw) && !is_merged { Stage::Raw } else { Stage::Processed }
}

/// Whether an answer of the pair goes on as it came.
pub(super) fn passes_undecoded(shadow: &Shadow<'_>, against: Against) -> bool {
    let live = shadow.live().nth(against.place());
    live.into_iter().chain([shadow.backend]).any(|backend| backend.encoding == "no-op")
}

fn status(node: &Node<'_>, findings: &mut Findings) -> StatusRule {
    if !node.value().is_object() {
        let word = |value: &Value| match value.as_str() {
            Some("exact") => Some(StatusRule::Exact),
            Some("class") => Some(StatusRule::Class),
            _ => None,
        };
        return node.strict(findings, word, "a way to compare statuses", STATUS).unwrap_or(StatusRule::Exact);
    }
    let entry = |(key, entry): (&str, Node<'_>)| {
        let live = code(key);
        if live.is_none() {
            entry.refuse(findings, format!("\"{key}\" is not a status"), STATUS);
        }
        Some((live?, codes(&entry, findings)?))
    };
    StatusRule::Map(node.members().filter_map(entry).collect())
}

fn codes(node: &Node<'_>, findings: &mut Findings) -> Option<Vec<u16>> {
    let wanted = |value| Value::as_array(value).filter(|list| !list.is_empty());
    if node.is_absent() {
        node.refuse(findings, "null is not a list of statuses", STATUS);
    }
    node.strict(findings, wanted, "a list of statuses", STATUS)?;
    let mut codes = Vec::new();
    for entry in node.elements() {
        let written = entry.value().as_str().map_or_else(|| entry.value().to_string(), str::to_owned);
        match code(&written) {
            Some(code) if codes.contains(&code) => {
                entry.refuse(findings, format!("{code} stands here twice"), "remove it")
            }
            Some(code) => codes.push(code),
            None => entry.refuse(findings, format!("{} is not a status", brief(entry.value())), STATUS),
        }
    }
    Some(codes)
}

fn code(text: &str) -> Option<u16> {
    let digits = Some(text).filter(|text| text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit()))?;
    digits.parse().ok().filter(|code| (100..=599).contains(code))
}

/// Of answers that are decoded, clients see no header of the upstream, so none is compared unless the file asks for it.
fn headers(group: &Layers<'_>, stage: Stage, findings: &mut Findings) -> HeaderRules {
    let (node, ignored) = (group.key("headers"), group.key("ignore_headers"));
    let listed = |findings: &mut Findings| {
        node.strict(findings, Value::as_array, "a list of headers or \"all\"", HEADERS)
            .and_then(|_| names(&node, findings))
    };
    let named = if node.value() == "all" {
        None
    } else {
        let usual = || match stage {
            Stage::Raw => COMPARED_HEADERS.map(HeaderName::from_static).to_vec(),
            Stage::Processed => Vec::new(),
        };
        Some(listed(findings).unwrap_or_else(usual))
    };
    HeaderRules { named, ignored: names(&ignored, findings).unwrap_or_default() }
}

fn body(node: &Node<'_>, findings: &mut Findings) -> BodyRule {
    let rules = [
        ("auto", BodyRule::Auto),
        ("json", BodyRule::Json),
        ("text", BodyRule::Text),
        ("bytes", BodyRule::Bytes),
        ("hash", BodyRule::Hash),
        ("none", BodyRule::None),
    ];
    node.strict_choice(findings, &rules).unwrap_or(BodyRule::Auto)
}

fn values_max(node: &Node<'_>, findings: &mut Findings) -> usize {
    node.strict_count(findings, 1..=VALUES_MAX).unwrap_or(COMPARED_VALUES_MAX)
}

fn text(group: &Layers<'_>, findings: &mut Findings) -> TextRule {
    let whitespace = group.key("whitespace").strict_choice(findings, &[("keep", false), ("normalize", true)]);
    let node = group.key("similarity");
    let similarity = node.strict_ratio(findings);
    if similarity == Some(0.0) {
        node.refuse(findings, "any two texts share nothing", "write a share above 0, or \"body\": \"none\"");
    }
    TextRule { normalizes_whitespace: whitespace.unwrap_or(false), similarity: similarity.filter(|share| *share > 0.0) }
}

fn body_bytes_max(node: &Node<'_>, findings: &mut Findings) -> usize {
    let bytes = node.strict_bytes(findings);
    if bytes == Some(0) {
        node.refuse(findings, "no body is that small", "write \"body\": \"none\" to compare no bodies");
    }
    bytes.filter(|bytes| *bytes > 0).unwrap_or(COMPARED_BYTES_MAX)
}

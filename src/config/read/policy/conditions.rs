//! `match`: which requests are copied, and whether those that change something are.

use http::HeaderName;
use regex::Regex;

use super::Layers;
use crate::config::{
    Node,
    diagnostic::{Findings, brief},
    shadow::{Conditions, Criterion, TextPattern, Writes},
};

const METHODS: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"];

/// Reads the conditions, the cheapest to judge first.
pub(super) fn conditions(group: &Layers<'_>, findings: &mut Findings) -> Conditions {
    let mut list = Vec::new();
    list.extend(methods(&group.key("methods"), findings).map(Criterion::Methods));
    list.extend(methods(&group.key("not_methods"), findings).map(Criterion::NotMethods));
    let length = group.key("max_content_length").strict_bytes(findings).and_then(|bytes| u64::try_from(bytes).ok());
    list.extend(length.map(Criterion::MaxContentLength));
    list.extend(media_types(&group.key("content_type"), findings).map(Criterion::ContentType));
    list.extend(media_types(&group.key("not_content_type"), findings).map(Criterion::NotContentType));
    list.extend(paths(&group.key("path"), findings).map(Criterion::Path));
    list.extend(paths(&group.key("not_path"), findings).map(Criterion::NotPath));
    let header = |(name, patterns): (HeaderName, _)| Criterion::Header(name, patterns);
    list.extend(named(&group.key("headers"), header_name, findings).into_iter().map(header));
    let header = |(name, patterns): (HeaderName, _)| Criterion::NotHeader(name, patterns);
    list.extend(named(&group.key("not_headers"), header_name, findings).into_iter().map(header));
    let texts = |key, make: fn(String, Vec<TextPattern>) -> Criterion, findings: &mut Findings| {
        named(&group.key(key), any_name, findings).into_iter().map(move |(name, patterns)| make(name, patterns))
    };
    list.extend(texts("query", Criterion::Query, findings));
    list.extend(texts("not_query", Criterion::NotQuery, findings));
    list.extend(texts("claims", Criterion::Claim, findings));
    list.extend(texts("not_claims", Criterion::NotClaim, findings));
    Conditions(list)
}

/// Reads `unsafe_methods` and its reason; whether there is one is judged when all places are known.
pub(super) fn writes(group: &Layers<'_>, findings: &mut Findings) -> Writes {
    let reason = group.key("unsafe_reason").strict_text(findings).unwrap_or_default();
    let is_allowed = group.key("unsafe_methods").strict_choice(findings, &[("deny", false), ("allow", true)]);
    if is_allowed == Some(true) { Writes::Allowed(reason.trim().to_owned()) } else { Writes::Denied }
}

fn methods(node: &Node<'_>, findings: &mut Findings) -> Option<Vec<String>> {
    let list = node.strict_list(findings)?;
    let mut methods = Vec::new();
    for entry in &list {
        let method = entry.value().as_str().map(str::to_ascii_uppercase);
        match method.filter(|method| METHODS.contains(&method.as_str())) {
            Some(method) => methods.push(method),
            None => {
                let message = format!("{} is not a method", brief(entry.value()));
                entry.refuse(findings, message, format!("write some of {}", METHODS.join(", ")));
            }
        }
    }
    empty_is_refused(node, &list, findings);
    Some(methods)
}

/// Patterns of the path that the client sent, which begins with a slash.
fn paths(node: &Node<'_>, findings: &mut Findings) -> Option<Vec<TextPattern>> {
    let patterns = patterns(node, findings)?;
    let is_hopeless = patterns.iter().any(|pattern| match pattern {
        TextPattern::Exact(text) | TextPattern::Prefix(text) => !text.starts_with('/'),
        TextPattern::Any | TextPattern::Expression(_) => false,
    });
    if is_hopeless {
        node.refuse(findings, "every path begins with a slash", "write \"/a\", \"/a*\" or \"~expression\"");
    }
    Some(patterns)
}

/// Patterns of a media type, which is compared in lower case.
fn media_types(node: &Node<'_>, findings: &mut Findings) -> Option<Vec<TextPattern>> {
    let lower = |pattern| match pattern {
        TextPattern::Exact(text) => TextPattern::Exact(text.to_ascii_lowercase()),
        TextPattern::Prefix(text) => TextPattern::Prefix(text.to_ascii_lowercase()),
        other => other,
    };
    let patterns = patterns(node, findings)?;
    let has_parameters = |pattern: &TextPattern| match pattern {
        TextPattern::Exact(text) | TextPattern::Prefix(text) => text.contains(';'),
        TextPattern::Any | TextPattern::Expression(_) => false,
    };
    if patterns.iter().any(has_parameters) {
        node.refuse(findings, "media types are compared without their parameters", "leave out what follows the ;");
    }
    Some(patterns.into_iter().map(lower).collect())
}

/// An object of names, each with its patterns.
fn named<N>(
    node: &Node<'_>,
    name: impl Fn(&Node<'_>, &str, &mut Findings) -> Option<N>,
    findings: &mut Findings,
) -> Vec<(N, Vec<TextPattern>)> {
    if !node.strict_object(findings) {
        return Vec::new();
    }
    let read = |(key, entry): (&str, Node<'_>)| {
        let patterns = patterns(&entry, findings);
        if entry.is_absent() {
            entry.refuse(findings, "null is not a pattern", "write \"*\" for anything, or leave the name out");
        }
        Some((name(&entry, key, findings)?, patterns?))
    };
    node.members().filter_map(read).collect()
}

fn header_name(node: &Node<'_>, name: &str, findings: &mut Findings) -> Option<HeaderName> {
    let header = HeaderName::from_bytes(name.as_bytes()).ok();
    if header.is_none() {
        node.refuse(findings, format!("\"{name}\" is not the name of a header"), "write a name like X-Env");
    }
    header
}

fn any_name(node: &Node<'_>, name: &str, findings: &mut Findings) -> Option<String> {
    if name.is_empty() {
        node.refuse(findings, "a condition without a name", "write the name before its patterns");
    }
    Some(name.to_owned())
}

/// One pattern or a list of them.
fn patterns(node: &Node<'_>, findings: &mut Findings) -> Option<Vec<TextPattern>> {
    let wanted = |value: &serde_json::Value| (value.is_string() || value.is_array()).then_some(());
    node.strict(findings, wanted, "a text or a list of texts", "write \"text\", \"text*\", \"~expression\" or \"*\"")?;
    let list = node.elements();
    empty_is_refused(node, &list, findings);
    Some(list.iter().filter_map(|entry| pattern(entry, findings)).collect())
}

fn empty_is_refused(node: &Node<'_>, list: &[Node<'_>], findings: &mut Findings) {
    if list.is_empty() {
        node.refuse(findings, "a condition without a value", "leave the key out to have no condition");
    }
}

fn pattern(node: &Node<'_>, findings: &mut Findings) -> Option<TextPattern> {
    let Some(text) = node.value().as_str() else {
        node.refuse(findings, format!("{} is not a text", brief(node.value())), "write it in quotes");
        return None;
    };
    if text == "*" {
        return Some(TextPattern::Any);
    }
    if let Some(expression) = text.strip_prefix('~') {
        return match Regex::new(expression) {
            Ok(expression) => Some(TextPattern::Expression(expression)),
            Err(error) => {
                let reason = error.to_string();
                let reason = reason.rsplit("error: ").next().unwrap_or_default().trim().to_owned();
                node.refuse(
                    findings,
                    format!("\"{expression}\" is no regular expression: {reason}"),
                    "see docs.rs/regex",
                );
                None
            }
        };
    }
    Some(
        text.strip_suffix('*')
            .map_or_else(|| TextPattern::Exact(text.to_owned()), |start| TextPattern::Prefix(start.to_owned())),
    )
}

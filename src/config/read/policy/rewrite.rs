//! `headers`, `body_patch` and `match.idempotency_key`: how a copy differs.

use http::{HeaderName, HeaderValue, header, uri::Authority};

use super::{Context, Layers};
use crate::config::{
    Node,
    diagnostic::{Diagnostic, Findings, Severity, brief},
    shadow::{CREDENTIAL_HEADERS, CREDENTIAL_QUERY, Credentials, IdempotencyKey, Marks, Rewrite, TraceContext},
};

/// Headers that belong to a connection or say how a body is sent.
const OF_TRANSPORT: [HeaderName; 8] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::EXPECT,
    header::HOST,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// How the name of every mark begins: marks are taken off clients' requests, so they must be nobody else's headers.
const MARK: &str = "x-shadow-";
const MARK_HINT: &str = "write a name that begins with X-Shadow- and is not X-Shadow-Hops";

/// Reads all three.
pub(super) fn rewrite(layers: &Layers<'_>, context: &Context<'_>, findings: &mut Findings) -> Rewrite {
    let group = layers.group("headers");
    let credentials =
        [("strip", Credentials::Strip), ("forward", Credentials::Forward), ("replace", Credentials::Replace)];
    let trace = [("link", TraceContext::Link), ("inherit", TraceContext::Inherit), ("off", TraceContext::Off)];
    let keys = [("suffix", IdempotencyKey::Suffix), ("strip", IdempotencyKey::Strip), ("keep", IdempotencyKey::Keep)];
    let idempotency_key = layers.group("match").key("idempotency_key").strict_choice(findings, &keys);
    Rewrite {
        credentials: group.key("credentials").strict_choice(findings, &credentials).unwrap_or(Credentials::Strip),
        credential_headers: credential_headers(&group.key("credential_headers"), context, findings),
        credential_query: credential_query(&group.key("credential_query"), findings),
        set: set(&group.key("set"), findings),
        remove: remove(&group.key("remove"), findings),
        allow: names(&group.key("allow"), findings),
        host: host(&group.key("host"), findings),
        marks: marks(&group.key("mark"), findings),
        trace: group.key("trace").strict_choice(findings, &trace).unwrap_or(TraceContext::Link),
        idempotency_key: idempotency_key.unwrap_or(IdempotencyKey::Suffix),
        body_patch: body_patch(&layers.key("body_patch"), findings),
    }
}

fn credential_headers(node: &Node<'_>, context: &Context<'_>, findings: &mut Findings) -> Vec<HeaderName> {
    let mut list = CREDENTIAL_HEADERS.to_vec();
    let more = context.token_header.clone().into_iter().chain(names(node, findings).unwrap_or_default());
    for name in more {
        if !list.contains(&name) {
            list.push(name);
        }
    }
    list
}

fn credential_query(node: &Node<'_>, findings: &mut Findings) -> Vec<String> {
    let mut list = CREDENTIAL_QUERY.map(str::to_owned).to_vec();
    for entry in node.strict_list(findings).unwrap_or_default() {
        let name = |value: &serde_json::Value| value.as_str().filter(|name| !name.is_empty()).map(str::to_lowercase);
        let name = entry.strict(findings, name, "the name of a parameter", "write a name like \"session\"");
        list.extend(name.filter(|name| !list.contains(name)));
    }
    list
}

/// A list of names of headers.
pub(super) fn names(node: &Node<'_>, findings: &mut Findings) -> Option<Vec<HeaderName>> {
    let list = node.strict_list(findings)?;
    Some(list.iter().filter_map(|entry| name(entry, findings)).collect())
}

fn name(node: &Node<'_>, findings: &mut Findings) -> Option<HeaderName> {
    let name = node.value().as_str().and_then(|name| HeaderName::from_bytes(name.as_bytes()).ok());
    if name.is_none() {
        node.refuse(
            findings,
            format!("{} is not the name of a header", brief(node.value())),
            "write a name like X-Env",
        );
    }
    name
}

fn set(node: &Node<'_>, findings: &mut Findings) -> Vec<(HeaderName, HeaderValue)> {
    if !node.strict_object(findings) {
        return Vec::new();
    }
    let read = |(key, entry): (&str, Node<'_>)| {
        let Ok(name) = HeaderName::from_bytes(key.as_bytes()) else {
            entry.refuse(findings, format!("\"{key}\" is not the name of a header"), "write a name like X-Env");
            return None;
        };
        free_to_change(&entry, &name, findings);
        let Some(mut value) = entry.value().as_str().and_then(|text| HeaderValue::from_str(text).ok()) else {
            // It may be a secret: it is not repeated.
            let finding = Diagnostic::new(Severity::Error, entry.pointer(), "this can't stand in a header");
            findings.push(finding.hint("write a text without line breaks and control characters"));
            return None;
        };
        value.set_sensitive(true);
        Some((name, value))
    };
    node.members().filter_map(read).collect()
}

fn remove(node: &Node<'_>, findings: &mut Findings) -> Vec<HeaderName> {
    let list = node.strict_list(findings).unwrap_or_default();
    let read = |entry: &Node<'_>| {
        let name = name(entry, findings)?;
        free_to_change(entry, &name, findings);
        Some(name)
    };
    list.iter().filter_map(read).collect()
}

fn free_to_change(node: &Node<'_>, name: &HeaderName, findings: &mut Findings) {
    if OF_TRANSPORT.contains(name) {
        let hint = if *name == header::HOST { "write \"host\" in \"headers\"" } else { "leave it out" };
        node.refuse(findings, format!("{name} is written by the gateway itself"), hint);
    }
}

fn host(node: &Node<'_>, findings: &mut Findings) -> Option<HeaderValue> {
    let host = |value: &serde_json::Value| {
        let authority: Authority = value.as_str()?.parse().ok()?;
        HeaderValue::from_str(authority.as_str()).ok().filter(|_| !authority.as_str().contains('@'))
    };
    node.strict(findings, host, "a host", "write a name, with or without a port, like \"users.test:8080\"")
}

fn marks(node: &Node<'_>, findings: &mut Findings) -> Option<Marks> {
    let mut marks = Marks {
        request: HeaderName::from_static("x-shadow-request"),
        id: HeaderName::from_static("x-shadow-id"),
        sent_at: HeaderName::from_static("x-shadow-sent-at"),
    };
    if node.value() == false {
        return None;
    }
    if !node.value().is_object() {
        let hint = "write true, false, or {\"request\": \"X-Shadow-Copy\"}";
        node.strict(findings, |value| value.as_bool(), "true, false or an object", hint);
        return Some(marks);
    }
    for (key, place) in [("request", &mut marks.request), ("id", &mut marks.id), ("sent_at", &mut marks.sent_at)] {
        let entry = node.member(key);
        if let Some(own) = (!entry.is_absent()).then(|| name(&entry, findings)).flatten() {
            if own.as_str().starts_with(MARK) && own != "x-shadow-hops" {
                *place = own;
            } else {
                let message = format!("{own} is not the name of a mark");
                entry.refuse(findings, message, MARK_HINT);
            }
        }
    }
    if marks.request == marks.id || marks.request == marks.sent_at || marks.id == marks.sent_at {
        node.refuse(findings, "two marks have the same name", "give each a name of its own");
    }
    Some(marks)
}

fn body_patch(node: &Node<'_>, findings: &mut Findings) -> Option<serde_json::Value> {
    node.strict_object(findings);
    node.value().as_object().filter(|patch| !patch.is_empty()).map(|_| node.value().clone())
}

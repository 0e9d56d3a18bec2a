//! sprig's functions for paths and URLs.

use percent_encoding::percent_decode_str;

use super::super::value::{Members, Value};
use super::{
    Host,
    arguments::Arguments,
    table::{Function, takes},
};

/// The functions of this file.
pub(super) const FUNCTIONS: &[Function] = &[
    takes(1, "base", |_, arguments| Ok(Value::text(base(arguments.text(0)?)))),
    takes(1, "osBase", |_, arguments| Ok(Value::text(base(arguments.text(0)?)))),
    takes(1, "dir", |_, arguments| Ok(Value::text(&directory(arguments.text(0)?)))),
    takes(1, "osDir", |_, arguments| Ok(Value::text(&directory(arguments.text(0)?)))),
    takes(1, "clean", |_, arguments| Ok(Value::text(&clean(arguments.text(0)?)))),
    takes(1, "osClean", |_, arguments| Ok(Value::text(&clean(arguments.text(0)?)))),
    takes(1, "ext", |_, arguments| Ok(Value::text(extension(arguments.text(0)?)))),
    takes(1, "osExt", |_, arguments| Ok(Value::text(extension(arguments.text(0)?)))),
    takes(1, "isAbs", |_, arguments| Ok(Value::Flag(arguments.text(0)?.starts_with('/')))),
    takes(1, "osIsAbs", |_, arguments| Ok(Value::Flag(arguments.text(0)?.starts_with('/')))),
    takes(1, "urlParse", parsed),
];

fn base(path: &str) -> &str {
    let path_without = path.trim_end_matches('/');
    match path_without.rsplit_once('/') {
        _ if path.is_empty() => ".",
        _ if path_without.is_empty() => "/",
        Some((_, name)) => name,
        None => path_without,
    }
}

fn directory(path: &str) -> String {
    clean(path.rfind('/').and_then(|slash| path.get(..=slash)).unwrap_or_default())
}

fn extension(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.rfind('.').and_then(|point| name.get(point..)).unwrap_or_default()
}

/// The shortest path to the same place, read as text.
fn clean(path: &str) -> String {
    let is_rooted = path.starts_with('/');
    let mut kept: Vec<&str> = Vec::new();
    for name in path.split('/').filter(|name| !name.is_empty() && *name != ".") {
        if name != ".." {
            kept.push(name);
        } else if kept.last().is_some_and(|last| *last != "..") {
            kept.pop();
        } else if !is_rooted {
            kept.push(name);
        }
    }
    let joined = kept.join("/");
    match (is_rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}

/// The parts of a URL by name.
fn parsed(host: &Host<'_>, arguments: &Arguments) -> Result<Value, String> {
    let text = arguments.text(0)?;
    if text.chars().any(|letter| letter.is_ascii_control()) {
        return Err("a URL with a control character".to_owned());
    }
    let (rest, fragment) = text.split_once('#').unwrap_or((text, ""));
    let (scheme, rest) = match rest.split_once(':') {
        Some((scheme, rest)) if is_scheme(scheme) => (scheme.to_ascii_lowercase(), rest),
        _ => (String::new(), rest),
    };
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let opaque = if !scheme.is_empty() && !rest.starts_with('/') { rest } else { "" };
    let (authority, path) = match rest.strip_prefix("//") {
        _ if !opaque.is_empty() => ("", ""),
        Some(rest) => rest.split_at_checked(rest.find('/').unwrap_or(rest.len())).unwrap_or((rest, "")),
        None => ("", rest),
    };
    let (userinfo, address) = authority.rsplit_once('@').unwrap_or(("", authority));
    let parts = [
        ("scheme", scheme.as_str()),
        ("host", address),
        ("hostname", without_port(address)),
        ("path", &percent_decode_str(path).decode_utf8_lossy()),
        ("query", query),
        ("opaque", opaque),
        ("fragment", &percent_decode_str(fragment).decode_utf8_lossy()),
        ("userinfo", userinfo),
    ]
    .map(|(name, part)| (name.to_owned(), Value::text(part)));
    Ok(host.heap.map(Members::from(parts)))
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || "+-.".contains(letter))
}

fn without_port(address: &str) -> &str {
    if let Some((inside, _)) = address.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return inside;
    }
    address.split(':').next().unwrap_or_default()
}

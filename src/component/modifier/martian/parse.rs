//! From JSON to a tree of modifiers, as strictly and with the texts of the original.

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{
    HeaderName, HeaderValue, StatusCode,
    header::{CONTENT_LENGTH, TRANSFER_ENCODING},
};
use regex_lite::Regex;
use serde_json::Value;

use crate::config::{Node, diagnostic::brief};

use super::{
    cookie::{Cookie, http_date},
    modifier::{Act, Condition, Filter, Modifier, Port, UrlParts},
    static_file::StaticFiles,
};

type Parsed<T> = Result<T, String>;

/// How deep modifiers may hold each other.
const NESTING_MAX: usize = 64;

/// Reads a modifier: an object with exactly one member, its name.
///
/// # Errors
/// When any part of the tree is not as the original wants it.
pub(super) fn modifier(node: &Node<'_>) -> Parsed<Modifier> {
    nested(node, NESTING_MAX)
}

fn nested(node: &Node<'_>, levels: usize) -> Parsed<Modifier> {
    let levels = levels.checked_sub(1).ok_or("parse: modifiers hold each other too deep")?;
    let Value::Object(members) = node.value() else {
        return Err(format!("parse: {} is not a modifier", brief(node.value())));
    };
    let mut all = node.members();
    let (Some((name, settings)), None) = (all.next(), all.next()) else {
        return Err(format!("parse: expected one modifier, received {}", members.len()));
    };
    let (can, act) = act(name, &settings, levels)?;
    let scope = texts(&settings, "scope")?.unwrap_or_default();
    let wants = |direction: &str| scope.iter().any(|item| item == direction);
    if let Some(bad) = scope.iter().find(|item| !["request", "response"].contains(&item.as_str())) {
        return Err(format!("parse: invalid scope: {bad} not in [\"request\", \"response\"]"));
    }
    for (direction, possible) in [("request", can.request), ("response", can.response)] {
        if wants(direction) && !possible {
            return Err(format!("parse: invalid scope \"{direction}\" for modifier {name}"));
        }
    }
    let everywhere = scope.is_empty();
    Ok(Modifier {
        on_request: can.request && (everywhere || wants("request")),
        on_response: can.response && (everywhere || wants("response")),
        act,
    })
}

/// In which directions a modifier can act.
struct Can {
    request: bool,
    response: bool,
}

const BOTH: Can = Can { request: true, response: true };
const REQUEST: Can = Can { request: true, response: false };
const RESPONSE: Can = Can { request: false, response: true };

fn act(name: &str, node: &Node<'_>, levels: usize) -> Parsed<(Can, Act)> {
    Ok(match name {
        "header.Modifier" => (BOTH, with_header(node, Act::SetHeader)?),
        "header.Append" => (BOTH, with_header(node, Act::AppendHeader)?),
        "header.Copy" => (BOTH, copy(node)?),
        "header.Blacklist" => (BOTH, Act::RemoveHeaders(names(&texts(node, "names")?.unwrap_or_default()))),
        "header.Id" => (REQUEST, Act::AddId(id_name(&text(node, "header")?))),
        "body.Modifier" => (BOTH, body(node)?),
        "cookie.Modifier" => (BOTH, Act::AddCookie(cookie(node)?)),
        "url.Modifier" => (REQUEST, Act::EditUrl(url_parts(node)?)),
        "querystring.Modifier" => (REQUEST, Act::SetQuery { name: text(node, "name")?, value: text(node, "value")? }),
        "port.Modifier" => (REQUEST, port(node)?),
        "stash.Modifier" => (BOTH, header_name(&text(node, "headerName")?).map_or_else(Act::Fail, Act::Stash)),
        "status.Modifier" => (RESPONSE, status(node)?),
        "static.Modifier" => (BOTH, static_files(node)?),
        "fifo.Group" => (BOTH, group(node, levels)?),
        "priority.Group" => (BOTH, priorities(node, levels)?),
        "header.Verifier" | "url.Verifier" | "querystring.Verifier" | "status.Verifier" => (BOTH, Act::Nothing),
        "header.Filter" | "header.RegexFilter" | "url.Filter" | "url.RegexFilter" | "querystring.Filter"
        | "cookie.Filter" | "port.Filter" => (BOTH, filter(name, node, levels)?),
        unknown => return Err(format!("parse: unknown modifier: {unknown}")),
    })
}

fn with_header(node: &Node<'_>, act: impl FnOnce(HeaderName, HeaderValue) -> Act) -> Parsed<Act> {
    let (name, value) = (text(node, "name")?, text(node, "value")?);
    let made = header_name(&name).and_then(|name| Ok((name, header_value(&value)?)));
    Ok(match made {
        Ok((CONTENT_LENGTH | TRANSFER_ENCODING, _)) => Act::Nothing,
        Ok((name, value)) => act(name, value),
        Err(message) => Act::Fail(message),
    })
}

fn copy(node: &Node<'_>) -> Parsed<Act> {
    let (from, to) = (text(node, "from")?, text(node, "to")?);
    let made = header_name(&from).and_then(|from| Ok(Act::CopyHeader { from, to: header_name(&to)? }));
    Ok(made.unwrap_or_else(Act::Fail))
}

fn body(node: &Node<'_>) -> Parsed<Act> {
    let body = STANDARD.decode(text(node, "body")?).map_err(|error| format!("body is not base64: {error}"))?;
    let content_type = header_value(&text(node, "contentType")?);
    Ok(content_type.map_or_else(Act::Fail, |content_type| Act::SetBody { content_type, body: body.into() }))
}

fn cookie(node: &Node<'_>) -> Parsed<Cookie> {
    let expires = match text(node, "expires")?.as_str() {
        "" => String::new(),
        text => http_date(text).ok_or_else(|| format!("expires: {text:?} is not an RFC 3339 date"))?,
    };
    Ok(Cookie {
        name: text(node, "name")?,
        value: text(node, "value")?,
        path: text(node, "path")?,
        domain: text(node, "domain")?,
        expires,
        secure: flag(node, "secure")?,
        http_only: flag(node, "httpOnly")?,
        max_age_seconds: integer(node, "maxAge")?.unwrap_or_default(),
    })
}

fn url_parts(node: &Node<'_>) -> Parsed<UrlParts> {
    let part = |key| text(node, key);
    Ok(UrlParts { scheme: part("scheme")?, host: part("host")?, path: part("path")?, query: part("query")? })
}

fn port(node: &Node<'_>) -> Parsed<Act> {
    let number = integer(node, "port")?.filter(|number| *number != 0);
    let port = match (number, flag(node, "defaultForScheme")?, flag(node, "remove")?) {
        (Some(number), false, false) => Port::Number(port_number(number)?),
        (None, true, false) => Port::OfScheme,
        (None, false, true) => Port::Nothing,
        _ => return Err("only one of port, defaultForScheme and remove may be set, and one must be".to_owned()),
    };
    Ok(Act::SetPort(port))
}

fn port_number(number: i64) -> Parsed<u16> {
    u16::try_from(number).map_err(|_outside| format!("{number} is not a port"))
}

fn status(node: &Node<'_>) -> Parsed<Act> {
    let code = integer(node, "statusCode")?.unwrap_or_default();
    let status = u16::try_from(code).ok().and_then(|code| StatusCode::from_u16(code).ok());
    status.map(Act::SetStatus).ok_or_else(|| format!("{code} is not a status"))
}

fn static_files(node: &Node<'_>) -> Parsed<Act> {
    let paths = node.field("explicitPaths");
    let explicit = paths.members().map(|(path, file)| Ok((path.to_owned(), as_text(&file)?)));
    let explicit = explicit.collect::<Parsed<_>>()?;
    Ok(Act::ServeFile(StaticFiles { root: text(node, "rootPath")?.into(), explicit }))
}

fn group(node: &Node<'_>, levels: usize) -> Parsed<Act> {
    let modifiers = list(node, "modifiers")?.iter().map(|item| nested(item, levels)).collect::<Parsed<_>>()?;
    Ok(Act::Group { modifiers, goes_on: flag(node, "aggregateErrors")? })
}

/// The highest priority first; of equal ones the later.
fn priorities(node: &Node<'_>, levels: usize) -> Parsed<Act> {
    let mut ranked = Vec::new();
    for item in list(node, "modifiers")?.iter().rev() {
        let priority = integer(item, "priority")?.unwrap_or_default();
        ranked.push((priority, nested(&item.field("modifier"), levels)?));
    }
    ranked.sort_by_key(|(priority, _)| std::cmp::Reverse(*priority));
    Ok(Act::Group { modifiers: ranked.into_iter().map(|(_, modifier)| modifier).collect(), goes_on: false })
}

fn filter(name: &str, node: &Node<'_>, levels: usize) -> Parsed<Act> {
    let condition = condition(name, node)?;
    let then = nested(&node.field("modifier"), levels)?;
    let other = node.field("else");
    let otherwise = match name.ends_with("RegexFilter") || other.is_absent() {
        true => None,
        false => Some(nested(&other, levels)?),
    };
    Ok(Act::Filter(Box::new(Filter { condition, then, otherwise })))
}

fn condition(name: &str, node: &Node<'_>) -> Parsed<Condition> {
    Ok(match name {
        "header.Filter" => Condition::Header(header_name(&text(node, "name")?)?, text(node, "value")?),
        "header.RegexFilter" => Condition::HeaderMatches(header_name(&text(node, "header")?)?, regex(node)?),
        "url.RegexFilter" => Condition::UrlMatches(regex(node)?),
        "querystring.Filter" => Condition::Query { name: text(node, "name")?, value: text(node, "value")? },
        "cookie.Filter" => Condition::Cookie { name: text(node, "name")?, value: text(node, "value")? },
        "port.Filter" => Condition::Port(port_number(integer(node, "port")?.unwrap_or_default())?),
        _ => Condition::Url(url_parts(node)?),
    })
}

fn regex(node: &Node<'_>) -> Parsed<Regex> {
    let pattern = text(node, "regex")?;
    Regex::new(&pattern).map_err(|error| format!("{pattern:?} is not a pattern: {error}"))
}

fn id_name(text: &str) -> HeaderName {
    header_name(text).unwrap_or(HeaderName::from_static("x-krakend-id"))
}

fn header_name(text: &str) -> Parsed<HeaderName> {
    text.parse().map_err(|_invalid| format!("invalid header field name {text:?}"))
}

fn header_value(text: &str) -> Parsed<HeaderValue> {
    HeaderValue::from_str(text).map_err(|_invalid| format!("invalid header field value {text:?}"))
}

/// Names that can't be header names match nothing and are left out.
fn names(texts: &[String]) -> Vec<HeaderName> {
    texts.iter().filter_map(|text| text.parse().ok()).collect()
}

fn text(node: &Node<'_>, key: &str) -> Parsed<String> {
    as_text(&node.field(key))
}

fn as_text(node: &Node<'_>) -> Parsed<String> {
    match node.value() {
        Value::Null => Ok(String::new()),
        Value::String(text) => Ok(text.clone()),
        _ => wrong(node, "a text"),
    }
}

fn texts(node: &Node<'_>, key: &str) -> Parsed<Option<Vec<String>>> {
    let node = node.field(key);
    match node.value() {
        Value::Null => Ok(None),
        Value::Array(_) => node.elements().iter().map(as_text).collect::<Parsed<_>>().map(Some),
        _ => wrong(&node, "a list of texts"),
    }
}

fn list<'a>(node: &Node<'a>, key: &str) -> Parsed<Vec<Node<'a>>> {
    let node = node.field(key);
    match node.value() {
        Value::Null | Value::Array(_) => Ok(node.elements()),
        _ => wrong(&node, "a list"),
    }
}

fn flag(node: &Node<'_>, key: &str) -> Parsed<bool> {
    let node = node.field(key);
    match node.value() {
        Value::Null => Ok(false),
        Value::Bool(flag) => Ok(*flag),
        _ => wrong(&node, "true or false"),
    }
}

fn integer(node: &Node<'_>, key: &str) -> Parsed<Option<i64>> {
    let node = node.field(key);
    match node.value() {
        Value::Null => Ok(None),
        Value::Number(number) if number.is_i64() => Ok(number.as_i64()),
        _ => wrong(&node, "a whole number"),
    }
}

fn wrong<T>(node: &Node<'_>, wanted: &str) -> Parsed<T> {
    Err(format!("{}: {} is not {wanted}", node.pointer(), brief(node.value())))
}

//! sprig's functions for regular expressions.
//!
//! The syntax is Go's RE2 as far as `regex-lite` knows it: no Unicode classes (`\pL`), which is an error.

use regex_lite::{Regex, RegexBuilder};

use super::super::{
    bounded::Bounded,
    value::{Elements, Value},
};
use super::{
    Host,
    arguments::Arguments,
    table::{Function, takes},
};

/// Bytes a compiled expression may take.
const COMPILED_BYTES_MAX: usize = 1 << 20;

/// The functions of this file.
pub(super) const FUNCTIONS: &[Function] = &[
    takes(2, "regexMatch", |host, arguments| {
        Ok(Value::Flag(compiled(host, arguments.text(0)?, arguments.text(1)?)?.is_match(arguments.text(1)?)))
    }),
    takes(2, "regexFind", |host, arguments| {
        let found = compiled(host, arguments.text(0)?, arguments.text(1)?)?.find(arguments.text(1)?);
        Ok(Value::text(found.map_or("", |found| found.as_str())))
    }),
    takes(3, "regexFindAll", |host, arguments| {
        let text = arguments.text(1)?;
        let most = usize::try_from(arguments.int(2)?).unwrap_or(usize::MAX);
        let pattern = compiled(host, arguments.text(0)?, text)?;
        Value::slice(Elements::Texts, pattern.find_iter(text).take(most).map(|one| Value::text(one.as_str())).collect())
    }),
    takes(3, "regexReplaceAll", replace_all),
    takes(3, "regexReplaceAllLiteral", replace_literally),
    takes(3, "regexSplit", split),
    takes(1, "regexQuoteMeta", |_, arguments| Ok(Value::text(&regex_lite::escape(arguments.text(0)?)))),
];

fn replace_literally(host: &Host<'_>, arguments: &Arguments) -> Result<Value, String> {
    let (pattern, text, replacement) = (arguments.text(0)?, arguments.text(1)?, arguments.text(2)?);
    let mut out = Bounded::default();
    let mut rest = 0;
    for found in compiled(host, pattern, text)?.find_iter(text) {
        out.push(text.get(rest..found.start()).unwrap_or_default())?;
        out.push(replacement)?;
        rest = found.end();
    }
    out.push(text.get(rest..).unwrap_or_default())?;
    Ok(Value::text(out.as_str()))
}

/// At most so many parts, the last one whole; all of them when the number is below zero.
fn split(host: &Host<'_>, arguments: &Arguments) -> Result<Value, String> {
    let (pattern, text, most) = (arguments.text(0)?, arguments.text(1)?, arguments.int(2)?);
    let pattern = compiled(host, pattern, text)?;
    let parts: Vec<Value> = match usize::try_from(most) {
        Ok(most) => pattern.splitn(text, most).map(Value::text).collect(),
        Err(_negative) => pattern.split(text).map(Value::text).collect(),
    };
    host.spend(parts.len())?;
    Value::slice(Elements::Texts, parts)
}

fn compiled(host: &Host<'_>, pattern: &str, text: &str) -> Result<Regex, String> {
    // Matching takes up to the product of both lengths, compiling is not free either.
    host.spend(pattern.len().saturating_mul(text.len().saturating_add(100)))?;
    let built = RegexBuilder::new(pattern).size_limit(COMPILED_BYTES_MAX).build();
    built.map_err(|error| format!("the regular expression {pattern:?}: {error}"))
}

fn replace_all(host: &Host<'_>, arguments: &Arguments) -> Result<Value, String> {
    let (pattern, text, replacement) = (arguments.text(0)?, arguments.text(1)?, arguments.text(2)?);
    let mut out = Bounded::default();
    let mut rest = 0;
    for captures in compiled(host, pattern, text)?.captures_iter(text) {
        let Some(whole) = captures.get(0) else { continue };
        out.push(text.get(rest..whole.start()).unwrap_or_default())?;
        let mut expanded = String::new();
        captures.expand(replacement, &mut expanded);
        host.spend(expanded.len())?;
        out.push(&expanded)?;
        rest = whole.end();
    }
    out.push(text.get(rest..).unwrap_or_default())?;
    Ok(Value::text(out.as_str()))
}

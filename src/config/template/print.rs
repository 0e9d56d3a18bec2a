//! Values as Go prints them: `%v`, `print`, and what an action writes.

use super::{bounded::Bounded, limits::VALUE_DEPTH_MAX, value::Value};

/// What an action writes for a value.
///
/// # Errors
/// When the text is too long or the value nests too deep.
pub(super) fn write_action(out: &mut Bounded, value: &Value) -> Result<(), String> {
    if value.is_nil() { out.push("<no value>") } else { write(out, value) }
}

/// Writes a value as `%v` does.
///
/// # Errors
/// When the text is too long or the value nests too deep (a map may hold itself).
pub(super) fn write(out: &mut Bounded, value: &Value) -> Result<(), String> {
    write_at(out, value, 0)
}

/// The text of a value as `%v` gives it.
///
/// # Errors
/// When the text is too long or the value nests too deep.
pub(super) fn text_of(value: &Value) -> Result<String, String> {
    let mut out = Bounded::default();
    write(&mut out, value)?;
    Ok(out.into_text())
}

fn write_at(out: &mut Bounded, value: &Value, depth: usize) -> Result<(), String> {
    if depth > VALUE_DEPTH_MAX {
        return Err(too_deep());
    }
    match value {
        Value::Missing | Value::Nil => out.push("<nil>"),
        Value::Flag(flag) => out.push(if *flag { "true" } else { "false" }),
        Value::Int(number) | Value::Long(number) => out.push(&number.to_string()),
        Value::Float(number) => out.push(&general(*number)),
        Value::Text(text) => out.push(text),
        Value::List(list) => {
            out.push("[")?;
            for (index, item) in list.items().iter().enumerate() {
                out.push(if index > 0 { " " } else { "" })?;
                write_at(out, item, depth + 1)?;
            }
            out.push("]")
        }
        Value::Map(map) => {
            out.push("map[")?;
            for (index, (key, item)) in map.members().iter().enumerate() {
                out.push(if index > 0 { " " } else { "" })?;
                out.push(key)?;
                out.push(":")?;
                write_at(out, item, depth + 1)?;
            }
            out.push("]")
        }
    }
}

/// What is said of values that hold themselves or nest without end.
pub(super) fn too_deep() -> String {
    format!("a value that nests more than {VALUE_DEPTH_MAX} deep")
}

/// `print`: a space between operands when neither is a text.
///
/// # Errors
/// As for [`write`].
pub(super) fn print(values: &[Value]) -> Result<String, String> {
    let mut out = Bounded::default();
    let mut text_before = true;
    for (index, value) in values.iter().enumerate() {
        let is_text = matches!(value, Value::Text(_));
        if index > 0 && !is_text && !text_before {
            out.push(" ")?;
        }
        write(&mut out, value)?;
        text_before = is_text;
    }
    Ok(out.into_text())
}

/// `println`: always a space between operands, and a line break at the end.
///
/// # Errors
/// As for [`write`].
pub(super) fn print_line(values: &[Value]) -> Result<String, String> {
    let mut out = Bounded::default();
    for (index, value) in values.iter().enumerate() {
        out.push(if index > 0 { " " } else { "" })?;
        write(&mut out, value)?;
    }
    out.push("\n")?;
    Ok(out.into_text())
}

/// A number as `%v` writes it: `1`, `1.5`, `1e+06`.
pub(super) fn general(number: f64) -> String {
    shortest(number, -4, 6).unwrap_or_else(|| exponential(number))
}

/// The shortest decimal text, unless the exponent lies outside `from..below`; then `None`.
pub(super) fn shortest(number: f64, from: i32, below: i32) -> Option<String> {
    if !number.is_finite() {
        return Some(special(number).to_owned());
    }
    let exponent = exponent_of(number);
    (from <= exponent && exponent < below).then(|| format!("{number}"))
}

fn special(number: f64) -> &'static str {
    if number.is_nan() {
        "NaN"
    } else if number > 0.0 {
        "+Inf"
    } else {
        "-Inf"
    }
}

/// The decimal exponent of the first digit; 0 for zero.
fn exponent_of(number: f64) -> i32 {
    let text = format!("{number:e}");
    text.rsplit_once('e').and_then(|(_, exponent)| exponent.parse().ok()).unwrap_or(0)
}

/// `1.5e+06`: shortest digits, an exponent of a sign and at least two digits.
pub(super) fn exponential(number: f64) -> String {
    if !number.is_finite() {
        return special(number).to_owned();
    }
    go_exponent(&format!("{number:e}"))
}

/// Turns Rust's `1.5e6` into Go's `1.5e+06`.
pub(super) fn go_exponent(text: &str) -> String {
    let Some((digits, exponent)) = text.rsplit_once('e') else { return text.to_owned() };
    let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |rest| ('-', rest));
    format!("{digits}e{sign}{exponent:0>2}")
}

//! sprig's arithmetic, on whole numbers read from whatever is given.

use super::super::{
    limits::LIST_LENGTH_MAX,
    value::{Elements, Value},
};
use super::{
    Host,
    arguments::Arguments,
    table::{Function, takes, takes_more},
};

/// The functions of this file.
pub(super) const FUNCTIONS: &[Function] = &[
    takes_more(0, "add", |_, arguments| Ok(folded(arguments, 0, i64::wrapping_add))),
    takes(1, "add1", |_, arguments| Ok(Value::Long(whole(&arguments.any(0)).wrapping_add(1)))),
    takes(2, "sub", |_, arguments| Ok(Value::Long(first(arguments).wrapping_sub(second(arguments))))),
    takes_more(1, "mul", |_, arguments| Ok(folded(arguments, 1, i64::wrapping_mul))),
    takes(2, "div", |_, arguments| divided(arguments, i64::wrapping_div)),
    takes(2, "mod", |_, arguments| divided(arguments, i64::wrapping_rem)),
    takes_more(1, "max", |_, arguments| Ok(folded(arguments, i64::MIN, i64::max))),
    takes_more(1, "biggest", |_, arguments| Ok(folded(arguments, i64::MIN, i64::max))),
    takes_more(1, "min", |_, arguments| Ok(folded(arguments, i64::MAX, i64::min))),
    takes_more(1, "maxf", |_, arguments| Ok(folded_fractions(arguments, f64::max))),
    takes_more(1, "minf", |_, arguments| Ok(folded_fractions(arguments, f64::min))),
    takes(1, "int", |_, arguments| Ok(Value::Int(whole(&arguments.any(0))))),
    takes(1, "int64", |_, arguments| Ok(Value::Long(whole(&arguments.any(0))))),
    takes(1, "float64", |_, arguments| Ok(Value::Float(fraction(&arguments.any(0))))),
    takes(1, "floor", |_, arguments| Ok(Value::Float(fraction(&arguments.any(0)).floor()))),
    takes(1, "ceil", |_, arguments| Ok(Value::Float(fraction(&arguments.any(0)).ceil()))),
    takes(2, "round", |_, arguments| {
        let places = i32::try_from(arguments.int(1)?).map_err(|error| error.to_string())?;
        let scale = 10f64.powi(places);
        let scaled = fraction(&arguments.any(0)) * scale;
        // As sprig has it: below zero everything goes down.
        let whole = if scaled.fract() >= 0.5 { scaled.ceil() } else { scaled.floor() };
        Ok(Value::Float(whole / scale))
    }),
    takes(1, "atoi", |_, arguments| Ok(Value::Int(arguments.text(0)?.parse().unwrap_or(0)))),
    takes(1, "until", |host, arguments| {
        let end = arguments.int(0)?;
        steps(host, 0, end, if end < 0 { -1 } else { 1 })
    }),
    takes(3, "untilStep", |host, arguments| steps(host, arguments.int(0)?, arguments.int(1)?, arguments.int(2)?)),
    takes_more(0, "seq", sequence),
];

fn first(arguments: &Arguments) -> i64 {
    whole(&arguments.any(0))
}

fn second(arguments: &Arguments) -> i64 {
    whole(&arguments.any(1))
}

fn folded(arguments: &Arguments, start: i64, fold: fn(i64, i64) -> i64) -> Value {
    Value::Long(arguments.all().iter().map(whole).fold(start, fold))
}

fn folded_fractions(arguments: &Arguments, fold: fn(f64, f64) -> f64) -> Value {
    Value::Float(arguments.all().iter().map(fraction).reduce(fold).unwrap_or(0.0))
}

fn divided(arguments: &Arguments, divide: fn(i64, i64) -> i64) -> Result<Value, String> {
    match second(arguments) {
        0 => Err("integer divide by zero".to_owned()),
        divisor => Ok(Value::Long(divide(first(arguments), divisor))),
    }
}

/// A whole number, fractions cut off; what is none counts 0.
pub(super) fn whole(value: &Value) -> i64 {
    match value {
        Value::Flag(flag) => i64::from(*flag),
        Value::Int(number) | Value::Long(number) => *number,
        // Saturates where Go's result depends on the machine.
        Value::Float(number) => *number as i64,
        Value::Text(text) => whole_text(text),
        Value::Missing | Value::Nil | Value::List(_) | Value::Map(_) => 0,
    }
}

/// Reads a text as Go's `ParseInt` does when left to find the base, a fraction of zeros cut off.
fn whole_text(text: &str) -> i64 {
    let text = match text.split_once('.') {
        Some((whole, zeros)) if !whole.is_empty() && zeros.chars().all(|digit| digit == '0') => whole,
        _ => text,
    };
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = digits.to_ascii_lowercase();
    let prefixes = [("0x", 16), ("0o", 8), ("0b", 2)];
    let based = prefixes.iter().find_map(|(prefix, base)| lower.strip_prefix(prefix).map(|rest| (rest, *base)));
    let (digits, base) = match based {
        Some(found) => found,
        None if lower.len() > 1 && lower.starts_with('0') => (lower.as_str(), 8),
        None => (lower.as_str(), 10),
    };
    if digits.starts_with(['+', '-']) {
        return 0;
    }
    i64::from_str_radix(&format!("{sign}{digits}"), base).unwrap_or(0)
}

fn fraction(value: &Value) -> f64 {
    match value {
        Value::Flag(flag) => f64::from(u8::from(*flag)),
        Value::Int(number) | Value::Long(number) => *number as f64,
        Value::Float(number) => *number,
        Value::Text(text) => text.parse().unwrap_or(0.0),
        Value::Missing | Value::Nil | Value::List(_) | Value::Map(_) => 0.0,
    }
}

fn steps(host: &Host<'_>, start: i64, end: i64, step: i64) -> Result<Value, String> {
    let numbers = range(start, end, step)?;
    host.spend(numbers.len())?;
    Value::slice(Elements::Ints, numbers.into_iter().map(Value::Int).collect())
}

/// From `start` up or down to before `end`; nothing when the step leads away from it.
fn range(start: i64, end: i64, step: i64) -> Result<Vec<i64>, String> {
    let mut numbers = Vec::new();
    let mut next = start;
    while (step > 0 && next < end) || (step < 0 && end <= start && next > end) {
        if numbers.len() >= LIST_LENGTH_MAX {
            return Err(format!("a list of more than {LIST_LENGTH_MAX} elements"));
        }
        numbers.push(next);
        next = match next.checked_add(step) {
            Some(next) => next,
            None => break,
        };
    }
    Ok(numbers)
}

/// A text of numbers, like the shell's `seq`.
fn sequence(host: &Host<'_>, arguments: &Arguments) -> Result<Value, String> {
    let numbers: Result<Vec<i64>, String> = (0..arguments.count()).map(|index| arguments.int(index)).collect();
    let numbers = match numbers?.as_slice() {
        [end] => counted(1, *end, None)?,
        [start, end] => counted(*start, *end, None)?,
        [start, step, end] => counted(*start, *end, Some(*step))?,
        _ => Vec::new(),
    };
    host.spend(numbers.len())?;
    let texts: Vec<_> = numbers.iter().map(i64::to_string).collect();
    Ok(Value::text(&texts.join(" ")))
}

fn counted(start: i64, end: i64, step: Option<i64>) -> Result<Vec<i64>, String> {
    let direction = if end < start { -1 } else { 1 };
    let step = step.unwrap_or(direction);
    if end < start && step > 0 {
        return Ok(Vec::new());
    }
    range(start, end.saturating_add(direction), step)
}

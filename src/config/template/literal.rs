//! Constants as Go spells them: quoted texts, characters and numbers.

use super::value::Value;

/// The text between the quotes of a Go string, escapes resolved.
///
/// # Errors
/// When an escape is not one of Go's, or gives bytes that are no UTF-8.
pub(super) fn unquote(inner: &str) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(inner.len());
    let mut rest = inner.chars();
    while let Some(character) = rest.next() {
        if character == '\\' {
            escape(&mut rest, '"', &mut bytes)?;
        } else {
            bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
    String::from_utf8(bytes).map_err(|_invalid| "a string that is not UTF-8 text".to_owned())
}

/// The number of a character constant, given what stands between the quotes.
///
/// # Errors
/// When it is not exactly one character.
pub(super) fn character(inner: &str) -> Result<Value, String> {
    let malformed = || format!("malformed character constant: '{inner}'");
    let mut rest = inner.chars();
    let first = rest.next().ok_or_else(malformed)?;
    let mut number = i64::from(u32::from(first));
    if first == '\\' {
        let mut bytes = Vec::new();
        escape(&mut rest, '\'', &mut bytes)?;
        number = match std::str::from_utf8(&bytes).ok().and_then(|text| text.chars().next()) {
            Some(character) => i64::from(u32::from(character)),
            None => bytes.first().copied().map(i64::from).ok_or_else(malformed)?,
        };
    }
    if rest.next().is_some() { Err(malformed()) } else { Ok(Value::Int(number)) }
}

fn escape(rest: &mut std::str::Chars<'_>, quote: char, bytes: &mut Vec<u8>) -> Result<(), String> {
    let kind = rest.next().ok_or("an escape at the end of a string")?;
    let plain = match kind {
        'a' => 7,
        'b' => 8,
        'f' => 12,
        'n' => 10,
        'r' => 13,
        't' => 9,
        'v' => 11,
        '\\' => b'\\',
        '\'' if quote == '\'' => b'\'',
        '"' if quote == '"' => b'"',
        'x' => digits(rest, "", 2, 16)?.try_into().map_err(|_large| bad_escape(kind))?,
        '0'..='7' => digits(rest, &kind.to_string(), 3, 8)?.try_into().map_err(|_large| bad_escape(kind))?,
        'u' | 'U' => {
            let number = digits(rest, "", if kind == 'u' { 4 } else { 8 }, 16)?;
            let character = char::from_u32(number).ok_or_else(|| bad_escape(kind))?;
            bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            return Ok(());
        }
        other => return Err(bad_escape(other)),
    };
    bytes.push(plain);
    Ok(())
}

fn bad_escape(kind: char) -> String {
    format!("the escape \\{kind} is not one of Go's")
}

fn digits(rest: &mut std::str::Chars<'_>, first: &str, count: usize, base: u32) -> Result<u32, String> {
    let mut text = first.to_owned();
    while text.len() < count {
        let digit = rest.next().filter(|digit| digit.is_digit(base));
        text.push(digit.ok_or("an escape with too few digits")?);
    }
    u32::from_str_radix(&text, base).map_err(|error| error.to_string())
}

/// A number as written: `1`, `-2`, `1.5`, `1e3`, `0x1F`, `0b1`, `0o7`, `1_000`.
///
/// # Errors
/// When it is no number of Go, or does not fit.
pub(super) fn number(text: &str) -> Result<Value, String> {
    let bad = || format!("bad number syntax: {text:?}");
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = digits.to_ascii_lowercase();
    let based = [("0x", 16), ("0o", 8), ("0b", 2)];
    let based = based.iter().find_map(|(prefix, base)| lower.strip_prefix(prefix).map(|rest| (rest, *base)));
    let (digits, base) = match based {
        Some((digits, base)) => (digits, base),
        None if lower.len() > 1 && lower.starts_with('0') && lower.chars().all(|c| c.is_ascii_digit()) => (&*lower, 8),
        None => (&*lower, 10),
    };
    if !plausible(digits, base) {
        return Err(bad());
    }
    let digits = digits.replace('_', "");
    if base == 10 && digits.contains(['.', 'e']) {
        let number: f64 = format!("{sign}{digits}").parse().map_err(|_invalid| bad())?;
        return if number.is_finite() { Ok(Value::Float(number)) } else { Err(bad()) };
    }
    i64::from_str_radix(&format!("{sign}{digits}"), base).map(Value::Int).map_err(|error| match error.kind() {
        std::num::IntErrorKind::PosOverflow | std::num::IntErrorKind::NegOverflow => {
            format!("integer overflow: {text:?}")
        }
        _ => bad(),
    })
}

/// Whether only what may stand in a number of that base stands there, underscores between digits only.
fn plausible(digits: &str, base: u32) -> bool {
    let allowed = |c: char| c.is_digit(base) || c == '_' || (base == 10 && matches!(c, '.' | 'e' | '+' | '-'));
    let edges = digits.starts_with(['_', '+', '-']) || digits.ends_with('_') || digits.contains("__");
    !digits.is_empty() && !edges && digits.chars().all(allowed)
}

//! `printf` as Go's `fmt` carries it out, its marks for wrong arguments included.
//!
//! Not supported, and said so: explicit argument numbers (`%[1]d`), a width from an argument (`*`), `%#v`, `%p`.

use super::{
    bounded::Bounded,
    limits::VALUE_DEPTH_MAX,
    print::{exponential, general, go_exponent, text_of, too_deep},
    value::Value,
};

/// The largest width and precision.
const WIDTH_MAX: usize = 1000;

/// Formats `values` by `pattern`.
///
/// # Errors
/// When the pattern uses what is not supported, or the text is too long.
pub(super) fn format(pattern: &str, values: &[Value]) -> Result<String, String> {
    let mut out = Bounded::default();
    let mut rest = pattern;
    let mut values = values.iter();
    while let Some((literal, after)) = rest.split_once('%') {
        out.push(literal)?;
        let (directive, after) = Directive::parse(after)?;
        rest = after;
        match (directive.verb, directive.verb.and_then(|verb| (verb != '%').then(|| values.next())).flatten()) {
            (None, _) => out.push("%!(NOVERB)")?,
            (Some('%'), _) => out.push("%")?,
            (Some(verb), None) => out.push(&format!("%!{verb}(MISSING)"))?,
            (Some(verb), Some(value)) => directive.write(&mut out, value, verb, 0)?,
        }
    }
    out.push(rest)?;
    let extra: Vec<_> = values.collect();
    if !extra.is_empty() {
        out.push("%!(EXTRA ")?;
        for (index, value) in extra.into_iter().enumerate() {
            out.push(if index > 0 { ", " } else { "" })?;
            let name = value.type_name();
            out.push(&if value.is_nil() { name.to_owned() } else { format!("{name}={}", text_of(value)?) })?;
        }
        out.push(")")?;
    }
    Ok(out.into_text())
}

/// What stands behind a percent sign.
#[derive(Clone, Copy, Debug, Default)]
struct Directive {
    plus: bool,
    minus: bool,
    sharp: bool,
    space: bool,
    zero: bool,
    width: usize,
    precision: Option<usize>,
    verb: Option<char>,
}

impl Directive {
    fn parse(text: &str) -> Result<(Self, &str), String> {
        let mut found = Self::default();
        let flags = text.len() - text.trim_start_matches(['+', '-', '#', ' ', '0']).len();
        let (flags, rest) = text.split_at_checked(flags).unwrap_or((text, ""));
        found.plus = flags.contains('+');
        found.minus = flags.contains('-');
        found.sharp = flags.contains('#');
        found.space = flags.contains(' ');
        found.zero = flags.contains('0') && !found.minus;
        let (width, rest) = leading_number(rest)?;
        found.width = width.unwrap_or(0);
        let mut rest = rest;
        if let Some(after) = rest.strip_prefix('.') {
            let (precision, after) = leading_number(after)?;
            found.precision = Some(precision.unwrap_or(0));
            rest = after;
        }
        let mut characters = rest.chars();
        found.verb = characters.next();
        if matches!(found.verb, Some('[' | '*' | 'p')) || (found.sharp && matches!(found.verb, Some('v' | 'q'))) {
            let sharp = if found.sharp { "#" } else { "" };
            return Err(format!("%{sharp}{} is not supported", found.verb.unwrap_or_default()));
        }
        Ok((found, characters.as_str()))
    }

    fn write(&self, out: &mut Bounded, value: &Value, verb: char, depth: usize) -> Result<(), String> {
        if depth > VALUE_DEPTH_MAX {
            return Err(too_deep());
        }
        if verb == 'T' {
            return self.pad(out, value.type_name());
        }
        match value {
            Value::Missing | Value::Nil if depth > 0 => out.push("<nil>"),
            Value::Missing | Value::Nil if verb == 'v' => self.pad(out, "<nil>"),
            Value::Missing | Value::Nil => out.push(&format!("%!{verb}(<nil>)")),
            Value::Flag(flag) if matches!(verb, 'v' | 't') => self.pad(out, if *flag { "true" } else { "false" }),
            Value::Int(number) | Value::Long(number) => match self.int(out, *number, verb)? {
                true => Ok(()),
                false => self.wrong(out, value, verb),
            },
            Value::Float(number) => self.float(out, *number, verb),
            Value::Text(text) => self.text(out, text, verb),
            Value::List(list) => {
                out.push("[")?;
                for (index, item) in list.items().iter().enumerate() {
                    out.push(if index > 0 { " " } else { "" })?;
                    self.write(out, item, verb, depth + 1)?;
                }
                out.push("]")
            }
            Value::Map(map) => {
                out.push("map[")?;
                for (index, (key, item)) in map.members().iter().enumerate() {
                    out.push(if index > 0 { " " } else { "" })?;
                    self.text(out, key, verb)?;
                    out.push(":")?;
                    self.write(out, item, verb, depth + 1)?;
                }
                out.push("]")
            }
            Value::Flag(_) => self.wrong(out, value, verb),
        }
    }

    /// Go's mark for a value that has no such verb.
    fn wrong(&self, out: &mut Bounded, value: &Value, verb: char) -> Result<(), String> {
        out.push(&format!("%!{verb}({}=", value.type_name()))?;
        self.write(out, value, 'v', 0)?;
        out.push(")")
    }

    fn pad(&self, out: &mut Bounded, text: &str) -> Result<(), String> {
        let missing = self.width.saturating_sub(text.chars().count());
        if self.minus {
            out.push(text)?;
            return out.push_times(" ", missing);
        }
        out.push_times(if self.zero { "0" } else { " " }, missing)?;
        out.push(text)
    }

    fn text(&self, out: &mut Bounded, text: &str, verb: char) -> Result<(), String> {
        let cut: String = match self.precision {
            Some(length) if matches!(verb, 'v' | 's' | 'q') => text.chars().take(length).collect(),
            _ => text.to_owned(),
        };
        match verb {
            'v' | 's' => self.pad(out, &cut),
            'q' => self.pad(out, &quote(&cut)),
            'x' | 'X' if self.space || self.sharp || self.precision.is_some() => {
                Err(format!("%{verb} of a text with flags or a precision is not supported"))
            }
            'x' => self.pad(out, &text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>()),
            'X' => self.pad(out, &text.bytes().map(|byte| format!("{byte:02X}")).collect::<String>()),
            _ => self.wrong(out, &Value::text(text), verb),
        }
    }

    /// Writes a whole number, unless it has no such verb.
    fn int(&self, out: &mut Bounded, number: i64, verb: char) -> Result<bool, String> {
        let size = number.unsigned_abs();
        let (prefix, digits) = match verb {
            'v' | 'd' => ("", size.to_string()),
            'b' => ("0b", format!("{size:b}")),
            'o' => ("0", format!("{size:o}")),
            'O' => ("0o", format!("{size:o}")),
            'x' => ("0x", format!("{size:x}")),
            'X' => ("0X", format!("{size:X}")),
            'c' | 'q' | 'U' => return self.character(out, number, verb).map(|()| true),
            _ => return Ok(false),
        };
        let prefix = if self.sharp || verb == 'O' { prefix } else { "" };
        let digits = match self.precision {
            Some(0) if number == 0 => String::new(),
            Some(least) => format!("{digits:0>least$}"),
            None => digits,
        };
        let zero = self.zero && self.precision.is_none();
        self.number(out, number < 0, &format!("{prefix}{digits}"), zero).map(|()| true)
    }

    fn character(&self, out: &mut Bounded, number: i64, verb: char) -> Result<(), String> {
        let character = u32::try_from(number).ok().and_then(char::from_u32).unwrap_or('\u{fffd}');
        match verb {
            'c' => self.pad(out, &character.to_string()),
            'U' => self.pad(out, &format!("U+{number:04X}")),
            _ => {
                let inside = match character {
                    '\'' => "\\'".to_owned(),
                    '"' => "\"".to_owned(),
                    other => quote(&other.to_string()).trim_matches('"').to_owned(),
                };
                self.pad(out, &format!("'{inside}'"))
            }
        }
    }

    fn float(&self, out: &mut Bounded, number: f64, verb: char) -> Result<(), String> {
        let size = number.abs();
        let digits = match verb {
            _ if self.sharp => return Err("the flag # for a float64 is not supported".to_owned()),
            'v' | 'g' => self.precision.map_or_else(|| general(size), |precision| rounded(size, precision)),
            'G' => self.precision.map_or_else(|| general(size), |precision| rounded(size, precision)).to_uppercase(),
            _ if !number.is_finite() && matches!(verb, 'f' | 'F' | 'e' | 'E') => general(size),
            'f' | 'F' => format!("{size:.*}", self.precision.unwrap_or(6)),
            'e' => go_exponent(&format!("{size:.*e}", self.precision.unwrap_or(6))),
            'E' => go_exponent(&format!("{size:.*e}", self.precision.unwrap_or(6))).to_uppercase(),
            'b' | 'x' | 'X' => return Err(format!("%{verb} of a float64 is not supported")),
            _ => return self.wrong(out, &Value::Float(number), verb),
        };
        let (digits, finite) = (digits.trim_start_matches('+'), number.is_finite());
        if number == f64::INFINITY && !self.plus {
            return Self { zero: false, ..*self }.pad(out, "+Inf");
        }
        self.number(out, number.is_sign_negative() && !number.is_nan(), digits, self.zero && finite)
    }

    /// A number with its sign, zeros between them when asked for.
    fn number(&self, out: &mut Bounded, negative: bool, digits: &str, zero: bool) -> Result<(), String> {
        let sign = match (negative, self.plus, self.space) {
            (true, ..) => "-",
            (false, true, _) => "+",
            (false, false, true) => " ",
            _ => "",
        };
        let padded = if zero {
            let width = self.width.saturating_sub(sign.len());
            format!("{sign}{digits:0>width$}")
        } else {
            format!("{sign}{digits}")
        };
        Self { zero: false, ..*self }.pad(out, &padded)
    }
}

fn leading_number(text: &str) -> Result<(Option<usize>, &str), String> {
    let rest = text.trim_start_matches(|character: char| character.is_ascii_digit());
    let digits = text.strip_suffix(rest).unwrap_or_default();
    if digits.is_empty() {
        return Ok((None, text));
    }
    let number = digits.parse().ok().filter(|number| *number <= WIDTH_MAX);
    let number = number.ok_or_else(|| format!("a width or precision of more than {WIDTH_MAX}"))?;
    Ok((Some(number), rest))
}

/// `%g` with so many significant digits.
fn rounded(number: f64, precision: usize) -> String {
    if !number.is_finite() {
        return exponential(number);
    }
    let precision = precision.max(1);
    let text = format!("{number:.*e}", precision - 1);
    let Some((mantissa, exponent)) = text.rsplit_once('e') else { return text };
    let exponent: i64 = exponent.parse().unwrap_or(0);
    let mantissa = if mantissa.contains('.') { mantissa.trim_end_matches('0').trim_end_matches('.') } else { mantissa };
    let digits = i64::try_from(mantissa.len() - usize::from(mantissa.contains('.'))).unwrap_or(i64::MAX);
    let mut threshold = i64::try_from(precision).unwrap_or(i64::MAX);
    if threshold > digits && digits > exponent {
        threshold = digits;
    }
    if exponent < -4 || exponent >= threshold {
        return go_exponent(&format!("{mantissa}e{exponent}"));
    }
    format!("{number:.*}", usize::try_from(digits - exponent - 1).unwrap_or(0))
}

/// A text between quotes as `%q` writes it.
pub(super) fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{b}' => out.push_str("\\v"),
            other if is_printable(other) => out.push(other),
            '\0'..='\u{7f}' => out.push_str(&format!("\\x{:02x}", u32::from(character))),
            '\u{80}'..='\u{ffff}' => out.push_str(&format!("\\u{:04x}", u32::from(character))),
            _ => out.push_str(&format!("\\U{:08x}", u32::from(character))),
        }
    }
    out.push('"');
    out
}

/// Whether Go would show a character as it is.
pub(super) fn is_printable(character: char) -> bool {
    // Behind a letter, where a combining mark is shown too.
    matches!(character, '"' | '\'' | '\\') || format!("a{character}").escape_debug().nth(1) == Some(character)
}

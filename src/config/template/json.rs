//! JSON as Go's `encoding/json` writes it: sorted keys, `<`, `>` and `&` escaped, numbers in its own spelling.

use super::{
    bounded::Bounded,
    limits::VALUE_DEPTH_MAX,
    print::{exponential, shortest, too_deep},
    value::Value,
};

/// How JSON is laid out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    /// Whether every member stands on its own line, two spaces deeper.
    pub(super) pretty: bool,
    /// Whether `<`, `>` and `&` are escaped.
    pub(super) escapes_markup: bool,
}

/// The JSON text of a value.
///
/// # Errors
/// When it is too long, nests too deep, or holds a number that JSON has no text for.
pub(super) fn to_json(value: &Value, layout: Layout) -> Result<String, String> {
    let mut writer = Writer { out: Bounded::default(), layout };
    writer.value(value, 0)?;
    Ok(writer.out.into_text())
}

struct Writer {
    out: Bounded,
    layout: Layout,
}

impl Writer {
    fn value(&mut self, value: &Value, depth: usize) -> Result<(), String> {
        if depth > VALUE_DEPTH_MAX {
            return Err(too_deep());
        }
        match value {
            Value::Missing | Value::Nil => self.out.push("null"),
            Value::Flag(flag) => self.out.push(if *flag { "true" } else { "false" }),
            Value::Int(number) | Value::Long(number) => self.out.push(&number.to_string()),
            Value::Float(number) => self.number(*number),
            Value::Text(text) => self.text(text),
            Value::List(list) if list.items().is_empty() => self.out.push("[]"),
            Value::List(list) => {
                self.out.push("[")?;
                for (index, item) in list.items().iter().enumerate() {
                    self.separate(index > 0, depth + 1)?;
                    self.value(item, depth + 1)?;
                }
                self.close("]", depth)
            }
            Value::Map(map) if map.len() == 0 => self.out.push("{}"),
            Value::Map(map) => {
                self.out.push("{")?;
                for (index, (key, item)) in map.members().iter().enumerate() {
                    self.separate(index > 0, depth + 1)?;
                    self.text(key)?;
                    self.out.push(if self.layout.pretty { ": " } else { ":" })?;
                    self.value(item, depth + 1)?;
                }
                self.close("}", depth)
            }
        }
    }

    fn separate(&mut self, follows: bool, depth: usize) -> Result<(), String> {
        self.out.push(if follows { "," } else { "" })?;
        self.line(depth)
    }

    fn close(&mut self, bracket: &str, depth: usize) -> Result<(), String> {
        self.line(depth)?;
        self.out.push(bracket)
    }

    fn line(&mut self, depth: usize) -> Result<(), String> {
        if self.layout.pretty {
            self.out.push("\n")?;
            self.out.push_times("  ", depth)?;
        }
        Ok(())
    }

    fn number(&mut self, number: f64) -> Result<(), String> {
        if !number.is_finite() {
            return Err(format!("json: unsupported value: {}", exponential(number)));
        }
        let text = shortest(number, -6, 21).unwrap_or_else(|| {
            // Go drops the zero of a short negative exponent here, and only here.
            exponential(number).replace("e-0", "e-")
        });
        self.out.push(&text)
    }

    fn text(&mut self, text: &str) -> Result<(), String> {
        self.out.push("\"")?;
        for character in text.chars() {
            match character {
                '"' => self.out.push("\\\"")?,
                '\\' => self.out.push("\\\\")?,
                '\n' => self.out.push("\\n")?,
                '\r' => self.out.push("\\r")?,
                '\t' => self.out.push("\\t")?,
                '\u{8}' => self.out.push("\\b")?,
                '\u{c}' => self.out.push("\\f")?,
                '<' | '>' | '&' if self.layout.escapes_markup => self.escaped(character)?,
                '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => self.escaped(character)?,
                other => self.out.push_char(other)?,
            }
        }
        self.out.push("\"")
    }

    fn escaped(&mut self, character: char) -> Result<(), String> {
        self.out.push(&format!("\\u{:04x}", u32::from(character)))
    }
}

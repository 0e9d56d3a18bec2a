//! Weakly typed reading of KrakenD's own structures: `"8080"` is a port, one host is a list of hosts.
//!
//! Promises: what the original accepts is accepted with the same meaning; anything else is an error and reads as
//! absent. Components (`extra_config`) are read more strictly, in `component`.

use serde_json::Value;

use super::{
    Node,
    diagnostic::{Diagnostic, Findings, Severity, brief},
    duration::Nanoseconds,
};

impl Node<'_> {
    /// A text; numbers and booleans become theirs.
    pub fn text(&self, findings: &mut Findings) -> Option<String> {
        match self.value() {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(flag) => Some(if *flag { "1" } else { "0" }.to_owned()),
            _ => self.mistyped(findings, "a text"),
        }
    }

    /// A truth value; `"true"`, `"1"` and numbers other than zero are true.
    pub fn flag(&self, findings: &mut Findings) -> Option<bool> {
        match self.value() {
            Value::Null => None,
            Value::Bool(flag) => Some(*flag),
            Value::Number(number) => Some(number.as_f64() != Some(0.0)),
            Value::String(text) => match text.as_str() {
                "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
                "" | "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
                _ => self.mistyped(findings, "true or false"),
            },
            _ => self.mistyped(findings, "true or false"),
        }
    }

    /// A whole number; fractions are cut off, texts are read.
    pub fn integer(&self, findings: &mut Findings) -> Option<i64> {
        let read = match self.value() {
            Value::Null => return None,
            Value::Bool(flag) => Some(i64::from(*flag)),
            Value::Number(number) => number.as_i64().or_else(|| number.as_f64().and_then(truncate)),
            Value::String(text) => parse_integer(text),
            _ => None,
        };
        read.or_else(|| self.mistyped(findings, "a whole number"))
    }

    /// A count; below zero reads as zero.
    pub fn count(&self, findings: &mut Findings) -> Option<u64> {
        self.integer(findings).map(|number| u64::try_from(number).unwrap_or(0))
    }

    /// A list of texts; a lone one is a list of one.
    pub fn texts(&self, findings: &mut Findings) -> Option<Vec<String>> {
        if self.is_absent() {
            return None;
        }
        Some(self.elements().iter().filter_map(|element| element.text(findings)).collect())
    }

    /// A Go duration; a bare number counts nanoseconds, which is told because it is hardly ever meant.
    pub fn duration(&self, findings: &mut Findings) -> Option<Nanoseconds> {
        match self.value() {
            Value::Null => None,
            Value::Number(number) => {
                let nanoseconds = number.as_i64().or_else(|| number.as_f64().and_then(truncate));
                if nanoseconds.is_some_and(|count| count != 0) {
                    let message = format!("{number} is {number} nanoseconds, as in KrakenD");
                    let finding = Diagnostic::new(Severity::Warning, self.pointer(), message).value(self.value());
                    findings.push(finding.hint(format!("write \"{number}ms\" or \"{number}s\"")));
                }
                nanoseconds.map(Nanoseconds).or_else(|| self.mistyped(findings, "a duration"))
            }
            Value::String(text) => Nanoseconds::parse(text).or_else(|| self.no_duration(findings, text)),
            _ => self.mistyped(findings, "a duration"),
        }
    }

    /// Reports a value that is not `wanted` and reads it as absent.
    pub fn mistyped<T>(&self, findings: &mut Findings, wanted: &str) -> Option<T> {
        let message = format!("{} is not {wanted}", brief(self.value()));
        findings.push(Diagnostic::new(Severity::Error, self.pointer(), message).value(self.value()));
        None
    }

    /// Whether the node is an object; anything else that is present is reported.
    pub fn expect_object(&self, findings: &mut Findings) -> bool {
        if !self.is_absent() && !self.value().is_object() {
            self.mistyped::<()>(findings, "an object");
        }
        self.value().is_object()
    }

    fn no_duration(&self, findings: &mut Findings, text: &str) -> Option<Nanoseconds> {
        let message = format!("{} is not a duration", brief(self.value()));
        let finding = Diagnostic::new(Severity::Error, self.pointer(), message).value(self.value());
        findings.push(finding.hint(duration_hint(text)));
        None
    }
}

/// What to write instead of a text that is no duration.
#[must_use]
pub fn duration_hint(text: &str) -> String {
    let text = text.trim();
    let digits = !text.is_empty() && text.chars().all(|character| character.is_ascii_digit());
    if digits { format!("write \"{text}ms\"") } else { "write a number with its unit, like \"150ms\"".to_owned() }
}

/// Cuts the fraction off; `None` outside the 64-bit range.
fn truncate(number: f64) -> Option<i64> {
    let whole = number.trunc();
    // The bounds are powers of two and so exact as floats; within them the cast only drops a zero fraction.
    (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&whole).then_some(whole as i64)
}

/// Reads a number as Go's `ParseInt` does when left to find the base.
fn parse_integer(text: &str) -> Option<i64> {
    if text.is_empty() {
        return Some(0);
    }
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let lower = without_underscores(&digits.to_ascii_lowercase())?;
    let prefixes = [("0x", 16), ("0o", 8), ("0b", 2)];
    let based = prefixes.iter().find_map(|(prefix, base)| lower.strip_prefix(prefix).map(|rest| (rest, *base)));
    let (digits, base) = match based {
        Some(found) => found,
        None if lower.len() > 1 && lower.starts_with('0') => (lower.as_str(), 8),
        None => (lower.as_str(), 10),
    };
    i64::from_str_radix(&format!("{sign}{digits}"), base).ok()
}

/// Takes out underscores that stand between digits, or between the prefix of a base and its first digit.
fn without_underscores(text: &str) -> Option<String> {
    let prefixed = ["0x", "0o", "0b"].iter().any(|prefix| text.starts_with(prefix));
    let digits = text.get(if prefixed { 2 } else { 0 }..).unwrap_or_default();
    let misplaced = (!prefixed && digits.starts_with('_')) || digits.ends_with('_') || digits.contains("__");
    (!misplaced).then(|| text.replace('_', ""))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Findings, Node};

    #[test]
    fn underscores_between_digits_are_no_part_of_a_number() {
        for (text, number) in [("8_080", Some(8080)), ("0x_1f", Some(31)), ("0_17", Some(15)), ("-1_0", Some(-10))]
            .into_iter()
            .chain(["_8", "8_", "8__0", "0x_", "_", "0x1_"].map(|wrong| (wrong, None)))
        {
            assert_eq!(Node::root(&json!(text)).integer(&mut Findings::default()), number, "{text}");
        }
    }

    #[test]
    fn numbers_read_from_texts_booleans_and_fractions() {
        for (value, number) in
            [(json!("8080"), 8080), (json!(8080.9), 8080), (json!(true), 1), (json!(""), 0), (json!("0x10"), 16)]
        {
            assert_eq!(Node::root(&value).integer(&mut Findings::default()), Some(number), "{value}");
        }
    }

    #[test]
    fn texts_that_are_no_number_are_errors() {
        for value in [json!("tcp://10.0.0.7:8080"), json!([1]), json!("0x"), json!("--1"), json!(1e300)] {
            let mut findings = Findings::default();
            assert_eq!(Node::root(&value).integer(&mut findings), None, "{value}");
            assert!(findings.any_error(), "{value}");
        }
    }

    #[test]
    fn truth_reads_as_go_reads_it() {
        for value in [json!(true), json!("true"), json!("1"), json!(1), json!("T")] {
            assert_eq!(Node::root(&value).flag(&mut Findings::default()), Some(true), "{value}");
        }
        let mut findings = Findings::default();
        assert_eq!(Node::root(&json!("yes")).flag(&mut findings), None);
        assert!(findings.any_error());
    }

    #[test]
    fn a_lone_value_is_a_list_of_one() {
        let value = json!("http://a");
        assert_eq!(Node::root(&value).texts(&mut Findings::default()), Some(vec!["http://a".to_owned()]));
    }
}

//! Reading of our own keys, where nothing is guessed: a value of the wrong type or out of range is an error.
//!
//! Promises: what is absent is answered with `None` and in silence; what is refused is answered with `None` and an
//! error that names the place, the value and what to write instead.

use std::{ops::RangeInclusive, time::Duration};

use serde_json::Value;

use super::{
    Node, byte_size,
    diagnostic::{Diagnostic, Findings, Severity, brief},
    duration::Nanoseconds,
    shadow::Share,
    weak::duration_hint,
};

const DEFAULT: &str = "leave it out for the default";

impl<'a> Node<'a> {
    /// Reports that the value is `message`, and what to do about it.
    pub fn refuse(&self, findings: &mut Findings, message: impl Into<String>, hint: impl Into<String>) {
        let finding = Diagnostic::new(Severity::Error, self.pointer(), message);
        findings.push(finding.value(self.value()).hint(hint));
    }

    /// What `read` makes of the value; if that is nothing and the value is there, it is not `wanted`.
    pub fn strict<T>(
        &self,
        findings: &mut Findings,
        read: impl FnOnce(&'a Value) -> Option<T>,
        wanted: &str,
        hint: &str,
    ) -> Option<T> {
        if self.is_absent() {
            return None;
        }
        let value = read(self.value());
        if value.is_none() {
            self.refuse(findings, format!("{} is not {wanted}", brief(self.value())), hint);
        }
        value
    }

    /// `true` or `false`.
    pub fn strict_flag(&self, findings: &mut Findings) -> Option<bool> {
        self.strict(findings, Value::as_bool, "true or false", "write it without quotes")
    }

    /// A text.
    pub fn strict_text(&self, findings: &mut Findings) -> Option<String> {
        let text = self.strict(findings, Value::as_str, "a text", "write it in quotes")?;
        Some(text.to_owned())
    }

    /// One of these words.
    pub fn strict_choice<T: Copy>(&self, findings: &mut Findings, choices: &[(&str, T)]) -> Option<T> {
        let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
        let chosen = |value: &Value| choices.iter().find(|(name, _)| value == name).map(|(_, choice)| *choice);
        let written = self.value().as_str().unwrap_or_default();
        let near = names.iter().find(|name| strsim::osa_distance(name, &written.to_lowercase()) <= 2);
        let hint = near.map_or_else(|| DEFAULT.to_owned(), |near| format!("did you mean \"{near}\"?"));
        self.strict(findings, chosen, &format!("one of {}", names.join(", ")), &hint)
    }

    /// A whole number within the range.
    pub fn strict_count(&self, findings: &mut Findings, range: RangeInclusive<usize>) -> Option<usize> {
        let wanted = format!("a whole number from {} to {}", range.start(), range.end());
        let count = |value: &Value| usize::try_from(value.as_u64()?).ok().filter(|count| range.contains(count));
        self.strict(findings, count, &wanted, DEFAULT)
    }

    /// A share: a number from 0 to 1 or a text such as `"10%"`, as a number from 0 to 1.
    pub fn strict_ratio(&self, findings: &mut Findings) -> Option<f64> {
        self.strict(findings, ratio, "a share", "write a number from 0 to 1, or a text like \"10%\"")
    }

    /// See [`Node::strict_ratio`].
    pub fn strict_share(&self, findings: &mut Findings) -> Option<Share> {
        self.strict_ratio(findings).and_then(Share::of_ratio)
    }

    /// An amount of bytes.
    pub fn strict_bytes(&self, findings: &mut Findings) -> Option<usize> {
        let bytes = |value: &Value| match value.as_str() {
            Some(text) => byte_size::parse(text),
            None => value.as_u64().and_then(|number| usize::try_from(number).ok()),
        };
        let hint = "write a number of bytes, or one with B, kB, MB, GB, KiB, MiB or GiB";
        self.strict(findings, bytes, "an amount of bytes", hint)
    }

    /// A duration from zero.
    pub fn strict_time(&self, findings: &mut Findings) -> Option<Duration> {
        let time = |value: &Value| Nanoseconds::parse(value.as_str()?).filter(|time| time.0 >= 0);
        let written = brief(self.value());
        let hint = duration_hint(self.value().as_str().unwrap_or(&written));
        self.strict(findings, time, "a duration", &hint).map(Nanoseconds::clamped)
    }

    /// A duration above zero.
    pub fn strict_positive_time(&self, findings: &mut Findings) -> Option<Duration> {
        let time = self.strict_time(findings)?;
        if time.is_zero() {
            self.refuse(findings, format!("{} is no time at all", brief(self.value())), DEFAULT);
            return None;
        }
        Some(time)
    }

    /// The elements of a list that is written as one.
    pub fn strict_list(&self, findings: &mut Findings) -> Option<Vec<Node<'a>>> {
        self.strict(findings, Value::as_array, "a list", "write it in [ ]").map(|_| self.elements())
    }

    /// An object; `false` also when it is absent.
    pub fn strict_object(&self, findings: &mut Findings) -> bool {
        self.strict(findings, Value::as_object, "an object", "write it in { }").is_some()
    }

    /// Whether it is the word `"off"`.
    #[must_use]
    pub fn is_off(&self) -> bool {
        self.value() == "off"
    }
}

/// What is written as a share; see [`Node::strict_ratio`].
#[must_use]
pub fn ratio(value: &Value) -> Option<f64> {
    let number = match value.as_str() {
        None => value.as_f64()?,
        Some(text) => {
            // Only digits and a point: `inf%` and `1e1%` are numbers to the standard library.
            let digits =
                text.strip_suffix('%').filter(|digits| digits.bytes().all(|byte| b".0123456789".contains(&byte)))?;
            digits.parse::<f64>().ok()? / 100.0
        }
    };
    (0.0..=1.0).contains(&number).then_some(number)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Findings, Node};

    #[test]
    fn shares_are_numbers_or_percentages() {
        for (value, ratio) in [
            (json!(0), Some(0.0)),
            (json!(1), Some(1.0)),
            (json!(0.25), Some(0.25)),
            (json!("10%"), Some(0.1)),
            (json!("0.5%"), Some(0.005)),
            (json!("100%"), Some(1.0)),
            (json!("101%"), None),
            (json!("-1%"), None),
            (json!("inf%"), None),
            (json!("1e1%"), None),
            (json!("%"), None),
            (json!("0.1"), None),
            (json!(1.1), None),
            (json!(-0.1), None),
            (json!(true), None),
        ] {
            let mut findings = Findings::default();
            assert_eq!(Node::root(&value).strict_ratio(&mut findings), ratio, "{value}");
            assert_eq!(findings.any_error(), ratio.is_none(), "{value}");
        }
    }

    #[test]
    fn what_is_absent_is_nothing_and_no_error() {
        let value = json!(null);
        let (node, mut findings) = (Node::root(&value), Findings::default());
        assert_eq!(node.strict_flag(&mut findings), None);
        assert_eq!(node.strict_count(&mut findings, 1..=2), None);
        assert_eq!(node.strict_time(&mut findings), None);
        assert!(!node.strict_object(&mut findings) && findings.is_empty());
    }

    #[test]
    fn a_slip_of_the_pen_is_told_the_word_it_is_near_to() {
        let value = json!("forwrd");
        let mut findings = Findings::default();
        assert_eq!(Node::root(&value).strict_choice(&mut findings, &[("strip", 1), ("forward", 2)]), None);
        let said = findings.into_list();
        assert_eq!(
            said.first().map(ToString::to_string).as_deref(),
            Some(": error: \"forwrd\" is not one of strip, forward (did you mean \"forward\"?)")
        );
    }
}

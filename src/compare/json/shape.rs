//! What values look like, for fields whose values never repeat.

use chrono::{DateTime, NaiveDate, NaiveDateTime};
use regex::Regex;

use crate::config::shadow::ValueShape;

/// The longest text that can be a date and a time, in bytes.
const TIME_BYTES_MAX: usize = 40;

/// Seconds between 1970 and 2000, and 1970 and 2100.
const EPOCH: std::ops::Range<f64> = 946_684_800.0..4_102_444_800.0;

/// A shape, ready to be looked for.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    Uuid,
    Iso8601,
    Epoch,
    Hex,
    Jwt,
    Expression(Regex),
}

impl Shape {
    /// Makes an expression one for the whole of a text.
    pub(super) fn of(shape: &ValueShape) -> Self {
        match shape {
            ValueShape::Uuid => Self::Uuid,
            ValueShape::Iso8601 => Self::Iso8601,
            ValueShape::Epoch => Self::Epoch,
            ValueShape::Hex => Self::Hex,
            ValueShape::Jwt => Self::Jwt,
            ValueShape::Expression(expression) => {
                // The line break ends a comment of an expression in verbose mode; any other must go without.
                let whole = Regex::new(&format!(r"\A(?:{expression})\z"));
                let whole = whole.or_else(|_comment| Regex::new(&format!("\\A(?:{expression}\n)\\z")));
                Self::Expression(whole.unwrap_or_else(|_large| expression.clone()))
            }
        }
    }

    /// Which values with this shape a text is the same as: those of the same number. `None` if it has not this shape.
    pub(super) fn class(&self, text: &str) -> Option<u64> {
        if let Self::Hex = self {
            let is_hex = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
            return is_hex.then_some(text.len() as u64);
        }
        let has = match self {
            Self::Hex => false,
            Self::Uuid => is_uuid(text.as_bytes()),
            Self::Iso8601 => is_iso8601(text),
            Self::Epoch => is_epoch(text),
            Self::Jwt => is_jwt(text),
            Self::Expression(expression) => {
                expression.find(text).is_some_and(|found| found.start() == 0 && found.end() == text.len())
            }
        };
        has.then_some(0)
    }
}

fn is_uuid(text: &[u8]) -> bool {
    let fits = |(at, byte): (usize, &u8)| match at {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    text.len() == 36 && text.iter().enumerate().all(fits)
}

fn is_iso8601(text: &str) -> bool {
    if text.len() > TIME_BYTES_MAX || !text.starts_with(|first: char| first.is_ascii_digit()) {
        return false;
    }
    ["%Y-%m-%d", "%Y%m%d"].iter().any(|layout| NaiveDate::parse_from_str(text, layout).is_ok())
        || ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S%.f", "%Y%m%dT%H%M%S"]
            .iter()
            .any(|layout| NaiveDateTime::parse_from_str(text.trim_end_matches('Z'), layout).is_ok())
        || ["%Y-%m-%dT%H:%M:%S%.f%z", "%Y-%m-%dT%H:%M%z", "%Y-%m-%d %H:%M:%S%.f%z"]
            .iter()
            .any(|layout| DateTime::parse_from_str(text, layout).is_ok())
}

fn is_epoch(text: &str) -> bool {
    let is_number = text.len() <= TIME_BYTES_MAX && text.starts_with(|first: char| first.is_ascii_digit());
    let number: Option<f64> = is_number.then(|| text.parse().ok()).flatten();
    number.is_some_and(|number| [1.0, 1e3, 1e6, 1e9].iter().any(|unit| EPOCH.contains(&(number / unit))))
}

/// A header and a payload that are objects in base64url, and a signature, which is empty without one.
fn is_jwt(text: &str) -> bool {
    let is_base64 = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    let mut parts = text.split('.');
    let [Some(header), Some(payload), Some(signature), None] = [parts.next(), parts.next(), parts.next(), parts.next()]
    else {
        return false;
    };
    // `{"` begins like this whatever follows.
    header.starts_with("eyJ") && payload.starts_with("eyJ") && [header, payload, signature].into_iter().all(is_base64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_recognised() {
        let expression = |text: &str| Shape::of(&ValueShape::Expression(Regex::new(text).unwrap()));
        for (shape, has, has_not) in [
            (Shape::Uuid, "123e4567-e89b-12d3-a456-426614174000", "123e4567-e89b-12d3-a456-42661417400g"),
            (Shape::Iso8601, "2026-11-25", "2026-13-25"),
            (Shape::Iso8601, "2026-11-25T00:10:00.123Z", "2026-11-25T00:10:00 UTC"),
            (Shape::Iso8601, "2026-11-25T00:10:00+0100", "00:10:00"),
            (Shape::Epoch, "1700000000", "12345"),
            (Shape::Epoch, "1700000000000000", "1700000000x"),
            (Shape::Hex, "00ffAB", "00fg"),
            (Shape::Jwt, "eyJhbGciOiJub25lIn0.eyJhIjoxfQ.", "eyJhbGciOiJub25lIn0.eyJhIjoxfQ"),
            (expression("a|ab"), "ab", "abc"),
            (expression("(?x) a b # comment"), "ab", "abc"),
        ] {
            assert!(shape.class(has).is_some(), "{shape:?} {has}");
            assert!(shape.class(has_not).is_none(), "{shape:?} {has_not}");
        }
        assert_ne!(Shape::Hex.class("00"), Shape::Hex.class("000"));
    }
}

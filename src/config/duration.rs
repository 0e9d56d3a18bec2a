//! Durations as the Go language writes them: `150ms`, `1h15m`, `.5s`.
//!
//! Promises: accepts exactly what Go's `time.ParseDuration` accepts; never panics or overflows.

use std::time::Duration;

/// A signed duration in nanoseconds, as KrakenD keeps it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Nanoseconds(pub i64);

impl Nanoseconds {
    /// Reads `1h15m`, `-1.5s`, `.5s`, `0`. `None` when it is not a Go duration or exceeds 292 years.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, mut rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        if rest == "0" {
            return Some(Self(0));
        }
        if rest.is_empty() {
            return None;
        }
        let mut total: i128 = 0;
        while !rest.is_empty() {
            let (part, after) = take_part(rest)?;
            total = total.checked_add(part)?;
            rest = after;
        }
        let signed = if negative { total.checked_neg()? } else { total };
        i64::try_from(signed).ok().map(Self)
    }

    /// Whether it is zero, which KrakenD mostly takes for "not set".
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The duration, negative ones cut to zero: both have already expired.
    #[must_use]
    pub fn clamped(self) -> Duration {
        u64::try_from(self.0).map_or(Duration::ZERO, Duration::from_nanos)
    }

    /// The duration unless it is zero or negative.
    #[must_use]
    pub fn positive(self) -> Option<Duration> {
        (self.0 > 0).then(|| self.clamped())
    }
}

/// One `number+unit` in nanoseconds and the text after it.
fn take_part(text: &str) -> Option<(i128, &str)> {
    let (whole, rest) = split_digits(text);
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(after) => split_digits(after),
        None => ("", rest),
    };
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let (unit, rest) = take_unit(rest)?;
    let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let nanoseconds = whole.checked_mul(unit)?.checked_add(fraction_of(fraction, unit))?;
    Some((nanoseconds, rest))
}

fn split_digits(text: &str) -> (&str, &str) {
    let end = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    text.split_at(end)
}

/// Digits after the point, in nanoseconds; those beyond the fifteenth cannot matter.
fn fraction_of(digits: &str, unit: i128) -> i128 {
    let mut sum = 0;
    let mut scale = 1;
    for digit in digits.chars().take(15).filter_map(|character| character.to_digit(10)) {
        sum = sum * 10 + i128::from(digit);
        scale *= 10;
    }
    sum * unit / scale
}

fn take_unit(text: &str) -> Option<(i128, &str)> {
    // Both spellings of the micro sign are legal in Go; longer names stand before their prefixes.
    const UNITS: [(&str, i128); 8] = [
        ("ns", 1),
        ("us", 1_000),
        ("µs", 1_000),
        ("μs", 1_000),
        ("ms", 1_000_000),
        ("s", 1_000_000_000),
        ("m", 60_000_000_000),
        ("h", 3_600_000_000_000),
    ];
    let end = text.find(|character: char| character.is_ascii_digit() || character == '.').unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    UNITS.iter().find(|(unit, _)| *unit == name).map(|(_, nanoseconds)| (*nanoseconds, rest))
}

#[cfg(test)]
mod tests {
    use super::Nanoseconds;

    #[test]
    fn go_durations_read_as_go_reads_them() {
        for (text, nanoseconds) in [
            ("150ms", 150_000_000),
            ("1h15m", 4_500_000_000_000),
            ("1.5s", 1_500_000_000),
            (".5s", 500_000_000),
            ("0", 0),
            ("-0", 0),
            ("0s", 0),
            ("1.s", 1_000_000_000),
            ("-3s", -3_000_000_000),
            ("+3s", 3_000_000_000),
            ("7µs", 7_000),
            ("7μs", 7_000),
            ("1.0000000000000000000001ns", 1),
        ] {
            assert_eq!(Nanoseconds::parse(text), Some(Nanoseconds(nanoseconds)), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "150", "5x", "1d", " 1s", "1s ", ".s", "s", "-", "1e3s", "999999999h", "1 s", "--1s"] {
            assert_eq!(Nanoseconds::parse(text), None, "{text}");
        }
    }
}

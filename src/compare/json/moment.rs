//! Moments in JSON, and how far apart two of them are.

use std::time::Duration;

use chrono::{DateTime, FixedOffset};

/// From here on a number counts milliseconds since 1970 (before, they would be in 1973; as seconds, in 5138).
const FIRST_MILLISECONDS: f64 = 1e11;

/// Numbers beyond this are no times.
const LAST: f64 = 1e15;

/// What double precision leaves uncertain of a time in seconds.
const SLACK_SECONDS: f64 = 1e-6;

/// Whether both are times written in the same way, and not further apart than `within`.
pub(super) fn is_near(live: &str, shadow: &str, within: Duration) -> bool {
    if let (Some(live), Some(shadow)) = (written(live), written(shadow)) {
        return (live - shadow).abs().to_std().is_ok_and(|apart| apart <= within);
    }
    match (counted(live), counted(shadow)) {
        (Some((live, unit)), Some((shadow, others))) if unit == others => {
            (live - shadow).abs() / unit <= within.as_secs_f64() + SLACK_SECONDS
        }
        _ => false,
    }
}

/// A time as seconds since 1970, to order by.
pub(super) fn seconds(text: &str) -> Option<f64> {
    let written = written(text).map(|moment| moment.timestamp_micros() as f64 / 1e6);
    written.or_else(|| counted(text).map(|(number, unit)| number / unit))
}

/// By RFC 3339.
fn written(text: &str) -> Option<DateTime<FixedOffset>> {
    // No such time is longer; most texts are no times, and this is cheaper than trying.
    let like_a_date = text.len() <= 64 && text.as_bytes().get(4) == Some(&b'-');
    like_a_date.then(|| DateTime::parse_from_rfc3339(text).ok()).flatten()
}

/// Since 1970, and how many of its units make a second.
fn counted(text: &str) -> Option<(f64, f64)> {
    let is_number = text.len() <= 64 && text.starts_with(|first: char| first.is_ascii_digit() || first == '-');
    let number: f64 = is_number.then(|| text.parse().ok()).flatten()?;
    let unit = if number.abs() < FIRST_MILLISECONDS { 1.0 } else { 1000.0 };
    (number.abs() < LAST).then_some((number, unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_near_when_written_alike() {
        let second = Duration::from_secs(1);
        for (live, shadow) in [
            ("2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z"),
            ("2026-01-01T00:00:00.5Z", "2026-01-01T01:00:01+01:00"),
            ("1700000000", "1700000001"),
            ("1700000000.25", "1700000001.25"),
            ("1700000000000", "1700000001000"),
        ] {
            assert!(is_near(live, shadow, second) && is_near(shadow, live, second), "{live} {shadow}");
        }
        for (live, shadow) in [
            ("2026-01-01T00:00:00Z", "2026-01-01T00:00:01.001Z"),
            ("1700000000000", "1700000001001"),
            ("1700000000", "1700000000000"),
            ("2023-11-14T22:13:20Z", "1700000000"),
            ("yesterday", "today"),
            ("1e999", "1e999"),
        ] {
            assert!(!is_near(live, shadow, second), "{live} {shadow}");
        }
    }
}

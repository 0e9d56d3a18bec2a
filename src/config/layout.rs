//! Layouts of times as Go writes them: `2006/01/02 - 15:04:05.000`.
//!
//! Promises: what Go would write for the same layout in the same time zone; any text is a layout.

use std::fmt::{Display, Write as _};

use chrono::{DateTime, TimeZone};

/// Elements of a layout with what `chrono` calls them, longer ones before those they begin with.
const ELEMENTS: [(&str, &str); 23] = [
    ("January", "%B"),
    ("Jan", "%b"),
    ("Monday", "%A"),
    ("Mon", "%a"),
    ("2006", "%Y"),
    ("-07:00", "%:z"),
    ("-0700", "%z"),
    ("002", "%j"),
    ("01", "%m"),
    ("02", "%d"),
    ("03", "%I"),
    ("04", "%M"),
    ("05", "%S"),
    ("06", "%y"),
    ("15", "%H"),
    ("_2", "%e"),
    ("PM", "%p"),
    ("pm", "%P"),
    ("1", "%-m"),
    ("2", "%-d"),
    ("3", "%-I"),
    ("4", "%-M"),
    ("5", "%-S"),
];

/// A layout, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    /// In the words of `chrono`.
    Known(String),
    /// Digits of the second after this sign; with `trims` no zeros at their end.
    Fraction { sign: char, digits: usize, trims: bool },
    /// The offset of the zone in the words of `chrono`, `Z` where there is none.
    Zone(&'static str),
    /// Hours of the offset.
    Hours,
    /// The name of the zone, or its offset where it has none.
    Name,
}

impl Layout {
    /// Reads a layout.
    #[must_use]
    pub fn new(mut text: &str) -> Self {
        let mut pieces = Vec::new();
        let mut known = String::new();
        while let Some(letter) = text.chars().next() {
            if let Some((piece, rest)) = special(text) {
                pieces.push(Piece::Known(std::mem::take(&mut known)));
                pieces.push(piece);
                text = rest;
            } else if let Some((name, rest)) = element(text) {
                known.push_str(name);
                text = rest;
            } else {
                known.push_str(if letter == '%' { "%%" } else { text.get(..letter.len_utf8()).unwrap_or_default() });
                text = text.get(letter.len_utf8()..).unwrap_or_default();
            }
        }
        pieces.push(Piece::Known(known));
        pieces.retain(|piece| *piece != Piece::Known(String::new()));
        Self(pieces)
    }

    /// Writes a time.
    pub fn write<Zone: TimeZone<Offset: Display>>(&self, at: &DateTime<Zone>, out: &mut String) {
        for piece in &self.0 {
            let _into_a_string = match piece {
                Piece::Known(format) => write!(out, "{}", at.format(format)),
                Piece::Fraction { sign, digits, trims } => {
                    write_fraction(at.timestamp_subsec_nanos(), *sign, *digits, *trims, out);
                    Ok(())
                }
                Piece::Zone(format) => match at.format("%z").to_string().as_str() {
                    "+0000" => write!(out, "Z"),
                    _ => write!(out, "{}", at.format(format)),
                },
                Piece::Name => match at.format("%z").to_string().as_str() {
                    "+0000" => write!(out, "UTC"),
                    _ => write!(out, "{}", at.format("%Z")),
                },
                Piece::Hours => {
                    let offset = at.format("%z").to_string();
                    write!(out, "{}", offset.get(..3).unwrap_or_default())
                }
            };
        }
    }
}

/// An element that stands at the beginning, and the text after it.
fn element(text: &str) -> Option<(&'static str, &str)> {
    ELEMENTS.iter().find_map(|(go, name)| Some((*name, text.strip_prefix(go)?)))
}

fn special(text: &str) -> Option<(Piece, &str)> {
    if let Some(rest) = text.strip_prefix("MST") {
        return Some((Piece::Name, rest));
    }
    for (go, format) in [("Z07:00", "%:z"), ("Z0700", "%z")] {
        if let Some(rest) = text.strip_prefix(go) {
            return Some((Piece::Zone(format), rest));
        }
    }
    let sign = text.chars().next().filter(|sign| matches!(sign, '.' | ','));
    if let Some(sign) = sign {
        let rest = text.get(1..)?;
        let digit = rest.chars().next().filter(|digit| matches!(digit, '0' | '9'))?;
        let after = rest.trim_start_matches(digit);
        let digits = rest.len() - after.len();
        // Digits that go on are no fraction but, as in `.05`, an element.
        let ends = !after.starts_with(|next: char| next.is_ascii_digit());
        return (ends && digits <= 9).then_some((Piece::Fraction { sign, digits, trims: digit == '9' }, after));
    }
    let other = text.starts_with("-07:00") || text.starts_with("-0700");
    text.strip_prefix("-07").filter(|_| !other).map(|rest| (Piece::Hours, rest))
}

fn write_fraction(nanoseconds: u32, sign: char, digits: usize, trims: bool, out: &mut String) {
    let all = format!("{:09}", nanoseconds.min(999_999_999));
    let kept = all.get(..digits).unwrap_or(&all);
    let kept = if trims { kept.trim_end_matches('0') } else { kept };
    if !kept.is_empty() {
        out.push(sign);
        out.push_str(kept);
    }
}

#[cfg(test)]
mod tests {
    use chrono::{FixedOffset, Utc};
    use proptest::prelude::*;

    use super::*;

    fn written(layout: &str, hours: i32, text: &str) -> String {
        let at =
            DateTime::parse_from_rfc3339(text).unwrap().with_timezone(&FixedOffset::east_opt(hours * 3600).unwrap());
        let mut out = String::new();
        Layout::new(layout).write(&at, &mut out);
        out
    }

    #[test]
    fn times_are_written_as_go_writes_them() {
        let moment = "2026-03-07T16:08:09.050600Z";
        for (layout, wanted) in [
            ("2006/01/02 - 15:04:05.000", "2026/03/07 - 16:08:09.050"),
            ("2006-01-02T15:04:05.000000-07:00", "2026-03-07T16:08:09.050600+00:00"),
            ("2006-01-02T15:04:05.999Z07:00", "2026-03-07T16:08:09.05Z"),
            ("15:04:05,999999", "16:08:09,0506"),
            ("Mon Jan _2 3:04PM 06", "Sat Mar  7 4:08PM 26"),
            ("Monday, January 2 002 pm -0700", "Saturday, March 7 066 pm +0000"),
            ("100% at 1/2 3:4:5 -07 Z0700", "300% at 3/7 4:8:9 +00 Z"),
            ("", ""),
        ] {
            assert_eq!(written(layout, 0, moment), wanted, "{layout}");
        }
        assert_eq!(written("15 -07 Z07:00 Z0700", 2, moment), "18 +02 +02:00 +0200");
        assert_eq!((written("MST", 0, moment), written("MST", 2, moment)), ("UTC".to_owned(), "+02:00".to_owned()));
        assert_eq!(written("05.999", 0, "2026-03-07T16:08:09Z"), "09");
    }

    proptest! {
        #[test]
        fn arbitrary_layouts_never_panic(layout in ".{0,40}", mixed in "[-0-9A-Za-z:._%,]{0,40}") {
            let mut out = String::new();
            for layout in [layout, mixed] {
                Layout::new(&layout).write(&DateTime::<Utc>::UNIX_EPOCH, &mut out);
            }
        }
    }
}

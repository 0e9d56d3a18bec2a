//! Patterns of log lines, as the original's logger reads them: `%{time:15:04:05} %{level:.4s} %{message}`.
//!
//! Promises: accepts what the original accepts, but for layouts of values that no Go programmer would write.

use regex_lite::Regex;

use super::telemetry::{LogPart, LogValue, Width};

/// The pattern of the default form.
pub const DEFAULT: &str = " %{time:2006/01/02 - 15:04:05.000} %{color}▶ %{level}%{color:reset} %{message}";

/// The layout of a time without one.
const TIME: &str = "2006-01-02T15:04:05.999Z07:00";

/// The widest a value may be padded to: a pattern must not make lines of megabytes.
const WIDTH_MAX: usize = 1024;

/// Reads a pattern.
///
/// # Errors
/// What is wrong with it, in the original's words where it has some.
pub fn parse(pattern: &str) -> Result<Vec<LogPart>, String> {
    let variables = Regex::new(r"%\{([a-z]+)(?::(.*?[^\\]))?\}").map_err(|error| error.to_string())?;
    let mut parts = Vec::new();
    let mut end = 0;
    for found in variables.captures_iter(pattern) {
        let (Some(whole), Some(name)) = (found.get(0), found.get(1)) else { continue };
        add_text(&mut parts, pattern.get(end..whole.start()));
        parts.push(part(name.as_str(), found.get(2).map(|layout| layout.as_str()))?);
        end = whole.end();
    }
    if end == 0 {
        return Err(format!("invalid log format: {pattern}"));
    }
    add_text(&mut parts, pattern.get(end..));
    Ok(parts)
}

fn add_text(parts: &mut Vec<LogPart>, text: Option<&str>) {
    if let Some(text) = text.filter(|text| !text.is_empty()) {
        parts.push(LogPart::Text(text.to_owned()));
    }
}

fn part(name: &str, layout: Option<&str>) -> Result<LogPart, String> {
    let value = match name {
        "time" => return Ok(LogPart::Time(layout.unwrap_or(TIME).to_owned())),
        "color" => {
            return Ok(match layout {
                Some("bold") => LogPart::BoldColor,
                Some("reset") => LogPart::ColorEnd,
                _ => LogPart::Color,
            });
        }
        "id" => LogValue::Id,
        "pid" => LogValue::Pid,
        "program" => LogValue::Program,
        "level" => LogValue::Level,
        "module" => LogValue::Module,
        "message" => LogValue::Message,
        "longfile" => LogValue::LongFile,
        "shortfile" => LogValue::ShortFile,
        "longpkg" | "shortpkg" | "longfunc" | "shortfunc" | "callpath" => LogValue::Origin,
        _ => return Err(format!("unknown variable: {name}")),
    };
    let width = layout.map_or(Some(Width::default()), width);
    let width = width.ok_or_else(|| format!("{} is not a layout of {name}", layout.unwrap_or_default()))?;
    Ok(LogPart::Value(value, width))
}

/// Reads `-5.3s`, `04d`, `s`.
fn width(layout: &str) -> Option<Width> {
    let text = layout.strip_suffix(['s', 'd', 'v'])?;
    let (left, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (zeros, text) = text.strip_prefix('0').map_or((false, text), |rest| (true, rest));
    let (min, max) = text.split_once('.').map_or((text, None), |(min, max)| (min, Some(max)));
    let number = |text: &str| if text.is_empty() { Some(0) } else { text.parse::<usize>().ok() };
    let max = max.map_or(Some(None), |max| number(max).map(Some))?;
    Some(Width { min: number(min)?.min(WIDTH_MAX), max, left, zeros })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn variables_are_found_with_what_stands_between() {
        let read = parse("[%{level:.4s}] %{time} %{id:04d}|%{message:-9s}%{color:bold}!%{color:reset}").unwrap();
        let wide = |min, max, left, zeros| Width { min, max, left, zeros };
        assert_eq!(
            read,
            [
                LogPart::Text("[".into()),
                LogPart::Value(LogValue::Level, wide(0, Some(4), false, false)),
                LogPart::Text("] ".into()),
                LogPart::Time(TIME.into()),
                LogPart::Text(" ".into()),
                LogPart::Value(LogValue::Id, wide(4, None, false, true)),
                LogPart::Text("|".into()),
                LogPart::Value(LogValue::Message, wide(9, None, true, false)),
                LogPart::BoldColor,
                LogPart::Text("!".into()),
                LogPart::ColorEnd,
            ]
        );
    }

    #[test]
    fn the_default_pattern_can_be_read() {
        assert_eq!(parse(DEFAULT).unwrap().len(), 9);
    }

    #[test]
    fn what_the_original_would_stop_at_is_refused() {
        for (pattern, why) in [
            ("", "invalid log format"),
            ("message", "invalid log format"),
            ("%{who}", "unknown variable: who"),
            ("%{level:.4q}", "not a layout"),
        ] {
            assert!(parse(pattern).unwrap_err().contains(why), "{pattern}");
        }
    }

    proptest! {
        #[test]
        fn arbitrary_patterns_never_panic(pattern in ".{0,60}", variable in "[a-z]{1,9}", layout in "[-0-9.sd]{0,12}") {
            let _read = parse(&pattern);
            let _read = parse(&format!("%{{{variable}:{layout}}}"));
            let _read = parse(&format!("%{{message:{layout}}}"));
        }
    }
}

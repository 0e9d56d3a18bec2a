//! sprig's functions for times. A time is a number of seconds since 1970 here, also where sprig has a type of its own.
//!
//! Layouts are Go's: the text that the second of January 2006, 15:04:05, would become. Zones are `UTC` and `Local`.

use std::time::{SystemTime, UNIX_EPOCH};

use chrono::{DateTime, Local, Offset, Utc};

use super::super::value::Value;
use super::{
    Host,
    arguments::Arguments,
    numbers::whole,
    table::{Function, takes},
};

/// The functions of this file.
pub(super) const FUNCTIONS: &[Function] = &[
    takes(0, "now", |_, _| Ok(Value::Long(now()))),
    takes(1, "unixEpoch", |_, arguments| Ok(Value::text(&seconds(&arguments.any(0)).to_string()))),
    takes(2, "date", |_, arguments| written(arguments.text(0)?, &arguments.any(1), "Local")),
    takes(3, "dateInZone", in_zone),
    takes(3, "date_in_zone", in_zone),
    takes(1, "htmlDate", |_, arguments| written("2006-01-02", &arguments.any(0), "Local")),
    takes(2, "htmlDateInZone", |_, arguments| written("2006-01-02", &arguments.any(0), arguments.text(1)?)),
];

/// The elements of Go's layouts, longer ones before those they begin with, and what chrono calls them.
const ELEMENTS: [(&str, &str); 26] = [
    ("2006", "%Y"),
    ("January", "%B"),
    ("Jan", "%b"),
    ("Monday", "%A"),
    ("Mon", "%a"),
    ("MST", "%Z"),
    ("Z07:00", ""),
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
    ("%", "%%"),
];

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// What sprig takes for a time; anything but a whole number is now.
fn seconds(value: &Value) -> i64 {
    if matches!(value, Value::Int(_) | Value::Long(_)) { whole(value) } else { now() }
}

fn in_zone(_host: &Host<'_>, arguments: &Arguments) -> Result<Value, String> {
    written(arguments.text(0)?, &arguments.any(1), arguments.text(2)?)
}

fn written(layout: &str, time: &Value, zone: &str) -> Result<Value, String> {
    let time = DateTime::<Utc>::from_timestamp(seconds(time), 0).ok_or("a time out of range")?;
    match zone {
        "" | "UTC" => Ok(Value::text(&laid_out(layout, &time, "UTC"))),
        "Local" => {
            let time = time.with_timezone(&Local);
            let zone = if time.offset().fix().local_minus_utc() == 0 {
                "UTC".to_owned()
            } else {
                time.format("%:z").to_string()
            };
            Ok(Value::text(&laid_out(layout, &time, &zone)))
        }
        other => Err(format!("the time zone {other:?} is not supported, write \"UTC\" or \"Local\"")),
    }
}

fn laid_out<Z: chrono::TimeZone>(layout: &str, time: &DateTime<Z>, zone: &str) -> String
where
    Z::Offset: std::fmt::Display,
{
    let mut out = String::new();
    let mut rest = layout;
    while let Some(letter) = rest.chars().next() {
        let element = ELEMENTS.iter().find_map(|(go, ours)| Some((*go, *ours, rest.strip_prefix(*go)?)));
        rest = match element {
            Some(("MST", _, after)) => {
                out.push_str(zone);
                after
            }
            Some(("Z07:00", _, after)) => {
                let is_utc = time.offset().fix().local_minus_utc() == 0;
                out.push_str(&if is_utc { "Z".to_owned() } else { time.format("%:z").to_string() });
                after
            }
            Some((_, ours, after)) => {
                out.push_str(&time.format(ours).to_string());
                after
            }
            None => {
                out.push(letter);
                rest.strip_prefix(letter).unwrap_or_default()
            }
        };
    }
    out
}

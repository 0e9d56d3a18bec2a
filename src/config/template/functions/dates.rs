//! sprig's functions for times. A time is a number of seconds since 1970 here, also where sprig has a type of its own.
//!
//! Layouts are Go's: the text that the second of January 2006, 15:04:05, would become. Zones are `UTC` and `Local`.

use std::time::{SystemTime, UNIX_EPOCH};

use chrono::{DateTime, Local, Utc};

use super::super::value::Value;
use super::{
    Host,
    arguments::Arguments,
    numbers::whole,
    table::{Function, takes},
};
use crate::config::Layout;

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
    let mut out = String::new();
    match zone {
        "" | "UTC" => Layout::new(layout).write(&time, &mut out),
        "Local" => Layout::new(layout).write(&time.with_timezone(&Local), &mut out),
        other => return Err(format!("the time zone {other:?} is not supported, write \"UTC\" or \"Local\"")),
    }
    Ok(Value::text(&out))
}

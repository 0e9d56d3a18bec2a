//! What a gateway says about its shadows, as tables for people.
//!
//! Promises: what is printed comes from the gateway's file and its own words; control characters in it are not printed.

use serde_json::Value;

use crate::cli::aligned::aligned;

/// One line for each shadow, under a line about the switch over all.
pub(super) fn status(answer: &Value) -> String {
    let mut text = String::new();
    if let Some(killed) = answer.get("killed").filter(|killed| !killed.is_null()) {
        let (by, since) = (word(killed, "by"), word(killed, "since"));
        text.push_str(&format!("ALL SHADOWS ARE SWITCHED OFF by {by}, since {since}\n"));
        if killed.get("kill_file") == Some(&Value::Bool(true)) {
            text.push_str("the kill file is there: nothing is copied until it is removed\n");
        }
        text.push('\n');
    }
    let shadows = members(answer, "shadows");
    if shadows.is_empty() {
        text.push_str("no shadows\n");
        return text;
    }
    let titles =
        ["SHADOW", "STATE", "RATE", "MAX/S", "OFFERED", "SENT", "SKIPPED", "DROPPED", "BREAKER", "LIVE P99", "WHY"];
    let rows = shadows.iter().map(|shadow| {
        let books = shadow.get("books").unwrap_or(&Value::Null);
        [
            word(shadow, "id"),
            word(shadow, "state"),
            percent(shadow.get("rate")),
            word(shadow, "max_rps"),
            word(books, "offered"),
            word(books, "sent"),
            sum(books, "skipped"),
            sum(books, "dropped"),
            shadow.get("breaker").map_or_else(nothing, |breaker| word(breaker, "state")),
            shadow.pointer("/overhead/p99").map_or_else(nothing, difference),
            why(shadow),
        ]
    });
    text.push_str(&aligned(titles, rows));
    text
}

/// One line for each change, the oldest first.
pub(super) fn audit(answer: &Value) -> String {
    let changes = members(answer, "changes");
    if changes.is_empty() {
        return "no changes\n".to_owned();
    }
    let titles = ["AT", "WHO", "SHADOW", "WHAT", "BEFORE", "AFTER", "FOR", "REASON"];
    let rows = changes.iter().map(|change| {
        let target = change.get("target").and_then(Value::as_str).map_or_else(|| "(all)".to_owned(), clean);
        let lasts = change.get("lasts_seconds").and_then(Value::as_u64);
        [
            word(change, "at"),
            word(change, "who"),
            target,
            word(change, "what"),
            word(change, "before"),
            word(change, "after"),
            lasts.map_or_else(nothing, |seconds| format!("{seconds} s")),
            word(change, "reason"),
        ]
    });
    aligned(titles, rows)
}

/// One line for each field in which answers differ.
pub(super) fn fields(answer: &Value) -> String {
    let fields = members(answer, "fields");
    if fields.is_empty() {
        return "no field differs\n".to_owned();
    }
    let rows = fields.iter().map(|field| {
        let is_ignored = field.get("ignored") == Some(&Value::Bool(true));
        [
            word(field, "id"),
            word(field, "path"),
            word(field, "kind"),
            word(field, "raw"),
            percent(field.get("raw_rate")),
            percent(field.get("noise_rate")),
            if is_ignored { "ignored".to_owned() } else { word(field, "decision") },
        ]
    });
    aligned(["ID", "FIELD", "KIND", "PAIRS", "DIFFERS", "NOISE", "DECISION"], rows)
}

pub(in crate::cli) fn members<'a>(answer: &'a Value, name: &str) -> &'a [Value] {
    answer.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

pub(in crate::cli) fn nothing() -> String {
    "–".to_owned()
}

pub(super) fn clean(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { '?' } else { letter }).collect()
}

/// A member as a word.
pub(in crate::cli) fn word(of: &Value, name: &str) -> String {
    match of.get(name) {
        None | Some(Value::Null) => nothing(),
        Some(Value::String(text)) => clean(text),
        Some(other) => other.to_string(),
    }
}

/// Why it does what it does, and how long that lasts.
fn why(shadow: &Value) -> String {
    let overrides = shadow.get("overrides").and_then(Value::as_object);
    let lefts = overrides.into_iter().flatten().map(|(name, held)| {
        let left = held.get("seconds_left").and_then(Value::as_f64);
        left.map_or_else(|| format!("{name} until a restart"), |left| format!("{name} for {left:.0} s more"))
    });
    let lefts: Vec<String> = lefts.collect();
    let why = word(shadow, "why");
    if lefts.is_empty() { why } else { format!("{why} ({})", lefts.join(", ")) }
}

pub(in crate::cli) fn percent(rate: Option<&Value>) -> String {
    let rate = rate.and_then(Value::as_f64);
    rate.map_or_else(nothing, |rate| format!("{}%", (rate * 1e5).round() / 1e3))
}

fn sum(books: &Value, name: &str) -> String {
    let counts = members(books, name).iter().filter_map(|entry| entry.get(1)?.as_u64());
    counts.sum::<u64>().to_string()
}

/// `+0.1 ms (−0.2…+0.4)`.
pub(super) fn difference(of: &Value) -> String {
    let number = |of: Option<&Value>| of.and_then(Value::as_f64);
    let Some(seen) = number(of.get("difference")) else { return nothing() };
    let bounds = [0, 1].map(|place| number(of.get("interval").and_then(|interval| interval.get(place))));
    match bounds {
        [Some(low), Some(high)] => format!("{} ms ({}…{})", signed(seen), signed(low), signed(high)),
        _ => format!("{} ms (too few)", signed(seen)),
    }
}

fn signed(number: f64) -> String {
    let sign = if number < 0.0 { '−' } else { '+' };
    format!("{sign}{:.1}", number.abs())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_shadow_is_one_line() {
        let answer = json!({ "killed": null, "shadows": [{
            "id": "GET:/a:0", "state": "paused", "rate": 0.125, "max_rps": null, "why": "paused by admin 127.0.0.1:5",
            "overrides": { "pause": { "value": "admin", "seconds_left": 59.7 }, "rate": { "seconds_left": null } },
            "books": { "offered": 9, "sent": 4, "skipped": [["paused", 3], ["holdout", 1]], "dropped": [["rate", 1]] },
            "breaker": { "state": "closed" },
            "overhead": { "p99": { "difference": 0.1, "interval": [-0.2, 0.4] } },
        }] });
        let text = status(&answer);
        let line = text.lines().nth(1).unwrap();
        let words: Vec<&str> = line.split("  ").map(str::trim).filter(|word| !word.is_empty()).collect();
        assert_eq!(
            words,
            [
                "GET:/a:0",
                "paused",
                "12.5%",
                "–",
                "9",
                "4",
                "4",
                "1",
                "closed",
                "+0.1 ms (−0.2…+0.4)",
                "paused by admin 127.0.0.1:5 (pause for 60 s more, rate until a restart)",
            ]
        );
    }

    #[test]
    fn the_switch_over_all_is_not_overlooked() {
        let text =
            status(&json!({ "killed": { "by": "kill_file", "since": "now", "kill_file": true }, "shadows": [] }));
        assert!(text.starts_with("ALL SHADOWS ARE SWITCHED OFF by kill_file"), "{text}");
    }

    #[test]
    fn nothing_that_is_printed_commands_the_terminal() {
        let text = audit(&json!({ "changes": [{ "reason": "\u{1b}[2Jgone", "target": null }] }));
        assert!(text.contains("?[2Jgone") && text.contains("(all)"), "{text:?}");
        for nonsense in [json!(null), json!([]), json!({ "shadows": [1, {}], "changes": [[], "x"] })] {
            let _printed = (status(&nonsense), audit(&nonsense));
        }
    }
}

//! What a gateway says about its splits, as a table for people.

use serde_json::Value;

use crate::cli::{
    aligned::aligned,
    shadow::table::{members, nothing, percent, word},
};

/// One line for each part of each split.
pub(super) fn status(answer: &Value) -> String {
    let splits = members(answer, "splits");
    if splits.is_empty() {
        return "no splits\n".to_owned();
    }
    let titles = ["SPLIT", "VARIANT", "STATE", "RATE", "CALLS", "FAILED", "P99", "BACKEND", "WHY"];
    let parts = splits.iter().flat_map(|split| members(split, "parts").iter().map(move |part| (split, part)));
    let rows = parts.map(|(split, part)| {
        let recent = part.get("recent").unwrap_or(&Value::Null);
        let p99 = recent.get("p99_ms").and_then(Value::as_f64);
        [
            word(split, "id"),
            word(part, "variant"),
            word(part, "state"),
            percent(part.get("rate")),
            word(recent, "requests"),
            percent(recent.get("failed_share")),
            p99.map_or_else(nothing, |p99| format!("{p99:.1} ms")),
            word(part, "backend"),
            why(part),
        ]
    });
    aligned(titles, rows)
}

/// Why it takes what it takes, and how long that lasts.
fn why(part: &Value) -> String {
    let why = word(part, "why");
    let Some(wish) = part.get("wish") else { return why };
    match wish.get("seconds_left").and_then(Value::as_f64) {
        Some(left) => format!("{why} (for {left:.0} s more)"),
        None => format!("{why} (until a restart)"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_part_is_one_line() {
        let recent = json!({ "requests": 9, "failed_share": 0.125, "p99_ms": 3.25 });
        let base = json!({ "variant": "base", "state": "base", "rate": 0.95, "recent": recent, "why": "the rest" });
        let canary = json!({
            "variant": "canary", "state": "running", "rate": 0.05, "backend": "GET /v2 at http://v2:80",
            "why": "another rate was asked for", "wish": { "value": 0.05, "seconds_left": 59.7 }, "recent": recent,
        });
        let text = status(&json!({ "splits": [{ "id": "GET:/a:0", "parts": [base, canary] }] }));
        let words: Vec<&str> =
            text.lines().nth(2).unwrap().split("  ").map(str::trim).filter(|word| !word.is_empty()).collect();
        assert_eq!(
            words,
            [
                "GET:/a:0",
                "canary",
                "running",
                "5%",
                "9",
                "12.5%",
                "3.2 ms",
                "GET /v2 at http://v2:80",
                "another rate was asked for (for 60 s more)",
            ]
        );
        for nonsense in [json!(null), json!({ "splits": [1, {}] }), json!({ "splits": [{ "parts": [[], "x"] }] })] {
            let _printed = status(&nonsense);
        }
    }
}

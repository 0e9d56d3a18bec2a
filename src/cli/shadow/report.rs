//! Says whether shadows can take the live backends' place: for people, as JSON, and by an exit code for pipelines.
//!
//! Promises: the exit code is 0 only when each shadow that was asked about is ready, and there is one; control characters
//! in what a gateway says are not printed.

use std::process::ExitCode;

use serde_json::{Value, json};

use crate::cli::aligned::aligned;

use super::{
    client::{AdminClient, path_of},
    command::lines,
    routes::{self, routes},
    table::{clean, difference, members, nothing, percent, word},
};

/// At least one is not ready.
const NOT_READY: u8 = 3;
/// None is known not to be, and of one or all there is too little.
const NOT_ENOUGH_DATA: u8 = 4;
/// So many fields of a shadow are printed.
const FIELDS_MAX: usize = 5;

/// Asks about these shadows, or all that are compared; gives what to print and the exit code.
pub(super) async fn report(client: &AdminClient, ids: &[String], as_json: bool) -> Result<(String, ExitCode), String> {
    let all = client.read("").await?;
    let mut reports = Vec::new();
    for shadow in members(&all, "shadows") {
        let Some(id) = shadow.get("id").and_then(Value::as_str) else { continue };
        let is_meant = if ids.is_empty() {
            shadow.get("compared") == Some(&Value::Bool(true))
        } else {
            ids.iter().any(|asked| asked == id)
        };
        if !is_meant {
            continue;
        }
        let readiness = client.readiness(id).await?;
        // Those that are not compared have none.
        let fields = client.read(&format!("{}/fields", path_of(id))).await.unwrap_or_default();
        reports.push(json!({
            "id": id,
            "readiness": readiness,
            "fields": fields.get("fields").cloned().unwrap_or_else(|| json!([])),
            "overhead": shadow.get("overhead"),
        }));
    }
    if let Some(unknown) = ids.iter().find(|asked| !reports.iter().any(|report| report["id"] == asked.as_str())) {
        let known = members(&all, "shadows").iter().map(|shadow| format!("\n  {}", word(shadow, "id")));
        return Err(format!("there is no shadow {unknown}; there are{}", known.collect::<String>()));
    }
    let code = ExitCode::from(code(&reports));
    // Whoever asks about some shadows asks about no other endpoint.
    let covered = if ids.is_empty() { Some(routes(&client.plan().await?, &all, &reports)) } else { None };
    let text = if as_json {
        lines(&json!({ "shadows": reports, "routes": covered }))
    } else {
        printed(&reports) + &covered.as_ref().map_or_else(String::new, routes::printed)
    };
    Ok((text, code))
}

fn verdict(report: &Value) -> Option<&str> {
    report.pointer("/readiness/verdict").and_then(Value::as_str)
}

fn code(reports: &[Value]) -> u8 {
    let is = |wanted: &str| reports.iter().any(|report| verdict(report) == Some(wanted));
    let are_ready = !reports.is_empty() && reports.iter().all(|report| verdict(report) == Some("ready"));
    match (is("not_ready"), are_ready) {
        (true, _) => NOT_READY,
        (false, true) => 0,
        (false, false) => NOT_ENOUGH_DATA,
    }
}

/// A line for each shadow, then what speaks against each and how its fields differ.
fn printed(reports: &[Value]) -> String {
    if reports.is_empty() {
        return "no shadow's answers are compared\n".to_owned();
    }
    let titles = ["SHADOW", "VERDICT", "PAIRS", "MISMATCH", "AT MOST", "NOISE", "P99 RATIO", "DROPPED", "LIVE P99"];
    let rows = reports.iter().map(|report| {
        let readiness = report.get("readiness").unwrap_or(&Value::Null);
        let figures = readiness.get("figures").unwrap_or(&Value::Null);
        [
            word(report, "id"),
            word(readiness, "verdict").replace('_', " "),
            word(figures, "compared"),
            percent(figures.get("mismatch_rate")),
            percent(figures.get("mismatch_bound")),
            word(figures, "noise"),
            figures.get("p99_ratio").map_or_else(nothing, ratio),
            percent(readiness.get("dropped")),
            report.pointer("/overhead/p99").map_or_else(nothing, difference),
        ]
    });
    let mut text = aligned(titles, rows);
    for report in reports {
        text.push_str(&format!("\n{}\n", word(report, "id")));
        for reason in members(report.get("readiness").unwrap_or(&Value::Null), "reasons") {
            text.push_str(&format!("  {}: {}\n", word(reason, "holding"), word(reason, "says")));
        }
        for reason in members(report.get("readiness").unwrap_or(&Value::Null), "holds") {
            text.push_str(&format!("  holds: {}\n", word(reason, "says")));
        }
        text.push_str(&fields(members(report, "fields")));
    }
    text
}

/// The fields that differ most often.
fn fields(fields: &[Value]) -> String {
    if fields.is_empty() {
        return String::new();
    }
    let raw = |field: &&Value| field.get("raw").and_then(Value::as_u64).unwrap_or(0);
    let mut sorted: Vec<&Value> = fields.iter().collect();
    sorted.sort_by_key(|field| std::cmp::Reverse(raw(field)));
    let rows = sorted.iter().take(FIELDS_MAX).map(|field| {
        let decision = match field.get("ignored") {
            Some(Value::Bool(true)) => "ignored".to_owned(),
            _ => word(field, "decision"),
        };
        [
            format!("  {}", word(field, "path")),
            word(field, "kind"),
            percent(field.get("raw_rate")),
            percent(field.get("noise_rate")),
            decision,
        ]
    });
    let table = aligned(["  FIELD", "KIND", "DIFFERS", "NOISE", "DECISION"], rows);
    let more = fields.len().saturating_sub(FIELDS_MAX);
    if more == 0 { table } else { format!("{table}  and {more} more\n") }
}

/// `1.20 (1.05…1.40) to baseline`.
fn ratio(of: &Value) -> String {
    let number = |of: Option<&Value>| of.and_then(Value::as_f64);
    let Some(seen) = number(of.get("ratio")) else { return nothing() };
    let to = clean(of.get("to").and_then(Value::as_str).unwrap_or_default());
    match [0, 1].map(|place| number(of.get("interval").and_then(|interval| interval.get(place)))) {
        [Some(low), Some(high)] => format!("{seen:.2} ({low:.2}…{high:.2}) to {to}"),
        _ => format!("{seen:.2} (too few) to {to}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(verdict: &str) -> Value {
        json!({
            "id": "GET:/a:0",
            "readiness": {
                "verdict": verdict, "dropped": 0.002,
                "reasons": [{ "code": "fields", "holding": "fails", "says": "one field surely differs: $.a\u{1b}[2J" }],
                "holds": [{ "code": "drops", "holding": "holds", "says": "8 of 4000 copies had no room" }],
                "figures": {
                    "compared": 4000, "noise": 3, "mismatch_rate": 0.0005, "mismatch_bound": 0.00129,
                    "p99_ratio": { "to": "baseline", "ratio": 1.2, "interval": [1.05, 1.4] },
                },
            },
            "fields": [
                { "path": "$.b", "kind": "value", "raw": 1, "raw_rate": 0.00025, "noise_rate": null, "decision": "noise" },
                { "path": "$.a", "kind": "value", "raw": 2, "raw_rate": 0.0005, "noise_rate": 0.0, "decision": "different" },
            ],
            "overhead": { "p99": { "difference": 0.1, "interval": [-0.2, 0.4] } },
        })
    }

    #[test]
    fn only_shadows_that_are_all_ready_are_a_success() {
        for (verdicts, wanted) in [
            (&["ready"][..], 0),
            (&["ready", "ready"], 0),
            (&["ready", "not_ready"], NOT_READY),
            (&["not_enough_data", "not_ready"], NOT_READY),
            (&["ready", "not_enough_data"], NOT_ENOUGH_DATA),
            (&["nonsense"], NOT_ENOUGH_DATA),
            (&[], NOT_ENOUGH_DATA),
        ] {
            let reports: Vec<Value> = verdicts.iter().map(|verdict| of(verdict)).collect();
            assert_eq!(code(&reports), wanted, "{verdicts:?}");
        }
    }

    #[test]
    fn a_report_says_the_verdict_what_it_stands_on_and_how_fields_differ() {
        let text = printed(&[of("not_ready")]);
        let words = |line: usize| {
            let line = text.lines().nth(line).unwrap();
            line.split("  ").map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(
            words(1),
            [
                "GET:/a:0",
                "not ready",
                "4000",
                "0.05%",
                "0.129%",
                "3",
                "1.20 (1.05…1.40) to baseline",
                "0.2%",
                "+0.1 ms (−0.2…+0.4)"
            ]
        );
        assert_eq!(words(4), ["fails: one field surely differs: $.a?[2J"]);
        assert_eq!(words(5), ["holds: 8 of 4000 copies had no room"]);
        assert_eq!(words(7), ["$.a", "value", "0.05%", "0%", "different"], "the most frequent comes first");
        assert_eq!(words(8), ["$.b", "value", "0.025%", "–", "noise"]);
    }

    #[test]
    fn nonsense_is_printed_without_a_panic() {
        for nonsense in [json!(null), json!({ "fields": [1, {}], "readiness": { "reasons": [[], "x"] } })] {
            assert!(printed(&[nonsense]).starts_with("SHADOW"));
        }
    }
}

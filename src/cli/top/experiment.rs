//! One experiment as a row: what a gateway says of it, and what that comes to.
//!
//! The same sums as on the page, of the same figures.

use serde_json::Value;

use super::text::escaped;

/// See the module. Shares are of 0 to 1, times in milliseconds; what is not known is `None`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Experiment {
    pub(super) id: String,
    pub(super) state: String,
    /// Whether a rule or a switch stopped it.
    pub(super) is_stopped: bool,
    pub(super) rate: Option<f64>,
    pub(super) max_rps: Option<f64>,
    /// The share of the copies whose answers are compared.
    pub(super) sample: Option<f64>,
    /// Copies since the start.
    pub(super) sent: u64,
    /// Copies a second since the look before this one.
    pub(super) sent_rate: Option<f64>,
    pub(super) loss: Option<f64>,
    pub(super) matched: Option<f64>,
    pub(super) slower_ms: Option<f64>,
    pub(super) overhead_ms: Option<f64>,
    /// Where it lies 95 times of 100.
    pub(super) overhead_interval: Option<[f64; 2]>,
    pub(super) verdict: String,
}

impl Experiment {
    /// Reads what a gateway says of one.
    pub(super) fn read(told: &Value) -> Self {
        let number = |pointer: &str| told.pointer(pointer).and_then(Value::as_f64);
        let word = |pointer: &str| escaped(told.pointer(pointer).and_then(Value::as_str).unwrap_or_default());
        let state = word("/state");
        let overhead_interval = match [number("/overhead/p99/interval/0"), number("/overhead/p99/interval/1")] {
            [Some(low), Some(high)] => Some([low, high]),
            _ => None,
        };
        let spread = number("/comparison/slower_than_baseline/p99").or(number("/comparison/slower_than_live/p99"));
        Self {
            id: word("/id"),
            is_stopped: state == "killed" || told.get("stopped").is_some_and(|stopped| !stopped.is_null()),
            state: state.replace('_', " "),
            rate: number("/rate"),
            max_rps: number("/max_rps"),
            sample: number("/compare_sample"),
            sent: told.pointer("/books/sent").and_then(Value::as_u64).unwrap_or(0),
            sent_rate: None,
            loss: loss(told),
            matched: matched(told),
            slower_ms: spread.map(|seconds| seconds * 1e3),
            overhead_ms: number("/overhead/p99/difference"),
            overhead_interval,
            verdict: word("/verdict").replace('_', " "),
        }
    }
}

/// The share of the copies that were wanted and came to nothing for want of room, time or permission.
fn loss(told: &Value) -> Option<f64> {
    let offered = count(told, "/books/offered");
    let wanted = offered - sum(told.pointer("/books/skipped"));
    let lost = sum(told.pointer("/books/dropped")) + count(told, "/books/abandoned");
    (wanted > 0.0).then(|| lost / wanted)
}

/// The share of the compared pairs in which nothing differs that counts.
fn matched(told: &Value) -> Option<f64> {
    let verdicts = told.pointer("/comparison/verdicts");
    let compared = sum(verdicts);
    let entries = verdicts.and_then(Value::as_array).into_iter().flatten();
    let mismatches = entries.filter(|entry| entry.get(0).and_then(Value::as_str) == Some("mismatch"));
    let mismatches: f64 = mismatches.filter_map(|entry| entry.get(1)?.as_f64()).sum();
    (compared > 0.0).then(|| 1.0 - mismatches / compared)
}

fn count(told: &Value, pointer: &str) -> f64 {
    told.pointer(pointer).and_then(Value::as_f64).unwrap_or(0.0)
}

/// Of a list of names with counts, the counts together.
fn sum(entries: Option<&Value>) -> f64 {
    let entries = entries.and_then(Value::as_array).into_iter().flatten();
    entries.filter_map(|entry| entry.get(1)?.as_f64()).sum()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_row_is_what_the_gateway_says() {
        let told = json!({
            "id": "GET:/a\u{1b}[2J:0", "state": "dry_run", "stopped": null, "rate": 0.5, "max_rps": 20.0,
            "compare_sample": 0.25, "verdict": "not_enough_data",
            "books": { "offered": 110, "sent": 90, "skipped": [["sampled_out", 10]], "dropped": [["rate", 4], ["x", 1]],
                       "abandoned": 5 },
            "comparison": { "verdicts": [["match", 70], ["noise", 10], ["mismatch", 20]],
                            "slower_than_live": { "p99": 0.004 }, "slower_than_baseline": null },
            "overhead": { "p99": { "difference": 0.2, "interval": [-0.1, 0.5] } },
        });
        let wanted = Experiment {
            id: "GET:/a\\u{1b}[2J:0".to_owned(),
            state: "dry run".to_owned(),
            is_stopped: false,
            rate: Some(0.5),
            max_rps: Some(20.0),
            sample: Some(0.25),
            sent: 90,
            sent_rate: None,
            loss: Some(0.1),
            matched: Some(0.8),
            slower_ms: Some(4.0),
            overhead_ms: Some(0.2),
            overhead_interval: Some([-0.1, 0.5]),
            verdict: "not enough data".to_owned(),
        };
        assert_eq!(Experiment::read(&told), wanted);
    }

    #[test]
    fn nonsense_is_an_empty_row() {
        for nonsense in [json!(null), json!([]), json!({ "books": { "dropped": [1, ["x"], {}] }, "comparison": 7 })] {
            assert_eq!(Experiment::read(&nonsense), Experiment::default());
        }
    }
}
